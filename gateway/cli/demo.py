"""`gateway demo`: a publisher to try the gateway with, up in one command and down with Ctrl+C."""

import os
import signal
import time
from pathlib import Path

import click

from gateway.accounts.managing import NewAccount, add_account, find_by_email, list_accounts
from gateway.articles.demo import load_demo
from gateway.cli.children import ChildEndedError, Children, answers
from gateway.cli.demohistory import PASSWORD, live_first_month
from gateway.cli.jobs import run_jobs
from gateway.cli.opening import RefusedError, opened
from gateway.cli.run import check_bind
from gateway.cli.server import serve
from gateway.keeping.setup import set_up
from gateway.ledger import OPERATOR
from gateway.runtime import Runtime
from gateway.settings import Settings, read_settings
from gateway.store import schema

PEOPLE = (
    NewAccount("sam@example.com", "Sam Standard", "subscriber", "standard", PASSWORD),
    NewAccount("pia@example.com", "Pia Premium", "subscriber", "premium", PASSWORD),
    NewAccount("ada@example.com", "Ada Admin", "admin", None, PASSWORD),
    NewAccount("bob@example.com", "Bob Admin", "admin", None, PASSWORD),
    NewAccount("olga@example.com", "Olga Auditor", "auditor", None, PASSWORD),
)
PAGES = (
    ("/", "the front page"),
    ("/sign-in", "sign in"),
    ("/gifts", "My gifts"),
    ("/admin", "the desk: a made-up month in figures, and its queue"),
    ("/admin/log", "the log"),
    ("/admin/policy", "the policy"),
)
WORKERS = 2
ANSWERS_WITHIN_SECONDS = 30.0
LOOKS_EVERY_SECONDS = 0.2


class _StoppedError(Exception):
    """Somebody asked the demo to stop."""


@click.command()
def demo() -> None:
    """Serve a demo publisher on 127.0.0.1, port 8000 or PORT, until Ctrl+C or SIGTERM.

    The first start sets up the database under var/ (or at GATEWAY_DATABASE_URL) with articles, accounts and a
    made-up month of gifts; the next ones keep what is there.
    """
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    children: Children | None = None
    try:
        bind = f"127.0.0.1:{_port()}"
        check_bind(bind)
        # The demo's passwords are known to all, so it speaks of itself, as it listens, on loopback only.
        url = os.environ["GATEWAY_BASE_URL"] = f"http://{bind}"
        settings = read_settings()
        _prepare(settings)
        children = Children(settings.var / "demo.log")
        children.start("server", lambda: serve(settings, bind, WORKERS))
        children.start("jobs", lambda: run_jobs(settings))
        _wait_for_answer(url, children)
        click.echo(_welcome(url, children.log))
        while True:
            children.check()
            time.sleep(LOOKS_EVERY_SECONDS)
    except _StoppedError:
        click.echo("stopping …")
    except ChildEndedError as ended:
        raise RefusedError(str(ended)) from None
    finally:
        _stop_no_more()
        if children is not None:
            children.stop()


def _port() -> int:
    stated = os.environ.get("PORT") or "8000"
    if not stated.isdecimal() or not 1 <= int(stated) <= 65535:
        raise click.UsageError(f"PORT: got {stated!r}; want a number from 1 to 65535")
    return int(stated)


def _prepare(settings: Settings) -> None:
    settings.var.mkdir(parents=True, exist_ok=True)
    with opened(checked=False) as runtime:
        with runtime.database.reading() as connection:
            empty = schema.current(connection) is None
        remark = live_first_month(runtime, settings, PEOPLE) if empty else ""
        remark = set_up(runtime, settings) or remark
        _load(runtime)
    if remark:
        click.echo(remark)


def _load(runtime: Runtime) -> None:
    missing = [person for person in PEOPLE if find_by_email(runtime, person.email) is None]
    if len(missing) == len(PEOPLE) and list_accounts(runtime, limit=1):
        raise RefusedError(
            "the database holds accounts that are not the demo's; the demo wants one of its own, since everybody "
            "knows its passwords"
        )
    for person in missing:
        add_account(runtime, OPERATOR, person)
    if load_demo(runtime).failed:
        raise RefusedError("the demo's articles cannot be loaded; install the gateway again")


def _wait_for_answer(url: str, children: Children) -> None:
    end = time.monotonic() + ANSWERS_WITHIN_SECONDS
    while time.monotonic() < end:
        children.check()
        if answers(f"{url}/"):
            return
        time.sleep(0.05)
    raise RefusedError(f"{url} did not answer within {ANSWERS_WITHIN_SECONDS:.0f} s; see {children.log}")


def _welcome(url: str, log: Path) -> str:
    width = max(len(path) for path, _ in PAGES) + len(url)
    pages = "\n".join(f"    {url + path:<{width}}  {what}" for path, what in PAGES)
    people = "\n".join(
        f"    {person.email:<16}  {person.role}{f', plan {person.plan}' if person.plan else ''}"
        for person in PEOPLE
    )
    return (
        f"\nThe demo publisher answers:\n\n{pages}\n\nSign in with the password {PASSWORD} as\n\n{people}\n\n"
        f"Its log is {log}. Ctrl+C stops it, and a second start keeps the data.\n"
    )


def _stop(*_about: object) -> None:
    _stop_no_more()
    raise _StoppedError


def _stop_no_more() -> None:
    # A second signal must not interrupt the stopping itself.
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, signal.SIG_IGN)
