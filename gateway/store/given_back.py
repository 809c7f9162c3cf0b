"""Readings that were counted wrongly and given back: each once, by its giver once a gift."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.models import claim, gift, given_back


def find_first_counted(connection: Connection, gift_id: int) -> int | None:
    """Find the claim of the counted reading that was opened soonest after its gift was issued."""
    counted = and_(
        claim.c.gift_id == gift_id,
        claim.c.confirmed_at.is_not(None),
        ~exists().where(given_back.c.claim_id == claim.c.id),
    )
    first = select(claim.c.id).where(counted).order_by(claim.c.claimed_at, claim.c.id).limit(1)
    return connection.execute(first).scalar()


def is_counted(connection: Connection, gift_id: int, claim_id: int) -> bool:
    """Tell whether a claim is a reading of a gift that counts."""
    mine = (claim.c.gift_id == gift_id) & (claim.c.id == claim_id) & claim.c.confirmed_at.is_not(None)
    uncounted = exists().where(given_back.c.claim_id == claim.c.id)
    return connection.execute(select(claim.c.id).where(mine, ~uncounted)).first() is not None


def is_given_back(connection: Connection, gift_id: int, claim_id: int) -> bool:
    """Tell whether a reading of a gift was given back before."""
    mine = (given_back.c.gift_id == gift_id) & (given_back.c.claim_id == claim_id)
    return connection.execute(select(given_back.c.claim_id).where(mine)).first() is not None


def find_given_back_by_giver(connection: Connection, gift_id: int) -> datetime | None:
    """Find when a gift's giver gave a reading back."""
    mine = (given_back.c.gift_id == gift_id) & given_back.c.by_giver
    return connection.execute(select(given_back.c.at).where(mine)).scalar()


def give_back(connection: Connection, gift_id: int, claim_id: int, now: datetime, *, by_giver: bool) -> bool:
    """Count a reading no longer, so that its place is free; False where it, or the giver's one, was given back before.

    What was served stays served: neither `served_at` nor a credit is touched.
    """
    dialect_insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[connection.dialect.name]
    row = {"claim_id": claim_id, "gift_id": gift_id, "by_giver": by_giver, "at": now}
    once = dialect_insert(given_back).values(**row).on_conflict_do_nothing().returning(given_back.c.claim_id)
    if connection.execute(once).first() is None:
        return False
    counted = (gift.c.id == gift_id) & (gift.c.confirmed > 0)
    connection.execute(update(gift).where(counted).values(confirmed=gift.c.confirmed - 1, read_up_at=None))
    return True
