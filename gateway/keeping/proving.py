"""Proofs: the living log held against its checkpoints, the log in one file for others to verify, one entry, one history."""

import hashlib
import json
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy import Connection

from gateway.keeping.archive import new_file
from gateway.keeping.beginning import first_note_of
from gateway.keeping.exporting import Elsewhere, write_entries, write_notes, write_personal, write_verifier
from gateway.keeping.publishing import Shelf
from gateway.ledger import Actor, Entry, Event, spelled_instant
from gateway.merkle import Nodes, consistency_proof, inclusion_proof
from gateway.runtime import Runtime
from gateway.store import copies, months, sealing, tree
from gateway.store.entries import append_entry
from gateway.store.sealing import LogState
from gateway.verify import Beside, Line, Months, Note, Progress, Report, examine, merged

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
        return tree.count_leaves(connection)


def verify_log(
    runtime: Runtime,
    shelf: Shelf,
    keys: Sequence[bytes],
    *,
    kept: Sequence[Path] = (),
    archive: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Verify the living log against every checkpoint outside the database, and look for what was never sealed.

    Of months that were put away there are the hashes; with the folder `archive` their entries are verified too.
    """
    published = shelf.newest()
    with copies.snapshot(runtime.database) as connection:
        state = sealing.find_log(connection)
        leaves = tree.count_leaves(connection)
        notes = (note for note in _notes(shelf, kept, state) if _was_published(note, leaves, published))
        unpublished = leaves if published is None else max(0, leaves - published.size)
        put_away = Months(archive) if archive is not None else None
        lines = _lines(connection, leaves, _put_away(connection), put_away)
        report = examine(lines, notes, keys, unpublished=unpublished, progress=progress)
        _examine_archive(connection, archive, report)
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
        report.remarks.append(f"{unpublished} entries are sealed and wait to be published")
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
            put_away = _put_away(connection)
            write_entries(archive, connection, 0, newest.size, elsewhere=put_away, progress=progress)
            if personal:
                write_personal(archive, connection, newest.size)
        write_notes(archive, (note for note in shelf.notes() if _was_published(note, newest.size, newest)))
        write_verifier(archive)
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
        found, leaf = tree.find_entry(connection, entry_id), tree.find_leaf(connection, entry_id)
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


def _notes(shelf: Shelf, kept: Sequence[Path], state: LogState | None) -> Iterator[Note]:
    """Yield every checkpoint, and the first one of a log that a restore began and nobody has sealed since."""
    first = None if state is None or shelf.newest_of(state.origin) else first_note_of(state)
    return shelf.notes(kept) if first is None else merged([shelf.notes(kept), iter([first])])


def _nodes(connection: Connection) -> Nodes:
    return partial(tree.list_hashes, connection)


def _made(make: Callable[[], list[bytes]]) -> list[bytes]:
    try:
        return make()
    except ValueError as fault:
        raise ProofError(str(fault)) from None


def _lines(
    connection: Connection, stop: int, is_put_away: Elsewhere, archive: Months | None
) -> Iterator[Line]:
    beside = groupby(tree.each_beside(connection, stop), key=itemgetter(0))
    waiting = next(beside, None)
    for position, entry_id, stored, found in tree.each_leaf(connection, stop):
        values: list[Beside] = []
        # The next group is asked for only when this one was read, as groupby wants it.
        while waiting is not None and waiting[0] <= position:
            values = [(what, salt, value) for _, what, salt, value in waiting[1]]
            waiting = next(beside, None)
        elsewhere = found is None and is_put_away(entry_id)
        text = None if found is None else found.canonical()
        if elsewhere and archive is not None and archive.cover(position):
            text, elsewhere = archive.entry_at(position, stored), False
        yield Line(position, entry_id, stored, text, values, elsewhere)


def _put_away(connection: Connection) -> Elsewhere:
    """Tell which numbers were put away; the parts are in order, and most of them follow one another."""
    ranges = sorted((each.part.from_number, each.part.to_number) for each in months.list_put_away(connection))
    starts = [low for low, _ in ranges]

    def elsewhere(number: int) -> bool:
        at = bisect_right(starts, number) - 1
        return at >= 0 and number < ranges[at][1]

    return elsewhere


def _examine_archive(connection: Connection, folder: Path | None, report: Report) -> None:
    """Say which months were put away, hold each against the receipt that was signed for it, and its file against both."""
    receipts = {(each.month, each.sha256) for each in report.receipts}
    for file, each in {each.file: each for each in months.list_put_away(connection)}.items():
        if (each.part.month, each.sha256.hex()) not in receipts:
            report.fault(
                f"{each.part.month} is gone, and no receipt signed by a key that was given says that it was put away"
            )
        if folder is None:
            report.remarks.append(
                f"{each.part.month} is in the archive, {file}; --archive FOLDER verifies it too"
            )
        elif not (folder / file).is_file():
            report.fault(f"{each.part.month} was put away into {file}, which is not in {folder}")
        elif _sha256(folder / file) != each.sha256:
            report.fault(f"{folder / file} is not the file that {each.part.month} was put away into")


def _sha256(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _about(newest: Note, now: datetime) -> dict[str, str | int]:
    return {
        "format": FORMAT,
        "origin": newest.origin,
        "entries": newest.size,
        "made_at": spelled_instant(now),
        "verify": "python verify.py FILE --key KEY, with the key from the publisher and verify.py from a release",
    }
