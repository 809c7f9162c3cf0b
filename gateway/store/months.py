"""The log's months: room made for them on PostgreSQL, what each holds, and what was put away of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, insert, or_, select, text

from gateway.logmonth import NUMBERS_A_MONTH, months_ahead, numbers_of
from gateway.models import archived, entry, entry_person, leaf, log_part, outbox, repeat

MONTHS_AHEAD = 3
PARTED = ("entry", "entry_person")
_WITHOUT_ROOM = text(
    "SELECT DISTINCT id / :numbers FROM entry_rest WHERE id >= :numbers "
    "UNION SELECT DISTINCT entry_id / :numbers FROM entry_person_rest WHERE entry_id >= :numbers"
)


@dataclass(frozen=True, slots=True)
class Part:
    """Numbers of one month, from the first to before another; a month from before numbers told it has two such parts."""

    month: str
    from_number: int
    to_number: int

    @property
    def is_before(self) -> bool:
        """Whether these numbers do not tell their month themselves."""
        return self.from_number < NUMBERS_A_MONTH


@dataclass(frozen=True, slots=True)
class PutAway:
    """A part that was put away: when, how many entries, the places its file covers, the file and its SHA-256."""

    part: Part
    at: datetime
    entries: int
    first: int
    stop: int
    file: str
    sha256: bytes


def make_room(connection: Connection, now: datetime) -> int:
    """Make the partitions of this month, of some ahead, and of what lies where no month has room; returns how many.

    SQLite needs none.
    """
    if connection.dialect.name != "postgresql":
        return 0
    wanted = {f"{each // 100:04}-{each % 100:02}" for each in _months_without_room(connection)}
    wanted |= {part.month for part in _parts_before(connection)}
    wanted |= set(months_ahead(now, MONTHS_AHEAD))
    make = select(func.make_log_month(bindparam("month")))
    return sum(connection.execute(make, {"month": month}).scalar_one() for month in sorted(wanted))


def list_months(connection: Connection, before: str) -> list[str]:
    """List the months that hold entries and lie before a month such as 2026-05, oldest first."""
    found = {part.month for part in _parts_before(connection) if _holds(connection, part)}
    low = NUMBERS_A_MONTH
    while (number := _lowest(connection, low)) is not None:
        month = number // NUMBERS_A_MONTH
        found.add(f"{month // 100:04}-{month % 100:02}")
        low = (month + 1) * NUMBERS_A_MONTH
    return sorted(month for month in found if month < before)


def list_parts(connection: Connection, month: str) -> list[Part]:
    """List the parts of a month that hold entries."""
    parts = [part for part in _parts_before(connection) if part.month == month]
    return [part for part in (*parts, Part(month, *numbers_of(month))) if _holds(connection, part)]


def count_entries(connection: Connection, part: Part) -> int:
    """Count the entries of a part."""
    return int(connection.execute(select(func.count()).where(_within(entry.c.id, [part]))).scalar_one())


def count_waiting(connection: Connection, parts: Sequence[Part]) -> int:
    """Count the entries of some parts that wait to be sealed."""
    found = select(func.count()).where(_within(outbox.c.entry_id, parts))
    return int(connection.execute(found).scalar_one())


def find_places(connection: Connection, parts: Sequence[Part]) -> tuple[int, int] | None:
    """Find from where to before where in the tree the entries of some parts lie; None where none is sealed."""
    found = select(func.min(leaf.c.position), func.max(leaf.c.position)).where(
        _within(leaf.c.entry_id, parts)
    )
    row = connection.execute(found).one()
    return None if row[0] is None else (row[0], row[1] + 1)


def each_repeated(connection: Connection, parts: Sequence[Part]) -> Iterator[tuple[int, int]]:
    """Yield how often each refusal of some parts was repeated, by its place in the tree, where it was."""
    found = (
        select(leaf.c.position, repeat.c.count)
        .join(leaf, leaf.c.entry_id == repeat.c.entry_id)
        .where(_within(repeat.c.entry_id, parts), repeat.c.count > 0)
        .order_by(leaf.c.position)
    )
    for row in connection.execute(found):
        yield row[0], row[1]


def drop_part(connection: Connection, put_away: PutAway) -> int:
    """Note that a part was put away and drop its entries, with what stands beside them; returns how many there were.

    On SQLite that note is what the trigger which keeps entries asks for; on PostgreSQL whole partitions go, which
    only the tables' owner may let go.
    """
    part = put_away.part
    values = {"from_number": part.from_number, "to_number": part.to_number, "month": part.month}
    values |= {name: getattr(put_away, name) for name in ("at", "entries", "first", "stop", "file", "sha256")}
    connection.execute(insert(archived), values)
    connection.execute(delete(repeat).where(_within(repeat.c.entry_id, [part])))
    if connection.dialect.name == "sqlite":
        connection.execute(delete(entry_person).where(_within(entry_person.c.entry_id, [part])))
        return connection.execute(delete(entry).where(_within(entry.c.id, [part]))).rowcount
    tail = part.month.replace("-", "_") + ("_before" if part.is_before else "")
    dropped = int(connection.execute(text(f'SELECT count(*) FROM "entry_{tail}"')).scalar_one())  # noqa: S608
    for table in PARTED:
        connection.execute(text(f'DROP TABLE "{table}_{tail}"'))
    return dropped


def list_put_away(connection: Connection) -> list[PutAway]:
    """List what was put away, oldest first."""
    rows = connection.execute(select(archived).order_by(archived.c.month, archived.c.from_number)).mappings()
    names = ("at", "entries", "first", "stop", "file", "sha256")
    return [
        PutAway(Part(row["month"], row["from_number"], row["to_number"]), *(row[name] for name in names))
        for row in rows
    ]


def find_put_away_to(connection: Connection) -> str | None:
    """Find the newest month that was put away, such as 2026-05."""
    return connection.execute(select(func.max(archived.c.month))).scalar()


def _months_without_room(connection: Connection) -> Iterable[int]:
    return connection.execute(_WITHOUT_ROOM, {"numbers": NUMBERS_A_MONTH}).scalars().all()


def _parts_before(connection: Connection) -> list[Part]:
    gone = select(archived.c.from_number).where(archived.c.from_number == log_part.c.from_number).exists()
    # Later numbers tell their month themselves, whatever somebody wrote into this table.
    old = log_part.c.to_number <= NUMBERS_A_MONTH
    rows = connection.execute(select(log_part).where(~gone, old).order_by(log_part.c.from_number)).mappings()
    return [Part(row["month"], row["from_number"], row["to_number"]) for row in rows]


def _lowest(connection: Connection, low: int) -> int | None:
    found = select(entry.c.id).where(entry.c.id >= low).order_by(entry.c.id).limit(1)
    return connection.execute(found).scalar()


def _holds(connection: Connection, part: Part) -> bool:
    lowest = _lowest(connection, part.from_number)
    return lowest is not None and lowest < part.to_number


def _within(column: ColumnElement[int], parts: Sequence[Part]) -> ColumnElement[bool]:
    return or_(*(and_(column >= part.from_number, column < part.to_number) for part in parts))
