"""Idempotency keys: which gift a key already made, and which act of the desk it already was, kept for a day."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.link import Gift
from gateway.models import act_key, gift, idempotency
from gateway.store.gifts import COLUMNS as GIFT
from gateway.store.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a key made: its request's digest, the gift, and whether the gift was new then."""

    digest: bytes
    fresh: bool
    gift: Gift


_FIND = Prepared(
    select(idempotency.c.digest, idempotency.c.fresh, *GIFT)
    .join(gift, gift.c.id == idempotency.c.gift_id)
    .where(
        idempotency.c.account_id == bindparam("account"),
        idempotency.c.key == bindparam("key"),
        idempotency.c.created_at > bindparam("since"),
    )
)


def _remember(dialect_insert: Any) -> Prepared:
    made = dialect_insert(idempotency)
    anew = {name: made.excluded[name] for name in ("digest", "gift_id", "fresh", "created_at")}
    upsert = made.on_conflict_do_update(index_elements=["account_id", "key"], set_=anew)
    return Prepared(upsert, columns=("account_id", "key", *anew))


_REMEMBER = {"sqlite": _remember(sqlite.insert), "postgresql": _remember(postgresql.insert)}


def find_remembered(connection: Connection, account_id: int, key: str, since: datetime) -> Remembered | None:
    """Find what an account's key made after an instant."""
    row = _FIND.first(connection, {"account": account_id, "key": key, "since": since})
    return None if row is None else Remembered(row[0], row[1], Gift(*row[2:]))


def add_key(connection: Connection, **values: object) -> None:
    """Remember what a key made, in place of what the same key made more than a day ago."""
    _REMEMBER[connection.dialect.name].count(connection, values)


def drop_keys(connection: Connection, before: datetime) -> int:
    """Forget keys made before an instant; returns how many."""
    return sum(
        connection.execute(delete(table).where(table.c.created_at <= before)).rowcount
        for table in (idempotency, act_key)
    )


def find_act(connection: Connection, account_id: int, key: str) -> bytes | None:
    """Find the digest of what an admin already did under a key."""
    mine = (act_key.c.account_id == account_id) & (act_key.c.key == key)
    return connection.execute(select(act_key.c.digest).where(mine)).scalar()


def add_act(connection: Connection, account_id: int, key: str, digest: bytes, now: datetime) -> None:
    """Remember what an admin did under a key."""
    values = {"account_id": account_id, "key": key, "digest": digest, "created_at": now}
    connection.execute(insert(act_key).values(values))
