"""Which articles went to whom for the first time on a day, and which networks tried which link."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, delete, func
from sqlalchemy.dialects import postgresql, sqlite

from gateway.models import arrival, delivery
from gateway.store.prepared import Prepared


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
    return _deliver(connection.dialect.name).count(connection, row) > 0


def add_arrival(connection: Connection, gift_id: int, network: bytes, came: Arrival) -> None:
    """Note that one network tried one link."""
    _arrive(connection.dialect.name).count(connection, _row(gift_id, network, came))


def add_arrivals(connection: Connection, arrivals: Mapping[tuple[int, bytes], Arrival]) -> None:
    """Note which networks tried which links, by gift and network."""
    ordered = sorted(arrivals.items(), key=lambda item: item[0])
    rows = [_row(gift_id, network, came) for (gift_id, network), came in ordered]
    connection.execute(_upsert(connection.dialect.name), rows)


def drop_deliveries(connection: Connection, before: date) -> int:
    """Forget what was delivered before a day; returns how many rows."""
    return connection.execute(delete(delivery).where(delivery.c.day < before)).rowcount


def drop_arrivals(connection: Connection, before: datetime) -> int:
    """Forget networks that tried a link for the last time before an instant; returns how many rows."""
    return connection.execute(delete(arrival).where(arrival.c.last_at < before)).rowcount


def _row(gift_id: int, network: bytes, came: Arrival) -> dict[str, Any]:
    return {
        "gift_id": gift_id,
        "network": network,
        "last_at": came.last_at,
        "turned_away_at": came.turned_away_at,
    }


def _insert(dialect: str, table: Any) -> Any:
    return {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[dialect](table)


@cache
def _deliver(dialect: str) -> Prepared:
    columns = ("who", "day", "article_id", "at", "network")
    return Prepared(_insert(dialect, delivery).on_conflict_do_nothing(), columns=columns)


@cache
def _upsert(dialect: str) -> Any:
    statement = _insert(dialect, arrival)
    latest = func.coalesce(statement.excluded.turned_away_at, arrival.c.turned_away_at)
    return statement.on_conflict_do_update(
        index_elements=["gift_id", "network"],
        set_={"last_at": statement.excluded.last_at, "turned_away_at": latest},
    )


@cache
def _arrive(dialect: str) -> Prepared:
    return Prepared(_upsert(dialect), columns=("gift_id", "network", "last_at", "turned_away_at"))
