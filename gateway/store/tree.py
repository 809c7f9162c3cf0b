"""The sealed log's tree as proofs read it: the hashes of leaves and nodes, and the entries that the leaves are of."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger

from gateway.ledger import SealedEntry
from gateway.models import entry, entry_person, leaf, node

ROWS_AT_ONCE = 2000
_STREAMED = {"yield_per": ROWS_AT_ONCE}
_ENTRY = [entry.c[name] for name in SealedEntry.__slots__]
_ENTRIES = select(entry.c.id, *_ENTRY)
_BETWEEN = leaf.c.position >= bindparam("low"), leaf.c.position < bindparam("high")
_LEAVES = select(leaf.c.position, leaf.c.entry_id, leaf.c.hash).where(*_BETWEEN).order_by(leaf.c.position)
_BESIDE = select(entry_person.c.entry_id, entry_person.c.field, entry_person.c.salt, entry_person.c.value)
_ANY_OF_THEM = func.any(bindparam("entry_ids", type_=ARRAY(BigInteger)))


def count_leaves(connection: Connection) -> int:
    """Count the leaves by the last position that is taken."""
    return int(connection.execute(select(func.coalesce(func.max(leaf.c.position) + 1, 0))).scalar_one())


def list_hashes(connection: Connection, level: int, start: int, stop: int) -> list[bytes]:
    """List stored hashes of a level, from a number to before another; raises ValueError where one is missing."""
    at, found = (leaf.c.position, leaf.c.hash) if level == 0 else (node.c.number, node.c.hash)
    statement = select(found).where(at >= start, at < stop).order_by(at)
    if level:
        statement = statement.where(node.c.level == level)
    hashes = list(connection.execute(statement).scalars())
    if len(hashes) != stop - start:
        raise ValueError(f"the tree lacks hashes of level {level} between {start} and {stop}")
    return hashes


def each_hash(connection: Connection, stop: int, start: int = 0) -> Iterator[bytes]:
    """Yield the stored hash of every leaf from a position to before another, in order."""
    between = leaf.c.position >= start, leaf.c.position < stop
    statement = select(leaf.c.hash).where(*between).order_by(leaf.c.position)
    yield from connection.execute(statement, execution_options=_STREAMED).scalars()


def each_leaf(
    connection: Connection, stop: int, start: int = 0
) -> Iterator[tuple[int, int, bytes, SealedEntry | None]]:
    """Yield position, entry number, stored hash and entry of every leaf from a place to before another, None where it is gone.

    They are read some at a time: a join of the whole log would be sorted on the server's disk first.
    """
    for leaves in _some_leaves(connection, stop, start):
        found = find_entries(connection, [row[1] for row in leaves])
        for position, entry_id, stored in leaves:
            yield position, entry_id, stored, found.get(entry_id)


def each_beside(connection: Connection, stop: int) -> Iterator[tuple[int, str, bytes, str]]:
    """Yield every personal value that still stands beside a sealed entry: its position, field, salt and value."""
    for leaves in _some_leaves(connection, stop):
        places = {entry_id: position for position, entry_id, _ in leaves}
        found = _look_up(connection, _BESIDE, entry_person.c.entry_id, list(places))
        yield from sorted((places[row[0]], row[1], row[2], row[3]) for row in found)


def find_leaf(connection: Connection, entry_id: int) -> tuple[int, bytes] | None:
    """Find the position and the stored hash of an entry; None while it is not sealed."""
    row = connection.execute(select(leaf.c.position, leaf.c.hash).where(leaf.c.entry_id == entry_id)).first()
    return None if row is None else (row[0], row[1])


def find_entry(connection: Connection, entry_id: int) -> SealedEntry | None:
    """Find an entry as it was written."""
    row = connection.execute(select(*_ENTRY).where(entry.c.id == entry_id)).first()
    return None if row is None else SealedEntry(*row)


def find_entries(connection: Connection, entry_ids: Sequence[int]) -> dict[int, SealedEntry]:
    """Find entries as they were written, by their numbers; those that are gone are not among them."""
    rows = _look_up(connection, _ENTRIES, entry.c.id, entry_ids)
    return {row[0]: SealedEntry(*row[1:]) for row in rows}


def _some_leaves(
    connection: Connection, stop: int, start: int = 0
) -> Iterator[Sequence[Row[int, int, bytes]]]:
    for low in range(start, stop, ROWS_AT_ONCE):
        between = {"low": low, "high": min(low + ROWS_AT_ONCE, stop)}
        yield connection.execute(_LEAVES, between).all()


def _look_up(
    connection: Connection,
    wanted: Select[*tuple[Any, ...]],
    number: ColumnElement[int],
    entry_ids: Sequence[int],
) -> Sequence[Row[*tuple[Any, ...]]]:
    # By their numbers, and on PostgreSQL by an array of them. A join, or a range alone, it would plan for any place and
    # length there could be, and walk through the whole log each time. The range beside the array leaves partitions out.
    if not entry_ids:
        return []
    if connection.dialect.name != "postgresql":
        return connection.execute(wanted.where(number.in_(entry_ids))).all()
    numbers = {"entry_ids": list(entry_ids), "least": min(entry_ids), "most": max(entry_ids)}
    between = number.between(bindparam("least", type_=BigInteger), bindparam("most", type_=BigInteger))
    return connection.execute(wanted.where(number == _ANY_OF_THEM, between), numbers).all()
