"""Fill a database fast: rows in bulk, past everything that checks them one by one, and indexes made afterwards."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from bench.world import Filled, World, tables
from gateway.models import metadata
from gateway.store import schema
from gateway.store.engine import Database, open_database

POLICY = Path(__file__).parents[1] / "policies" / "ft.toml"
ROWS_AT_ONCE = 10_000
Instant = Callable[[datetime], object]


def fill(address: str, world: World) -> None:
    """Make every table in an empty database and fill it; a million gifts take about a minute."""
    database = open_database(address)
    try:
        schema.upgrade(database)
        with without_indexes(database):
            fill_tables(database, lambda instant: tables(world, plentiful_policy(), instant))
        settle(database)
    finally:
        database.close()


def fill_tables(database: Database, spelled: Callable[[Instant], Iterator[Filled]]) -> None:
    """Write tables in bulk; they are asked for with what spells an instant as the database takes it."""
    if database.dialect == "sqlite":
        _fill_sqlite(database, spelled(_spelled_for_sqlite))
    else:
        _fill_postgresql(database, spelled(lambda at: at))


def settle(database: Database) -> None:
    """Do what a server does by itself within some minutes, which must not happen while something is measured."""
    with database.reading() as connection:
        if database.dialect == "postgresql":
            connection.exec_driver_sql("VACUUM (ANALYZE, FREEZE)")
            connection.exec_driver_sql("CHECKPOINT")


def plentiful_policy() -> str:
    """Spell the shipped policy with more credits than any measurement can spend."""
    text = POLICY.read_text("utf-8")
    return text.replace("\ngifts = 10\n", "\ngifts = 1000000\n").replace(
        "\ngifts = 20\n", "\ngifts = 1000000\n"
    )


@contextmanager
def without_indexes(database: Database) -> Iterator[None]:
    """Drop every index but the keys' own, and make them again at the end; on SQLite they stay.

    An index that SQLite makes at once has no room in any page, and until that has come each row that is added there
    divides pages: an issue writes 41 instead of 25. PostgreSQL leaves room, as years of single rows do.
    """
    if database.dialect == "sqlite":
        yield
        return
    indexes = [index for table in metadata.sorted_tables for index in table.indexes]
    with database.transaction() as connection:
        for index in indexes:
            index.drop(connection)
    yield
    with database.transaction() as connection:
        for index in indexes:
            index.create(connection)


@contextmanager
def without_triggers(database: Database) -> Iterator[None]:
    """Drop SQLite's triggers and make them again at the end; on PostgreSQL a session that fills runs none anyway."""
    if database.dialect == "postgresql":
        yield
        return
    with database.transaction() as connection:
        found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
        for name, _ in found:
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
    yield
    with database.transaction() as connection:
        for _, made in found:
            connection.exec_driver_sql(made)


def _fill_sqlite(database: Database, filled_tables: Iterator[Filled]) -> None:
    with database.reading() as connection:
        raw: Any = connection.connection.driver_connection
        # A reading connection has no transaction of its own, which the next pragmas want.
        for pragma in ("foreign_keys=OFF", "synchronous=OFF"):
            raw.execute(f"PRAGMA {pragma}")
        for filled in filled_tables:
            _fill_one(raw, filled)
        connection.invalidate()


def _fill_one(raw: sqlite3.Connection, filled: Filled) -> None:
    columns = filled.columns.split()
    marks = ", ".join("?" * len(columns))
    named = ", ".join(f'"{column}"' for column in columns)
    insert = f"INSERT INTO {filled.table} ({named}) VALUES ({marks})"
    raw.execute("BEGIN")
    while rows := list(islice(filled.rows, ROWS_AT_ONCE)):
        raw.executemany(insert, rows)
    raw.execute("COMMIT")


def _spelled_for_sqlite(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(" ", "microseconds")


def _fill_postgresql(database: Database, filled_tables: Iterator[Filled]) -> None:
    with database.transaction() as connection:
        raw: Any = connection.connection.driver_connection
        # A replica trusts its rows: no foreign key is looked up for any of them, and no trigger runs.
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for filled in filled_tables:
            _copy_one(raw, filled)


def _copy_one(raw: psycopg.Connection[Any], filled: Filled) -> None:
    columns = filled.columns.split()
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(filled.table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with raw.cursor() as cursor:
        with cursor.copy(into) as copy:
            for row in filled.rows:
                copy.write_row(row)
        if columns[0] == "id" and filled.table != "entry":
            count_on = "SELECT setval(pg_get_serial_sequence(%s, 'id'), (SELECT max(id) FROM {}))"
            cursor.execute(sql.SQL(count_on).format(sql.Identifier(filled.table)), (filled.table,))
