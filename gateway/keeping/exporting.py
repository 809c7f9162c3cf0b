"""The parts of a file that verifies by itself: entries, hashes, personal values and checkpoints, written in flat memory."""

import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from zipfile import ZipFile

from sqlalchemy import Connection

from gateway import verify
from gateway.store import tree
from gateway.verify import Note, Progress

Elsewhere = Callable[[int], bool]
"""Tells of an entry's number whether it is in another file."""


def part(archive: ZipFile, name: str) -> io.BufferedWriter:
    """Open a part to write lines into; they are gathered first, since compressing a line at a time is slow."""
    return io.BufferedWriter(archive.open(name, "w", force_zip64=True), 1 << 20)


def write_entries(
    archive: ZipFile,
    connection: Connection,
    start: int,
    stop: int,
    *,
    elsewhere: Elsewhere,
    progress: Progress | None,
) -> None:
    """Write the entries from a place in the tree to before another, and the hash that was stored of each."""
    with part(archive, "entries.jsonl") as file:
        for position, number, _, found in tree.each_leaf(connection, stop, start):
            if elsewhere(number):
                file.write(verify.ELSEWHERE)
            else:
                file.write(verify.GONE if found is None else found.canonical() + b"\n")
            if progress is not None and position % verify.STEP == 0:
                progress(position - start)
    # A zip is written one part at a time, and a part of hashes is read again rather than kept.
    with part(archive, "leaves.txt") as file:
        for stored in tree.each_hash(connection, stop, start):
            file.write(stored.hex().encode() + b"\n")


def write_personal(archive: ZipFile, connection: Connection, stop: int) -> None:
    """Write what stands beside the entries before a place in the tree."""
    with part(archive, "personal.jsonl") as file:
        for position, what, salt, value in tree.each_beside(connection, stop):
            row = {"position": position, "field": what, "salt": salt.hex(), "value": value}
            file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")


def write_notes(archive: ZipFile, notes: Iterable[Note]) -> None:
    """Write checkpoints."""
    with part(archive, "checkpoints.txt") as file:
        for note in notes:
            file.write(note.spelled().encode())


def write_verifier(archive: ZipFile) -> None:
    """Write the program that verifies the file."""
    archive.writestr("verify.py", Path(verify.__file__).read_text("utf-8"))
