"""What decides a reading: the article's rights, the gift, and what the reader's device took up."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, delete, func, insert, null, or_, select, update

from gateway.link import Gift
from gateway.models import Instant, account, article, claim, gift
from gateway.rights import Rights
from gateway.store.gifts import COLUMNS as GIFT
from gateway.store.prepared import Prepared


@dataclass(frozen=True, slots=True)
class ArticleHead:
    """What an article is decided by; `revision` tells whether a text kept in memory is still its text."""

    id: int
    slug: str
    revision: int
    rights: Rights


@dataclass(frozen=True, slots=True)
class Claim:
    """One device that took one gift up."""

    id: int
    gift_id: int
    article_id: int
    device: bytes
    claimed_at: datetime
    served_at: datetime | None
    confirmed_at: datetime | None
    lapsed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Held:
    """A claim with the gift it was made on."""

    claim: Claim
    gift: Gift
    giver: str


@dataclass(frozen=True, slots=True)
class FoundCard:
    """What a gift link leads to; `claim` is the asking device's, None where it has none."""

    head: ArticleHead
    gift: Gift
    giver: str
    claim: Claim | None


_RIGHTS = [article.c[field.name] for field in fields(Rights)]
HEAD = [article.c.id, article.c.slug, article.c.revision, *_RIGHTS]
CLAIM = [claim.c[field.name] for field in fields(Claim)]

_BY_SLUG = Prepared(select(*HEAD).where(article.c.slug == bindparam("slug")))
_OF_ID = select(*HEAD).where(article.c.id == bindparam("id"))
_BY_ID = Prepared(_OF_ID)
_BY_ID_SHARED = Prepared(_OF_ID.with_for_update(read=True))
_CARD = (
    select(*HEAD, *GIFT, account.c.name)
    .select_from(gift)
    .join(article, article.c.id == gift.c.article_id)
    .join(account, account.c.id == gift.c.account_id)
    .where(gift.c.capability == bindparam("capability"))
)
_CARD_FOR_ANYBODY = Prepared(_CARD)
_CARD_FOR_DEVICE = Prepared(
    _CARD.add_columns(*CLAIM).outerjoin(
        claim, and_(claim.c.gift_id == gift.c.id, claim.c.device == bindparam("device"))
    )
)
_CLAIM_OF_DEVICE = Prepared(
    select(*CLAIM).where(claim.c.gift_id == bindparam("gift"), claim.c.device == bindparam("device"))
)
_CLAIM_BY_ID = Prepared(select(*CLAIM).where(claim.c.id == bindparam("id")))
_TAKE_PLACE = Prepared(
    update(gift)
    .where(gift.c.id == bindparam("gift"), gift.c.unconfirmed < gift.c.unconfirmed_bound)
    .values(unconfirmed=gift.c.unconfirmed + 1)
)
_TAKE_READING = Prepared(
    update(gift)
    .where(gift.c.id == bindparam("gift"), or_(gift.c.readers.is_(None), gift.c.confirmed < gift.c.readers))
    .values(
        confirmed=gift.c.confirmed + 1,
        unconfirmed=gift.c.unconfirmed - bindparam("freed"),
        read_up_at=case(
            (gift.c.confirmed + 1 == gift.c.readers, bindparam("now", type_=Instant)),
            else_=gift.c.read_up_at,
        ),
    )
)
_SERVE = Prepared(
    update(claim)
    .where(
        claim.c.id == bindparam("claim"),
        claim.c.served_at.is_(None),
        claim.c.lapsed_at.is_(None),
        or_(claim.c.confirmed_at.is_not(None), claim.c.claimed_at > bindparam("since")),
    )
    .values(served_at=bindparam("now"))
)
_SERVE_GIFT = Prepared(
    update(gift)
    .where(gift.c.id == bindparam("gift"))
    .values(served_at=func.coalesce(gift.c.served_at, bindparam("now", type_=Instant)))
)
_CONFIRM = Prepared(
    update(claim).where(claim.c.id == bindparam("claim")).values(confirmed_at=bindparam("now"))
)


def find_article_head(connection: Connection, slug: str) -> ArticleHead | None:
    """Find what an article is decided by, by its slug."""
    row = _BY_SLUG.first(connection, {"slug": slug})
    return None if row is None else head_of(row)


def find_article_head_by_id(
    connection: Connection, article_id: int, *, held: bool = False
) -> ArticleHead | None:
    """Find what an article is decided by; `held` keeps its rights as they are until the transaction ends."""
    row = (_BY_ID_SHARED if held else _BY_ID).first(connection, {"id": article_id})
    return None if row is None else head_of(row)


def list_article_heads(connection: Connection, article_ids: Iterable[int]) -> dict[int, ArticleHead]:
    """List what several articles are decided by, by id."""
    rows = connection.execute(select(*HEAD).where(article.c.id.in_(list(article_ids))))
    return {row[0]: head_of(row) for row in rows}


