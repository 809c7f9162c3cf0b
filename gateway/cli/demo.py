"""`gateway demo`: a publisher to try the gateway with, up in one command and down with Ctrl+C."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import click

from gateway.accounts.managing import NewAccount, add_account, find_by_email
from gateway.articles.demo import load_demo
from gateway.cli.opening import RefusedError, opened
from gateway.cli.run import check_port, server_command
from gateway.keeping.setup import set_up
from gateway.ledger import OPERATOR
from gateway.runtime import Runtime
from gateway.settings import read_settings

PASSWORD = "demo-password"
PEOPLE = (
    NewAccount("sam@example.com", "Sam Standard", "subscriber", "standard", PASSWORD),
    NewAccount("pia@example.com", "Pia Premium", "subscriber", "premium", PASSWORD),
    NewAccount("ada@example.com", "Ada Admin", "admin", None, PASSWORD),
    NewAccount("bob@example.com", "Bob Admin", "admin", None, PASSWORD),
    NewAccount("olga@example.com", "Olga Auditor", "auditor", None, PASSWORD),
)
ANSWERS_WITHIN_SECONDS = 30.0
STOPS_WITHIN_SECONDS = 25.0


class _StoppedError(Exception):
    """Somebody asked the demo to stop."""


@click.command()
def demo() -> None:
    """Serve a demo publisher on 127.0.0.1, port 8000 or PORT, until Ctrl+C."""
    bind = f"127.0.0.1:{os.environ.get('PORT') or 8000}"
    check_port(bind)
    url = f"http://{bind}"
    os.environ["GATEWAY_BASE_URL"] = url
    settings = read_settings()
    with opened() as runtime:
        said = set_up(runtime, settings)
        _load(runtime)
    if said:
        click.echo(said)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    children = {
        "server": subprocess.Popen(server_command(settings, bind, 2)),  # noqa: S603  # Our own server.
        "jobs": subprocess.Popen([sys.executable, "-m", "gateway.cli", "jobs", "run"]),
    }
    try:
        _wait_for_answer(url, children)
        click.echo(_welcome(url))
        _watch(children)
    except _StoppedError:
        click.echo("stopping …")
    finally:
        _end(children)


def _load(runtime: Runtime) -> None:
    report = load_demo(runtime)
    if report.failed:
        raise RefusedError("the demo's articles cannot be loaded; install the gateway again")
    for person in PEOPLE:
        if find_by_email(runtime, person.email) is None:
            add_account(runtime, OPERATOR, person)


def _wait_for_answer(url: str, children: dict[str, subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + ANSWERS_WITHIN_SECONDS
    while time.monotonic() < deadline:
        _check(children)
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=1):  # noqa: S310  # Our own loopback address.
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise RefusedError(f"{url} did not answer within {ANSWERS_WITHIN_SECONDS:.0f} s")


def _watch(children: dict[str, subprocess.Popen[bytes]]) -> None:
    while True:
        _check(children)
        time.sleep(0.5)


def _check(children: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, child in children.items():
        if child.poll() is not None:
            raise RefusedError(
                f"the {name} process ended by itself with status {child.returncode}; see above"
            )


def _end(children: dict[str, subprocess.Popen[bytes]]) -> None:
    for child in children.values():
        if child.poll() is None:
            child.terminate()
    for child in children.values():
        try:
            child.wait(STOPS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()


def _stop(*_about: object) -> None:
    # A second signal must not interrupt the stopping itself.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise _StoppedError


def _welcome(url: str) -> str:
    people = "\n".join(
        f"    {person.email:<18} {person.role}{f', {person.plan}' if person.plan else ''}"
        for person in PEOPLE
    )
    return (
        f"\nThe demo publisher answers:\n\n    {url}/              the front page\n    {url}/sign-in       sign in\n"
        f"    {url}/gifts         My gifts\n    {url}/admin/log     the log\n\n"
        f"Sign in with the password {PASSWORD} as\n\n{people}\n\nCtrl+C stops it; the data stay under var/.\n"
    )
