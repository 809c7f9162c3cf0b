"""`gateway articles`: bring articles in."""

import sys
from pathlib import Path

import click

from gateway.articles.importing import Line, describe, import_paths
from gateway.cli.opening import RefusedError, opened

FEW = 10


@click.group()
def articles() -> None:
    """Bring articles in."""


@articles.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
def import_(paths: tuple[Path, ...]) -> None:
    """Import ninjs, Markdown and saved HTML pages from PATHS; doing it again changes nothing."""

    def show(done: int, of: int, _line: Line) -> None:
        if of > FEW and sys.stderr.isatty():
            click.echo(f"\r{done} of {of}", nl=done == of, err=True)

    with opened() as runtime:
        report = import_paths(runtime, paths, on_progress=show)
    click.echo(describe(report))
    if report.failed:
        raise RefusedError("not every file was imported; the report names them")
