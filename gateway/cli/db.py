"""`gateway db`: the tables."""

import click

from gateway.cli.opening import RefusedError, opened, sure
from gateway.keeping.setup import set_up
from gateway.settings import read_settings
from gateway.store import roles, schema


@click.group()
def db() -> None:
    """Look after the database's tables."""


@db.command()
def upgrade() -> None:
    """Bring the tables to this release; the first time, adopt the policy file too.

    Any number of machines may do so at once: one does, the others wait and find it done.
    """
    with opened(checked=False) as runtime:
        remark = set_up(runtime, read_settings())
    click.echo(f"the tables stand at step {schema.newest()}")
    if remark:
        click.echo(remark)


@db.command()
@click.argument("step")
@click.option("--yes", is_flag=True, help="Do not ask.")
def downgrade(step: str, yes: bool) -> None:  # noqa: FBT001 - click hands options over by name.
    """Take the tables back to STEP, with what newer steps keep; `base` drops every table."""
    with opened(checked=False) as runtime:
        if step != "base" and step not in schema.known():
            known = ", ".join(sorted(schema.known()))
            raise click.BadParameter(f"{step!r} is no step; the steps are base, {known}", param_hint="STEP")
        sure(f"Take the tables back to {step}? What newer steps keep is lost", yes=yes)
        schema.downgrade(runtime.database, step)
    click.echo(f"the tables stand at {step}")


@db.command()
@click.argument("name")
def role(name: str) -> None:
    """Let the PostgreSQL role NAME do what the gateway does, but change or delete nothing of the log.

    Run it as the tables' owner, after each upgrade; then grant NAME to whom the gateway and its jobs sign in as.
    """
    with opened() as runtime:
        if runtime.database.dialect != "postgresql":
            raise RefusedError("SQLite knows no roles; there the log's triggers stand alone")
        with runtime.database.transaction() as connection:
            roles.allow(connection, name)
    click.echo(f"{name} may add to the log, and neither change nor delete what is in it")


@db.command()
def current() -> None:
    """Say at which step the tables stand, and whether they are as this release made them."""
    with opened(checked=False) as runtime, runtime.database.reading() as connection:
        standing = schema.current(connection)
        differences = schema.drift(connection) if standing == schema.newest() else []
    click.echo(f"{standing or 'no tables'}; this release wants {schema.newest()}")
    for difference in differences:
        click.echo(f"not as this release made it: {difference}")
