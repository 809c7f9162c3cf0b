"""Gifts: found by capability or reference, added, and changed in statements that check what they change."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.link import Gift
from gateway.models import Instant, account, allowance, article, gift
from gateway.store.prepared import Prepared

COLUMNS = [gift.c[field.name] for field in fields(Gift)]


@dataclass(frozen=True, slots=True)
class GiftLine:
    """A gift with what a list of gifts shows beside it."""

    gift: Gift
    headline: str
    slug: str
    giver: str


@dataclass(frozen=True, slots=True)
class GiftFilter:
    """Which gifts; None does not narrow. `before` is a gift id, for the page after it."""

    account_id: int | None = None
    article_id: int | None = None
    before: int | None = None


_OF_REFERENCE = select(*COLUMNS).where(gift.c.reference == bindparam("reference"))
_BY_REFERENCE = Prepared(_OF_REFERENCE)
_BY_REFERENCE_LOCKED = Prepared(_OF_REFERENCE.with_for_update(key_share=True))
_BY_ID_LOCKED = Prepared(select(*COLUMNS).where(gift.c.id == bindparam("id")).with_for_update(key_share=True))
_BY_CAPABILITY_LOCKED = Prepared(
    select(*COLUMNS).where(gift.c.capability == bindparam("capability")).with_for_update(key_share=True)
)
_LINE = select(*COLUMNS, article.c.headline, article.c.slug, account.c.name).join(article).join(account)


def open_at(now: Any) -> ColumnElement[bool]:
    """Spell that a gift takes readers at an instant, or at a parameter that will be one."""
    return and_(
        gift.c.revoked_at.is_(None),
        or_(gift.c.frozen_at.is_(None), gift.c.frozen_until <= now),
        gift.c.expires_at > now,
        or_(gift.c.readers.is_(None), gift.c.confirmed < gift.c.readers),
    )


_OPEN = open_at(bindparam("now", type_=Instant))
_OPEN_OF_ACCOUNT = Prepared(
    select(*COLUMNS)
    .where(gift.c.account_id == bindparam("account"), gift.c.article_id == bindparam("article"), _OPEN)
    .order_by(gift.c.id.desc())
)
_RENEWAL = Prepared(
    select(*COLUMNS)
    .where(
        gift.c.account_id == bindparam("account"),
        gift.c.article_id == bindparam("article"),
        gift.c.renews == bindparam("renewed"),
        _OPEN,
    )
    .order_by(gift.c.id)
)


@cache
def _add(dialect: str, columns: tuple[str, ...]) -> Prepared:
    dialect_insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[dialect]
    # Plan and section are taken down as they are at this moment, for whatever is counted by them later.
    plan = select(account.c.plan).where(account.c.id == bindparam("giver")).scalar_subquery()
    section = select(article.c.section).where(article.c.id == bindparam("given")).scalar_subquery()
    taken = {"plan": func.coalesce(plan, ""), "section": func.coalesce(section, "")}
    added = dialect_insert(gift).values(taken).on_conflict_do_nothing(index_elements=["reference"])
    return Prepared(added.returning(*COLUMNS), columns=columns)


def find_gift(connection: Connection, reference: str) -> Gift | None:
    """Find a gift by its public reference."""
    return _one(connection, _BY_REFERENCE, reference=reference)


def take_gift(connection: Connection, reference: str) -> Gift | None:
    """Find a gift by its reference and hold its row until the transaction ends."""
    return _one(connection, _BY_REFERENCE_LOCKED, reference=reference)


def take_gift_by_id(connection: Connection, gift_id: int) -> Gift | None:
    """Find a gift by its row and hold it until the transaction ends."""
    return _one(connection, _BY_ID_LOCKED, id=gift_id)


def take_gift_by_capability(connection: Connection, capability: bytes) -> Gift | None:
    """Find a gift by what its token carries and hold its row until the transaction ends."""
    return _one(connection, _BY_CAPABILITY_LOCKED, capability=capability)


def list_open_gifts(connection: Connection, account_id: int, article_id: int, now: datetime) -> list[Gift]:
    """List an account's gifts of one article that still take readers, newest first."""
    values = {"account": account_id, "article": article_id, "now": now}
    return [Gift(*row) for row in _OPEN_OF_ACCOUNT.rows(connection, values)]


def find_open_renewal(
    connection: Connection, account_id: int, article_id: int, renewed: int, now: datetime
) -> Gift | None:
    """Find the gift that renewed another one of an account and still takes readers."""
    return _one(connection, _RENEWAL, account=account_id, article=article_id, renewed=renewed, now=now)


