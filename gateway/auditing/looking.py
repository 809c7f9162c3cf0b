"""Looking at the log is itself written down: who, at which page, through which filter."""

from datetime import datetime, timedelta

from gateway.ledger import Actor, Entry, Event
from gateway.runtime import Runtime
from gateway.store.entries import EntryFilter, append_entry, was_noted

# The same page loaded again, or shown after an act on it, is the same look.
ONE_LOOK = timedelta(minutes=1)


def note_look(runtime: Runtime, actor: Actor, view: str, wanted: EntryFilter, now: datetime) -> None:
    """Write down that somebody is shown the entries that a filter finds, on a page of the desk.

    A reader or a network that is looked for stands beside the entry, as it does wherever it is named.
    """
    said, personal = wanted.spelled()
    who = Actor(actor.name, actor.visitor, actor.request_id, {**actor.personal, **personal})
    line = Entry(now, who, Event.LOG_READ, "log", detail={"view": view, "filter": said})
    if not personal:
        with runtime.database.reading() as connection:
            if was_noted(connection, line, now - ONE_LOOK):
                return
    with runtime.database.transaction() as connection:
        append_entry(connection, line)
