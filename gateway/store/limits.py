"""What request limits count: one row an attempt, by key, gone when its window is over."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, func, insert, select, text

from gateway.models import Instant, limit_hit

# The first half of PostgreSQL's two-part advisory locks; any number that nothing else takes will do.
LOCK = 0x6C696D69

_TAKE = (
    insert(limit_hit)
    .from_select(
        ["key", "at", "expires_at"],
        select(
            bindparam("key", type_=limit_hit.c.key.type),
            bindparam("now", type_=Instant),
            bindparam("until", type_=Instant),
        ).where(
            select(func.count())
            .where(limit_hit.c.key == bindparam("key"), limit_hit.c.at > bindparam("since", type_=Instant))
            .scalar_subquery()
            <= bindparam("room")
        ),
    )
    .returning(limit_hit.c.id)
)


def take_attempts(
    connection: Connection, key: str, *, limit: int, amount: int, now: datetime, window: timedelta
) -> bool:
    """Count `amount` attempts under a key unless more than `limit` would lie in the window; False for none taken.

    The look and the first attempt are one statement; of several callers with one key, one goes after the other.
    """
    if amount > limit:
        return False
    _queue_up(connection, key)
    connection.execute(delete(limit_hit).where(limit_hit.c.key == key, limit_hit.c.expires_at <= now))
    row = {"key": key, "now": now, "until": now + window, "since": now - window, "room": limit - amount}
    if connection.execute(_TAKE, row).first() is None:
        return False
    more = {"key": key, "at": now, "expires_at": now + window}
    if amount > 1:
        connection.execute(insert(limit_hit), [more] * (amount - 1))
    return True


def find_window(
    connection: Connection, key: str, *, now: datetime, window: timedelta
) -> tuple[datetime | None, int]:
    """Find the oldest attempt that still counts under a key, and how many count."""
    counting = (limit_hit.c.key == key) & (limit_hit.c.at > now - window)
    row = connection.execute(select(func.min(limit_hit.c.at), func.count()).where(counting)).one()
    return row[0], row[1]


def drop_attempts(connection: Connection, key: str | None = None) -> int:
    """Forget the attempts under one key, or all; returns how many."""
    statement = delete(limit_hit) if key is None else delete(limit_hit).where(limit_hit.c.key == key)
    return connection.execute(statement).rowcount


def _queue_up(connection: Connection, key: str) -> None:
    # SQLite has one writer at a time anyway.
    if connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(:lock, hashtext(:key))")
        connection.execute(lock, {"lock": LOCK, "key": key})
