"""Settings: where they come from, and that a wrong one is named with its place."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.settings import settings
from gateway.settings import SettingsError, read_settings


def refused(**given: str) -> str:
    with pytest.raises(SettingsError) as fault:
        read_settings({f"GATEWAY_{name}": value for name, value in given.items()})
    return str(fault.value)


def settings_file(folder: Path, text: str) -> str:
    path = folder / "settings.toml"
    path.write_text(text, "utf-8")
    return str(path)


@pytest.mark.parametrize("blank", ["", "\n", " \t\n"])
def test_an_empty_file_of_a_secret_is_not_taken_for_none(tmp_path: Path, blank: str) -> None:
    path = tmp_path / "database"
    path.write_text(blank)
    told = refused(DATABASE_URL_FILE=str(path))
    assert told == f"GATEWAY_DATABASE_URL_FILE: {path} is empty; want a file that holds the setting's value"


def test_a_secret_comes_from_one_place(tmp_path: Path) -> None:
    path = tmp_path / "database"
    path.write_text("sqlite:///one.db\n")
    assert read_settings({"GATEWAY_DATABASE_URL_FILE": str(path)}).database == "sqlite:///one.db"
    told = refused(DATABASE_URL_FILE=str(path), DATABASE_URL="sqlite:///other.db")
    assert told == "GATEWAY_DATABASE_URL and GATEWAY_DATABASE_URL_FILE are both set; want one of them"


def test_a_settings_file_says_numbers_as_numbers(tmp_path: Path) -> None:
    file = settings_file(tmp_path, 'threads = "4"\nproxies = true\nsingle_admin = "yes"\nvar = "kept"\n')
    assert refused(SETTINGS=file).splitlines() == [
        f"{file}: proxies: got True; Input should be a valid integer",
        f"{file}: threads: got '4'; Input should be a valid integer",
        f"{file}: single_admin: got 'yes'; Input should be a valid boolean",
    ]


def test_a_settings_file_is_read_and_the_environment_comes_first(tmp_path: Path) -> None:
    file = settings_file(tmp_path, 'threads = 3\nproxies = 1\nvar = "kept"\nsingle_admin = true\n')
    found = read_settings({"GATEWAY_SETTINGS": file, "GATEWAY_PROXIES": "2"})
    assert (found.threads, found.proxies, found.var, found.single_admin) == (3, 2, Path("kept"), True)


def test_an_unknown_name_is_told_with_the_file_it_stands_in(tmp_path: Path) -> None:
    file = settings_file(tmp_path, "thread = 4\nworkbench = 1\n")
    assert refused(SETTINGS=file).splitlines() == [
        f"{file}: thread: no such setting; did you mean threads?",
        f"{file}: workbench: no such setting; README.md lists those there are",
    ]
    assert refused(THREAD="4") == "GATEWAY_THREAD: no such setting; did you mean GATEWAY_THREADS?"


def test_no_secret_of_a_settings_file_is_told(tmp_path: Path) -> None:
    file = settings_file(tmp_path, 'smtp_url = "http://gw:hush@mail.example"\n')
    assert refused(SETTINGS=file).startswith(f"{file}: smtp_url: got a secret; want smtp://")


def test_a_number_of_thousands_of_digits_is_told(tmp_path: Path) -> None:
    file = settings_file(tmp_path, f"threads = {'9' * 5001}\n")
    assert refused(SETTINGS=file) == (
        f"GATEWAY_SETTINGS: {file}: a number in it is too long; want at most 4,300 digits"
    )


def test_an_address_with_a_port_that_is_none_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "LIMITS_URL: got a secret; want redis://" in refused(LIMITS_URL="redis://localhost:abc/0")
    monkeypatch.setenv("GATEWAY_VAR", str(tmp_path))
    monkeypatch.setenv("GATEWAY_DATABASE_URL", "postgresql+psycopg://u:secret@localhost:abc/d")
    told = CliRunner().invoke(settings)
    assert told.exit_code == 0
    assert "GATEWAY_DATABASE_URL = (no address that can be read)" in told.output
    assert "secret" not in told.output.partition("GATEWAY_DATABASE_URL")[2].partition("\n")[0]
