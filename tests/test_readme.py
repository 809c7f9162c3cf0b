"""The README's commands are run, and its settings are the settings."""

import re
import subprocess
from pathlib import Path

import pytest

from gateway.settings import PREFIX, SECRETS, Settings
from tests.serving import installation

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = [
    line.strip()
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
]
SERVING = ("gateway run", "gateway jobs run")


def test_the_first_screen_is_what_a_newcomer_does() -> None:
    assert COMMANDS[:2] == ["make demo", "make test"]


@pytest.mark.parametrize("command", [each for each in COMMANDS if each.startswith("make ")])
def test_make_knows_what_to_do(command: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", *command.split()[1:]], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def test_the_operators_commands_work(sqlite_url: str, tmp_path: Path) -> None:
    place = installation(sqlite_url, tmp_path / "var")
    ran = [each for each in COMMANDS if each.startswith("gateway ") and not each.startswith(SERVING)]
    assert ran[0] == "gateway db upgrade"
    for command in ran:
        place.command(*command.replace("articles/", "gateway/demo/articles/").split()[1:])


def test_every_setting_is_in_the_readme_and_no_other() -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | {f"{PREFIX}SETTINGS"}
    known |= {f"{PREFIX}{name.upper()}_FILE" for name in SECRETS}
    assert set(re.findall(rf"\b{PREFIX}[A-Z_]+[A-Z]\b", README)) == known
