"""`gateway rollups`: the desk's figures held against the log they are counted from, and counted anew."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.cli.opening import opened
from gateway.keeping import rolling
from gateway.keeping.rolling import Difference
from gateway.runtime import Runtime

COLUMNS = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


@click.group()
def rollups() -> None:
    """Look after the figures of the desk, which are counted from the log as it is sealed."""


@rollups.command()
def check() -> int:
    """Count the log once more and compare; ends with 1 where the figures say something else."""
    with opened() as runtime, _progress(runtime, "counting") as done:
        checked = rolling.check(runtime, done)
    for each in checked.differences:
        click.echo(_told(each))
    if checked.differences:
        click.echo("the figures are not those of the log; `gateway rollups rebuild` counts them anew")
        return 1
    click.echo(f"the figures are those of the log: {checked.leaves} entries were counted")
    return 0


@rollups.command()
def rebuild() -> None:
    """Count the log anew; sealing goes on, and the desk says meanwhile that its figures are being counted."""
    with opened() as runtime, _progress(runtime, "counting") as done:
        counted = rolling.rebuild(runtime, done)
    click.echo(f"{counted} entries were counted")


def _told(found: Difference) -> str:
    row = found.row
    name = f" {row.split} {row.name}" if row.split else ""
    return f"{row.day} {row.figure}{name}: the figures say {found.counted}, the log {found.entries}"


@contextmanager
def _progress(runtime: Runtime, word: str) -> Iterator[Callable[[int], None]]:
    with Progress(TextColumn(word), *COLUMNS, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(word, total=rolling.count_leaves(runtime))
        yield lambda done: progress.update(task, completed=done)
