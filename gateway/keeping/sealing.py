"""The sealer: what waits in the outbox becomes leaves of the tree, and the tree a signed checkpoint outside the database."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from gateway.checkpoint import Checkpoint
from gateway.keeping.beginning import After, AlarmError, begin_log, read_first_note, read_tree
from gateway.keeping.leases import Lease
from gateway.keeping.publishing import PublishingError, Shelf
from gateway.keeping.rolling import Counting
from gateway.ledger import GATEWAY, Entry, Event, Outcome, SealedEntry
from gateway.merkle import Growth, Node, consistency_proof
from gateway.runtime import Runtime
from gateway.sealkeys import SealKeyError, SealKeys
from gateway.store import sealing, tree
from gateway.store.entries import append_entry
from gateway.store.sealing import LogState, Waiting
from gateway.verify import Note, leaf_hash, verify_consistency

LEASE = "sealer"
BEAT_SECONDS = 2.0
HEARTBEAT = timedelta(minutes=1)
# At a beat, so that the lease is renewed and a stop is heard in between, however much waits.
BATCHES_AT_ONCE = 20

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one transaction seals: entries, their hashes, and the tree with them."""

    entries: list[SealedEntry]
    entry_ids: list[int]
    hashes: list[bytes]
    nodes: list[Node]
    growth: Growth


class Sealer:
    """Seals, as long as it has the lease, beat by beat; it writes in transactions of its own, so no act waits for it."""

    def __init__(self, runtime: Runtime, keys: SealKeys, shelf: Shelf) -> None:
        self._runtime = runtime
        self._keys = keys
        self._shelf = shelf
        self._lease = Lease(runtime, LEASE)
        self._counting = Counting(runtime)
        self._growth: Growth | None = None
        self._clashed_at = -1
        # What was sealed and not counted: before there were rollups, or while they are counted anew.
        self._uncounted = True

    def run(self, stop: threading.Event) -> None:
        """Beat until told to stop; what failed is tried again at the next beat."""
        while not stop.is_set():
            try:
                self.beat()
            # A row that holds what no gateway wrote may not be readable at all.
            except (SQLAlchemyError, PublishingError, SealKeyError, ValueError) as fault:
                log.warning("sealer_waits", error=type(fault).__name__, told=str(fault).partition("\n")[0])
            stop.wait(BEAT_SECONDS)
        self.release()

    def release(self) -> None:
        """Give the lease up, so that another need not wait until it runs out."""
        self._lease.release()

    def beat(self) -> int:
        """Seal what waits and publish the checkpoint over it; returns how many entries were sealed.

        Does nothing while another has the lease or the log is stopped. Raises PublishingError, after which the
        same checkpoint is published at the next beat.
        """
        now = self._runtime.clock()
        if not self._lease.held(now):
            self._growth = None
            return 0
        state = self._state(now)
        if state.stopped_because is not None:
            return 0
        try:
            sealed = self._seal(state, now)
            self._publish(now)
            self._uncounted = self._uncounted and self._counting.catch_up() > 0
        except AlarmError as alarm:
            self._stop(state, str(alarm), now)
            return 0
        return sealed

    def _state(self, now: datetime) -> LogState:
        with self._runtime.database.reading() as connection:
            state = sealing.find_log(connection)
        if state is not None:
            return state
        because = "the first start"
        published = self._shelf.newest()
        if published is not None:
            # What it had published stays, so to whoever verifies the log is cut off.
            because = "the database had no log"
            log.warning("log_begun_anew", before=published.origin, published=published.size)
        begin_log(self._runtime, GATEWAY, After.of(self._shelf, self._keys.private_keys()), because, now)
        return self._state(now)

    def _seal(self, state: LogState, now: datetime) -> int:
        self._growth = self._taken_up(state)
        if state.made_at is None or now - state.made_at >= HEARTBEAT:
            self._beat_heart(now)
        sealed = 0
        for _ in range(BATCHES_AT_ONCE):
            with self._runtime.database.reading() as connection:
                waiting = sealing.list_waiting(connection)
            if not waiting:
                break
            self._write(state, _batch(self._growth, waiting), now)
            sealed += len(waiting)
        return sealed

    def _taken_up(self, state: LogState) -> Growth:
        """Find the tree in memory, or read it where the database has moved on, and hold it against its checkpoint."""
        growth = self._growth
        with self._runtime.database.reading() as connection:
            leaves = tree.count_leaves(connection)
            if growth is None or growth.size != state.size:
                growth = read_tree(connection, leaves)
        if leaves != state.size:
            raise AlarmError(
                f"the tree has {leaves} leaves, its newest checkpoint in the database {state.size}"
            )
        if state.size and growth.root() != state.root:
            raise AlarmError(f"the tree does not have the root of its checkpoint at size {state.size}")
        return growth

    def _beat_heart(self, now: datetime) -> None:
        """Write that nothing happened, unless something waits; so that the end of the log is never older than a minute."""
        with self._runtime.database.reading() as connection:
            waits = sealing.find_oldest_waiting(connection) is not None
        if not waits:
            with self._runtime.database.transaction() as connection:
                append_entry(connection, Entry(now, GATEWAY, Event.LOG_HEARTBEAT, "log"))

    def _write(self, state: LogState, batch: _Batch, now: datetime) -> None:
        start = batch.growth.size - len(batch.entry_ids)
        try:
            with self._runtime.database.transaction() as connection:
                sealing.add_leaves(connection, start, batch.entry_ids, batch.hashes)
                sealing.add_nodes(connection, batch.nodes)
                root = batch.growth.root()
                sealing.add_checkpoint(
                    connection, log_id=state.id, size=batch.growth.size, root=root, made_at=now
                )
                sealing.drop_waiting(connection, batch.entry_ids)
                # Here, so that what is sealed is counted once: both are committed, or neither.
                counted = self._counting.count_sealed(connection, batch.entries, start)
        except IntegrityError as fault:
            # Once it may have been a process whose lease ran out in the middle; then the next beat finds its work.
            if self._clashed_at == start:
                raise AlarmError(f"a place in the tree from position {start} on is taken") from fault
            self._clashed_at, self._growth = start, None
            raise
        self._growth = batch.growth
        self._uncounted = self._uncounted or not counted

    def _publish(self, now: datetime) -> None:
        """Sign and publish the newest checkpoint, once it is proven to go on from the one that was published before."""
        with self._runtime.database.reading() as connection:
            state = sealing.find_log(connection)
            if state is None or not state.size:
                return
            published = self._shelf.newest_of(state.origin)
            first = self._first_note(state) if published is None else None
            before = published or first
            if before is not None and before.size:
                if published is not None and (before.size, before.root) == (state.size, state.root):
                    return
                _check_consistency(connection, before, state)
        if first is not None:
            self._shelf.publish(first.spelled(), now)
        self._shelf.publish(self._signed(state), now)

    def _signed(self, state: LogState) -> str:
        # Read before: keys that cannot be read just now are no alarm, and the next beat tries again.
        keys = self._keys.private_keys()
        try:
            return Checkpoint(state.origin, state.size, state.root).signed(keys)
        except ValueError as fault:
            raise AlarmError(f"the database's log cannot be signed for: {fault}") from None

    def _first_note(self, state: LogState) -> Note | None:
        """Read the note with which a log goes on from the newest that was published; None where none was."""
        newest = self._shelf.newest()
        if newest is None:
            return None
        return read_first_note(state, newest, self._keys.public_keys())

    def _stop(self, state: LogState, because: str, now: datetime) -> None:
        """Stop the log for good and raise the alarm: in the process's log, in the log itself, at /readyz."""
        log.error("sealer_stopped", origin=state.origin, because=because)
        self._growth = None
        with self._runtime.database.transaction() as connection:
            sealing.add_stop(connection, state.id, at=now, because=because)
            about = {"origin": state.origin, "because": because}
            append_entry(
                connection, Entry(now, GATEWAY, Event.LOG_STOPPED, "log", Outcome.DENY, detail=about)
            )


