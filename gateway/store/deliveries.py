"""Which articles went to whom for the first time on a day, and which networks tried which link."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, func
from sqlalchemy.dialects import postgresql, sqlite

from gateway.models import arrival, delivery


@dataclass(frozen=True, slots=True)
class Arrival:
    """One network that tried a link; `turned_away_at` is when it came after the last reading was taken."""

    last_at: datetime
    turned_away_at: datetime | None = None


def account_bytes(account_id: int) -> bytes:
    """Spell an account as the reader of a delivery: eight bytes, which no device's digest is."""
    return account_id.to_bytes(8, "big")


def add_delivery(
    connection: Connection, who: bytes, article_id: int, now: datetime, network: bytes | None
) -> bool:
    """Note that an article goes to a reader; False where it already went there on this UTC day."""
    row = {"who": who, "day": now.date(), "article_id": article_id, "at": now, "network": network}
    return connection.execute(_insert(connection, delivery).on_conflict_do_nothing(), row).rowcount > 0


def add_arrivals(connection: Connection, arrivals: Mapping[tuple[int, bytes], Arrival]) -> None:
    """Note which networks tried which links, by gift and network."""
    rows = [
        {
            "gift_id": gift_id,
            "network": network,
            "last_at": each.last_at,
            "turned_away_at": each.turned_away_at,
        }
        for (gift_id, network), each in sorted(arrivals.items(), key=lambda item: item[0])
    ]
    statement = _insert(connection, arrival)
    latest = func.coalesce(statement.excluded.turned_away_at, arrival.c.turned_away_at)
    upsert = statement.on_conflict_do_update(
        index_elements=["gift_id", "network"],
        set_={"last_at": statement.excluded.last_at, "turned_away_at": latest},
    )
    connection.execute(upsert, rows)


def drop_deliveries(connection: Connection, before: date) -> int:
    """Forget what was delivered before a day; returns how many rows."""
    return connection.execute(delete(delivery).where(delivery.c.day < before)).rowcount


def drop_arrivals(connection: Connection, before: datetime) -> int:
    """Forget networks that tried a link for the last time before an instant; returns how many rows."""
    return connection.execute(delete(arrival).where(arrival.c.last_at < before)).rowcount


def _insert(connection: Connection, table: Any) -> Any:
    return {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[connection.dialect.name](table)
