"""The beginning of a log: under a name of its own, over the tree there is, naming the log before it under the sealing keys."""

import re
import secrets
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from gateway.checkpoint import Checkpoint, check_origin
from gateway.keeping.publishing import Shelf
from gateway.ledger import Actor, Entry, Event, Words
from gateway.merkle import Growth, grown
from gateway.runtime import Runtime
from gateway.store import sealing, tree
from gateway.store.entries import append_entry
from gateway.store.sealing import LogState
from gateway.verify import Beginning, Note, UnreadableError, read_note


class AlarmError(Exception):
    """The log is not as it was left; the text says how. Nothing more may be sealed."""


@dataclass(frozen=True, slots=True)
class After:
    """What a log goes on from: the newest checkpoint that was published, if any, and the sealing keys that sign so.

    `history` are the sizes and roots that were published of that log and of those it went on from, smallest first.
    `restored` gives up what they cover and the tree has not.
    """

    published: Note | None = None
    keys: Sequence[Ed25519PrivateKey] = ()
    history: Sequence[tuple[int, bytes]] = ()
    restored: bool = False

    @classmethod
    def of(cls, shelf: Shelf, keys: Sequence[Ed25519PrivateKey]) -> "After":
        """Read from where checkpoints are published what a log would go on from."""
        published = shelf.newest()
        return cls(published, keys, () if published is None else history_of(shelf, published))

    def first_note(self, connection: Connection, origin: str, size: int, root: bytes) -> str:
        """Sign the first checkpoint of a log over what it takes over; empty where there was no log before."""
        before = self.published
        if before is None:
            return ""
        shared = self._shared(connection, size) if self.restored else None
        said = Beginning(before.origin, before.size, before.root, shared)
        return Checkpoint(origin, size, root).signed(self.keys, said.spelled())

    def _shared(self, connection: Connection, size: int) -> int:
        """Find the largest size that was published and that the tree of this size goes on from."""

        def differs(at: tuple[int, bytes]) -> bool:
            return at[0] > size or read_tree(connection, at[0]).root() != at[1]

        agreeing = bisect_left(self.history, True, key=differs)
        return self.history[agreeing - 1][0] if agreeing else 0


def history_of(shelf: Shelf, published: Note) -> list[tuple[int, bytes]]:
    """List sizes and roots that were published of a log, and of those before it as far as it goes on from them."""
    history: list[tuple[int, bytes]] = []
    origin, until, seen = published.origin, published.size, set[str]()
    while origin not in seen:
        seen.add(origin)
        notes = [note for note in shelf.notes_of(origin) if note.size <= until]
        history[:0] = [(note.size, note.root) for note in notes]
        said = notes[0].beginning if notes else None
        if said is not None:
            origin, until = said.before, notes[0].size if said.shared is None else said.shared
    return history


def begin_log(runtime: Runtime, actor: Actor, after: After, because: str, now: datetime | None = None) -> str:
    """Begin a log under a new name over the leaves there are, naming the one before; returns the name.

    For the first start, and for an operator after an alarm: the old checkpoints stay what they are.
    """
    began = now or runtime.clock()
    with runtime.database.transaction() as connection:
        return begin_log_within(connection, actor, runtime.base_url, began, after, because)


def begin_log_within(
    connection: Connection, actor: Actor, base_url: str, now: datetime, after: After, because: str
) -> str:
    """Begin a log within the caller's transaction.

    What it says of the log before is signed here: whoever has the database and no sealing key can begin no log that
    goes on from another. Raises AlarmError where the tree that is there is not whole.
    """
    # An origin says where a log is from, but need not be an address: what no origin has gives way.
    host = re.sub(r"[^A-Za-z0-9.:\[\]_-]", "-", urlsplit(base_url).netloc)
    origin = check_origin(f"{host}/log/{secrets.token_hex(4)}")
    growth = read_whole_tree(connection)
    kept, root = growth.size, growth.root()
    note = after.first_note(connection, origin, kept, root)
    log_id = sealing.add_log(connection, origin=origin, begun_at=now, kept=kept, note=note)
    if kept:
        sealing.add_checkpoint(connection, log_id=log_id, size=kept, root=root, made_at=now)
    about = {"origin": origin, "kept": kept, "because": because, **_named(after.published)}
    append_entry(connection, Entry(now, actor, Event.LOG_BEGUN, "log", detail=about))
    return origin


def read_first_note(state: LogState, published: Note, public: Sequence[bytes]) -> Note:
    """Read the first checkpoint of a log that goes on from what was published of another.

    Raises AlarmError where no holder of a sealing key signed it: then somebody began the log in the database.
    """
    note = first_note_of(state)
    said = None if note is None else note.beginning
    before = None if said is None else (said.before, said.size, said.root)
    named = before == (published.origin, published.size, published.root)
    if note is None or not named or note.origin != state.origin or not note.signed_by(public):
        raise AlarmError(
            f"the database has a log {state.origin}, of which {published.origin}, published up to size "
            f"{published.size}, knows nothing: neither a restore nor `gateway audit begin` signed for it, or the "
            "checkpoints are another database's"
        )
    return note


def first_note_of(state: LogState) -> Note | None:
    """Read the first checkpoint of a log as the database has it, whoever signed it; None where that is none."""
    try:
        return read_note(state.note)
    except UnreadableError:
        return None


def _named(before: Note | None) -> Words:
    if before is None:
        return {}
    return {"before": before.origin, "before_size": before.size, "before_root": before.root.hex()}


def read_tree(connection: Connection, size: int) -> Growth:
    """Take the tree up out of the few hashes that it grows by; raises AlarmError where one is missing."""
    try:
        return grown(size, partial(tree.list_hashes, connection))
    except ValueError as fault:
        raise AlarmError(str(fault)) from None


def read_whole_tree(connection: Connection) -> Growth:
    """Build the tree anew from every leaf, and see that what is stored of it above the leaves agrees."""
    growth, leaves = Growth(), tree.count_leaves(connection)
    for hashed in tree.each_hash(connection, leaves):
        for _ in growth.append(hashed):
            pass
    if growth.size != leaves:
        raise AlarmError("leaves of the tree are missing; restore a backup")
    if growth.root() != read_tree(connection, growth.size).root():
        raise AlarmError("the nodes of the tree do not agree with its leaves; restore a backup")
    return growth