def _batch(growth: Growth, waiting: list[Waiting]) -> _Batch:
    batch = _Batch([], [], [], [], growth.copy())
    for each in waiting:
        if each.entry is None:
            raise AlarmError(f"entry {each.entry_id} was deleted before it was sealed")
        if b"\n" in (spelt := each.entry.canonical()):
            raise AlarmError(f"entry {each.entry_id} has a line's end within it; no gateway wrote it")
        batch.entries.append(each.entry)
        batch.entry_ids.append(each.entry_id)
        hashed = leaf_hash(spelt)
        batch.hashes.append(hashed)
        batch.nodes.extend(batch.growth.append(hashed))
    return batch


def _check_consistency(connection: Connection, before: Note, state: LogState) -> None:
    """Prove that the checkpoint to be goes on from the one that was published, out of what the database holds now."""
    if before.size > state.size:
        raise AlarmError(f"{before.size} entries were published as sealed, the database has {state.size}")
    try:
        proof = consistency_proof(
            partial(tree.list_hashes, connection),
            before.size,
            state.size,
        )
    except ValueError as fault:
        raise AlarmError(str(fault)) from None
    if not verify_consistency(before.size, state.size, proof, before.root, state.root):
        raise AlarmError(
            f"the tree at size {state.size} does not go on from the checkpoint published at size {before.size}"
        )
