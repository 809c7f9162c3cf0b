"""`gateway jobs`: what runs beside the server."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import datetime

import click

from gateway.cli.opening import RefusedError, opened, opened_shelf
from gateway.keeping.archiving import Archiving
from gateway.keeping.jobs import JobsRunner
from gateway.keeping.replayer import Replayer
from gateway.keeping.replays import work_off
from gateway.keeping.sealing import Sealer
from gateway.logs import configure
from gateway.runtime import Runtime
from gateway.sealkeys import SealKeys
from gateway.settings import Settings, read_settings

# It may take minutes and nobody waits for it at the door, so it gives way to whatever else runs.
NICENESS = 10


@click.group()
def jobs() -> None:
    """Tidy up behind the gateway."""


@jobs.command()
@click.option("--once", is_flag=True, help="Do every job once and stop.")
def run(once: bool) -> None:  # noqa: FBT001 - click hands options over by name.
    """Do the jobs and seal the log until stopped; of several machines that run this, one at a time does."""
    settings = read_settings()
    if not once:
        run_jobs(settings)
        return
    with opened() as runtime:
        runner = open_runner(runtime, settings, replay=lambda _now: work_off(runtime))
        taken = runner.take_turn()
        runner.release()
        sealer = open_sealer(runtime, settings)
        sealer.beat()
        sealer.release()
    if not taken:
        raise RefusedError("another process does the jobs just now")
    for name, count in runner.done.items():
        click.echo(f"{name}: {count}")
    click.echo("every job was done once")


def run_jobs(settings: Settings) -> None:
    """Do the jobs in this process until SIGTERM or SIGINT, logging to standard output."""
    configure(settings.log_level, to=sys.stdout)
    stop = _stopped_by_signals()
    with opened() as runtime:
        # Beside the others: an entry is sealed within seconds, however long another job takes.
        sealer = threading.Thread(target=open_sealer(runtime, settings).run, args=(stop,), name="sealer")
        sealer.start()
        replayer = Replayer(runtime, (sys.executable, "-m", "gateway.cli", "jobs", "replay"))
        open_runner(runtime, settings, replay=replayer.begin).run(stop)
        stop.set()
        replayer.close()
        sealer.join()


@jobs.command(hidden=True)
def replay() -> None:
    """Do the replay that an admin asked for at the desk; `gateway jobs run` begins this process where one waits."""
    os.nice(NICENESS)
    settings = read_settings()
    configure(settings.log_level, to=sys.stdout)
    stop, parent = _stopped_by_signals(), os.getppid()
    with opened() as runtime:
        # Jobs that were killed cannot end this process; it then has another parent.
        work_off(runtime, lambda: not stop.is_set() and os.getppid() == parent)


def _stopped_by_signals() -> threading.Event:
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_about: stop.set())
    return stop


def open_runner(
    runtime: Runtime, settings: Settings, *, replay: Callable[[datetime], int] | None = None
) -> JobsRunner:
    """Open what does the jobs, with all that the settings name outside the database."""
    archiving = None
    if settings.archive is not None:
        keys = SealKeys(settings.seal_key_file)
        archiving = Archiving(settings.archive, opened_shelf(settings), keys)
    return JobsRunner(
        runtime,
        revocations=settings.revocations,
        smtp_url=settings.smtp_url,
        archiving=archiving,
        replay=replay,
    )


def open_sealer(runtime: Runtime, settings: Settings) -> Sealer:
    """Open the sealer with the keys and the place for checkpoints that the settings name."""
    return Sealer(runtime, SealKeys(settings.seal_key_file), opened_shelf(settings))
