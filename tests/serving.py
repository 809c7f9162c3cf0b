"""The real thing for the tests: `gateway run` with its workers, on a free port, with data of its own."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.children import dying_with_its_parent, free_port

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "gateway.cli"]
READY_WITHIN_SECONDS = 30.0
STOPS_WITHIN_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Gateway:
    """One installation: where its data are, and where it serves once it was started."""

    url: str
    port: int
    var: Path
    environment: dict[str, str]

    def command(self, *arguments: str, fails: bool = False) -> str:
        """Run `gateway ARGUMENTS…` on this installation and return what it printed; fail if its status surprises."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert bool(done.returncode) == fails, f"gateway {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stderr if fails else done.stdout

    @property
    def log(self) -> str:
        """Everything that the server wrote so far."""
        path = self.var / "server.log"
        return path.read_text() if path.exists() else ""


@dataclass(frozen=True, slots=True)
class Serving:
    """A gateway that is serving."""

    gateway: Gateway
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """The address, without a final slash."""
        return self.gateway.url

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Stop the server and return its exit status; fail if it takes too long."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(STOPS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            pytest.fail(f"the server did not stop within {STOPS_WITHIN_SECONDS:.0f} s:\n{self.gateway.log}")


def installation(database_url: str, var: Path, **settings: str) -> Gateway:
    """Describe an installation with its own folder and a free port; `settings` are more GATEWAY_ variables."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    own = {"DATABASE_URL": database_url, "VAR": str(var), "BASE_URL": url, **settings}
    return Gateway(url, port, var, {**inherited, **{f"GATEWAY_{name}": value for name, value in own.items()}})


def serve(gateway: Gateway, *, workers: int = 2) -> Serving:
    """Start `gateway run` and wait until it says that it is ready."""
    with (gateway.var / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [*COMMAND, "run", "--bind", f"127.0.0.1:{gateway.port}", "--workers", str(workers)],
            cwd=ROOT,
            env=gateway.environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=dying_with_its_parent(signal.SIGTERM),  # noqa: PLW1509 - It makes one call to the kernel.
        )
    serving = Serving(gateway, process)
    end = time.monotonic() + READY_WITHIN_SECONDS
    while not _is_ready(gateway.url):
        if process.poll() is not None:
            pytest.fail(f"the server ended with status {process.returncode}:\n{gateway.log}")
        if time.monotonic() > end:
            serving.stop(signal.SIGKILL)
            pytest.fail(f"the server was not ready within {READY_WITHIN_SECONDS:.0f} s:\n{gateway.log}")
        time.sleep(0.05)
    return serving


@pytest.fixture
def gateway_server(database_url: str, tmp_path: Path) -> Iterator[Serving]:
    """Yield a served gateway with an empty, migrated database of its own, two workers strong, on both kinds."""
    gateway = installation(database_url, tmp_path)
    gateway.command("db", "upgrade")
    serving = serve(gateway)
    yield serving
    assert serving.stop() == 0, gateway.log


@pytest.fixture
def start_gateway(tmp_path: Path) -> Iterator[Callable[..., Serving]]:
    """Yield a function that serves a gateway at a database's address, as `installation` takes its settings."""
    begun: list[Serving] = []

    def start(database_url: str, *, workers: int = 2, **settings: str) -> Serving:
        var = tmp_path / f"var{len(begun)}"
        var.mkdir()
        gateway = installation(database_url, var, **settings)
        gateway.command("db", "upgrade")
        begun.append(serve(gateway, workers=workers))
        return begun[-1]

    yield start
    for serving in begun:
        serving.stop()


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return False
    except OSError:
        return False
