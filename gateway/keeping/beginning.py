"""The beginning of a log: under a name of its own, over the tree there is, naming the log before it."""

import secrets
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import Connection

from gateway.checkpoint import check_origin
from gateway.keeping.publishing import Shelf
from gateway.ledger import Actor, Entry, Event, Words
from gateway.merkle import Growth, grown
from gateway.runtime import Runtime
from gateway.store import sealing
from gateway.store.entries import append_entry
from gateway.verify import Note


class AlarmError(Exception):
    """The log is not as it was left; the text says how. Nothing more may be sealed."""


def begin_log(
    runtime: Runtime, actor: Actor, shelf: Shelf, *, because: str, now: datetime | None = None
) -> str:
    """Begin a log under a new name over the leaves there are, naming the one before; returns the name.

    For the first start, and for an operator after an alarm: the old checkpoints stay what they are.
    """
    began = now or runtime.clock()
    before = shelf.newest()
    with runtime.database.transaction() as connection:
        return begin_log_within(connection, actor, runtime.base_url, began, before=before, because=because)


def begin_log_within(
    connection: Connection, actor: Actor, base_url: str, now: datetime, *, before: Note | None, because: str
) -> str:
    """Begin a log within the caller's transaction; `before` is the newest checkpoint that was published.

    Raises AlarmError where the tree that is there is not whole.
    """
    origin = check_origin(f"{urlsplit(base_url).netloc}/log/{secrets.token_hex(4)}")
    growth = read_whole_tree(connection)
    kept = growth.size
    log_id = sealing.add_log(connection, origin=origin, begun_at=now, kept=kept)
    if kept:
        sealing.add_checkpoint(connection, log_id=log_id, size=kept, root=growth.root(), made_at=now)
    about = {"origin": origin, "kept": kept, "because": because, **_named(before)}
    append_entry(connection, Entry(now, actor, Event.LOG_BEGUN, "log", detail=about))
    return origin


def _named(before: Note | None) -> Words:
    if before is None:
        return {}
    return {"before": before.origin, "before_size": before.size, "before_root": before.root.hex()}


def read_tree(connection: Connection, size: int) -> Growth:
    """Take the tree up out of the few hashes that it grows by; raises AlarmError where one is missing."""
    try:
        return grown(size, lambda level, start, stop: sealing.list_hashes(connection, level, start, stop))
    except ValueError as fault:
        raise AlarmError(str(fault)) from None


def read_whole_tree(connection: Connection) -> Growth:
    """Build the tree anew from every leaf, and see that what is stored of it above the leaves agrees."""
    growth, leaves = Growth(), sealing.count_leaves(connection)
    for hashed in sealing.each_hash(connection, leaves):
        for _ in growth.append(hashed):
            pass
    if growth.size != leaves:
        raise AlarmError("leaves of the tree are missing; restore a backup")
    if growth.root() != read_tree(connection, growth.size).root():
        raise AlarmError("the nodes of the tree do not agree with its leaves; restore a backup")
    return growth
