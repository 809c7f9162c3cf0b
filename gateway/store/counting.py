"""What bulk rules count: every number an act adds to, in one statement, and none looked at further than its rule asks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Connection,
    Date,
    Integer,
    Select,
    and_,
    bindparam,
    distinct,
    func,
    or_,
    select,
    text,
)

from gateway.guard import By, Metric
from gateway.models import Instant, Key, arrival, claim, delivery, forged, gift, trap
from gateway.parties import Parties
from gateway.store.deliveries import account_bytes

# The first half of PostgreSQL's two-part advisory locks; any number that nothing else takes will do.
LOCK = 0x67756172
_THIS_CLAIM = and_(
    claim.c.gift_id == bindparam("gift", type_=Key),
    claim.c.device == bindparam("reader", type_=claim.c.device.type),
)


@dataclass(frozen=True, slots=True)
class Question:
    """One number to count since an instant; what lies past `most` is not looked at."""

    metric: Metric
    by: By
    since: datetime
    most: int


def take_turn(connection: Connection, parties: Parties) -> None:
    """Let the acts of one reader, and of one network, go one after the other until the transaction ends.

    Without it 64 requests at once would each be the first. SQLite has one writer at a time anyway. Whoever holds a
    gift's row takes the turns after it, a reader's before a network's, so that no two wait for each other.
    """
    if connection.dialect.name != "postgresql":
        return
    for by in (By.READER, By.SUBSCRIBER, By.NETWORK):
        for name in parties.names.get(by, ())[:1]:
            lock = text("SELECT pg_advisory_xact_lock(:lock, hashtext(:name))")
            connection.execute(lock, {"lock": LOCK, "name": name})


def count(connection: Connection, questions: Sequence[Question], parties: Parties) -> list[int]:
    """Count for each question what the parties did before; the act that is being decided is left out."""
    if not questions:
        return []
    networks = parties.networks or (b"",)
    values: dict[str, Any] = {
        "reader": parties.reader,
        "network": networks[0],
        "network_before": networks[-1],
        "gift": parties.gift,
        "subscriber": parties.subscriber,
        "account": None if parties.subscriber is None else account_bytes(parties.subscriber),
        "article": parties.article,
    }
    for number, question in enumerate(questions):
        values |= {f"since_{number}": question.since, f"most_{number}": question.most}
        values[f"day_{number}"] = question.since.date()
    statement = _statement(tuple((question.metric, question.by) for question in questions))
    return [int(found or 0) for found in connection.execute(statement, values).one()]


def list_spread(
    connection: Connection, by: By, ids: Sequence[int], *, since: datetime, over: int
) -> dict[int, int]:
    """Count the networks that tried links since an instant, by link, giver or article, where they are over a number.

    Of a link with a cap only those count that came after its last reading was taken.
    """
    column = {By.LINK: arrival.c.gift_id, By.SUBSCRIBER: gift.c.account_id, By.ARTICLE: gift.c.article_id}[by]
    wanted = and_(column.in_(ids), arrival.c.last_at > since)
    if by is By.LINK:
        wanted &= or_(gift.c.readers.is_(None), arrival.c.turned_away_at > since)
    networks = func.count(distinct(arrival.c.network))
    statement = select(column, networks).select_from(arrival.join(gift, gift.c.id == arrival.c.gift_id))
    rows = connection.execute(statement.where(wanted).group_by(column).having(networks > over))
    return {row[0]: row[1] for row in rows}


@lru_cache(maxsize=256)
def _statement(asked: tuple[tuple[Metric, By], ...]) -> Select[Any]:
    return select(
        *(_NUMBERS[metric](by, number).scalar_subquery() for number, (metric, by) in enumerate(asked))
    )


def _since(number: int) -> Any:
    return bindparam(f"since_{number}", type_=Instant)


def _most(number: int) -> Any:
    return bindparam(f"most_{number}", type_=Integer)


def _in_network(column: Any) -> Any:
    return column.in_(
        [bindparam("network", type_=column.type), bindparam("network_before", type_=column.type)]
    )


def _bounded(rows: Select[Any], number: int) -> Select[Any]:
    return select(func.count()).select_from(rows.limit(_most(number)).subquery())


def _articles(by: By, number: int) -> Select[Any]:
    if by is By.NETWORK:
        theirs = _in_network(delivery.c.network)
    else:
        who = "reader" if by is By.READER else "account"
        theirs = and_(
            delivery.c.who == bindparam(who, type_=delivery.c.who.type),
            delivery.c.day >= bindparam(f"day_{number}", type_=Date),
        )
    others = delivery.c.article_id != bindparam("article", type_=Key)
    rows = select(delivery.c.article_id).where(theirs, delivery.c.at > _since(number), others).distinct()
    return _bounded(rows, number)


def _claims_of(by: By, number: int) -> Any:
    column = {
        By.READER: claim.c.device,
        By.NETWORK: claim.c.network,
        By.LINK: claim.c.gift_id,
        By.ARTICLE: claim.c.article_id,
        By.SUBSCRIBER: gift.c.account_id,
    }[by]
    if by is By.NETWORK:
        theirs = _in_network(column)
    elif by is By.SUBSCRIBER:
        given = select(gift.c.id).where(column == bindparam("subscriber", type_=Key))
        theirs = claim.c.gift_id.in_(given)
    else:
        name = {By.READER: "reader", By.LINK: "gift", By.ARTICLE: "article"}[by]
        theirs = column == bindparam(name, type_=column.type)
    return and_(theirs, claim.c.claimed_at > _since(number))


def _claims(by: By, number: int) -> Select[Any]:
    return _bounded(select(claim.c.id).where(_claims_of(by, number), ~_THIS_CLAIM), number)


def _unconfirmed_claims(by: By, number: int) -> Select[Any]:
    unread = claim.c.confirmed_at.is_(None)
    return _bounded(select(claim.c.id).where(_claims_of(by, number), unread, ~_THIS_CLAIM), number)


def _unconfirmed_articles(by: By, number: int) -> Select[Any]:
    others = claim.c.article_id != bindparam("article", type_=Key)
    unread = claim.c.confirmed_at.is_(None)
    return _bounded(
        select(claim.c.article_id).where(_claims_of(by, number), unread, others).distinct(), number
    )


def _networks_of_a_reader(by: By, number: int) -> Select[Any]:
    elsewhere = ~_in_network(claim.c.network)
    return _bounded(select(claim.c.network).where(_claims_of(by, number), elsewhere).distinct(), number)


def _gifts_issued(by: By, number: int) -> Select[Any]:
    name, column = (
        ("subscriber", gift.c.account_id) if by is By.SUBSCRIBER else ("article", gift.c.article_id)
    )
    # The newest rows of one account or article come first in its index, so no index by instant is needed.
    newest = (
        select(gift.c.issued_at)
        .where(column == bindparam(name, type_=Key))
        .order_by(gift.c.id.desc())
        .limit(_most(number))
        .subquery()
    )
    return select(func.count()).select_from(newest).where(newest.c.issued_at > _since(number))


def _spread_links(_by: By, number: int) -> Select[Any]:
    theirs = and_(
        gift.c.account_id == bindparam("subscriber", type_=Key),
        gift.c.frozen_at > _since(number),
        gift.c.frozen_because.like("rule:%"),
    )
    return _bounded(select(gift.c.id).where(theirs), number)


def _by_minute(table: Any) -> Callable[[By, int], Select[Any]]:
    def number_of(_by: By, number: int) -> Select[Any]:
        theirs = and_(_in_network(table.c.network), table.c.minute > _since(number))
        return select(func.coalesce(func.sum(table.c.count), 0)).where(theirs)

    return number_of


_NUMBERS: Mapping[Metric, Callable[[By, int], Select[Any]]] = {
    Metric.ARTICLES: _articles,
    Metric.CLAIMS: _claims,
    Metric.UNCONFIRMED_CLAIMS: _unconfirmed_claims,
    Metric.UNCONFIRMED_ARTICLES: _unconfirmed_articles,
    Metric.NETWORKS: _networks_of_a_reader,
    Metric.GIFTS_ISSUED: _gifts_issued,
    Metric.SPREAD_LINKS: _spread_links,
    Metric.FORGED_TOKENS: _by_minute(forged),
    Metric.TRAPS: _by_minute(trap),
}
