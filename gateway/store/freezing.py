"""Freezing gifts and thawing them: what a frozen row says of when, why and until when."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal, or_, select, update

from gateway.guard import Mode, Then
from gateway.link import BY_RULE, by_hand
from gateway.models import firing, gift


def by_a_rule() -> ColumnElement[bool]:
    """Spell that a rule froze a gift; unlike LIKE on SQLite it minds upper and lower case, as `Gift.spread` does."""
    return func.substr(gift.c.frozen_because, 1, len(BY_RULE)) == BY_RULE


def freeze_gift(
    connection: Connection, gift_id: int, now: datetime, because: str, *, until: datetime | None = None
) -> list[str]:
    """Freeze one living gift; returns its reference, or nothing where it was frozen or over already."""
    return _freeze(connection, gift.c.id == gift_id, now, _frozen(now, because, until))


def freeze_gifts(
    connection: Connection, account_id: int, now: datetime, because: str, *, until: datetime | None = None
) -> list[str]:
    """Freeze every gift of an account that lives at `now` and is not frozen; returns their references."""
    return _freeze(connection, gift.c.account_id == account_id, now, _frozen(now, because, until))


def freeze_suspended_gifts(
    connection: Connection, account_id: int, now: datetime, because: str, *, since: datetime
) -> list[str]:
    """Freeze every living gift of an account that is suspended `since`; returns their references.

    What a rule froze is taken over, since it must not open when the rule's time is up; see `freeze_as_ruled`.
    """
    theirs = gift.c.account_id == account_id
    return _freeze(connection, theirs, now, _frozen(since, by_hand(because), None), by_a_rule())


def freeze_as_ruled(
    connection: Connection, account_id: int, among: list[str], now: datetime
) -> list[tuple[str, str]]:
    """Freeze those of an account's gifts again that a rule's firing still holds; returns (reference, because) of each."""
    theirs = select(literal("gift:") + gift.c.reference).where(gift.c.account_id == account_id)
    holds = (
        select(firing.c.rule, firing.c.who, firing.c.at, firing.c.until)
        .where(
            firing.c.then == Then.FREEZE.value,
            firing.c.mode == Mode.ENFORCE.value,
            firing.c.lifted_at.is_(None),
            or_(firing.c.until.is_(None), firing.c.until > now),
            or_(firing.c.who == f"account:{account_id}", firing.c.who.in_(theirs)),
        )
        .order_by(firing.c.id)
    )
    frozen = []
    for rule, who, at, until in connection.execute(holds).all():
        kind, _, key = who.partition(":")
        wanted = gift.c.reference == key if kind == "gift" else gift.c.issued_at <= at
        because = f"{BY_RULE}{rule}"
        values = _frozen(at, because, until)
        found = _freeze(connection, wanted & gift.c.reference.in_(among), now, values)
        frozen += [(reference, because) for reference in found]
    return frozen


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
    connection: Connection,
    wanted: ColumnElement[bool],
    now: datetime,
    values: dict[str, Any],
    *taken_over: ColumnElement[bool],
) -> list[str]:
    free = or_(gift.c.frozen_at.is_(None), gift.c.frozen_until <= now, *taken_over)
    living = wanted & gift.c.revoked_at.is_(None) & (gift.c.expires_at > now) & free
    statement = update(gift).where(living).returning(gift.c.reference)
    return list(connection.execute(statement.values(**values)).scalars())
