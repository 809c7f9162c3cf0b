"""Freezing gifts and thawing them: what a frozen row says of when, why and until when."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, or_, update

from gateway.models import gift


def freeze_gift(
    connection: Connection, gift_id: int, now: datetime, because: str, *, until: datetime | None = None
) -> list[str]:
    """Freeze one living gift; returns its reference, or nothing where it was frozen or over already."""
    return _freeze(connection, gift.c.id == gift_id, now, _frozen(now, because, until))


def freeze_gifts(
    connection: Connection,
    account_id: int,
    now: datetime,
    because: str,
    *,
    until: datetime | None = None,
    since: datetime | None = None,
) -> list[str]:
    """Freeze every gift of an account that lives at `now`, as of `since`, else of `now`; returns their references."""
    return _freeze(connection, gift.c.account_id == account_id, now, _frozen(since or now, because, until))


def thaw_gifts(connection: Connection, account_id: int, frozen_at: datetime) -> list[str]:
    """Thaw an account's gifts that were frozen at one instant; returns their references."""
    frozen = (gift.c.account_id == account_id) & (gift.c.frozen_at == frozen_at)
    statement = update(gift).where(frozen).returning(gift.c.reference)
    thawed = statement.values(frozen_at=None, frozen_because="", frozen_until=None)
    return list(connection.execute(thawed).scalars())


def thaw_ruled_gifts(connection: Connection, who: str, because: str) -> list[str]:
    """Thaw what a rule froze of a link or an account, as the log names them; returns the references."""
    kind, _, key = who.partition(":")
    if kind not in ("gift", "account"):
        return []
    theirs = gift.c.reference == key if kind == "gift" else gift.c.account_id == int(key)
    statement = update(gift).where(theirs, gift.c.frozen_because == because).returning(gift.c.reference)
    thawed = statement.values(frozen_at=None, frozen_because="", frozen_until=None)
    return list(connection.execute(thawed).scalars())


def _frozen(since: datetime, because: str, until: datetime | None) -> dict[str, Any]:
    return {"frozen_at": since, "frozen_because": because, "frozen_until": until}


def _freeze(
    connection: Connection, wanted: ColumnElement[bool], now: datetime, values: dict[str, Any]
) -> list[str]:
    ended = gift.c.frozen_until <= now
    living = wanted & gift.c.revoked_at.is_(None) & or_(gift.c.frozen_at.is_(None), ended)
    statement = update(gift).where(living, gift.c.expires_at > now).returning(gift.c.reference)
    return list(connection.execute(statement.values(**values)).scalars())
