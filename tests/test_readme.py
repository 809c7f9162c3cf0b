"""The README's commands are run, and its settings are the settings."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from gateway.cli.children import answers
from gateway.settings import PREFIX, SECRETS, Settings
from tests.children import free_port
from tests.serving import installation

ROOT = Path(__file__).parents[1]
READY_WITHIN_SECONDS = 90.0
STOPS_WITHIN_SECONDS = 40.0
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = [
    line.strip()
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
]
SERVING = ("gateway run --bind 127.0.0.1:8000 --workers 2", "gateway jobs run")
# What is typed as it stands in a sentence: each is run below.
IN_SENTENCES = ["PORT=8080 make demo", "make lint", "gateway policy propose FILE --at INSTANT"]


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
    ran = [each for each in COMMANDS if each.startswith("gateway ") and each not in SERVING]
    assert ran[0] == "gateway db upgrade"
    for command in ran:
        place.command(*command.replace("articles/", "gateway/demo/articles/").split()[1:])


def test_the_commands_in_sentences_are_those_that_are_run_here() -> None:
    quoted = re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", README, flags=re.DOTALL))
    assert [each for each in quoted if re.match(r"([A-Z]+=\S+ )?(make|gateway) ", each)] == IN_SENTENCES


def test_a_policy_is_proposed_as_the_readme_says(sqlite_url: str, tmp_path: Path) -> None:
    place = installation(sqlite_url, tmp_path / "var")
    place.command("db", "upgrade")
    changed = tmp_path / "next.toml"
    changed.write_text((ROOT / "policies" / "ft.toml").read_text("utf-8").replace("gifts = 20", "gifts = 25"))
    words = IN_SENTENCES[2].replace("FILE", str(changed)).replace("INSTANT", "2099-01-01T00:00:00Z").split()
    assert "version 2" in place.command(*words[1:])
    assert "2099-01-01" in place.command("policy", "versions")


@pytest.mark.parametrize("named", [False, True])
def test_make_demo_takes_another_port_and_another_database(tmp_path: Path, named: bool) -> None:  # noqa: FBT001
    port, database = free_port(), tmp_path / "elsewhere.db"
    settings = {"GATEWAY_VAR": str(tmp_path / "var"), "PORT": str(port)}
    if named:
        settings["GATEWAY_DATABASE_URL"] = f"sqlite:///{database}"
    with (tmp_path / "said").open("wb") as said:
        demo = started(["make", "demo"], settings, said)
        wait_for(demo, f"http://127.0.0.1:{port}/readyz", tmp_path / "said")
        demo.send_signal(signal.SIGTERM)
        demo.wait(STOPS_WITHIN_SECONDS)
    assert "stopping" in (tmp_path / "said").read_text()
    assert database.exists() == named
    assert (tmp_path / "var" / "gateway.db").exists() != named


def test_the_gateway_runs_with_its_jobs_as_the_readme_says(sqlite_url: str, tmp_path: Path) -> None:
    (run,) = [each for each in COMMANDS if each.startswith("gateway run")]
    (jobs,) = [each for each in COMMANDS if each in SERVING and each.startswith("gateway jobs")]
    port = free_port()
    settings = {"GATEWAY_VAR": str(tmp_path), "GATEWAY_DATABASE_URL": sqlite_url}
    with (tmp_path / "said").open("wb") as said:
        assert started(["gateway", "db", "upgrade"], settings, said).wait(60) == 0
        both = [started(each.replace("8000", str(port)).split(), settings, said) for each in (run, jobs)]
        wait_for(both[0], f"http://127.0.0.1:{port}/readyz", tmp_path / "said")
        wait_until(lambda: "jobs_started" in (tmp_path / "said").read_text(), both[1], tmp_path / "said")
        for each in both:
            assert each.poll() is None
            each.send_signal(signal.SIGTERM)
        assert [each.wait(STOPS_WITHIN_SECONDS) for each in both] == [0, 0]


def started(words: list[str], settings: dict[str, str], said: IO[bytes]) -> subprocess.Popen[bytes]:
    """Type a command in a shell whose .venv is active."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    path = f"{Path(sys.executable).parent}:{clean['PATH']}"
    return subprocess.Popen(
        words, cwd=ROOT, env={**clean, **settings, "PATH": path}, stdout=said, stderr=subprocess.STDOUT
    )


def wait_for(process: subprocess.Popen[bytes], url: str, said: Path) -> None:
    """Wait until an address answers."""
    wait_until(lambda: answers(url), process, said)


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], said: Path) -> None:
    """Wait until something holds; fail with what was said where the process ends or takes too long."""
    end = time.monotonic() + READY_WITHIN_SECONDS
    while not ready():
        assert process.poll() is None, said.read_text()
        assert time.monotonic() < end, said.read_text()
        time.sleep(0.1)


def test_every_setting_is_in_the_readme_and_no_other() -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | {f"{PREFIX}SETTINGS"}
    known |= {f"{PREFIX}{name.upper()}_FILE" for name in SECRETS}
    assert set(re.findall(rf"\b{PREFIX}[A-Z_]+[A-Z]\b", README)) == known
