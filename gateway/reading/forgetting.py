"""Forgetting a device on its person's own wish."""

from gateway.ledger import Entry, Event
from gateway.reading.visit import Visit
from gateway.runtime import Runtime
from gateway.store import people
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
