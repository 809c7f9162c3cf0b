"""How far a gift or an article went, and what one network did: counted from the rows of those who opened and copied."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, case, func, select

from gateway.models import account, arrival, claim, copied, delivery, forged, gift, trap


@dataclass(frozen=True, slots=True)
class NetworkShare:
    """What one network did with one gift: devices that opened, how many of them read, and when it last came."""

    network: bytes
    openings: int
    readings: int
    first_at: datetime | None
    last_at: datetime
    turned_away_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reach:
    """How far an article went by its gifts."""

    gifts: int
    givers: int
    openings: int
    readings: int
    networks: int


@dataclass(frozen=True, slots=True)
class Giver:
    """What one account did with one article."""

    account_id: int
    name: str
    gifts: int
    readings: int


@dataclass(frozen=True, slots=True)
class Copies:
    """How much was copied: times, characters, how often more than a passage, how often printed; and how lately."""

    times: int
    characters: int
    over: int
    printed: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Counted:
    """How often something was done, and between which instants; None where never."""

    times: int
    first_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class NetworkOpening:
    """One gift that was opened from a network."""

    claim_id: int
    reference: str
    article_id: int
    claimed_at: datetime
    confirmed_at: datetime | None


def list_networks_of_gift(connection: Connection, gift_id: int, *, limit: int) -> list[NetworkShare]:
    """List from which networks a gift was opened, those with the most openings first, and which only came by."""
    found: dict[bytes, NetworkShare] = {}
    counted = (claim.c.network, func.count(), func.count(claim.c.confirmed_at))
    opened = select(*counted, func.min(claim.c.claimed_at), func.max(claim.c.claimed_at)).where(
        claim.c.gift_id == gift_id, claim.c.network.is_not(None)
    )
    most = opened.group_by(claim.c.network).order_by(func.count().desc()).limit(limit)
    for network, openings, readings, first, last in connection.execute(most):
        found[network] = NetworkShare(network, openings, readings, first, last, None)
    came = select(arrival.c.network, arrival.c.last_at, arrival.c.turned_away_at)
    by = came.where(arrival.c.gift_id == gift_id).order_by(arrival.c.last_at.desc()).limit(limit)
    for network, last, turned_away in connection.execute(by):
        had = found.get(network, NetworkShare(network, 0, 0, None, last, None))
        found[network] = NetworkShare(
            network, had.openings, had.readings, had.first_at, max(last, had.last_at), turned_away
        )
    return list(found.values())


def find_reach(connection: Connection, article_id: int, *, givers: int) -> tuple[Reach, list[Giver]]:
    """Count what became of an article's gifts, and list who gave it most often, in one pass over them."""
    per = (
        select(
            gift.c.account_id,
            func.count().label("gifts"),
            func.sum(gift.c.confirmed).label("readings"),
            func.sum(gift.c.confirmed + gift.c.unconfirmed).label("openings"),
        )
        .where(gift.c.article_id == article_id)
        .group_by(gift.c.account_id)
        .subquery()
    )
    totals = (func.count(), *(func.sum(per.c[name]) for name in ("gifts", "openings", "readings")))
    whole = [each.over().label(f"whole_{number}") for number, each in enumerate(totals)]
    top = select(per, *whole).order_by(per.c.gifts.desc(), per.c.account_id).limit(givers).subquery()
    named = select(top, account.c.name).join(account, account.c.id == top.c.account_id)
    rows = connection.execute(named.order_by(top.c.gifts.desc(), top.c.account_id)).all()
    most = [Giver(row.account_id, row.name, int(row.gifts), int(row.readings)) for row in rows]
    if not rows:
        return Reach(0, 0, 0, 0, 0), most
    known = select(claim.c.network).where(claim.c.article_id == article_id).distinct().subquery()
    networks = connection.execute(select(func.count(known.c.network))).scalar_one()
    counted, gifts, openings, readings = (int(each) for each in rows[0][4:8])
    return Reach(gifts, counted, openings, readings, int(networks)), most


def find_copies_of_article(connection: Connection, article_id: int) -> Copies:
    """Count what was copied of an article, as far back as reports are kept."""
    return _copies(connection, copied.c.article_id, article_id)


def find_copies_from_network(connection: Connection, network: bytes) -> Copies:
    """Count what was copied from a network, as far back as reports are kept."""
    return _copies(connection, copied.c.network, network)


def count_openings(connection: Connection, network: bytes) -> Counted:
    """Count the gifts that were opened from a network."""
    return _counted(connection, claim.c.network, network, func.count(), claim.c.claimed_at)


def count_deliveries(connection: Connection, network: bytes) -> Counted:
    """Count the articles that went out to a network for the first time a day, by device or account."""
    return _counted(connection, delivery.c.network, network, func.count(), delivery.c.at)


def count_forged_from(connection: Connection, network: bytes) -> Counted:
    """Count the tokens nobody signed that a network tried."""
    times = func.coalesce(func.sum(forged.c.count), 0)
    return _counted(connection, forged.c.network, network, times, forged.c.minute)


def count_traps_of(connection: Connection, network: bytes) -> Counted:
    """Count a network's visits to the address that only programs find."""
    times = func.coalesce(func.sum(trap.c.count), 0)
    return _counted(connection, trap.c.network, network, times, trap.c.minute)


def list_openings_from(
    connection: Connection, network: bytes, *, before: int | None, limit: int
) -> list[NetworkOpening]:
    """List the gifts that were opened from a network, newest first; `before` is a claim's row."""
    columns = (claim.c.id, gift.c.reference, claim.c.article_id, claim.c.claimed_at, claim.c.confirmed_at)
    statement = select(*columns).join(gift, gift.c.id == claim.c.gift_id).where(claim.c.network == network)
    if before is not None:
        statement = statement.where(claim.c.id < before)
    rows = connection.execute(statement.order_by(claim.c.id.desc()).limit(limit))
    return [NetworkOpening(*row) for row in rows]


def _copies(connection: Connection, column: Column[Any], value: object) -> Copies:
    figures = (
        func.count(),
        func.coalesce(func.sum(copied.c.characters), 0),
        func.coalesce(func.sum(case((copied.c.over, 1), else_=0)), 0),
        func.coalesce(func.sum(case((copied.c.printed, 1), else_=0)), 0),
    )
    *counts, last = connection.execute(select(*figures, func.max(copied.c.at)).where(column == value)).one()
    times, characters, over, printed = (int(each) for each in counts)
    return Copies(times, characters, over, printed, last)


def _counted(
    connection: Connection, column: Column[Any], value: object, times: Any, at: Column[datetime]
) -> Counted:
    row = connection.execute(select(times, func.min(at), func.max(at)).where(column == value)).one()
    return Counted(int(row[0]), row[1], row[2])
