"""Forgetting who opened a gift, its label and its note, when the policy's time after the gift's end is over."""

from datetime import datetime

from gateway.ledger import GATEWAY, Entry, Event
from gateway.runtime import NoPolicyError, Runtime
from gateway.store import gifts, openers
from gateway.store.entries import append_entry

GIFTS_AT_ONCE = 1000


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
