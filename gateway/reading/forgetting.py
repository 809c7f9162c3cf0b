"""Forgetting a device on its person's own wish."""

from gateway.ledger import Entry, Event
from gateway.reading.visit import Visit
from gateway.runtime import Runtime
from gateway.store import openers
from gateway.store.entries import append_entry


def forget_device(runtime: Runtime, visit: Visit) -> int:
    """Unlink a device from everything it took up; returns from how many gifts.

    No place comes free and no reading is uncounted: whoever opens a link here again opens it as somebody new.
    A device that took nothing up leaves no line in the log, since cookies are free to invent.
    """
    now = runtime.clock()
    if visit.device is None:
        return 0
    with runtime.database.transaction() as connection:
        unlinked = openers.unlink_device(connection, visit.device)
        if unlinked:
            about: dict[str, str | int] = {"gifts": unlinked}
            append_entry(connection, Entry(now, visit.holder, Event.DEVICE_FORGOTTEN, "device", detail=about))
    return unlinked
