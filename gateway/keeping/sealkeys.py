"""The keys that seal the log: a new one beside the old, an old one retired; each is an entry of the log they seal."""

from gateway.checkpoint import public_line
from gateway.keeping.publishing import Shelf
from gateway.ledger import Actor, Entry, Event
from gateway.runtime import Runtime
from gateway.sealkeys import SealKeyError, SealKeys
from gateway.store.entries import append_entry


def list_seal_keys(keys: SealKeys, shelf: Shelf) -> list[str]:
    """List the public keys under the name of the log that they seal now, oldest first; raises SealKeyError."""
    origin = _origin(shelf)
    return [public_line(origin, key) for key in keys.private_keys()]


def rotate_seal_key(runtime: Runtime, actor: Actor, keys: SealKeys, shelf: Shelf) -> str:
    """Add a key and say so in the log, which the old ones still seal; returns its public line."""
    now = runtime.clock()
    origin = _origin(shelf)
    with runtime.database.transaction() as connection:
        line = public_line(origin, keys.rotate())
        append_entry(connection, Entry(now, actor, Event.SEAL_KEY_ADDED, "log", detail={"key": line}))
    return line


def retire_seal_key(runtime: Runtime, actor: Actor, keys: SealKeys, public: bytes, line: str) -> None:
    """Let a key sign no more; raises SealKeyError for the last one and for one that is not there."""
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        append_entry(connection, Entry(now, actor, Event.SEAL_KEY_RETIRED, "log", detail={"key": line}))
        keys.retire(public)


def _origin(shelf: Shelf) -> str:
    newest = shelf.newest()
    if newest is None:
        raise SealKeyError(
            f"{shelf.folder}: no checkpoint yet, so the log has no name; run `gateway jobs run`"
        )
    return newest.origin
