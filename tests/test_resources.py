"""Finding policies/ and templates/, installed and in a checkout."""

from pathlib import Path

import pytest

from gateway.resources import ResourceMissingError, folder


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "gateway"
    path.mkdir()
    return path


@pytest.mark.parametrize("name", ["policies", "templates"])
def test_this_checkout_has_its_folders_at_the_top(name: str) -> None:
    assert folder(name) == Path(__file__).parents[1] / name


def test_a_folder_inside_the_package_is_found(package: Path) -> None:
    (package / "policies").mkdir()
    assert folder("policies", package=package) == package / "policies"


def test_inside_goes_before_beside(package: Path) -> None:
    (package / "policies").mkdir()
    (package.parent / "policies").mkdir()
    (package.parent / "pyproject.toml").touch()
    assert folder("policies", package=package) == package / "policies"


def test_beside_the_package_counts_in_a_checkout(package: Path) -> None:
    (package.parent / "policies").mkdir()
    (package.parent / "pyproject.toml").touch()
    assert folder("policies", package=package) == package.parent / "policies"


def test_a_strangers_folder_beside_an_installed_package_is_not_taken(package: Path) -> None:
    (package.parent / "policies").mkdir()
    with pytest.raises(ResourceMissingError):
        folder("policies", package=package)


def test_a_file_of_that_name_is_no_folder(package: Path) -> None:
    (package / "templates").touch()
    with pytest.raises(ResourceMissingError):
        folder("templates", package=package)


def test_a_missing_folder_is_named_with_both_places_and_a_way_out(package: Path) -> None:
    with pytest.raises(ResourceMissingError) as caught:
        folder("templates", package=package)
    told = str(caught.value)
    assert all(
        part in told for part in ("'templates'", str(package / "templates"), "install the gateway again")
    )
