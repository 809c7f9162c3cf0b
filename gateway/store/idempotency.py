"""Idempotency keys: which gift a key already made, kept for a day."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from gateway.link import Gift
from gateway.models import gift, idempotency
from gateway.store.gifts import COLUMNS as GIFT


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a key made: its request's digest, the gift, and whether the gift was new then."""

    digest: bytes
    fresh: bool
    gift: Gift


_FIND = (
    select(idempotency.c.digest, idempotency.c.fresh, *GIFT)
    .join(gift, gift.c.id == idempotency.c.gift_id)
    .where(
        idempotency.c.account_id == bindparam("account"),
        idempotency.c.key == bindparam("key"),
        idempotency.c.created_at > bindparam("since"),
    )
)


_FORGET = delete(idempotency).where(
    idempotency.c.account_id == bindparam("account_id"), idempotency.c.key == bindparam("key")
)
_REMEMBER = insert(idempotency)


def find_remembered(connection: Connection, account_id: int, key: str, since: datetime) -> Remembered | None:
    """Find what an account's key made after an instant."""
    row = connection.execute(_FIND, {"account": account_id, "key": key, "since": since}).first()
    return None if row is None else Remembered(row[0], row[1], Gift(*row[2:]))


def add_key(connection: Connection, **values: object) -> None:
    """Remember what a key made, in place of what the same key made more than a day ago."""
    connection.execute(_FORGET, {name: values[name] for name in ("account_id", "key")})
    connection.execute(_REMEMBER, values)


def drop_keys(connection: Connection, before: datetime) -> int:
    """Forget keys made before an instant; returns how many."""
    return connection.execute(delete(idempotency).where(idempotency.c.created_at <= before)).rowcount
