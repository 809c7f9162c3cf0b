"""Every time that a bulk rule fired: added, found while it matters, lifted, reported, and forgotten when it is long over."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from gateway.case import ABOUT_LINKS, FOR_WHOM
from gateway.firing import Firing
from gateway.guard import By, Metric, Mode, Rule, Then
from gateway.models import Instant, case_evidence, firing, gift
from gateway.store.prepared import Prepared

_COLUMNS = [firing.c["by_whom" if field.name == "by" else field.name] for field in fields(Firing)]
_UNLIFTED = firing.c.lifted_at.is_(None)
# What ended by itself is left where it is: a rule that logs by the minute leaves tens of thousands in a month.
_STANDS = or_(
    and_(_UNLIFTED, or_(firing.c.until.is_(None), firing.c.until > bindparam("now", type_=Instant))),
    firing.c.lifted_at > bindparam("lifted_since", type_=Instant),
)


@cache
def _of(number: int) -> Prepared:
    return Prepared(select(*_COLUMNS).where(_who(number), _STANDS))


@cache
def _alike(number: int) -> Prepared:
    alike = [firing.c[name] == bindparam(name) for name in ("rule", "then", "mode")]
    lately = firing.c.at > bindparam("since", type_=Instant)
    return Prepared(select(func.count()).where(_who(number), lately, _UNLIFTED, *alike))


@cache
def _add(columns: tuple[str, ...]) -> Prepared:
    return Prepared(insert(firing), columns=columns)


def _who(number: int) -> ColumnElement[bool]:
    return firing.c.who.in_([bindparam(f"who_{at}", type_=firing.c.who.type) for at in range(number)])


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


def list_firings(
    connection: Connection, who: Iterable[str], now: datetime, *, lifted_since: datetime
) -> list[Firing]:
    """List what holds against any of these at an instant, and what an admin lifted since another."""
    names = {f"who_{at}": each for at, each in enumerate(who)}
    values = names | {"now": now, "lifted_since": lifted_since}
    return [_firing(row) for row in _of(len(names)).rows(connection, values)]


def count_firings(connection: Connection, rule: Rule, who: Collection[str], since: datetime) -> int:
    """Count how often a rule did to somebody what it does now, since an instant; what an admin lifted is forgiven."""
    names = {f"who_{at}": each for at, each in enumerate(who)}
    values = {"rule": rule.name, "then": rule.then.value, "mode": rule.mode.value, "since": since}
    return int(_alike(len(names)).rows(connection, names | values)[0][0])


def add_firing(connection: Connection, **values: object) -> None:
    """Note that a rule fired; `by_whom` is what it counts by, `who` the one it fired on."""
    _add(tuple(values)).count(connection, values)


def find_firing(connection: Connection, firing_id: int) -> Firing | None:
    """Find a firing by its row."""
    row = connection.execute(select(*_COLUMNS).where(firing.c.id == firing_id)).first()
    return None if row is None else _firing(row)


def list_in_force(
    connection: Connection, now: datetime, *, before: int | None = None, limit: int = 50
) -> list[Firing]:
    """List whom rules keep from something at an instant, newest first; a link that has ended is kept from nothing.

    `before` is a row, for the page after it.
    """
    ended = _gift_ended(now).exists()
    holds = and_(_UNLIFTED, or_(and_(firing.c.until.is_(None), ~ended), firing.c.until > now))
    acting = and_(firing.c.mode == Mode.ENFORCE.value, firing.c.then != Then.LOG.value)
    statement = select(*_COLUMNS).where(holds, acting).order_by(firing.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(firing.c.id < before)
    return [_firing(row) for row in connection.execute(statement)]


def list_guessers(connection: Connection, now: datetime) -> list[Firing]:
    """List what keeps networks from trying tokens at an instant."""
    wanted = and_(
        firing.c.metric == Metric.FORGED_TOKENS.value,
        firing.c.then == Then.BLOCK.value,
        firing.c.mode == Mode.ENFORCE.value,
        _UNLIFTED,
        firing.c.until > now,
    )
    return [_firing(row) for row in connection.execute(select(*_COLUMNS).where(wanted))]


def list_flags(connection: Connection, who: str, since: datetime, *, limit: int = 20) -> list[Firing]:
    """List what fired on somebody since an instant, newest first, whatever the rule did about it."""
    theirs = and_(firing.c.who == who, firing.c.at > since)
    rows = connection.execute(select(*_COLUMNS).where(theirs).order_by(firing.c.id.desc()).limit(limit))
    return [_firing(row) for row in rows]


def list_firings_of(
    connection: Connection, rule: str, *, before: int | None = None, limit: int = 50
) -> list[Firing]:
    """List the firings of a rule, newest first; `before` is a row, for the page after it."""
    statement = select(*_COLUMNS).where(firing.c.rule == rule).order_by(firing.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(firing.c.id < before)
    return [_firing(row) for row in connection.execute(statement)]


def count_firings_by_day(connection: Connection, rule: str, since: datetime) -> dict[date, int]:
    """Count how often a rule fired on each UTC day since an instant; days without are left out."""
    # Firings are numbered as they happen, so the rule's own index finds the last ones, and only these are dated.
    rows = connection.execute(select(firing.c.at).where(firing.c.rule == rule, firing.c.at > since))
    return Counter(row[0].date() for row in rows)


def list_unqueued(connection: Connection, since: datetime, *, limit: int) -> list[Firing]:
    """List what fired since an instant, wants a person, and was not put into the desk's queue yet; oldest first."""
    wanted = and_(
        firing.c.at > since,
        firing.c.mode == Mode.ENFORCE.value,
        firing.c.metric.in_([each.value for each in ABOUT_LINKS]),
        firing.c.by_whom.in_([each.value for each in FOR_WHOM]),
        _UNLIFTED,
    )
    queued = select(case_evidence.c.id).where(
        case_evidence.c.kind.in_([kind.value for kind in FOR_WHOM.values()]),
        case_evidence.c.origin == literal("firing:") + cast(firing.c.id, String),
    )
    statement = select(*_COLUMNS).where(wanted, ~queued.exists()).order_by(firing.c.id).limit(limit)
    return [_firing(row) for row in connection.execute(statement)]


