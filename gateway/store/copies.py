"""The whole database at once: read as it stood at one instant, and written anew from such a reading."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Date,
    Integer,
    LargeBinary,
    Table,
    Text,
    column,
    exists,
    false,
    func,
    insert,
    or_,
    select,
    table,
)
from sqlalchemy.types import TypeEngine

from gateway.logmonth import NUMBERS_A_MONTH
from gateway.models import Instant, account, article, entry, gift, metadata
from gateway.store.engine import Database

ROWS_AT_ONCE = 500
# A lease and a limit's counts mean nothing elsewhere or later, and a session that was ended since the backup
# must not come to life again. What waits to be sealed is queued by the database itself, as entries come in.
LEFT_OUT = frozenset({"session", "lease", "limit_hit", "outbox"})
KINDS: Mapping[str, TypeEngine[Any]] = {
    "instant": Instant(),
    "date": Date(),
    "bytes": LargeBinary(),
    "truth": Boolean(),
    "number": BigInteger(),
    "text": Text(),
}


@dataclass(frozen=True, slots=True)
class Layout:
    """One table's columns in order, each with the kind of what it holds: a key of KINDS."""

    name: str
    columns: Mapping[str, str]


@contextmanager
def snapshot(database: Database, *, temporary: bool = False) -> Iterator[Connection]:
    """Yield a connection that sees the database as it stood at one instant, and holds no writer up.

    With `temporary` it may have tables of its own, which go with it.
    """
    if database.dialect == "postgresql":
        with database.writer.connect() as connection:
            yield connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=not temporary
            )
    else:
        # The writing pool would begin with a lock; a plain BEGIN reads one state of the write-ahead log.
        with database.reader.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("ROLLBACK")


def layouts() -> list[Layout]:
    """Describe every table that is worth keeping, each after those that it refers to."""
    kept = (each for each in metadata.sorted_tables if each.name not in LEFT_OUT)
    return [Layout(each.name, {found.name: _kind(found.type) for found in each.columns}) for each in kept]


def each_row(connection: Connection, layout: Layout) -> Iterator[Sequence[Any]]:
    """Yield a table's rows in the layout's order of columns, never holding more than a few in memory."""
    found = _table(layout)
    # The option goes with the statement: given to the connection it would stay there, whoever has it next.
    statement = select(*(found.c[name] for name in layout.columns)).execution_options(yield_per=ROWS_AT_ONCE)
    yield from connection.execute(statement)


def add_rows(connection: Connection, layout: Layout, rows: Iterable[Sequence[Any]]) -> int:
    """Add rows in the layout's order of columns; returns how many."""
    statement, names, added = insert(_table(layout)), list(layout.columns), 0
    waiting = iter(rows)
    while some := [dict(zip(names, row, strict=True)) for row in islice(waiting, ROWS_AT_ONCE)]:
        connection.execute(statement, some)
        added += len(some)
    return added


def holds_anything(connection: Connection) -> bool:
    """Tell whether there is an account, an article or a gift, and so something to lose."""
    return bool(
        connection.scalar(
            select(or_(*(exists(select(1).select_from(each)) for each in (account, article, gift))))
        )
    )


def number_on(connection: Connection) -> None:
    """Let every table number its next row after the last; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for each in metadata.sorted_tables:
        if _is_numbered(each):
            counter = func.pg_get_serial_sequence(each.name, "id")
            # An entry's number has its month before what is counted.
            counted = each.c.id % NUMBERS_A_MONTH if each is entry else each.c.id
            connection.execute(select(func.setval(counter, func.coalesce(func.max(counted), 0) + 1, false())))


def _is_numbered(found: Table) -> bool:
    return "id" in found.c and found.autoincrement_column is found.c.id


def _table(layout: Layout) -> Any:
    return table(layout.name, *(column(name, KINDS[kind]) for name, kind in layout.columns.items()))


def _kind(found: TypeEngine[Any]) -> str:
    if isinstance(found, Instant):
        return "instant"
    if isinstance(found, Date):
        return "date"
    if isinstance(found, LargeBinary):
        return "bytes"
    if isinstance(found, Boolean):
        return "truth"
    return "number" if isinstance(found, Integer) else "text"
