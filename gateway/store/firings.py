"""Every time that a bulk rule fired: added, found while it matters, lifted, reported; never deleted while it holds."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, insert, or_, select, update

from gateway.firing import Firing
from gateway.guard import By, Metric, Mode, Then
from gateway.models import Instant, firing

_COLUMNS = [firing.c["by_whom" if field.name == "by" else field.name] for field in fields(Firing)]
# One who was shut out until lifted long ago still is; everything else is found by when it was.
_OF = select(*_COLUMNS).where(
    firing.c.who.in_(bindparam("who", expanding=True)),
    or_(
        firing.c.at > bindparam("since", type_=Instant),
        and_(firing.c.until.is_(None), firing.c.lifted_at.is_(None)),
    ),
)


@dataclass(frozen=True, slots=True)
class RuleReport:
    """What one rule did, or would have done, since an instant; `people` counts whom it fired on."""

    rule: str
    mode: Mode
    then: Then
    firings: int
    people: int
    lifted: int
    last_at: datetime


def list_firings(connection: Connection, who: Iterable[str], since: datetime) -> list[Firing]:
    """List what fired on any of these since an instant, and what still holds until lifted."""
    names = list(who)
    return [_firing(row) for row in connection.execute(_OF, {"who": names, "since": since})] if names else []


def add_firing(connection: Connection, **values: object) -> None:
    """Note that a rule fired; `by_whom` is what it counts by, `who` the one it fired on."""
    connection.execute(insert(firing), values)


def find_firing(connection: Connection, firing_id: int) -> Firing | None:
    """Find a firing by its row."""
    row = connection.execute(select(*_COLUMNS).where(firing.c.id == firing_id)).first()
    return None if row is None else _firing(row)


def list_in_force(connection: Connection, now: datetime, *, limit: int = 200) -> list[Firing]:
    """List whom rules keep from something at an instant, newest first."""
    holds = and_(firing.c.lifted_at.is_(None), or_(firing.c.until.is_(None), firing.c.until > now))
    acting = and_(firing.c.mode == Mode.ENFORCE.value, firing.c.then != Then.LOG.value)
    rows = connection.execute(
        select(*_COLUMNS).where(holds, acting).order_by(firing.c.id.desc()).limit(limit)
    )
    return [_firing(row) for row in rows]


def list_guessers(connection: Connection, now: datetime) -> dict[str, datetime]:
    """Find which networks may not try tokens at an instant, and until when."""
    wanted = and_(
        firing.c.metric == Metric.FORGED_TOKENS.value,
        firing.c.then == Then.BLOCK.value,
        firing.c.mode == Mode.ENFORCE.value,
        firing.c.lifted_at.is_(None),
        firing.c.until > now,
    )
    return {row[0]: row[1] for row in connection.execute(select(firing.c.who, firing.c.until).where(wanted))}


def list_flags(connection: Connection, who: str, since: datetime, *, limit: int = 20) -> list[Firing]:
    """List what fired on somebody since an instant, newest first, whatever the rule did about it."""
    theirs = and_(firing.c.who == who, firing.c.at > since)
    rows = connection.execute(select(*_COLUMNS).where(theirs).order_by(firing.c.id.desc()).limit(limit))
    return [_firing(row) for row in rows]


def lift_firing(connection: Connection, firing_id: int, *, now: datetime, by: str, because: str) -> bool:
    """End a firing before its time; False where it was lifted already."""
    standing = and_(firing.c.id == firing_id, firing.c.lifted_at.is_(None))
    values = {"lifted_at": now, "lifted_by": by, "lifted_because": because}
    return connection.execute(update(firing).where(standing).values(**values)).rowcount > 0


def lift_firings(connection: Connection, who: str, *, now: datetime, by: str, because: str) -> int:
    """End whatever holds against somebody; returns how many."""
    holds = and_(firing.c.lifted_at.is_(None), or_(firing.c.until.is_(None), firing.c.until > now))
    values = {"lifted_at": now, "lifted_by": by, "lifted_because": because}
    return connection.execute(update(firing).where(firing.c.who == who, holds).values(**values)).rowcount


def report_rules(connection: Connection, since: datetime) -> list[RuleReport]:
    """Sum up since an instant, by rule, mode and act, how often rules fired and on how many."""
    statement = (
        select(
            firing.c.rule,
            firing.c.mode,
            firing.c.then,
            func.count(),
            func.count(firing.c.who.distinct()),
            func.count(firing.c.lifted_at),
            func.max(firing.c.at),
        )
        .where(firing.c.at > since)
        .group_by(firing.c.rule, firing.c.mode, firing.c.then)
        .order_by(firing.c.rule, firing.c.mode)
    )
    return [RuleReport(row[0], Mode(row[1]), Then(row[2]), *row[3:]) for row in connection.execute(statement)]


def _firing(row: Any) -> Firing:
    number, rule, metric, by, who, then, mode, *rest = row
    return Firing(number, rule, Metric(metric), By(by), who, Then(then), Mode(mode), *rest)