def find_card(connection: Connection, capability: bytes, device: bytes | None) -> FoundCard | None:
    """Find the gift a token names, its article's rights, its giver, and the device's claim, in one indexed query."""
    if device is None:
        row = _CARD_FOR_ANYBODY.first(connection, {"capability": capability})
    else:
        row = _CARD_FOR_DEVICE.first(connection, {"capability": capability, "device": device})
    if row is None:
        return None
    heads, gifts = len(HEAD), len(HEAD) + len(GIFT)
    claimed = None if device is None or row[gifts + 1] is None else Claim(*row[gifts + 1 :])
    return FoundCard(head_of(row), Gift(*row[heads:gifts]), row[gifts], claimed)


def find_claim(connection: Connection, gift_id: int, device: bytes) -> Claim | None:
    """Find a device's claim on a gift."""
    row = _CLAIM_OF_DEVICE.first(connection, {"gift": gift_id, "device": device})
    return None if row is None else Claim(*row)


def find_claim_by_id(connection: Connection, claim_id: int) -> Claim | None:
    """Find a claim by its row."""
    row = _CLAIM_BY_ID.first(connection, {"id": claim_id})
    return None if row is None else Claim(*row)


def list_claims(connection: Connection, gift_id: int) -> list[Claim]:
    """List a gift's claims, oldest first."""
    return [
        Claim(*row)
        for row in connection.execute(select(*CLAIM).where(claim.c.gift_id == gift_id).order_by(claim.c.id))
    ]


def take_unconfirmed_place(connection: Connection, gift_id: int) -> bool:
    """Take one of a gift's places for unconfirmed devices; False when the bound is full."""
    return _TAKE_PLACE.count(connection, {"gift": gift_id}) > 0


def take_reading(connection: Connection, gift_id: int, now: datetime, *, from_unconfirmed: bool) -> bool:
    """Count one confirmed reading against the cap; False, with nothing changed, when the cap is full.

    The device's unconfirmed place is freed in the same statement, and the last reading notes its instant.
    """
    values = {"gift": gift_id, "now": now, "freed": 1 if from_unconfirmed else 0}
    return _TAKE_READING.count(connection, values) > 0


def free_unserved_places(connection: Connection, gift_id: int, *, before: datetime, now: datetime) -> int:
    """Lapse a gift's claims that were made before an instant and whose text was never fetched; returns how many."""
    unserved = and_(
        claim.c.gift_id == gift_id,
        claim.c.served_at.is_(None),
        claim.c.confirmed_at.is_(None),
        claim.c.lapsed_at.is_(None),
        claim.c.claimed_at <= before,
    )
    freed = connection.execute(update(claim).where(unserved).values(lapsed_at=now)).rowcount
    if freed:
        connection.execute(
            update(gift).where(gift.c.id == gift_id).values(unconfirmed=gift.c.unconfirmed - freed)
        )
    return freed


@cache
def _add_claim(columns: tuple[str, ...]) -> Prepared:
    return Prepared(insert(claim).returning(claim.c.id), columns=columns)


def add_claim(connection: Connection, **values: object) -> int:
    """Add a claim's row; returns its id."""
    return int(_add_claim(tuple(values)).rows(connection, values)[0][0])


def renew_claim(connection: Connection, claim_id: int, now: datetime, **values: object) -> None:
    """Make a lapsed claim a living one again; its place was taken anew by the caller."""
    values = {"claimed_at": now, "lapsed_at": None, "confirmed_at": None, **values}
    connection.execute(update(claim).where(claim.c.id == claim_id).values(**values))


def undo_claim(connection: Connection, held: Claim) -> bool:
    """Take back a claim whose text was never fetched, with the place or reading it took; False where there is none such."""
    unserved = (claim.c.id == held.id) & claim.c.served_at.is_(None) & claim.c.lapsed_at.is_(None)
    if connection.execute(delete(claim).where(unserved)).rowcount == 0:
        return False
    unconfirmed = {"unconfirmed": gift.c.unconfirmed - 1}
    taken = {"confirmed": gift.c.confirmed - 1, "read_up_at": null()} if held.confirmed_at else unconfirmed
    connection.execute(update(gift).where(gift.c.id == held.gift_id).values(taken))
    return True


def mark_served(connection: Connection, held: Claim, now: datetime, *, within: timedelta) -> bool:
    """Note that a claim's text goes out for the first time; False when the claim lapsed meanwhile."""
    fresh = {"claim": held.id, "now": now, "since": now - within}
    if _SERVE.count(connection, fresh) == 0:
        return False
    _SERVE_GIFT.count(connection, {"gift": held.gift_id, "now": now})
    return True


def mark_confirmed(connection: Connection, claim_id: int, now: datetime) -> None:
    """Note that a person reads."""
    _CONFIRM.count(connection, {"claim": claim_id, "now": now})


def head_of(row: Any) -> ArticleHead:
    """Read what an article is decided by from a row that begins with the columns of HEAD."""
    return ArticleHead(row[0], row[1], row[2], Rights(*row[3 : len(HEAD)]))
