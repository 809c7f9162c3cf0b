"""What is installed from a wheel is whole: every policy, template, picture, translation and migration is in it."""

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel with what is installed here, so without any network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [built] = folder.glob("*.whl")
    return built


def _files_below(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def _packed_below(wheel: Path, folder: str) -> set[str]:
    names = ZipFile(wheel).namelist()
    return {name.removeprefix(folder) for name in names if name.startswith(folder)}


@pytest.mark.parametrize("name", ["policies", "templates"])
def test_the_folders_at_the_top_are_packed_into_the_package(wheel: Path, name: str) -> None:
    files = _files_below(ROOT / name)
    assert files
    assert _packed_below(wheel, f"gateway/{name}/") == files


@pytest.mark.parametrize("name", ["web/static", "translations", "migrations", "demo"])
def test_a_folder_inside_the_package_is_packed_whole(wheel: Path, name: str) -> None:
    files = _files_below(ROOT / "gateway" / name)
    assert files
    assert _packed_below(wheel, f"gateway/{name}/") == files


def test_nothing_is_packed_beside_the_package_and_all_of_it_is(wheel: Path) -> None:
    packed = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    inside = {f"gateway/{name}" for name in _files_below(ROOT / "gateway")}
    forced = {
        f"gateway/{top}/{name}" for top in ("policies", "templates") for name in _files_below(ROOT / top)
    }
    assert packed == inside | forced


def test_the_licence_and_the_types_travel_along(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    assert "gateway/py.typed" in names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_an_installed_gateway_finds_its_folders_inside_itself(wheel: Path, tmp_path: Path) -> None:
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
    ]
    subprocess.run([*pip, "--target", tmp_path / "site", wheel], check=True)
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "from gateway.resources import folder; print(folder('policies'), folder('templates'))",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=True,
    )
    inside = tmp_path / "site" / "gateway"
    assert told.stdout.split() == [str(inside / "policies"), str(inside / "templates")]
