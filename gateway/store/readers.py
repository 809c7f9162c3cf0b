"""What one reader's reading is decided by, in one indexed query: rights, gifts, and what they had and took already."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Date, and_, bindparam, select

from gateway.link import Gift
from gateway.models import account, article, claim, copied, delivery, gift
from gateway.store.copied import taken_of_article
from gateway.store.deliveries import account_bytes
from gateway.store.gifts import COLUMNS as GIFT
from gateway.store.prepared import Prepared
from gateway.store.readings import CLAIM, HEAD, ArticleHead, Claim, Held, head_of


@dataclass(frozen=True, slots=True)
class FoundArticle:
    """An article as one reader meets it.

    `held` by their device's gifts; `before`, whether an account had it on this UTC day; `taken`, how many characters
    they copied of it lately.
    """

    head: ArticleHead
    held: tuple[Held, ...] = ()
    before: bool = False
    taken: int = 0


_HELD = (
    select(*HEAD, *CLAIM, *GIFT, account.c.name)
    .outerjoin(claim, and_(claim.c.article_id == article.c.id, claim.c.device == bindparam("device")))
    .outerjoin(gift, gift.c.id == claim.c.gift_id)
    .outerjoin(account, account.c.id == gift.c.account_id)
    .where(article.c.slug == bindparam("slug"))
)
_FOR_DEVICE = Prepared(
    _HELD.add_columns(taken_of_article(copied.c.device == bindparam("device"), bindparam("since")))
)
_FOR_ACCOUNT = Prepared(
    select(
        *HEAD,
        delivery.c.at,
        taken_of_article(copied.c.account_id == bindparam("account"), bindparam("since")),
    )
    .outerjoin(
        delivery,
        and_(
            delivery.c.who == bindparam("who", type_=delivery.c.who.type),
            delivery.c.day == bindparam("day", type_=Date),
            delivery.c.article_id == article.c.id,
        ),
    )
    .where(article.c.slug == bindparam("slug"))
)
_CLAIM_LOCKED = (
    select(*CLAIM, gift.c.reference)
    .join(gift, gift.c.id == claim.c.gift_id)
    .where(claim.c.id == bindparam("id"))
    .with_for_update(key_share=True, of=claim)
)


def find_article_for_device(
    connection: Connection, slug: str, device: bytes, *, since: datetime
) -> FoundArticle | None:
    """Find an article with a device's claims on it, and with what it took of it after `since`."""
    rows = _FOR_DEVICE.rows(connection, {"slug": slug, "device": device, "since": since})
    return FoundArticle(head_of(rows[0]), tuple(_held_of(rows)), taken=rows[0][-1]) if rows else None


def find_held(connection: Connection, slug: str, device: bytes) -> tuple[ArticleHead | None, list[Held]]:
    """Find an article with every claim a device holds on its gifts, in one indexed query."""
    rows = connection.execute(_HELD, {"slug": slug, "device": device}).all()
    return (head_of(rows[0]), _held_of(rows)) if rows else (None, [])


def find_article_for_account(
    connection: Connection, slug: str, account_id: int, now: datetime, *, since: datetime
) -> FoundArticle | None:
    """Find an article, whether an account had it on the UTC day of `now`, and what it took of it after `since`."""
    values = {"slug": slug, "account": account_id, "who": account_bytes(account_id)}
    row = _FOR_ACCOUNT.first(connection, {**values, "day": now.date(), "since": since})
    return None if row is None else FoundArticle(head_of(row), before=row[-2] is not None, taken=row[-1])


def take_claim(connection: Connection, claim_id: int) -> tuple[Claim, str] | None:
    """Find a claim with its gift's reference, and hold the claim's row until the transaction ends."""
    row = connection.execute(_CLAIM_LOCKED, {"id": claim_id}).first()
    return None if row is None else (Claim(*row[:-1]), row[-1])


def _held_of(rows: Iterable[Any]) -> list[Held]:
    claims, gifts, giver = len(HEAD), len(HEAD) + len(CLAIM), len(HEAD) + len(CLAIM) + len(GIFT)
    return [
        Held(Claim(*row[claims:gifts]), Gift(*row[gifts:giver]), row[giver])
        for row in rows
        if row[claims] is not None
    ]
