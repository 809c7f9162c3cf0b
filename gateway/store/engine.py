"""Connections to the one database: reading on autocommit, writing in a transaction that returning commits."""

import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import psycopg
from psycopg.pq import ExecStatus
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_TIMEOUT_MS = 15_000
# A request may hold one connection while it asks for another; these are for the threads that work beside requests.
BESIDE = 4


class _Cursor(psycopg.Cursor[Any]):
    """Psycopg's cursor, which describes a result's columns by what SQLAlchemy asks: name and type.

    Psycopg looks each column's type up by name with every result, a sixth of the time that a page takes.
    """

    @property
    def description(self) -> list[Any] | None:
        """The columns as the DB-API has them; None for a statement that returns no rows."""
        found = self.pgresult
        if found is None or not (found.nfields or found.status == ExecStatus.TUPLES_OK):
            return None
        unsaid = (None,) * 5
        return [((found.fname(at) or b"").decode(), found.ftype(at), *unsaid) for at in range(found.nfields)]


class DatabaseAddressError(ValueError):
    """The database's address cannot be used; the text says what it wants."""


@dataclass(frozen=True, slots=True)
class Database:
    """Two pools on one database: `reading()` for single statements, `transaction()` for acts."""

    reader: Engine
    writer: Engine
    _turn: Lock
    _idle: deque[Connection] = field(default_factory=deque)

    @property
    def dialect(self) -> str:
        return self.writer.dialect.name

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection on which every statement stands alone, so that a read costs one round trip.

        It is kept as it is for the next reading, since there is nothing to reset; after an exception, whose
        cause may be the connection, every kept one is given up.
        """
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self.reader.connect()
        try:
            yield connection
        except BaseException:
            connection.close()
            self._give_up_idle()
            raise
        self._idle.append(connection)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Yield a connection in a transaction: leaving commits, raising rolls back.

        SQLite has one writer. The threads of a process wait for their turn here, in order, instead of in
        SQLite's own busy handler, which sleeps and so lets a latecomer pass.
        """
        if self.dialect == "sqlite":
            with self._turn, self.writer.begin() as connection:
                yield connection
        else:
            with self.writer.begin() as connection:
                yield connection

    def close(self) -> None:
        """Close every pooled connection."""
        self._give_up_idle()
        self.reader.dispose()
        self.writer.dispose()

    def _give_up_idle(self) -> None:
        while self._idle:
            with suppress(IndexError):
                self._idle.pop().close()


def open_database(address: str, *, threads: int = 8) -> Database:
    """Open the pools for a `sqlite:///PATH` or `postgresql+psycopg://…` address; connects only on first use.

    Raises DatabaseAddressError for any other address.
    """
    url = database_url(address)
    if url.get_backend_name() == "sqlite":
        arguments: dict[str, Any] = {
            "connect_args": {"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000}
        }
    else:
        arguments = {"connect_args": {"connect_timeout": 5, "cursor_factory": _Cursor}}
    reader = create_engine(
        url, pool_size=threads, max_overflow=threads + BESIDE, isolation_level="AUTOCOMMIT", **arguments
    )
    writer = create_engine(url, pool_size=threads, max_overflow=threads + BESIDE, **arguments)
    if url.get_backend_name() == "sqlite":
        event.listen(reader, "connect", _set_up_sqlite)
        event.listen(writer, "connect", _set_up_sqlite)
        event.listen(writer, "begin", _begin_immediate)
    return Database(reader, writer, Lock())


def waiting_briefly(connection: Connection) -> None:
    """Let this transaction wait a second for a lock at most, since whoever waits lets others wait behind."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL lock_timeout = '1s'")


def database_url(address: str) -> URL:
    """Parse an address and fix PostgreSQL's driver to psycopg 3; raises DatabaseAddressError."""
    try:
        url = make_url(address)
    except ArgumentError:
        raise DatabaseAddressError(
            "GATEWAY_DATABASE_URL is not an address; want sqlite:///PATH or postgresql+psycopg://USER@HOST/NAME"
        ) from None
    backend = url.get_backend_name()
    if backend in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and url.database and url.database != ":memory:":
        return url
    raise DatabaseAddressError(
        f"GATEWAY_DATABASE_URL names {backend!r}; want sqlite:///PATH (a file) or postgresql+psycopg://USER@HOST/NAME"
    )


def _set_up_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    # The driver's own transactions begin deferred, which turns two writers into "database is locked".
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "cache_size=-65536",
        # All that SQLite maps at most, 2 GiB: a million gifts take half of it. Only what is touched takes memory.
        "mmap_size=2147418112",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
