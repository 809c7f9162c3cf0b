"""The monthly count: what was used and granted per account and calendar month."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, exists, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.models import allowance
from gateway.store.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Usage:
    """What one account used and was granted in one month, in credits."""

    period: str
    used: int = 0
    granted: int = 0


_ROW = (allowance.c.account_id == bindparam("account")) & (allowance.c.period == bindparam("month"))
_FIND = Prepared(select(allowance.c.period, allowance.c.used, allowance.c.granted).where(_ROW))
_RETURN = Prepared(update(allowance).where(_ROW, allowance.c.used > 0).values(used=allowance.c.used - 1))
_FIRST = select(
    bindparam("account", type_=allowance.c.account_id.type),
    bindparam("month", type_=allowance.c.period.type),
    literal(1),
    literal(0),
).where(or_(bindparam("limit", type_=allowance.c.used.type) > 0, exists(select(1).where(_ROW))))


def _take(dialect_insert: Any) -> Prepared:
    # A grant may have made the row before any credit was used, so a plan of 0 must still come to the conflict.
    columns = ["account_id", "period", "used", "granted"]
    return Prepared(
        dialect_insert(allowance)
        .from_select(columns, _FIRST)
        .on_conflict_do_update(
            index_elements=["account_id", "period"],
            set_={"used": allowance.c.used + 1},
            where=allowance.c.used < bindparam("limit") + allowance.c.granted,
        )
        .returning(allowance.c.used, allowance.c.granted)
    )


_TAKE = {"sqlite": _take(sqlite.insert), "postgresql": _take(postgresql.insert)}


def find_usage(connection: Connection, account_id: int, period: str) -> Usage:
    """Find what an account used and was granted in a month; nothing yet is zero."""
    row = _FIND.first(connection, {"account": account_id, "month": period})
    return Usage(period) if row is None else Usage(*row)


def list_usage(connection: Connection, account_id: int) -> list[Usage]:
    """List an account's months, newest first."""
    statement = select(allowance.c.period, allowance.c.used, allowance.c.granted).where(
        allowance.c.account_id == account_id
    )
    return [Usage(*row) for row in connection.execute(statement.order_by(allowance.c.period.desc()))]


def list_usage_of(connection: Connection, account_ids: list[int], period: str) -> dict[int, Usage]:
    """List what several accounts used and were granted in one month, by account; who has no row is left out."""
    wanted = allowance.c.account_id.in_(account_ids) & (allowance.c.period == period)
    columns = (allowance.c.account_id, allowance.c.period, allowance.c.used, allowance.c.granted)
    return {row[0]: Usage(*row[1:]) for row in connection.execute(select(*columns).where(wanted))}


def take_credit(connection: Connection, account_id: int, period: str, limit: int) -> Usage | None:
    """Take one credit if the plan's limit and what was granted leave one; None means spent.

    The check and the taking are one statement, so no two callers can take the same credit.
    """
    values = {"account": account_id, "month": period, "limit": limit}
    row = _TAKE[connection.dialect.name].first(connection, values)
    return None if row is None else Usage(period, *row)


def return_credit(connection: Connection, account_id: int, period: str) -> None:
    """Give one used credit back."""
    _RETURN.count(connection, {"account": account_id, "month": period})


def take_back_credits(
    connection: Connection, account_id: int, period: str, credits: int, limit: int
) -> int | None:
    """Take extra credits of a month back; returns what is still granted, None where fewer are left unspent.

    The check and the taking are one statement, so a credit that is being spent is never taken back too.
    """
    row = (allowance.c.account_id == account_id) & (allowance.c.period == period)
    left = (allowance.c.granted >= credits) & (allowance.c.used <= limit + allowance.c.granted - credits)
    statement = update(allowance).where(row, left).values(granted=allowance.c.granted - credits)
    found = connection.execute(statement.returning(allowance.c.granted)).scalar()
    return None if found is None else int(found)


def grant_credits(connection: Connection, account_id: int, period: str, credits: int) -> int:
    """Add extra credits to a month; returns what is granted in all."""
    dialect_insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[connection.dialect.name]
    values = {"account_id": account_id, "period": period, "used": 0, "granted": credits}
    statement = (
        dialect_insert(allowance)
        .values(**values)
        .on_conflict_do_update(
            index_elements=["account_id", "period"], set_={"granted": allowance.c.granted + credits}
        )
        .returning(allowance.c.granted)
    )
    return int(connection.execute(statement).scalar_one())
