"""Proofs: the living log held against its checkpoints, the log in one file for others to verify, one entry, one history."""

import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy import Connection

from gateway import verify
from gateway.keeping.archive import new_file
from gateway.keeping.publishing import Shelf
from gateway.ledger import Actor, Entry, Event, spelled_instant
from gateway.merkle import Nodes, consistency_proof, inclusion_proof
from gateway.runtime import Runtime
from gateway.store import copies, sealing
from gateway.store.entries import append_entry
from gateway.verify import Beside, Line, Note, Progress, Report, examine

FORMAT = 1
FEW = 20


class ProofError(ValueError):
    """Something cannot be proven or exported; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Exported:
    """An export that was made: how many entries, up to which checkpoint, and the size of its file in bytes."""

    entries: int
    origin: str
    size: int


def count_sealed(runtime: Runtime) -> int:
    """Count the entries that are sealed."""
    with runtime.database.reading() as connection:
        return sealing.count_leaves(connection)


def verify_log(
    runtime: Runtime,
    shelf: Shelf,
    keys: Sequence[bytes],
    *,
    kept: Sequence[Path] = (),
    progress: Progress | None = None,
) -> Report:
    """Verify the living log against every checkpoint outside the database, and look for what was never sealed."""
    published = shelf.newest()
    with copies.snapshot(runtime.database) as connection:
        state = sealing.find_log(connection)
        leaves = sealing.count_leaves(connection)
        notes = (note for note in shelf.notes(kept) if _was_published(note, leaves, published))
        unpublished = leaves if published is None else max(0, leaves - published.size)
        report = examine(_lines(connection, leaves), notes, keys, unpublished=unpublished, progress=progress)
        if state is not None and (state.size, state.root) != (leaves, report.root) and not report.faults:
            report.fault(f"the newest checkpoint in the database, at size {state.size}, is not of this tree")
        for entry_id in sealing.list_strays(connection, limit=FEW):
            report.fault(
                f"entry {entry_id} is neither sealed nor waits for it: it was put in past the gateway"
            )
        for entry_id in sealing.list_lost(connection, limit=FEW):
            report.fault(f"entry {entry_id} was deleted before it was sealed")
        waiting = sealing.find_oldest_waiting(connection)
    if unpublished:
        report.remarks.append(
            f"{unpublished} entries are sealed and wait for their checkpoint to be published"
        )
    if waiting is not None:
        report.remarks.append(f"entries wait to be sealed, the oldest since {spelled_instant(waiting)}")
    return report


def export_log(
    runtime: Runtime,
    actor: Actor,
    shelf: Shelf,
    path: Path,
    *,
    personal: bool,
    progress: Progress | None = None,
) -> Exported:
    """Write the log up to its newest checkpoint into one file that verifies by itself, in flat memory.

    With `personal` what stands beside the entries is in it too, and must be handed on with care.
    """
    now = runtime.clock()
    newest = _newest(shelf)
    with new_file(path) as file, ZipFile(file, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        with copies.snapshot(runtime.database) as connection:
            _write_entries(archive, connection, newest.size, progress)
            if personal:
                _write_personal(archive, connection, newest.size)
        with _part(archive, "checkpoints.txt") as notes:
            for note in shelf.notes():
                if _was_published(note, newest.size, newest):
                    notes.write(note.spelled().encode())
        archive.writestr("verify.py", Path(verify.__file__).read_text("utf-8"))
        archive.writestr("about.json", json.dumps(_about(newest, now), indent=1))
    with runtime.database.transaction() as connection:
        about: dict[str, str | int] = {
            "entries": newest.size,
            "origin": newest.origin,
            "personal": int(personal),
        }
        append_entry(connection, Entry(now, actor, Event.LOG_EXPORTED, "log", detail=about))
    return Exported(newest.size, newest.origin, path.stat().st_size)


def prove_entry(runtime: Runtime, shelf: Shelf, entry_id: int) -> str:
    """Make the proof that an entry is in the log, by its newest checkpoint; raises ProofError."""
    newest = _newest(shelf)
    with copies.snapshot(runtime.database) as connection:
        found, leaf = sealing.find_entry(connection, entry_id), sealing.find_leaf(connection, entry_id)
        if found is None:
            raise ProofError(f"there is no entry {entry_id}")
        if leaf is None or leaf[0] >= newest.size:
            raise ProofError(
                f"entry {entry_id} is not sealed yet; `gateway jobs run` does that within seconds"
            )
        path = _made(lambda: inclusion_proof(_nodes(connection), leaf[0], newest.size))
    proof = {
        "entry": found.canonical().decode(),
        "position": leaf[0],
        "proof": [each.hex() for each in path],
        "checkpoint": newest.spelled(),
    }
    return json.dumps(proof, indent=1, ensure_ascii=False)


def prove_history(runtime: Runtime, shelf: Shelf, old: Note) -> str:
    """Make the proof that the newest checkpoint goes on from one that somebody kept; raises ProofError."""
    newest = _newest(shelf)
    with copies.snapshot(runtime.database) as connection:
        path = _made(lambda: consistency_proof(_nodes(connection), old.size, newest.size))
    proof = {
        "old": old.spelled(),
        "checkpoint": newest.spelled(),
        "proof": [each.hex() for each in path],
    }
    return json.dumps(proof, indent=1, ensure_ascii=False)


def _newest(shelf: Shelf) -> Note:
    newest = shelf.newest()
    if newest is None:
        raise ProofError(f"{shelf.folder}: holds no checkpoint; `gateway jobs run` seals the log")
    return newest


def _was_published(note: Note, leaves: int, newest: Note | None) -> bool:
    """Leave out what was published after the database was read; a checkpoint from before that must find its entries."""
    if newest is None or note.size <= leaves:
        return True
    return note.origin != newest.origin or note.size <= newest.size


def _nodes(connection: Connection) -> Nodes:
    return lambda level, start, stop: sealing.list_hashes(connection, level, start, stop)


def _made(make: Callable[[], list[bytes]]) -> list[bytes]:
    try:
        return make()
    except ValueError as fault:
        raise ProofError(str(fault)) from None


def _lines(connection: Connection, stop: int) -> Iterator[Line]:
    beside = groupby(sealing.each_beside(connection, stop), key=itemgetter(0))
    waiting = next(beside, None)
    for position, entry_id, stored, found in sealing.each_leaf(connection, stop):
        values: list[Beside] = []
        # The next group is asked for only when this one was read, as groupby wants it.
        while waiting is not None and waiting[0] <= position:
            values = [(what, salt, value) for _, what, salt, value in waiting[1]]
            waiting = next(beside, None)
        yield Line(position, entry_id, stored, None if found is None else found.canonical(), values)


def _part(archive: ZipFile, name: str) -> io.BufferedWriter:
    # What is written line by line is gathered first: compressing a line at a time is slow.
    return io.BufferedWriter(archive.open(name, "w", force_zip64=True), 1 << 20)


def _write_entries(archive: ZipFile, connection: Connection, stop: int, progress: Progress | None) -> None:
    with _part(archive, "entries.jsonl") as file:
        for position, _, _, found in sealing.each_leaf(connection, stop):
            file.write(b"null\n" if found is None else found.canonical() + b"\n")
            if progress is not None and position % verify.STEP == 0:
                progress(position)
    # A zip is written one part at a time, and a part of hashes is read again rather than kept.
    with _part(archive, "leaves.txt") as file:
        for stored in sealing.each_hash(connection, stop):
            file.write(stored.hex().encode() + b"\n")


def _write_personal(archive: ZipFile, connection: Connection, stop: int) -> None:
    with _part(archive, "personal.jsonl") as file:
        for position, what, salt, value in sealing.each_beside(connection, stop):
            row = {"position": position, "field": what, "salt": salt.hex(), "value": value}
            file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")


def _about(newest: Note, now: datetime) -> dict[str, str | int]:
    return {
        "format": FORMAT,
        "origin": newest.origin,
        "entries": newest.size,
        "made_at": spelled_instant(now),
        "verify": "python verify.py FILE --key KEY, with the key from the publisher and verify.py from a release",
    }
