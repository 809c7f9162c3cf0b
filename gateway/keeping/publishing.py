"""Where checkpoints are published: a folder outside the database, and an address elsewhere if one is set."""

import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import BufferedRandom
from pathlib import Path
from urllib.parse import urlsplit

from gateway.verify import DASH, Note, merged, notes_in, notes_of, read_note

NEWEST = "checkpoint"
PUT_AWAY = "archived"
ANSWERS_WITHIN_SECONDS = 10.0
LONGEST_NOTE = 4096


class PublishingError(OSError):
    """A checkpoint could not be published; the text says where and why."""


class Shelf:
    """The checkpoints outside the database: each log has a folder with a file a day, and `checkpoint` is the newest.

    With an address every checkpoint is sent there first, by PUT to ADDRESS/LOG/SIZE and ADDRESS/checkpoint, so
    that what the folder has is there too.
    """

    def __init__(self, folder: Path, address: str = "") -> None:
        self.folder = folder
        self.address = address.rstrip("/")

    def newest(self) -> Note | None:
        """Read the newest checkpoint; raises PublishingError for what is none."""
        try:
            return read_note((self.folder / NEWEST).read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as fault:
            raise PublishingError(f"{self.folder / NEWEST}: cannot be used ({fault})") from None

    def newest_of(self, origin: str) -> Note | None:
        """Read the newest checkpoint of one log; None where it has none here. Raises PublishingError."""
        newest = self.newest()
        if newest is not None and newest.origin == origin:
            return newest
        found = None
        for note in self.notes_of(origin):
            found = note
        return found

    def notes_of(self, origin: str) -> Iterator[Note]:
        """Yield every checkpoint of one log, smallest first; raises UnreadableError."""
        days = notes_in(sorted(self._of(origin).glob("*.txt")))
        return (note for note in days if note.origin == origin)

    def publish_receipt(self, note: str) -> None:
        """Publish a signed note that a month was put away, beside the checkpoints of its log. Raises PublishingError."""
        read = read_note(note)
        receipt = read.receipt
        assert receipt is not None  # noqa: S101 - That is what it was signed for.
        # By size, so that they are read in order.
        name = f"{read.size:020}-{receipt.month}"
        if self.address:
            _put(f"{self.address}/{_log(read.origin)}/{PUT_AWAY}/{name}", note)
        file = self._of(read.origin) / PUT_AWAY / f"{name}.txt"
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            _replace(file, note)
        except OSError as fault:
            raise PublishingError(f"{file}: cannot be written ({fault.strerror})") from None

    def _of(self, origin: str) -> Path:
        return self.folder / _log(origin)

    def publish(self, note: str, at: datetime) -> None:
        """Publish a signed note; doing so again does no harm. Raises PublishingError."""
        read = read_note(note)
        if self.address:
            for name in (f"{_log(read.origin)}/{read.size}", NEWEST):
                _put(f"{self.address}/{name}", note)
        try:
            day = self._of(read.origin) / f"{at:%Y-%m-%d}.txt"
            day.parent.mkdir(parents=True, exist_ok=True)
            _append(day, note)
            _replace(self.folder / NEWEST, note)
        except OSError as fault:
            raise PublishingError(f"{self.folder}: cannot be written ({fault.strerror})") from None

    def notes(self, kept: Iterable[Path] = ()) -> Iterator[Note]:
        """Yield every checkpoint here and in files that somebody kept, smallest first; raises UnreadableError."""
        here = notes_of(self.folder) if self.folder.is_dir() else []
        return merged([*here, *(stream for path in kept for stream in notes_of(path))])


def shelf_at(where: str, folder: Path) -> Shelf:
    """Open the place that GATEWAY_CHECKPOINTS names: a folder, or an address, beside which `folder` is kept."""
    if urlsplit(where).scheme in {"http", "https"}:
        return Shelf(folder, where)
    return Shelf(Path(where) if where else folder)


def _log(origin: str) -> str:
    return origin.rpartition("/")[2]


def _append(path: Path, note: str) -> None:
    with path.open("a+b") as file:
        _cut_what_a_crash_left(file)
        file.write(note.encode())
        file.flush()
        os.fsync(file.fileno())


def _cut_what_a_crash_left(file: BufferedRandom) -> None:
    size = file.seek(0, os.SEEK_END)
    start = max(0, size - LONGEST_NOTE)
    file.seek(start)
    tail = file.read()
    if (whole := _whole(tail)) < len(tail):
        file.truncate(start + whole)
    file.seek(0, os.SEEK_END)


def _whole(tail: bytes) -> int:
    """Find where the last line ends that is a signature, whole with its line's end."""
    end = at = 0
    for line in tail.splitlines(keepends=True):
        at += len(line)
        if line.startswith(DASH.encode()) and line.endswith(b"\n"):
            end = at
    return end


def _replace(path: Path, note: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        # Anybody may read it: it is there to be handed on.
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _put(address: str, note: str) -> None:
    request = urllib.request.Request(  # noqa: S310 - The operator sets the address, and it is http or https.
        address, note.encode(), {"Content-Type": "text/plain; charset=utf-8"}, method="PUT"
    )
    try:
        with urllib.request.urlopen(request, timeout=ANSWERS_WITHIN_SECONDS):  # noqa: S310
            return
    except (urllib.error.URLError, OSError) as fault:
        raise PublishingError(f"{address}: does not take the checkpoint ({fault})") from None
