"""The sealed log's rows: what waits in the outbox, leaves, nodes and checkpoints; added and read, never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Insert,
    LargeBinary,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger

from gateway.ledger import SealedEntry
from gateway.merkle import Node
from gateway.models import checkpoint, entry, leaf, log_stop, node, outbox, sealed_log
from gateway.store import tree


@dataclass(frozen=True, slots=True)
class LogState:
    """The log that is being sealed: its name, what it took over, why and when it was stopped, and its newest checkpoint.

    `note` is its first checkpoint, which names the log before; empty where there was none.
    """

    id: int
    origin: str
    kept: int
    note: str
    stopped_because: str | None
    size: int
    root: bytes
    made_at: datetime | None
    stopped_at: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry that waits to be sealed; None in place of one that is gone from under its outbox row."""

    entry_id: int
    entry: SealedEntry | None


_NEWEST = (
    select(checkpoint).order_by(checkpoint.c.log_id.desc(), checkpoint.c.size.desc()).limit(1).subquery()
)
_LOG = (
    select(
        sealed_log.c.id,
        sealed_log.c.origin,
        sealed_log.c.kept,
        sealed_log.c.note,
        log_stop.c.because,
        func.coalesce(_NEWEST.c.size, 0),
        _NEWEST.c.root,
        _NEWEST.c.made_at,
        log_stop.c.at,
    )
    .outerjoin(log_stop, log_stop.c.log_id == sealed_log.c.id)
    .outerjoin(_NEWEST, _NEWEST.c.log_id == sealed_log.c.id)
    .order_by(sealed_log.c.id.desc())
    .limit(1)
)
_WAITING = select(outbox.c.entry_id).order_by(outbox.c.entry_id).limit(tree.ROWS_AT_ONCE)
_NUMBERS, _HASHES = ARRAY(BigInteger), ARRAY(LargeBinary)


def _add_at_once(table: Table, **columns: ARRAY[Any]) -> Insert:
    """Spell one insert of many rows, from an array for each column: several times as fast as a row each."""
    arrays = (func.unnest(bindparam(f"all_{name}", type_=kind)) for name, kind in columns.items())
    return insert(table).from_select(list(columns), select(*arrays))


_ADD_LEAVES_AT_ONCE = _add_at_once(leaf, position=_NUMBERS, entry_id=_NUMBERS, hash=_HASHES)
_ADD_NODES_AT_ONCE = _add_at_once(node, level=_NUMBERS, number=_NUMBERS, hash=_HASHES)
_ANY_OF_THEM = func.any(bindparam("entry_ids", type_=_NUMBERS))
_DROP_AT_ONCE = delete(outbox).where(outbox.c.entry_id == _ANY_OF_THEM)


def find_log(connection: Connection) -> LogState | None:
    """Find the log that is being sealed; None before the first was begun."""
    row = connection.execute(_LOG).first()
    return None if row is None else LogState(*row[:6], row[6] or b"", *row[7:])


def add_log(connection: Connection, *, origin: str, begun_at: datetime, kept: int, note: str = "") -> int:
    """Begin a log under a name of its own, over the first `kept` leaves that there are; returns its id."""
    values = {"origin": origin, "begun_at": begun_at, "kept": kept, "note": note}
    return int(connection.execute(insert(sealed_log).returning(sealed_log.c.id), values).scalar_one())


def add_stop(connection: Connection, log_id: int, *, at: datetime, because: str) -> None:
    """Note that a log must not be sealed any further."""
    connection.execute(insert(log_stop), {"log_id": log_id, "at": at, "because": because})


def list_waiting(connection: Connection) -> list[Waiting]:
    """List the entries that wait to be sealed, up to `tree.ROWS_AT_ONCE` of them.

    An entry that was committed late has a small number, and is there like any other.
    """
    entry_ids = connection.execute(_WAITING).scalars().all()
    if not entry_ids:
        return []
    found = tree.find_entries(connection, entry_ids)
    return [Waiting(entry_id, found.get(entry_id)) for entry_id in entry_ids]


def drop_waiting(connection: Connection, entry_ids: Sequence[int]) -> int:
    """Take entries out of the outbox; returns how many were still in it."""
    if connection.dialect.name == "postgresql":
        return connection.execute(_DROP_AT_ONCE, {"entry_ids": list(entry_ids)}).rowcount
    return connection.execute(delete(outbox).where(outbox.c.entry_id.in_(entry_ids))).rowcount


def drop_sealed_from_outbox(connection: Connection) -> None:
    """Take out of the outbox whatever has a leaf: after a restore, which queues every entry it brings."""
    connection.execute(delete(outbox).where(outbox.c.entry_id.in_(select(leaf.c.entry_id))))


def find_oldest_waiting(connection: Connection) -> datetime | None:
    """Find when the entry was written that waits longest to be sealed."""
    # Looked up one by one, until one is there: a join may cost a walk through the whole log, as in `list_waiting`.
    written_at = select(entry.c.at).where(entry.c.id == outbox.c.entry_id).scalar_subquery()
    there = select(written_at).select_from(outbox).where(written_at.is_not(None))
    return connection.execute(there.order_by(outbox.c.entry_id).limit(1)).scalar()


def add_leaves(connection: Connection, start: int, entry_ids: Sequence[int], hashes: Sequence[bytes]) -> None:
    """Add leaves from a position on; a position that is taken is an IntegrityError."""
    positions = range(start, start + len(entry_ids))
    if connection.dialect.name == "postgresql":
        rows = {"all_position": list(positions), "all_entry_id": list(entry_ids), "all_hash": list(hashes)}
        connection.execute(_ADD_LEAVES_AT_ONCE, rows)
        return
    names = ("position", "entry_id", "hash")
    values = zip(positions, entry_ids, hashes, strict=True)
    connection.execute(insert(leaf), [dict(zip(names, each, strict=True)) for each in values])


def add_nodes(connection: Connection, nodes: Sequence[Node]) -> None:
    """Add the nodes above the leaves that are complete."""
    if nodes and connection.dialect.name == "postgresql":
        levels, numbers = [each.level for each in nodes], [each.index for each in nodes]
        hashes = [each.hash for each in nodes]
        rows = {"all_level": levels, "all_number": numbers, "all_hash": hashes}
        connection.execute(_ADD_NODES_AT_ONCE, rows)
    elif nodes:
        each_row = [{"level": each.level, "number": each.index, "hash": each.hash} for each in nodes]
        connection.execute(insert(node), each_row)


def add_checkpoint(connection: Connection, *, log_id: int, size: int, root: bytes, made_at: datetime) -> None:
    """Note that the first `size` leaves are sealed under a root."""
    connection.execute(insert(checkpoint), {"log_id": log_id, "size": size, "root": root, "made_at": made_at})


def list_strays(connection: Connection, *, limit: int) -> list[int]:
    """List entries that are neither sealed nor wait for it: nobody wrote them by way of the gateway."""
    known = select(leaf.c.entry_id).where(leaf.c.entry_id == entry.c.id).exists()
    waits = select(outbox.c.entry_id).where(outbox.c.entry_id == entry.c.id).exists()
    return list(connection.execute(select(entry.c.id).where(~known, ~waits).limit(limit)).scalars())


def list_lost(connection: Connection, *, limit: int) -> list[int]:
    """List entries that wait to be sealed and are gone: somebody deleted them within seconds."""
    statement = select(outbox.c.entry_id).outerjoin(entry, entry.c.id == outbox.c.entry_id)
    return list(connection.execute(statement.where(entry.c.id.is_(None)).limit(limit)).scalars())
