"""Forgetting what the policy keeps for a time: who opened a gift, and what bulk rules counted; the log says each time."""

from datetime import datetime, timedelta

from gateway.firing import REMEMBERED
from gateway.ledger import GATEWAY, Entry, Event
from gateway.networks import months_of
from gateway.runtime import NoPolicyError, Runtime
from gateway.store import (
    cases,
    clicks,
    copied,
    deliveries,
    firings,
    gifts,
    licences,
    networks,
    openers,
    statistics,
    usage,
)
from gateway.store.entries import append_entry, forget_repeaters

GIFTS_AT_ONCE = 1000
# Who did what is wanted for an hour, and who went on to subscribe for a day.
SEEN_KEPT = timedelta(days=1)
# A counter names whom it counts for one minute; the entry beside it says so for as long as it may.
REPEATS_NAMED = timedelta(hours=1)


def forget_openers(runtime: Runtime, now: datetime) -> int:
    """Forget the openers of gifts that ended long enough ago; returns of how many gifts."""
    try:
        kept = runtime.policies.in_force(now).policy.retention.openers
    except NoPolicyError:
        return 0
    with runtime.database.reading() as connection:
        ended = openers.list_gifts_to_forget(connection, now - kept, limit=GIFTS_AT_ONCE)
    for gift_id in ended:
        _forget(runtime, gift_id, now)
    return len(ended)


def _forget(runtime: Runtime, gift_id: int, now: datetime) -> None:
    # One transaction a gift: its row is held while its claims are dropped, and nobody else's is.
    with runtime.database.transaction() as connection:
        gift = gifts.take_gift_by_id(connection, gift_id)
        if gift is None:
            return
        claims = openers.forget_openers(connection, gift, now)
        about: dict[str, str | int] = {
            "claims": claims,
            "label": int(bool(gift.label)),
            "note": int(bool(gift.note)),
        }
        subject = f"gift:{gift.reference}"
        append_entry(connection, Entry(now, GATEWAY, Event.OPENERS_FORGOTTEN, subject, detail=about))


def forget_counted(runtime: Runtime, now: datetime) -> int:
    """Forget what bulk rules counted and did and no longer look at, and the salts of months that are over so long.

    Closed requests for a licence and closed cases go as entries of the log may. Returns how many rows were dropped; where there were
    any, an entry says of what.
    """
    retention = runtime.policies.in_force(now).policy.retention
    before = now - retention.openers
    with runtime.database.transaction() as connection:
        dropped = {
            "deliveries": deliveries.drop_deliveries(connection, before.date()),
            "arrivals": deliveries.drop_arrivals(connection, before),
            "copies": copied.drop_copies(connection, before),
            "seen": usage.drop_seen(connection, now - SEEN_KEPT),
            "clicks": clicks.drop_clicks(connection, (now - SEEN_KEPT).date()),
            "minutes": statistics.drop_minutes(connection, before),
            "salts": networks.drop_salts(connection, months_of(before)[0]),
            # A rule doubles its time by what it did within REMEMBERED.
            "firings": firings.drop_firings(connection, min(before, now - REMEMBERED)),
            "requests": licences.drop_closed(connection, now - retention.entries),
            "cases": cases.drop_closed(connection, now - retention.entries),
            "repeats": forget_repeaters(connection, now - REPEATS_NAMED),
        }
        about = {what: number for what, number in dropped.items() if number}
        if about:
            append_entry(connection, Entry(now, GATEWAY, Event.RETENTION_APPLIED, "gateway", detail=about))
    return sum(about.values())
