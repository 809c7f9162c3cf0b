"""Rotating and retiring the keys that sign links, as entries of the log."""

from dataclasses import dataclass
from datetime import datetime

from gateway.ledger import Actor, Entry, Event
from gateway.runtime import Runtime
from gateway.store import upkeep
from gateway.store.entries import append_entry


@dataclass(frozen=True, slots=True)
class Need:
    """How many living gifts a key must still verify, and until when the last of them lives."""

    gifts: int
    until: datetime | None


def need_of_key(runtime: Runtime, key_id: str) -> Need:
    """Tell who still needs a key."""
    now = runtime.clock()
    with runtime.database.reading() as connection:
        return Need(*upkeep.find_need_of_key(connection, key_id, now))


def rotate_key(runtime: Runtime, actor: Actor) -> str:
    """Add a new signing key, which signs from now on; returns its id. Old links live."""
    key_id = runtime.keys.rotate()
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        append_entry(connection, Entry(now, actor, Event.KEY_ADDED, f"key:{key_id}"))
    return key_id


def retire_key(runtime: Runtime, actor: Actor, key_id: str, *, compromised: bool) -> Need:
    """Drop a key. While living links need it, only where it is compromised; then they die, and the need says how many.

    Returns the need; the key was dropped if it was compromised or nobody needed it. Raises KeyFileError.
    """
    need = need_of_key(runtime, key_id)
    if need.gifts and not compromised:
        return need
    runtime.keys.retire(key_id)
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        about = {"compromised": int(compromised), "links": need.gifts}
        append_entry(connection, Entry(now, actor, Event.KEY_RETIRED, f"key:{key_id}", detail=about))
    return need