def lift_firing(connection: Connection, firing_id: int, *, now: datetime, by: str, because: str) -> bool:
    """End a firing before its time; False where it was lifted already."""
    standing = and_(firing.c.id == firing_id, _UNLIFTED)
    values = {"lifted_at": now, "lifted_by": by, "lifted_because": because}
    return connection.execute(update(firing).where(standing).values(**values)).rowcount > 0


def lift_firings(connection: Connection, who: str, *, now: datetime, by: str, because: str) -> int:
    """End whatever holds against somebody; returns how many."""
    holds = and_(_UNLIFTED, or_(firing.c.until.is_(None), firing.c.until > now))
    values = {"lifted_at": now, "lifted_by": by, "lifted_because": because}
    return connection.execute(update(firing).where(firing.c.who == who, holds).values(**values)).rowcount


def drop_firings(connection: Connection, before: datetime) -> int:
    """Forget what fired, and was over, before an instant; a frozen link's firing is over when the link has ended."""
    over = or_(
        firing.c.until <= before,
        firing.c.lifted_at <= before,
        and_(firing.c.until.is_(None), _gift_ended(before).exists()),
    )
    old = and_(firing.c.at <= before, or_(_UNLIFTED, firing.c.lifted_at <= before))
    return connection.execute(delete(firing).where(old, over)).rowcount


def _gift_ended(now: datetime) -> Select[Any]:
    """Find the link that a firing is on, where it has ended by an instant."""
    named = gift.c.reference == func.substr(firing.c.who, len("gift:") + 1)
    over = or_(gift.c.expires_at <= now, gift.c.revoked_at <= now)
    return select(gift.c.id).where(firing.c.who.startswith("gift:"), named, over).correlate(firing)


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


def sum_held(connection: Connection, since: datetime) -> dict[str, timedelta]:
    """Sum up for how long rules shut people out or asked them for a press, by rule, of what fired since an instant."""
    acting = and_(
        firing.c.at >= since,
        firing.c.mode == Mode.ENFORCE.value,
        firing.c.then.in_([Then.BLOCK.value, Then.CHALLENGE.value]),
        firing.c.until.is_not(None),
    )
    found: dict[str, timedelta] = {}
    columns = (firing.c.rule, firing.c.at, firing.c.until, firing.c.lifted_at)
    for rule, at, until, lifted in connection.execute(select(*columns).where(acting)):
        found[rule] = found.get(rule, timedelta()) + (min(until, lifted or until) - at)
    return found


def _firing(row: Any) -> Firing:
    number, rule, metric, by, who, then, mode, *rest = row
    return Firing(number, rule, Metric(metric), By(by), who, Then(then), Mode(mode), *rest)
