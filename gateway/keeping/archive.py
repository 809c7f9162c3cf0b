"""The backup's file: a zip of one part of JSON lines a table, and a manifest that says what each must hold."""

import base64
import hashlib
import io
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile
from zlib import error as ZlibError  # noqa: N812 - It is a class, named as no class should be.

from gateway.store.copies import KINDS, Layout

FORMAT = 1
MANIFEST = "manifest.json"
BLOCK = 1 << 20


class BackupError(ValueError):
    """A backup cannot be made or used; the text names the file and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One table's file in a backup: its layout, how many rows, and the SHA-256 of its lines."""

    layout: Layout
    rows: int
    sha256: str

    @property
    def file(self) -> str:
        """The part's name within the backup."""
        return f"{self.layout.name}.jsonl"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: the tables' step, the instant of the reading, and its parts in the order of loading."""

    revision: str
    made_at: datetime
    parts: tuple[Part, ...]

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(part.rows for part in self.parts)


_WRITE: Mapping[str, Callable[[Any], Any]] = {
    "instant": datetime.isoformat,
    "date": date.isoformat,
    "bytes": lambda value: base64.b64encode(value).decode("ascii"),
}
_READ: Mapping[str, Callable[[Any], Any]] = {
    "instant": datetime.fromisoformat,
    "date": date.fromisoformat,
    "bytes": lambda value: base64.b64decode(value, validate=True),
}


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a file that takes its place whole and synced when the block ends well, and leaves nothing when not.

    Only its owner may read it: a backup holds what opens every link.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
        _sync_folder(path.parent)
    finally:
        Path(name).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    # Until the folder is synced too, a crash can take the file's new name back.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_part(archive: ZipFile, layout: Layout, rows: Iterable[Sequence[Any]]) -> Part:
    """Write a table's rows as lines of JSON, one after another, and describe what was written."""
    writers = [_WRITE.get(kind) for kind in layout.columns.values()]
    sha, count = hashlib.sha256(), 0
    with archive.open(f"{layout.name}.jsonl", "w", force_zip64=True) as file:
        for row in rows:
            cells = [
                cell if cell is None or write is None else write(cell)
                for cell, write in zip(row, writers, strict=True)
            ]
            line = json.dumps(cells, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            sha.update(line)
            file.write(line)
            count += 1
    return Part(layout, count, sha.hexdigest())


def write_manifest(archive: ZipFile, manifest: Manifest) -> None:
    """Write what the parts must hold."""
    content = {
        "format": FORMAT,
        "revision": manifest.revision,
        "made_at": manifest.made_at.isoformat(),
        "parts": [asdict(part) for part in manifest.parts],
    }
    archive.writestr(MANIFEST, json.dumps(content, indent=1), compress_type=ZIP_DEFLATED)


@contextmanager
def opened(path: Path) -> Iterator[tuple[ZipFile, Manifest]]:
    """Yield a backup and its manifest, every part compared with it first; raises BackupError, inside too."""
    try:
        with ZipFile(path) as archive:
            manifest = _manifest(archive, path)
            for part in manifest.parts:
                _verify(archive, part, path)
            yield archive, manifest
    except OSError as fault:
        raise BackupError(f"{path}: cannot be read ({fault.strerror or fault})") from None
    except (BadZipFile, ZlibError, EOFError):
        raise BackupError(f"{path}: is damaged, or no backup") from None


def each_row(archive: ZipFile, part: Part) -> Iterator[list[Any]]:
    """Yield a part's rows as the values they were read as."""
    readers = [_READ.get(kind) for kind in part.layout.columns.values()]
    with archive.open(part.file) as file:
        for line in io.TextIOWrapper(file, encoding="utf-8", newline="\n"):
            yield [
                cell if cell is None or read is None else read(cell)
                for cell, read in zip(json.loads(line), readers, strict=True)
            ]


def _manifest(archive: ZipFile, path: Path) -> Manifest:
    try:
        content = json.loads(archive.read(MANIFEST))
        number = content["format"]
    except (KeyError, ValueError, TypeError):
        raise BackupError(f"{path}: is no backup of the gateway") from None
    if number != FORMAT:
        raise BackupError(
            f"{path}: is of format {number}; this release reads format {FORMAT}; use a newer one"
        )
    try:
        parts = tuple(
            Part(Layout(part["layout"]["name"], part["layout"]["columns"]), part["rows"], part["sha256"])
            for part in content["parts"]
        )
        return Manifest(content["revision"], datetime.fromisoformat(content["made_at"]), parts)
    except (KeyError, ValueError, TypeError):
        raise BackupError(f"{path}: its {MANIFEST} is damaged") from None


def _verify(archive: ZipFile, part: Part, path: Path) -> None:
    if unknown := set(part.layout.columns.values()) - set(KINDS):
        raise BackupError(f"{path}: {part.file} has a column of the unknown kind {min(unknown)!r}")
    sha, lines = hashlib.sha256(), 0
    try:
        with archive.open(part.file) as file:
            while block := file.read(BLOCK):
                sha.update(block)
                lines += block.count(b"\n")
    except KeyError:
        raise BackupError(f"{path}: {part.file} is missing") from None
    if lines != part.rows or sha.hexdigest() != part.sha256:
        raise BackupError(f"{path}: {part.file} is not what its {MANIFEST} says; the backup is damaged")
