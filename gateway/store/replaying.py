"""What really happened, read page by page for a replay: entries with the rows they are about, deliveries, copies."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    LargeBinary,
    Table,
    and_,
    func,
    literal_column,
    select,
    tuple_,
)

from gateway.firing import Firing
from gateway.guard import By, Metric, Mode, Then
from gateway.ledger import Event
from gateway.link import Gift
from gateway.models import (
    account,
    arrival,
    article,
    claim,
    copied,
    delivery,
    entry,
    entry_person,
    firing,
    forged,
    gift,
    given_back,
    trap,
)
from gateway.store.gifts import COLUMNS as GIFT

PAGE = 1000
WINDOW = timedelta(hours=6)
ACCOUNT_BYTES = 8
_ACTOR, _SUBJECT = entry_person.alias("actor"), entry_person.alias("subject")
_LINE = (
    select(
        entry.c.id,
        entry.c.at,
        entry.c.event,
        entry.c.actor,
        entry.c.subject,
        entry.c.reason,
        entry.c.detail,
        _ACTOR.c.value,
        _SUBJECT.c.value,
    )
    .outerjoin(_ACTOR, and_(_ACTOR.c.entry_id == entry.c.id, _ACTOR.c.field == "device"))
    .outerjoin(_SUBJECT, and_(_SUBJECT.c.entry_id == entry.c.id, _SUBJECT.c.field == "subject"))
)


@dataclass(frozen=True, slots=True)
class Line:
    """One entry; `device` is what it says of a reader, `whom` of the reader or network it is about."""

    id: int
    at: datetime
    event: Event
    actor: str
    subject: str
    reason: str
    detail: str
    device: str | None
    whom: str | None


@dataclass(frozen=True, slots=True)
class OldClaim:
    """One claim as it stands now."""

    id: int
    gift_id: int
    article_id: int
    device: bytes
    claimed_at: datetime
    served_at: datetime | None
    confirmed_at: datetime | None
    lapsed_at: datetime | None
    network: bytes | None
    given_back_at: datetime | None


def count_lines(connection: Connection, events: Collection[Event], since: datetime, until: datetime) -> int:
    """Count the entries that a replay would read."""
    wanted = (entry.c.at >= since, entry.c.at < until, entry.c.event.in_([each.value for each in events]))
    return int(connection.execute(select(func.count()).where(*wanted)).scalar_one())


def list_lines(
    connection: Connection, events: Collection[Event], since: datetime, until: datetime
) -> Iterator[list[Line]]:
    """Yield the entries of some events in the order they were written, a page at a time."""
    first = connection.execute(
        select(entry.c.id).where(entry.c.at >= since).order_by(entry.c.at, entry.c.id).limit(1)
    ).scalar()
    last = 0 if first is None else first - 1
    names = [each.value for each in events]
    while True:
        wanted = (entry.c.id > last, entry.c.event.in_(names), entry.c.at >= since, entry.c.at < until)
        rows = connection.execute(_LINE.where(*wanted).order_by(entry.c.id).limit(PAGE)).all()
        if not rows:
            return
        last = rows[-1][0]
        yield [Line(row[0], row[1], Event(row[2]), *row[3:]) for row in rows]


def list_gifts_named(connection: Connection, references: Collection[str]) -> dict[str, Gift]:
    """List gifts by their references."""
    rows = connection.execute(select(*GIFT).where(gift.c.reference.in_(list(references))))
    return {found.reference: found for found in (Gift(*row) for row in rows)}


def list_claims_of(connection: Connection, gift_ids: Collection[int]) -> dict[int, list[OldClaim]]:
    """List the claims of gifts, by gift."""
    columns = [claim.c[name] for name in OldClaim.__slots__[:-1]] + [given_back.c.at]
    statement = select(*columns).outerjoin(given_back, given_back.c.claim_id == claim.c.id)
    found: dict[int, list[OldClaim]] = {}
    for row in connection.execute(statement.where(claim.c.gift_id.in_(list(gift_ids))).order_by(claim.c.id)):
        found.setdefault(row[1], []).append(OldClaim(*row))
    return found


def list_plans(connection: Connection, account_ids: Collection[int]) -> dict[int, str | None]:
    """List the plans that accounts have now."""
    rows = connection.execute(select(account.c.id, account.c.plan).where(account.c.id.in_(list(account_ids))))
    return {row[0]: row[1] for row in rows}


def list_gifts_of(
    connection: Connection, pairs: Collection[tuple[int, int]]
) -> dict[tuple[int, int], list[Gift]]:
    """List the gifts that accounts ever made of articles, by account and article."""
    found: dict[tuple[int, int], list[Gift]] = {}
    wanted = tuple_(gift.c.account_id, gift.c.article_id).in_(list(pairs))
    for row in connection.execute(select(*GIFT).where(wanted)) if pairs else ():
        one = Gift(*row)
        found.setdefault((one.account_id, one.article_id), []).append(one)
    return found


def find_device(connection: Connection, prefix: bytes) -> bytes | None:
    """Find a device by the beginning of its digest, which is all that the log has."""
    after = (int.from_bytes(prefix, "big") + 1).to_bytes(len(prefix) + 1, "big")[1:]
    wanted = [claim.c.device >= prefix] + ([claim.c.device < after] if any(after) else [])
    return connection.execute(select(claim.c.device).where(*wanted).limit(1)).scalar()


def find_firing_at(connection: Connection, who: str, rule: str, at: datetime) -> Firing | None:
    """Find what a rule did to somebody at an instant."""
    columns = [firing.c["by_whom" if name == "by" else name] for name in Firing.__slots__]
    wanted = (firing.c.who == who, firing.c.rule == rule, firing.c.at == at)
    row = connection.execute(select(*columns).where(*wanted).limit(1)).first()
    if row is None:
        return None
    number, name, metric, by, whom, then, mode, *rest = row
    return Firing(number, name, Metric(metric), By(by), whom, Then(then), Mode(mode), *rest)


def list_characters(connection: Connection, article_ids: Collection[int]) -> dict[int, tuple[int, bool]]:
    """List how long articles are, and whether they are free."""
    columns = (article.c.id, article.c.characters, article.c.free)
    rows = connection.execute(select(*columns).where(article.c.id.in_(list(article_ids))))
    return {row[0]: (row[1], row[2]) for row in rows}


def list_account_deliveries(connection: Connection, since: datetime, until: datetime) -> Iterator[Any]:
    """Yield the first deliveries of articles to accounts: whose, which article, when."""
    columns = (delivery.c.who, delivery.c.article_id, delivery.c.at)
    to_accounts = func.length(delivery.c.who, type_=LargeBinary) == literal_column(str(ACCOUNT_BYTES))
    for start, end in _windows(since, until):
        days = (delivery.c.day >= start.date(), delivery.c.day <= end.date())
        wanted = (*days, delivery.c.at >= start, delivery.c.at < end, to_accounts)
        yield from connection.execute(select(*columns).where(*wanted).order_by(delivery.c.at)).all()


def list_copies(connection: Connection, since: datetime, until: datetime) -> Iterator[Any]:
    """Yield the reports of copies, oldest first."""
    names = ("id", "at", "device", "account_id", "article_id", "network", "characters", "over", "printed")
    yield from _each(connection, copied, names, since, until)


def list_arrivals(connection: Connection, since: datetime, until: datetime) -> Iterator[Any]:
    """Yield which networks tried which links, at the time they last did."""
    yield from _each(connection, arrival, ("last_at", "gift_id", "network"), since, until, at="last_at")


def list_minutes(connection: Connection, metric: Metric, since: datetime, until: datetime) -> Iterator[Any]:
    """Yield the minutes in which networks tried forged tokens, or went into a trap."""
    table = {Metric.FORGED_TOKENS: forged, Metric.TRAPS: trap}[metric]
    yield from _each(connection, table, ("minute", "network", "count"), since, until, at="minute")


def _each(
    connection: Connection,
    table: Table,
    names: tuple[str, ...],
    since: datetime,
    until: datetime,
    *,
    at: str = "at",
) -> Iterator[Any]:
    columns = [table.c[name] for name in names]
    for start, end in _windows(since, until):
        wanted = (table.c[at] >= start, table.c[at] < end)
        yield from connection.execute(
            select(*columns).where(*wanted).order_by(table.c[at], *columns[:1])
        ).all()


def _windows(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    start = since
    while start < until:
        end = min(start + WINDOW, until)
        yield start, end
        start = end
