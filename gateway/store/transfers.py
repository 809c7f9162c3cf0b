"""Transfers: one use, ten minutes, a digest at rest; and what takes a claim to another device."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.link import Gift
from gateway.models import claim, copied, gift, transfer
from gateway.store.gifts import COLUMNS as GIFT


@dataclass(frozen=True, slots=True)
class Transfer:
    """A claim on its way to another device, until when, and the gift it was made on."""

    claim_id: int
    expires_at: datetime
    gift: Gift


_BY_DIGEST = (
    select(transfer.c.claim_id, transfer.c.expires_at, *GIFT)
    .join(claim, claim.c.id == transfer.c.claim_id)
    .join(gift, gift.c.id == claim.c.gift_id)
    .where(transfer.c.digest == bindparam("digest"))
)
_TAKE = (
    update(transfer)
    .where(transfer.c.digest == bindparam("secret"), transfer.c.expires_at > bindparam("now"))
    .values(digest=None, moves=transfer.c.moves + 1)
)


def offer_transfer(
    connection: Connection, claim_id: int, digest: bytes, *, until: datetime, moves_at_most: int
) -> bool:
    """Offer a claim to another device in place of an earlier offer; False when it has moved often enough."""
    dialect_insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[connection.dialect.name]
    offer = dialect_insert(transfer).values(claim_id=claim_id, digest=digest, expires_at=until, moves=0)
    again = offer.on_conflict_do_update(
        index_elements=["claim_id"],
        set_={"digest": digest, "expires_at": until},
        where=transfer.c.moves < moves_at_most,
    )
    return connection.execute(again.returning(transfer.c.claim_id)).first() is not None


def find_transfer(connection: Connection, digest: bytes) -> Transfer | None:
    """Find an offer nobody took yet, also one whose time is over."""
    row = connection.execute(_BY_DIGEST, {"digest": digest}).first()
    return None if row is None else Transfer(row[0], row[1], Gift(*row[2:]))


def take_transfer(connection: Connection, digest: bytes, now: datetime) -> bool:
    """Use an offer up; False when it was taken before or its time is over."""
    return connection.execute(_TAKE, {"secret": digest, "now": now}).rowcount > 0


def move_claim(connection: Connection, claim_id: int, gift_id: int, device: bytes) -> None:
    """Give a claim to another device, in place of a claim of that device's own that has lapsed.

    What was copied by it goes along, so that a text which closed does not open by moving.
    """
    lapsed = (claim.c.gift_id == gift_id) & (claim.c.device == device) & (claim.c.id != claim_id)
    connection.execute(delete(claim).where(lapsed, claim.c.lapsed_at.is_not(None)))
    moved = select(claim.c.device, claim.c.article_id).where(claim.c.id == claim_id)
    left, article_id = connection.execute(moved).one()
    copies = (copied.c.device == left) & (copied.c.article_id == article_id)
    connection.execute(update(copied).where(copies).values(device=device))
    connection.execute(update(claim).where(claim.c.id == claim_id).values(device=device))
