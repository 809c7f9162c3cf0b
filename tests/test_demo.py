"""`gateway demo`: up in one command, kept over a second start, down with its children."""

import os
import re
import signal
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from tests.children import dying_with_its_parent, free_port
from tests.serving import COMMAND, ROOT

READY_WITHIN_SECONDS = 60.0
# Of processor time, which a busy machine stretches by half and not by ten, and with room for a slow one.
CPU_SECONDS = 10.0


class Demo:
    """One demo, its words and its processes."""

    def __init__(self, var: Path, **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.var = var
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
        self.environment = {**clean, "GATEWAY_VAR": str(var), "PORT": str(self.port), **settings}
        self.said = var.parent / f"said-{self.port}"
        self.process: subprocess.Popen[bytes]

    def start(self) -> "Demo":
        """Start it without waiting."""
        with self.said.open("wb") as output:
            self.process = subprocess.Popen(
                [*COMMAND, "demo"],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=dying_with_its_parent(signal.SIGTERM),  # noqa: PLW1509 - It makes one call to the kernel.
            )
        return self

    def ready(self) -> "Demo":
        """Start it and wait until it says that it answers."""
        self.start()
        end = time.monotonic() + READY_WITHIN_SECONDS
        while "The demo publisher answers" not in self.words:
            assert self.process.poll() is None, self.words
            assert time.monotonic() < end, self.words
            time.sleep(0.02)
        return self

    @property
    def words(self) -> str:
        """What it said so far."""
        return self.said.read_text()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Stop it and return its status."""
        self.process.send_signal(how)
        return self.process.wait(40)

    def children(self) -> list[int]:
        """List its processes and theirs, by number."""
        found: list[int] = []
        waiting = [self.process.pid]
        while waiting:
            pid = waiting.pop()
            listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            waiting += map(int, listed)
            found += map(int, listed)
        return found


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    """Yield a function that describes a demo in a folder of the test."""
    made: list[Demo] = []

    def make(**settings: str) -> Demo:
        made.append(Demo(tmp_path / "var", **settings))
        return made[-1]

    yield make
    for each in made:
        if hasattr(each, "process") and each.process.poll() is None:
            each.stop(signal.SIGKILL)


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that only waits for its parent to look does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(what: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Wait until something is so; tells whether it came to be."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.05)
    return False


def sign_in(url: str, email: str, password: str) -> str:
    """Sign in as a browser would, and return the page that follows."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with browser.open(f"{url}/sign-in") as page:
        hidden = re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', page.read().decode())
    form = urllib.parse.urlencode([*hidden, ("email", email), ("password", password)]).encode()
    request = urllib.request.Request(f"{url}/sign-in", form, {"Origin": url, "Referer": f"{url}/sign-in"})
    with browser.open(request) as page:
        return str(page.read().decode())


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def settings(request: pytest.FixtureRequest) -> dict[str, str]:
    """Yield the settings of a demo: none at all, or an empty database elsewhere."""
    if request.param == "sqlite":
        return {}
    return {"GATEWAY_DATABASE_URL": request.getfixturevalue("empty_postgresql_url")}


def test_the_demo_serves_signs_in_and_keeps_its_data(
    demo: Callable[..., Demo], settings: dict[str, str]
) -> None:
    first = demo(**settings).ready()
    assert re.search(rf"{first.url}/ +the front page", first.words)
    people = re.findall(r"^ {4}(\S+@\S+) +(.+)$", first.words, re.MULTILINE)
    assert [what for _, what in people] == [
        "subscriber, plan standard",
        "subscriber, plan premium",
        "admin",
        "admin",
        "auditor",
    ]
    password = re.search(r"password (\S+) as", first.words)
    assert password is not None
    for email, _ in people[:3:2]:
        assert 'href="/account"' in sign_in(first.url, email, password[1]), email
    with urllib.request.urlopen(f"{first.url}/") as page:
        front = page.read().decode()
    assert len(set(re.findall(r'href="(/articles/[^"]+)"', front))) >= 8
    assert first.stop() == 0
    assert first.words.endswith("stopping …\n")

    second = demo(**settings).ready()
    assert "adopted" not in second.words
    spent = sum(os.times()[2:4])
    assert second.stop(signal.SIGINT) == 0
    assert sum(os.times()[2:4]) - spent < CPU_SECONDS
    assert "Traceback" not in (second.var / "demo.log").read_text()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_stopping_leaves_no_process_behind(demo: Callable[..., Demo], how: signal.Signals) -> None:
    started = demo().ready()
    children = started.children()
    assert len(children) == 4, "a server with two workers, and the jobs"
    assert started.stop(how) == 0
    assert [pid for pid in children if alive(pid)] == []


def test_a_demo_that_is_killed_takes_its_processes_with_it(demo: Callable[..., Demo]) -> None:
    started = demo().ready()
    children = started.children()
    started.stop(signal.SIGKILL)
    assert wait_until(lambda: not any(map(alive, children)))


def test_a_process_that_dies_ends_the_demo_with_a_line(demo: Callable[..., Demo]) -> None:
    started = demo().ready()
    children = started.children()
    jobs = next(
        pid
        for pid in children
        if not Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        and parent_of(pid) == started.process.pid
    )
    os.kill(jobs, signal.SIGKILL)
    assert started.process.wait(40) == 1
    assert "gateway: the jobs process ended by itself (killed by SIGKILL)" in started.words
    assert [pid for pid in children if alive(pid)] == []


def parent_of(pid: int) -> int:
    """Ask whose child a process is."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_being_stopped_while_it_starts_is_no_fault(demo: Callable[..., Demo]) -> None:
    started = demo().start()
    assert wait_until(lambda: (started.var / "gateway.db").exists() or started.process.poll() is not None)
    assert started.stop() == 0
    assert "Traceback" not in started.words


def ended(started: Demo) -> str:
    """Wait for a demo that cannot start; returns its last line."""
    started.start().process.wait(60)
    assert "Traceback" not in started.words
    assert started.words.count("\n") == 1, started.words
    return f"{started.process.returncode}: {started.words.strip()}"


def test_what_keeps_it_from_starting_is_told_in_one_line(demo: Callable[..., Demo], tmp_path: Path) -> None:
    taken = demo()
    with socket.create_server(("127.0.0.1", taken.port)):
        assert ended(taken) == f"2: gateway: 127.0.0.1:{taken.port} cannot be served: Address already in use"
    assert ended(demo(PORT="http")).startswith("2: gateway: PORT: got 'http'; want a number from 1 to 65535")
    away = demo(GATEWAY_DATABASE_URL="sqlite:////absent/gateway.db")
    assert ended(away) == "2: gateway: the database cannot be used: unable to open database file"
    absent = demo(GATEWAY_POLICY=str(tmp_path / "absent.toml"))
    assert ended(absent).endswith("absent.toml: got no such file or directory, wants a file that can be read")


def test_the_demo_stays_out_of_a_database_that_is_in_use(demo: Callable[..., Demo], sqlite_url: str) -> None:
    (Path(demo().var.parent) / "password").write_text("a long password")
    environment = demo(GATEWAY_DATABASE_URL=sqlite_url).environment
    password = str(Path(demo().var.parent) / "password")
    for words in (
        ["db", "upgrade"],
        [
            "accounts",
            "add",
            "real@example.com",
            "--name",
            "R",
            "--plan",
            "standard",
            "--password-file",
            password,
        ],
    ):
        subprocess.run([*COMMAND, *words], cwd=ROOT, env=environment, check=True, capture_output=True)
    told = ended(demo(GATEWAY_DATABASE_URL=sqlite_url))
    assert told.startswith("1: gateway: the database holds accounts that are not the demo's")
