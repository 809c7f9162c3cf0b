"""The tables' own history: to the newest step and back, and whether a database stands where the code wants it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from gateway.models import metadata
from gateway.store.engine import Database

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"
STEPS = "alembic_version"
# Any number will do, as long as nothing else in the database takes an advisory lock under it.
UPGRADE_LOCK = 0x67617465


class SchemaError(RuntimeError):
    """The database cannot be used as it stands; the text says what it is and what to do."""


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the tables to a step, in one transaction; a second upgrade at the same time waits, then finds it done.

    Raises SchemaError where the database is of a newer release, or holds tables that we did not make.
    """
    with _one_at_a_time(database) as connection:
        upgrade_within(connection, revision)


def upgrade_within(connection: Connection, revision: str = "head") -> None:
    """Bring the tables to a step within the caller's transaction; raises SchemaError as `upgrade` does."""
    standing = current(connection)
    if standing is None and (found := sorted({*inspect(connection).get_table_names()} - {STEPS})):
        raise SchemaError(
            f"the database holds tables that are not the gateway's ({found[0]}); want an empty one"
        )
    _refuse_unknown(standing)
    command.upgrade(_config(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    """Take the tables back to a step, `base` being none at all, in one transaction; raises SchemaError."""
    with _one_at_a_time(database) as connection:
        downgrade_within(connection, revision)


def downgrade_within(connection: Connection, revision: str) -> None:
    """Take the tables back to a step within the caller's transaction; raises SchemaError."""
    _refuse_unknown(current(connection))
    command.downgrade(_config(connection), revision)


def current(connection: Connection) -> str | None:
    """Find the step a database stands at; None where it has no table of ours."""
    if not inspect(connection).has_table(STEPS):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def newest() -> str:
    """Name the step that this release wants."""
    return str(_scripts().get_current_head())


def known() -> frozenset[str]:
    """Name every step that this release knows."""
    return frozenset(script.revision for script in _scripts().walk_revisions())


def drift(connection: Connection) -> list[Any]:
    """Compare the database with the models; an empty list means that they agree."""
    within = parts(connection)
    options = {
        "compare_type": True,
        "compare_server_default": _default_differs,
        "include_name": lambda name, kind, _within: kind != "table" or name not in within,
    }
    found: list[Any] = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    return found


def parts(connection: Connection) -> frozenset[str]:
    """Name the partitions of PostgreSQL, which are of their tables and nothing by themselves."""
    if connection.dialect.name != "postgresql":
        return frozenset()
    found = text("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")
    return frozenset(connection.execute(found).scalars())


def check(database: Database) -> None:
    """Raise SchemaError, in one line, unless the database can be reached and stands at the newest step."""
    try:
        with database.reading() as connection:
            standing = current(connection)
    except SQLAlchemyError as fault:
        raise SchemaError(f"the database cannot be read: {first_line(fault)}") from None
    _refuse_unknown(standing)
    if standing != newest():
        has = (
            "has no tables yet"
            if standing is None
            else f"stands at step {standing}, this release wants {newest()}"
        )
        raise SchemaError(f"the database {has}; run `gateway db upgrade`")


def first_line(fault: SQLAlchemyError) -> str:
    """Tell a database's fault in one line, without the statement or its values."""
    told = str(fault.orig) if isinstance(fault, DBAPIError) else ""
    return next((line.strip() for line in told.splitlines() if line.strip()), type(fault).__name__)


@contextmanager
def _one_at_a_time(database: Database) -> Iterator[Connection]:
    with database.transaction() as connection:
        if database.dialect == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": UPGRADE_LOCK})
        yield connection


def _refuse_unknown(standing: str | None) -> None:
    if standing is not None and standing not in known():
        raise SchemaError(
            f"the database stands at step {standing}, which this release does not know (its newest is {newest()}); "
            "install the release that made it, or a newer one"
        )


def _default_differs(*compared: Any) -> bool | None:
    # SQLite shows an empty text in brackets, which alembic takes for another value; the rest it compares itself.
    inspected, _, rendered = compared[3:]
    return False if (inspected, rendered) == ("('')", "") else None


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS))


def _config(connection: Connection) -> Config:
    config = Config(attributes={"connection": connection})
    # A percent sign in a path would be taken for the beginning of a reference to another option.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
