"""The rollups' rows: added to, a batch in one statement, and how much of the log they hold."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Date,
    String,
    Table,
    and_,
    bindparam,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY

from gateway.figures import FROM_THE_LOG, About, Row
from gateway.ledger import SealedEntry
from gateway.models import entry, gift, leaf, rollup, rollup_state

ONLY = 1
_LOGGED = [each.value for each in FROM_THE_LOG]
_INSERTS: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_COLUMNS = ("split", "figure", "day", "name", "count")
_KEY = list(_COLUMNS[:4])
_TYPES = (String, String, Date, String, BigInteger)
_ENTRY = [entry.c[name] for name in SealedEntry.__slots__]
_GIFTS = select(gift.c.reference, gift.c.article_id, gift.c.section, gift.c.plan, gift.c.account_id)
_GIFTS_AT_ONCE = _GIFTS.where(gift.c.reference == func.any(bindparam("references", type_=ARRAY(String))))


@dataclass(frozen=True, slots=True)
class RollupState:
    """How much of the log is counted: its first `leaves` leaves, and of them what is of `since` or later, if that is given."""

    leaves: int = 0
    since: date | None = None


def find_state(connection: Connection, *, held: bool = False) -> RollupState:
    """Find how much of the log is counted; `held` lets nobody else count until the transaction ends."""
    if held:
        # There must be a row to be held, also where nothing was ever counted.
        first = _INSERTS[connection.dialect.name](rollup_state).values(id=ONLY, leaves=0)
        connection.execute(first.on_conflict_do_nothing())
    statement = select(rollup_state.c.leaves, rollup_state.c.since).where(rollup_state.c.id == ONLY)
    row = connection.execute(statement.with_for_update() if held else statement).first()
    return RollupState() if row is None else RollupState(*row)


def put_state(connection: Connection, state: RollupState) -> None:
    """Note how much of the log is counted; the state is held."""
    statement = update(rollup_state).where(rollup_state.c.id == ONLY)
    connection.execute(statement, {"leaves": state.leaves, "since": state.since})


def add_counts(connection: Connection, counts: Mapping[Row, int], *, table: Table = rollup) -> None:
    """Add to rows, each by its number, in one statement; in order, so that two who add wait for one another once."""
    if not counts:
        return
    rows = [(row.split, row.figure, row.day, row.name, counts[row]) for row in sorted(counts)]
    kind = connection.dialect.name
    statement = _INSERTS[kind](table)
    added = {"count": table.c["count"] + statement.excluded["count"]}
    if kind == "sqlite":
        values = [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
        connection.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=added), values)
        return
    # Five arrays at once are several times as fast as a row each.
    columns = zip(*rows, strict=True)
    names = [f"all_{name}" for name in _COLUMNS]
    given = [
        func.unnest(bindparam(name, type_=ARRAY(kind_of)))
        for name, kind_of in zip(names, _TYPES, strict=True)
    ]
    statement = statement.from_select(_COLUMNS, select(*given))
    statement = statement.on_conflict_do_update(index_elements=_KEY, set_=added)
    connection.execute(statement, {name: list(each) for name, each in zip(names, columns, strict=True)})


def find_gifts(connection: Connection, references: Iterable[str]) -> dict[str, About]:
    """Find what is counted by of gifts, by their references."""
    wanted = list(references)
    if not wanted:
        return {}
    if connection.dialect.name == "postgresql":
        rows = connection.execute(_GIFTS_AT_ONCE, {"references": wanted})
    else:
        rows = connection.execute(_GIFTS.where(gift.c.reference.in_(wanted)))
    return {row[0]: About(str(row[1]), row[2], row[3], str(row[4])) for row in rows}


def list_leaves(connection: Connection, start: int, *, limit: int) -> tuple[int, list[SealedEntry]]:
    """List the entries of leaves from a position on; returns how many leaves there were, and the entries still there."""
    statement = (
        select(*_ENTRY)
        .select_from(leaf)
        .outerjoin(entry, entry.c.id == leaf.c.entry_id)
        .where(leaf.c.position >= start, leaf.c.position < start + limit)
        .order_by(leaf.c.position)
    )
    rows = connection.execute(statement).all()
    return len(rows), [SealedEntry(*row) for row in rows if row[0] is not None]


def lacks_oldest(connection: Connection) -> bool:
    """Tell whether the oldest entries were put away: the first leaf's is not there."""
    first = select(leaf.c.entry_id).where(leaf.c.position == 0)
    entry_id = connection.execute(first).scalar()
    if entry_id is None:
        return False
    return connection.execute(select(entry.c.id).where(entry.c.id == entry_id)).first() is None


def find_oldest_instant(connection: Connection) -> datetime | None:
    """Find when the oldest entry that is kept was written; None where there is none."""
    return connection.execute(select(func.min(entry.c.at))).scalar()


def drop_counted(connection: Connection, since: date | None) -> None:
    """Drop what was counted from the log, of a day or later."""
    statement = delete(rollup).where(rollup.c.figure.in_(_LOGGED))
    connection.execute(statement if since is None else statement.where(rollup.c.day >= since))


def differences(
    connection: Connection, expected: Table, since: date | None, *, limit: int
) -> Sequence[tuple[Row, int, int]]:
    """List rows of which the rollups say something else than a table of the same shape: what they say, what it says."""
    on = [rollup.c[name] == expected.c[name] for name in _KEY]
    said, wanted = func.coalesce(rollup.c["count"], 0), func.coalesce(expected.c["count"], 0)
    logged = rollup.c.figure.in_(_LOGGED)
    within = [logged] if since is None else [logged, rollup.c.day >= since]
    missing = select(*(expected.c[name] for name in _KEY), said, wanted)
    missing = missing.select_from(expected.outerjoin(rollup, and_(*on))).where(said != wanted)
    extra = select(*(rollup.c[name] for name in _KEY), said, wanted)
    extra = extra.select_from(rollup.outerjoin(expected, and_(*on)))
    extra = extra.where(expected.c["count"].is_(None), *within)
    found = [*connection.execute(missing.limit(limit)), *connection.execute(extra.limit(limit))]
    return sorted((Row(*each[:4]), each[4], each[5]) for each in found)[:limit]
