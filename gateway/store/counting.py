"""What bulk rules count: every number an act adds to, in one statement, and none looked at further than its rule asks."""

from collections.abc import Callable, Collection, Mapping, Sequence
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
)

from gateway.guard import By, Metric
from gateway.models import Instant, Key, arrival, claim, copied, delivery, forged, gift, trap
from gateway.parties import Parties
from gateway.store.deliveries import account_bytes
from gateway.store.freezing import by_a_rule
from gateway.store.prepared import Prepared
from gateway.store.unread import unread_articles

_TRIED = arrival.join(gift, gift.c.id == arrival.c.gift_id)
_WHOSE = {By.LINK: arrival.c.gift_id, By.SUBSCRIBER: gift.c.account_id, By.ARTICLE: gift.c.article_id}
_NAMED = {By.READER: "reader", By.LINK: "gift", By.SUBSCRIBER: "subscriber", By.ARTICLE: "article"}
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
    return [max(0, int(found or 0)) for found in statement.rows(connection, values)[0]]


def count_spread(
    connection: Connection, by: By, ids: Collection[int], *, since: datetime, over: int
) -> dict[int, int]:
    """Count the networks that tried the links of each of these links, givers or articles since an instant.

    Those that came to no more than `over` are left out.
    """
    if not ids:
        return {}
    values = {"since": since, "over": over} | {f"id_{at}": each for at, each in enumerate(ids)}
    return {row[0]: row[1] for row in _spread(by, len(ids)).rows(connection, values)}


@lru_cache(maxsize=64)
def _spread(by: By, number: int) -> Prepared:
    ids = [bindparam(f"id_{at}", type_=Key) for at in range(number)]
    lately = _tried_since(by, bindparam("since", type_=Instant))
    networks = func.count(distinct(arrival.c.network))
    tried = select(_WHOSE[by], networks).select_from(_TRIED).where(_WHOSE[by].in_(ids), lately)
    many = networks > bindparam("over", type_=Integer)
    return Prepared(tried.group_by(_WHOSE[by]).having(many).order_by(_WHOSE[by]))


@lru_cache(maxsize=256)
def _statement(asked: tuple[tuple[Metric, By], ...]) -> Prepared:
    numbers = (_NUMBERS[metric](by, number).scalar_subquery() for number, (metric, by) in enumerate(asked))
    return Prepared(select(*numbers))


def _since(number: int) -> Any:
    return bindparam(f"since_{number}", type_=Instant)


def _most(number: int) -> Any:
    return bindparam(f"most_{number}", type_=Integer)


def _in_network(column: Any) -> Any:
    return column.in_(
        [bindparam("network", type_=column.type), bindparam("network_before", type_=column.type)]
    )


def _is(column: Any, by: By) -> Any:
    return column == bindparam(_NAMED[by], type_=column.type)


def _tried_since(by: By, since: Any) -> Any:
    """Of a link with a cap only those networks count that came after its last reading was taken."""
    if by is By.LINK:
        return or_(
            arrival.c.turned_away_at > since, and_(gift.c.readers.is_(None), arrival.c.last_at > since)
        )
    return arrival.c.last_at > since


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
    if by is By.NETWORK:
        theirs = _in_network(claim.c.network)
    elif by is By.SUBSCRIBER:
        # Links that were over before are left out, since a giver's past is long and an instant is no help in it.
        living = gift.c.expires_at > _since(number)
        theirs = claim.c.gift_id.in_(select(gift.c.id).where(_is(gift.c.account_id, by), living))
    else:
        column = {By.READER: claim.c.device, By.LINK: claim.c.gift_id, By.ARTICLE: claim.c.article_id}[by]
        theirs = _is(column, by)
    return and_(theirs, claim.c.claimed_at > _since(number))


def _claims(by: By, number: int) -> Select[Any]:
    return _bounded(select(claim.c.id).where(_claims_of(by, number), ~_THIS_CLAIM), number)


def _unconfirmed_claims(by: By, number: int) -> Select[Any]:
    unread = claim.c.confirmed_at.is_(None)
    return _bounded(select(claim.c.id).where(_claims_of(by, number), unread, ~_THIS_CLAIM), number)


def _unconfirmed_articles(by: By, number: int) -> Select[Any]:
    if by is By.NETWORK:
        return unread_articles(f"since_{number}")
    others = claim.c.article_id != bindparam("article", type_=Key)
    unread = claim.c.confirmed_at.is_(None)
    return _bounded(
        select(claim.c.article_id).where(_claims_of(by, number), unread, others).distinct(), number
    )


def _networks(by: By, number: int) -> Select[Any]:
    if by is By.READER:
        elsewhere = ~_in_network(claim.c.network)
        return _bounded(select(claim.c.network).where(_claims_of(by, number), elsewhere).distinct(), number)
    tried = and_(_is(_WHOSE[by], by), _tried_since(by, _since(number)))
    return _bounded(select(arrival.c.network).select_from(_TRIED).where(tried).distinct(), number)


def _gifts_issued(by: By, number: int) -> Select[Any]:
    # The newest rows of one account or article come first in its index, so no index by instant is needed.
    newest = (
        select(gift.c.issued_at)
        .where(_is(_WHOSE[by], by))
        .order_by(gift.c.id.desc())
        .limit(_most(number))
        .subquery()
    )
    return select(func.count()).select_from(newest).where(newest.c.issued_at > _since(number))


def _spread_links(_by: By, number: int) -> Select[Any]:
    theirs = and_(
        _is(gift.c.account_id, By.SUBSCRIBER),
        gift.c.frozen_at > _since(number),
        by_a_rule(),
    )
    return _bounded(select(gift.c.id).where(theirs), number)


def _copies_of(by: By, number: int) -> Any:
    if by is By.NETWORK:
        theirs = _in_network(copied.c.network)
    else:
        name, column = {
            By.READER: ("reader", copied.c.device),
            By.SUBSCRIBER: ("subscriber", copied.c.account_id),
            By.ARTICLE: ("article", copied.c.article_id),
        }[by]
        theirs = column == bindparam(name, type_=column.type)
    return and_(theirs, copied.c.at > _since(number))


def _copied_characters(by: By, number: int) -> Select[Any]:
    return select(func.coalesce(func.sum(copied.c.characters), 0)).where(_copies_of(by, number))


def _copies_over_limit(by: By, number: int) -> Select[Any]:
    return _bounded(select(copied.c.id).where(_copies_of(by, number), copied.c.over), number)


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
    Metric.NETWORKS: _networks,
    Metric.GIFTS_ISSUED: _gifts_issued,
    Metric.SPREAD_LINKS: _spread_links,
    Metric.COPIED_CHARACTERS: _copied_characters,
    Metric.COPIES_OVER_LIMIT: _copies_over_limit,
    Metric.FORGED_TOKENS: _by_minute(forged),
    Metric.TRAPS: _by_minute(trap),
}