def count_open_gifts(connection: Connection, article_id: int, now: datetime) -> int:
    """Count the gifts of an article that still take readers."""
    statement = select(func.count()).where(gift.c.article_id == article_id, _OPEN)
    return int(connection.execute(statement, {"now": now}).scalar_one())


def find_gift_line(connection: Connection, reference: str) -> GiftLine | None:
    """Find a gift by its reference, with its article and giver."""
    row = connection.execute(_LINE.where(gift.c.reference == reference)).first()
    return None if row is None else _line(row)


def list_gifts(connection: Connection, wanted: GiftFilter, *, limit: int = 50) -> list[GiftLine]:
    """List gifts newest first."""
    statement = _LINE
    if wanted.account_id is not None:
        statement = statement.where(gift.c.account_id == wanted.account_id)
    if wanted.article_id is not None:
        statement = statement.where(gift.c.article_id == wanted.article_id)
    if wanted.before is not None:
        statement = statement.where(gift.c.id < wanted.before)
    return [_line(row) for row in connection.execute(statement.order_by(gift.c.id.desc()).limit(limit))]


def add_gift(connection: Connection, draw_reference: Callable[[], str], **values: object) -> Gift:
    """Add a gift's row under a reference nobody has yet, and return it."""
    statement = _add(connection.dialect.name, ("reference", *values))
    about = {"giver": values["account_id"], "given": values["article_id"]}
    while True:
        row = statement.first(connection, {**values, **about, "reference": draw_reference()})
        if row is not None:
            return Gift(*row)


def change_gift(connection: Connection, gift_id: int, **values: object) -> None:
    """Set columns of one gift whose row the caller holds."""
    connection.execute(update(gift).where(gift.c.id == gift_id).values(**values))


def list_revocable(connection: Connection, wanted: GiftFilter, now: datetime) -> list[str]:
    """List the references of every gift a mass revocation would end: those neither revoked nor expired."""
    statement = select(gift.c.reference).where(gift.c.revoked_at.is_(None), gift.c.expires_at > now)
    if wanted.account_id is not None:
        statement = statement.where(gift.c.account_id == wanted.account_id)
    if wanted.article_id is not None:
        statement = statement.where(gift.c.article_id == wanted.article_id)
    return list(connection.execute(statement.order_by(gift.c.id)).scalars())


def list_gifts_by_id(connection: Connection, ids: Iterable[int]) -> list[Gift]:
    """List gifts by their rows."""
    rows = connection.execute(select(*COLUMNS).where(gift.c.id.in_(list(ids))).order_by(gift.c.id))
    return [Gift(*row) for row in rows]


def count_gifts_by_key(connection: Connection, now: datetime) -> dict[str, int]:
    """Count the living gifts each signing key must still verify, by key id."""
    living = gift.c.revoked_at.is_(None) & (gift.c.expires_at > now)
    statement = select(gift.c.key_id, func.count()).where(living).group_by(gift.c.key_id)
    return {row[0]: row[1] for row in connection.execute(statement)}


def return_unserved_credits(
    connection: Connection, article_id: int, *, period: str, now: datetime, because: str
) -> list[tuple[str, int]]:
    """Revoke an article's gifts of this month whose text nobody was served, and give their credits back.

    Returns (reference, account id) of each. A gift that was paid back must not come to life again.
    """
    unserved = and_(
        gift.c.article_id == article_id,
        gift.c.period == period,
        gift.c.served_at.is_(None),
        gift.c.revoked_at.is_(None),
        gift.c.credit_returned_at.is_(None),
        gift.c.expires_at > now,
    )
    statement = update(gift).where(unserved).returning(gift.c.reference, gift.c.account_id)
    shut = statement.values(revoked_at=now, revoked_because=because, credit_returned_at=now)
    returned = [(row[0], row[1]) for row in connection.execute(shut)]
    for _, account_id in sorted(returned, key=lambda pair: pair[1]):
        row = (allowance.c.account_id == account_id) & (allowance.c.period == period)
        connection.execute(
            update(allowance).where(row, allowance.c.used > 0).values(used=allowance.c.used - 1)
        )
    return returned


def count_returned(connection: Connection, account_id: int) -> dict[str, int]:
    """Count an account's credits that came back, by month."""
    returned = (gift.c.account_id == account_id) & gift.c.credit_returned_at.is_not(None)
    statement = select(gift.c.period, func.count()).where(returned).group_by(gift.c.period)
    return {row[0]: row[1] for row in connection.execute(statement)}


def _line(row: Any) -> GiftLine:
    return GiftLine(Gift(*row[: len(COLUMNS)]), *row[len(COLUMNS) :])


def _one(connection: Connection, statement: Prepared, **values: object) -> Gift | None:
    row = statement.first(connection, values)
    return None if row is None else Gift(*row)
