"""`gateway jobs`: what runs beside the server."""

import signal
import threading

import click

from gateway.cli.opening import opened
from gateway.keeping.jobs import JobsRunner
from gateway.settings import read_settings


@click.group()
def jobs() -> None:
    """Clean up behind the gateway."""


@jobs.command()
@click.option("--once", is_flag=True, help="Do each job once and stop.")
def run(once: bool) -> None:  # noqa: FBT001  # click hands options over by name.
    """Do the jobs until stopped, on one machine at a time."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_about: stop.set())
    with opened() as runtime:
        runner = JobsRunner(runtime, revocations=read_settings().revocations)
        if not once:
            runner.run(stop)
            return
        taken = runner.take_turn()
        runner.release()
    click.echo("each job was done once" if taken else "another machine does the jobs just now")
