"""`gateway run`: the server, after a look at everything it needs."""

import os
import socket

import click

from gateway.cli.opening import opened
from gateway.cli.server import serve
from gateway.keeping.keys import list_keys
from gateway.keeping.setup import adopt_policy, policy_file
from gateway.settings import read_settings

DEFAULT_BIND = "127.0.0.1:8000"


class BindError(click.ClickException):
    """An address cannot be served; the text says why."""


@click.command()
@click.option("--bind", default=DEFAULT_BIND, show_default=True, metavar="HOST:PORT", help="Where to listen.")
@click.option(
    "--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="How many processes."
)
def run(bind: str, workers: int) -> None:
    """Serve the gateway until SIGTERM, then let what is under way end.

    Looks first at settings, address, keys, database and policy, and names in a line what cannot be used. The
    policy file becomes version 1 where there is no version yet.
    """
    settings = read_settings()
    check_bind(bind)
    # Closed again before the workers are made, so that none inherits a connection.
    with opened() as runtime:
        adoption = adopt_policy(runtime, policy_file(settings))
        lost = [key for key in list_keys(runtime) if key.lost]
    if adoption.remark:
        click.echo(f"gateway: {adoption.remark}", err=True)
    for key in lost:
        told = (
            f"{settings.key_file} lacks key {key.id}, which {key.links} living links need: they open nothing"
        )
        click.echo(f"gateway: {told}", err=True)
    serve(settings, bind, workers)


def check_bind(bind: str) -> None:
    """Raise BadParameter for what is no HOST:PORT, and BindError for one that cannot be had."""
    host, _, port = bind.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise click.BadParameter(f"got {bind!r}; want HOST:PORT, such as {DEFAULT_BIND}", param_hint="--bind")
    try:
        found = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise BindError(f"{bind} cannot be served: {error.strerror}") from None
    family, _, _, _, address = found[0]
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise BindError(f"{bind} cannot be served: {os.strerror(error.errno or 0)}") from None
