"""Forgetting: a device on its person's own wish, and what was taken up by a browser that kept no cookie."""

from gateway.ledger import Entry, Event
from gateway.reading.visit import Visit
from gateway.runtime import Runtime
from gateway.store import gifts, people, readings
from gateway.store.entries import append_entry

NAMED_BY = 8
"""How many bytes of a device's digest name it beside the log."""


def forget_device(runtime: Runtime, visit: Visit) -> int:
    """Unlink a device from all it took up, and take it from beside the log; returns how many rows that changed.

    No place comes free and no reading is uncounted: whoever opens a link here again opens it as somebody new.
    A device that took nothing up leaves no line in the log, since cookies are free to invent.
    """
    now = runtime.clock()
    if visit.device is None:
        return 0
    with runtime.database.transaction() as connection:
        rows = people.erase_device(connection, visit.device[:NAMED_BY])
        if rows:
            about: dict[str, str | int] = {"rows": rows}
            append_entry(connection, Entry(now, visit.actor, Event.DEVICE_FORGOTTEN, "device", detail=about))
    return rows


def undo_claim(runtime: Runtime, claim_id: int, visit: Visit) -> bool:
    """Take back a claim whose browser kept no cookie and so cannot be served; tells whether there was one."""
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        claim = readings.find_claim_by_id(connection, claim_id)
        gift = None if claim is None else gifts.take_gift_by_id(connection, claim.gift_id)
        if claim is None or gift is None or not readings.undo_claim(connection, claim):
            return False
        append_entry(connection, Entry(now, visit.actor, Event.CLAIM_UNDONE, f"gift:{gift.reference}"))
        return True
