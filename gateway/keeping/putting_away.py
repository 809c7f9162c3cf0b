"""Putting old months of the log away: each into a file that verifies by itself, which is read back before the month goes."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError, ProgrammingError

from gateway.checkpoint import Checkpoint
from gateway.keeping.archive import BLOCK, new_file
from gateway.keeping.beginning import AlarmError, history_of, read_tree
from gateway.keeping.exporting import part, write_entries, write_notes, write_verifier
from gateway.keeping.publishing import Shelf
from gateway.ledger import Actor, Entry, Event, spelled_instant
from gateway.logmonth import month_begins, month_of, next_month
from gateway.merkle import consistency_proof
from gateway.runtime import Runtime
from gateway.store import copies, months, tree
from gateway.store.engine import waiting_briefly
from gateway.store.entries import append_entry
from gateway.store.months import Part, PutAway
from gateway.store.schema import first_line
from gateway.verify import Note, Progress, Receipt, verify_export

FORMAT = 2
# Whoever waits for the whole log's lock lets every act wait behind; so it is tried for a moment, a few times.
TRIES = 5


class ArchiveError(ValueError):
    """A month cannot be put away; the text says why and what would do."""


@dataclass(frozen=True, slots=True)
class _Month:
    """A month as the database has it: its parts with their entries, its places in the tree, a checkpoint after them."""

    name: str
    parts: Sequence[Part]
    entries: Sequence[int]
    first: int
    stop: int
    newest: Note
    read_at: datetime

    def lacks(self, number: int) -> bool:
        """Tell whether an entry of this number is of another month."""
        return not any(each.from_number <= number < each.to_number for each in self.parts)


@dataclass(frozen=True, slots=True)
class Archive:
    """Where months are put away: the folder, the checkpoints that prove them, and the public keys that signed these.

    `signing` are the sealing keys, under which each month gets a receipt among the checkpoints.
    """

    folder: Path
    shelf: Shelf
    keys: Sequence[bytes]
    signing: Sequence[Ed25519PrivateKey]


def put_away(
    runtime: Runtime, actor: Actor, archive: Archive, before: str, *, progress: Progress | None = None
) -> Iterator[PutAway]:
    """Put every month before a month such as 2026-05 away, oldest first; yields what was put away, month by month.

    Raises ArchiveError for a month that the policy still keeps, that is not sealed to its end or not whole; what
    was put away before stays so. A crash leaves a month in the database, or in its file, and never in neither.
    """
    now = runtime.clock()
    with runtime.database.reading() as connection:
        names = months.list_months(connection, before)
    _refuse_young(names, now, runtime.policies.in_force(now).policy.retention.entries)
    archive.folder.mkdir(parents=True, exist_ok=True)
    with runtime.database.transaction() as connection:
        months.make_room(connection, now)
    for name in names:
        path = _free_path(archive.folder, name)
        with copies.snapshot(runtime.database) as connection:
            month = _found(connection, name, archive.shelf, now)
            with new_file(path) as file:
                _write(connection, month, file, archive.shelf, progress)
                sha256 = _read_back(file, month, archive.keys, progress)
        # Before the month goes: without its receipt it would be taken for deleted.
        archive.shelf.publish_receipt(_receipt(month, sha256, archive.signing))
        yield from _drop(runtime, actor, month, path, sha256)


def _free_path(folder: Path, name: str) -> Path:
    """Choose the file of a month; one that is there is never written over, for it may be all that is left of entries."""
    path, number = folder / f"log-{name}.zip", 1
    while path.exists():
        number += 1
        path = folder / f"log-{name}-{number}.zip"
    return path


def newest_allowed(now: datetime, kept: timedelta) -> str:
    """Return the oldest month that must stay, such as 2026-05: all before it ended longer ago than `kept`."""
    return month_of(now - kept)


def _refuse_young(names: Sequence[str], now: datetime, kept: timedelta) -> None:
    allowed = newest_allowed(now, kept)
    for name in names:
        if name >= allowed:
            until = month_begins(next_month(name)) + kept
            raise ArchiveError(
                f"{name} is kept for {kept.days} days after its end, as the policy has it (retention.entries); it may be "
                f"put away from {until:%Y-%m-%d} on, and now all before {allowed}"
            )


def _found(connection: Connection, name: str, shelf: Shelf, now: datetime) -> _Month:
    parts = months.list_parts(connection, name)
    waiting = months.count_waiting(connection, parts)
    places = months.find_places(connection, parts)
    newest = shelf.newest()
    if waiting or places is None or newest is None or newest.size < places[1]:
        raise ArchiveError(f"{name} is not sealed to its end; `gateway jobs run` does that within seconds")
    entries = [months.count_entries(connection, each) for each in parts]
    return _Month(name, parts, entries, *places, newest, now)


def _write(
    connection: Connection, month: _Month, file: IO[bytes], shelf: Shelf, progress: Progress | None
) -> None:
    with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        span = month.first, month.stop
        write_entries(archive, connection, *span, elsewhere=month.lacks, progress=progress)
        with part(archive, "repeats.jsonl") as repeats:
            for position, count in months.each_repeated(connection, month.parts):
                repeats.write(json.dumps({"position": position, "count": count}).encode() + b"\n")
        write_notes(archive, _notes(month, shelf))
        write_verifier(archive)
        archive.writestr("about.json", json.dumps(_about(connection, month), indent=1))


def _notes(month: _Month, shelf: Shelf) -> Iterator[Note]:
    """Yield the checkpoints within a month, without those that a restore gave up: they are of entries that are gone."""
    history = set(history_of(shelf, month.newest))
    for note in shelf.notes():
        if month.first <= note.size <= month.stop and (note.size, note.root) in history:
            yield note


def _about(connection: Connection, month: _Month) -> dict[str, object]:
    try:
        before = read_tree(connection, month.first).peaks
        proof = consistency_proof(
            partial(tree.list_hashes, connection),
            month.stop,
            month.newest.size,
        )
    except (AlarmError, ValueError) as fault:
        raise ArchiveError(f"{month.name} cannot be proven: {fault}") from None
    return {
        "format": FORMAT,
        "month": month.name,
        "entries": sum(month.entries),
        "first": month.first,
        "stop": month.stop,
        "before": [each.hex() for each in before],
        "proof": [each.hex() for each in proof],
        "checkpoint": month.newest.spelled(),
        "made_at": spelled_instant(month.read_at),
        "verify": "python verify.py FILE --key KEY, with the key from the publisher and verify.py from a release",
    }


def _receipt(month: _Month, sha256: bytes, signing: Sequence[Ed25519PrivateKey]) -> str:
    said = Receipt(month.name, month.first, month.stop, sum(month.entries), sha256.hex())
    newest = month.newest
    return Checkpoint(newest.origin, newest.size, newest.root).signed(signing, said.spelled())


def _read_back(file: IO[bytes], month: _Month, keys: Sequence[bytes], progress: Progress | None) -> bytes:
    file.flush()
    file.seek(0)
    report = verify_export(file, keys, (), progress)
    if report.faults:
        raise ArchiveError(
            f"{month.name} is not as it was sealed, so it stays: {report.told[0]}; see `gateway audit verify`"
        )
    file.seek(0)
    sha = hashlib.sha256()
    while block := file.read(BLOCK):
        sha.update(block)
    return sha.digest()


def _drop(runtime: Runtime, actor: Actor, month: _Month, path: Path, sha256: bytes) -> list[PutAway]:
    """Drop a month that is in its file, and say so in the log, in one transaction."""
    about: dict[str, str | int] = {"month": month.name, "entries": sum(month.entries), "first": month.first}
    about |= {"stop": month.stop, "file": path.name, "sha256": sha256.hex()}
    line = Entry(month.read_at, actor, Event.LOG_MONTH_ARCHIVED, "log", detail=about)
    gone = [
        PutAway(each, month.read_at, entries, month.first, month.stop, path.name, sha256)
        for each, entries in zip(month.parts, month.entries, strict=True)
    ]
    for left in reversed(range(TRIES)):
        try:
            with runtime.database.transaction() as connection:
                waiting_briefly(connection)
                for each in gone:
                    _drop_part(connection, each)
                append_entry(connection, line)
            break
        except OperationalError:
            if not left:
                raise ArchiveError(
                    f"{month.name} is in {path} and here, since the log is being read all the while; try again"
                ) from None
        except ProgrammingError as fault:
            raise ArchiveError(
                f"{month.name} is in {path} and here, since this role may not drop it: put months away as the "
                f"tables' owner ({first_line(fault)})"
            ) from None
    return gone


def _drop_part(connection: Connection, each: PutAway) -> None:
    if months.drop_part(connection, each) != each.entries:
        raise ArchiveError(f"{each.part.month} has changed while it was put away; nothing was dropped")
