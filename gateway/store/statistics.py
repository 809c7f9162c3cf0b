"""Counts that ride outside the request: cards shown, tokens forged."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.models import card_view, forged, trap


def add_card_views(connection: Connection, views: Mapping[tuple[int, date, str], int]) -> None:
    """Add cards shown, by gift, day and visitor class."""
    rows = [
        {"gift_id": gift, "day": day, "visitor": who, "views": n}
        for (gift, day, who), n in sorted(views.items())
    ]
    _add(connection, card_view, ["gift_id", "day", "visitor"], "views", rows)


def add_forged(connection: Connection, counts: Mapping[tuple[bytes, datetime], int]) -> None:
    """Add tokens nobody signed, by network and minute."""
    _add_by_minute(connection, forged, counts)


def add_traps(connection: Connection, counts: Mapping[tuple[bytes, datetime], int]) -> None:
    """Add visits to an address that only programs find, by network and minute."""
    _add_by_minute(connection, trap, counts)


def drop_minutes(connection: Connection, before: datetime) -> int:
    """Forget the counts of networks by minute before an instant; returns how many rows."""
    return sum(
        connection.execute(delete(table).where(table.c.minute < before)).rowcount for table in (forged, trap)
    )


def count_card_views(connection: Connection, gift_id: int) -> dict[str, int]:
    """Count a gift's cards by visitor class."""
    statement = select(card_view.c.visitor, func.sum(card_view.c.views)).where(card_view.c.gift_id == gift_id)
    return {row[0]: int(row[1]) for row in connection.execute(statement.group_by(card_view.c.visitor))}


def count_forged(connection: Connection, since: datetime) -> int:
    """Count tokens nobody signed since an instant."""
    return int(
        connection.execute(
            select(func.coalesce(func.sum(forged.c.count), 0)).where(forged.c.minute >= since)
        ).scalar_one()
    )


def _add_by_minute(
    connection: Connection, table: Table, counts: Mapping[tuple[bytes, datetime], int]
) -> None:
    rows = [
        {"network": network, "minute": minute, "count": n} for (network, minute), n in sorted(counts.items())
    ]
    _add(connection, table, ["network", "minute"], "count", rows)


def _add(
    connection: Connection, table: Table, key: list[str], counter: str, rows: list[dict[str, Any]]
) -> None:
    if not rows:
        return
    dialect_insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[connection.dialect.name]
    statement = dialect_insert(table)
    added = table.c[counter] + statement.excluded[counter]
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_={counter: added}), rows)
