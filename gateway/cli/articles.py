"""`gateway articles`: bring articles in."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.articles.importing import Line, describe, import_paths
from gateway.cli.opening import opened

FEW = 5


@click.group()
def articles() -> None:
    """Bring articles in."""


@articles.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
def import_(paths: tuple[Path, ...]) -> int:
    """Import ninjs, Markdown and saved HTML pages from PATHS, files or folders.

    Doing it again changes nothing, and one bad file stops no other. Ends with 1 if any file was not imported.
    """
    columns = (TextColumn("importing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with opened() as runtime, Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("importing", total=None, visible=False)

        def show(done: int, of: int, _line: Line) -> None:
            progress.update(task, completed=done, total=of, visible=of > FEW)

        report = import_paths(runtime, paths, on_progress=show)
    click.echo(describe(report))
    return report.exit_code
