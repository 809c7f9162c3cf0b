"""`gateway db`: the tables."""

import click

from gateway.cli.opening import opened
from gateway.keeping.setup import set_up
from gateway.settings import read_settings
from gateway.store import schema


@click.group()
def db() -> None:
    """Look after the database's tables."""


@db.command()
def upgrade() -> None:
    """Bring the tables to this release, and adopt the policy file at first start."""
    with opened() as runtime:
        said = set_up(runtime, read_settings())
    click.echo(said or f"the tables stand at {schema.newest()}")


@db.command()
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Take the tables back to REVISION; `base` drops them all."""
    with opened() as runtime:
        schema.downgrade(runtime.database, revision)
    click.echo(f"the tables stand at {revision}")


@db.command()
def current() -> None:
    """Say at which step the tables stand."""
    with opened() as runtime, runtime.database.reading() as connection:
        click.echo(f"{schema.current(connection) or 'no tables'}; this release wants {schema.newest()}")
