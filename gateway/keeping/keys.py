"""The keys that sign links: a new one at any time, an old one dropped when no living link needs it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from gateway.keys import KeyFileError, KeyRing
from gateway.ledger import Actor, Entry, Event
from gateway.runtime import Runtime
from gateway.store import gifts, schema, upkeep
from gateway.store.engine import Database
from gateway.store.entries import append_entry, has_entry


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One key, and the living links that need it; the newest signs, and a `lost` one is not in the key file."""

    id: str
    signs: bool
    links: int
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """How many living links need a key, and until when the last of them lives."""

    links: int
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Retired:
    """A key that verifies no more, and how many living links died with it."""

    id: str
    links: int


def list_keys(runtime: Runtime) -> list[KeyLine]:
    """List the keys, oldest first; before them the lost ones, which living links need and the key file lacks."""
    now = runtime.clock()
    newest = runtime.keys.signer.newest
    with runtime.database.reading() as connection:
        lost = lost_keys(connection, runtime.keys, now)
        needed = gifts.count_gifts_by_key(connection, now)
    kept = [KeyLine(key.id, key.id == newest, needed.get(key.id, 0)) for key in runtime.keys.keys.link_keys]
    return lost + kept


def lost_keys(connection: Connection, ring: KeyRing, now: datetime) -> list[KeyLine]:
    """List the keys that living links need and the key file lacks, but for those that were retired on purpose."""
    unknown = [key_id for key_id in upkeep.list_signing_keys(connection) if key_id not in ring.signer.key_ids]
    lines = [
        KeyLine(key_id, False, upkeep.find_need_of_key(connection, key_id, now)[0], True)
        for key_id in unknown
    ]
    return [
        line
        for line in lines
        if line.links and not has_entry(connection, Event.KEY_RETIRED, f"key:{line.id}")
    ]


def holds_gifts(database: Database) -> bool:
    """Tell whether a database holds gifts, whose links need the keys that signed them."""
    with database.reading() as connection:
        return schema.current(connection) is not None and upkeep.has_gifts(connection)


def need_of_key(runtime: Runtime, key_id: str) -> Need:
    """Tell who still needs a key; raises KeyFileError for one that may not be retired at all."""
    now = runtime.clock()
    _refuse(runtime, key_id)
    with runtime.database.reading() as connection:
        return Need(*upkeep.find_need_of_key(connection, key_id, now))


def rotate_key(runtime: Runtime, actor: Actor) -> str:
    """Add a key that signs from now on, everywhere within a second; old links live. Returns its id."""
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        key_id = runtime.keys.rotate()
        append_entry(connection, Entry(now, actor, Event.KEY_ADDED, f"key:{key_id}"))
    return key_id


def retire_key(runtime: Runtime, actor: Actor, key_id: str, *, compromised: bool) -> Retired | Need:
    """Drop a key that no living link needs; a compromised one at once, and with it all its links.

    Returns the need, with nothing done, where there is one. Raises KeyFileError for an unknown key and for the
    one that signs: another has to be there first.
    """
    now = runtime.clock()
    _refuse(runtime, key_id)
    with runtime.database.transaction() as connection:
        need = Need(*upkeep.find_need_of_key(connection, key_id, now))
        if need.links and not compromised:
            return need
        # The entry comes first: one about a key that is still there can be explained, the reverse cannot.
        about: dict[str, str | int] = {"compromised": int(compromised), "links": need.links}
        append_entry(connection, Entry(now, actor, Event.KEY_RETIRED, f"key:{key_id}", detail=about))
        runtime.keys.retire(key_id)
    return Retired(key_id, need.links)


def _refuse(runtime: Runtime, key_id: str) -> None:
    signer = runtime.keys.signer
    if key_id not in signer.key_ids:
        known = ", ".join(key.id for key in runtime.keys.keys.link_keys)
        raise KeyFileError(f"{runtime.keys.path}: no key {key_id!r}; the keys are {known}")
    if key_id == signer.newest:
        raise KeyFileError(f"{key_id!r} is the key that signs; run `gateway keys rotate` first")
