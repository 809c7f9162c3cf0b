"""The server of a measurement: the gateway as `gateway run` serves it, and in its workers beside it a bare Flask app."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask

from gateway.cli.server import Server, with_shared_figures
from gateway.logs import configure
from gateway.settings import read_settings

BARE = "/bare/"
PAGES = "BENCH_PAGES"
WORKERS, THREADS = 2, 4
STARTS_WITHIN_SECONDS = 30.0


class MeasuredServer(Server):
    """The gateway's own server, log and shared figures included; only what it serves has a bare app beside it."""

    def load(self) -> Flask:
        """Make the gateway, and let what is asked below BARE pass it by: nothing of ours is around the yardstick."""
        app = super().load()
        gateway, bare = app.wsgi_app, bare_app(Path(os.environ[PAGES])).wsgi_app

        def either(environ: dict[str, Any], start_response: Any) -> Any:
            return (bare if environ["PATH_INFO"].startswith(BARE) else gateway)(environ, start_response)

        app.wsgi_app = either  # type: ignore[method-assign]
        return app


def main() -> None:
    """Serve on the address that is the one argument, until stopped."""
    settings = read_settings()
    configure(settings.log_level, to=sys.stdout)
    with_shared_figures(MeasuredServer(settings, sys.argv[1], WORKERS).run)


def bare_app(pages: Path) -> Flask:
    """Make the yardstick: a Flask app whose one route returns a page as it lies in a file."""
    app = Flask("bare", static_folder=None)

    @cache
    def page(name: str) -> bytes:
        return (pages / name).read_bytes()

    @app.route(f"{BARE}<name>", methods=["GET", "POST"])
    def show(name: str) -> bytes:
        return page(name)

    return app


@contextmanager
def serving(address: str, keys: Path, pages: Path) -> Iterator[tuple[str, int]]:
    """Serve the database at `address`, and the files in `pages` as the yardstick; yields host and port."""
    host, port = "127.0.0.1", _free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    environment |= {
        "GATEWAY_DATABASE_URL": address,
        "GATEWAY_KEYS": str(keys),
        "GATEWAY_BASE_URL": f"http://{host}:{port}",
        "GATEWAY_THREADS": str(THREADS),
        # The client stands for a proxy, behind which everybody comes from a network of their own.
        "GATEWAY_PROXIES": "1",
        PAGES: str(pages),
    }
    command = [sys.executable, "-m", "bench.server", f"{host}:{port}"]
    with (pages / "log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, cwd=Path(__file__).parents[1]
        )
    try:
        _wait_for(process, host, port, pages / "log")
        yield host, port
    finally:
        process.terminate()
        process.wait(STARTS_WITHIN_SECONDS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(process: subprocess.Popen[bytes], host: str, port: int, log: Path) -> None:
    end = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"the server did not start:\n{log.read_text('utf-8', 'replace')}")


if __name__ == "__main__":
    main()
