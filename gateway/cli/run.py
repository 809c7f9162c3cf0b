"""`gateway run`: the server, after a look at everything it needs."""

import os
import socket
import sys

import click

from gateway.cli.opening import RefusedError, opened
from gateway.settings import Settings, read_settings
from gateway.store import schema


@click.command()
@click.option("--bind", default="127.0.0.1:8000", show_default=True, metavar="HOST:PORT")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
def run(bind: str, workers: int) -> None:
    """Serve the gateway by gunicorn."""
    settings = read_settings()
    check_port(bind)
    with opened() as runtime, runtime.database.reading() as connection:
        standing = schema.current(connection)
        if standing != schema.newest():
            raise RefusedError(
                f"the database stands at {standing or 'no tables'}, this release wants {schema.newest()}; "
                "run `gateway db upgrade`"
            )
        runtime.policies.in_force(runtime.clock())
    command = server_command(settings, bind, workers)
    os.execv(command[0], command)  # noqa: S606  # The server takes this process's place, signals and all.


def server_command(settings: Settings, bind: str, workers: int) -> list[str]:
    """Spell the command that serves the app."""
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "--worker-class=gthread",
        f"--bind={bind}",
        f"--workers={workers}",
        f"--threads={settings.threads}",
        "--graceful-timeout=20",
        "--keep-alive=15",
        "--no-control-socket",
        f"--log-level={settings.log_level if settings.log_level != 'info' else 'warning'}",
        "gateway.app:create_app()",
    ]


def check_port(bind: str) -> None:
    """Raise RefusedError where HOST:PORT is taken, and click.BadParameter where it is none."""
    host, _, port = bind.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise click.BadParameter(f"{bind!r}; want HOST:PORT, such as 127.0.0.1:8000", param_hint="--bind")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError as error:
            raise RefusedError(
                f"{bind} cannot be served: {error.strerror}; another PORT may be free"
            ) from None
