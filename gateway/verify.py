"""Prove the gateway's log away from the gateway, with this one file, Python and the package `cryptography`.

    python verify.py EXPORT --key KEY [--checkpoints PATH …]   every entry, against every checkpoint
    python verify.py MONTH.zip --key KEY [--checkpoints PATH …]  a month that was put away, in its place in the log
    python verify.py PROOF.json --key KEY                      one entry, or one history

KEY is a public key as `gateway audit keys` prints it, or a file of such lines; PATH is a checkpoint somebody kept, a
file of them or a folder; a month's receipt lies among them. With `--archive FOLDER` the months that an export lacks are
read from where they were put away. It ends with 0 when all agrees, with 1 when something does not, with 2 when something
could not be read. What is verified: RFC 6962 (the Merkle tree), C2SP signed-note and tlog-checkpoint (the checkpoints).
"""

import argparse
import base64
import binascii
import hashlib
import heapq
import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import IO
from zipfile import BadZipFile, ZipFile

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

DASH = "— "
ED25519 = b"\x01"
FAULTS_TOLD = 20
STEP = 10_000
# What a checkpoint may say besides, in a line of its own that is signed with it (tlog-checkpoint's extension lines).
BEGUN, RESTORED, ARCHIVED = "begun", "restored", "archived"
# What stands in an export in the place of an entry that is gone, and of one that is in another file.
GONE, ELSEWHERE = NO_ENTRY = b"null\n", b"false\n"

Beside = tuple[str, bytes, str]
Progress = Callable[[int], None]


class UnreadableError(ValueError):
    """Something is not what it was given as; the text names it."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash one entry as RFC 6962 hashes a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees as RFC 6962 hashes a node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A Merkle tree that grows leaf by leaf and keeps only the roots of its whole subtrees, largest first."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)

    def append(self, leaf: bytes) -> None:
        """Add a leaf's hash."""
        size = self.size
        while size & 1:
            leaf = node_hash(self.peaks.pop(), leaf)
            size >>= 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Hash the whole tree."""
        if not self.peaks:
            return hashlib.sha256().digest()
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether the tree of that size and root has this leaf at this index (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes(leaf, root, *proof):
        return False
    at, last, found = index, size - 1, leaf
    for other in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(other, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, other)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(
    old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> bool:
    """Tell whether the newer tree is the older one with leaves added (RFC 9162, 2.1.4.2).

    That it begins with the empty tree says nothing, so that is no consistency either.
    """
    if not 0 < old_size <= new_size:
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    if not proof or not _are_hashes(old_root, new_root, *proof):
        return False
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for other in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(other, old), node_hash(other, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, other)
        at, last = at >> 1, last >> 1
    return last == 0 and old == old_root and new == new_root


def _are_hashes(*found: bytes) -> bool:
    return all(len(each) == 32 for each in found)


def salted(salt: bytes, value: str) -> str:
    """Hash a personal value that stands beside an entry, as the entry has it."""
    return hashlib.sha256(salt + value.encode()).hexdigest()


def key_id(name: str, public: bytes) -> bytes:
    """Compute the four bytes by which a signed note names an Ed25519 key."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def read_key(text: str) -> bytes:
    """Read the 32 bytes of a public key, `NAME+ID+BASE64`; raises UnreadableError."""
    name, _, rest = text.strip().partition("+")
    stated, _, encoded = rest.partition("+")
    try:
        content = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        content = b""
    if len(content) != 33 or content[:1] != ED25519 or key_id(name, content[1:]).hex() != stated:
        raise UnreadableError(f"{text.strip()!r} is no public key; want NAME+ID+BASE64")
    return content[1:]


@dataclass(frozen=True, slots=True)
class Note:
    """A checkpoint: which log, how many entries, the root over them, and who signed that."""

    origin: str
    size: int
    root: bytes
    text: str
    signatures: tuple[tuple[str, bytes], ...]

    def spelled(self) -> str:
        """Spell the note as it was read."""
        lines = (f"{DASH}{name} {base64.b64encode(each).decode()}\n" for name, each in self.signatures)
        return self.text + "\n" + "".join(lines)

    @property
    def beginning(self) -> "Beginning | None":
        """What it says of the log before, where it is the first of a log that goes on from another."""
        for words in self._extensions:
            try:
                how, after, before, size, root, *shared = words
                if (how, after, len(shared)) in {(BEGUN, "after", 0), (RESTORED, "after", 1)}:
                    return Beginning(
                        before,
                        int(size),
                        base64.b64decode(root, validate=True),
                        int(shared[0]) if shared else None,
                    )
            except ValueError:
                continue
        return None

    @property
    def receipt(self) -> "Receipt | None":
        """What it says of a month that was put away, where it is the receipt for one."""
        for words in self._extensions:
            try:
                what, month, first, stop, entries, sha256 = words
                if what == ARCHIVED:
                    return Receipt(month, int(first), int(stop), int(entries), sha256)
            except ValueError:
                continue
        return None

    @property
    def _extensions(self) -> list[list[str]]:
        return [line.split(" ") for line in self.text.split("\n")[3:]]

    def signed_by(self, keys: Iterable[bytes]) -> bool:
        """Tell whether one of these keys signed it; a bad signature under one of them spoils the rest."""
        signed = False
        known = {key_id(self.origin, key): key for key in keys}
        for name, signature in self.signatures:
            key = known.get(signature[:4]) if name == self.origin else None
            if key is not None:
                try:
                    Ed25519PublicKey.from_public_bytes(key).verify(signature[4:], self.text.encode())
                except InvalidSignature:
                    return False
                signed = True
        return signed


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a log's first checkpoint says of the log before: its last checkpoint, and how much of it a restore kept.

    `shared` is the size up to which both are the same, and what came after was given up; None for a log that was
    begun otherwise, which gives up nothing.
    """

    before: str
    size: int
    root: bytes
    shared: int | None

    def spelled(self) -> str:
        """Spell it as a line of a checkpoint."""
        about = f"after {self.before} {self.size} {base64.b64encode(self.root).decode()}"
        return f"{BEGUN} {about}" if self.shared is None else f"{RESTORED} {about} {self.shared}"


@dataclass(frozen=True, slots=True)
class Receipt:
    """That a month was put away: its places in the tree, how many entries of them are its own, and its file's SHA-256."""

    month: str
    first: int
    stop: int
    entries: int
    sha256: str

    def spelled(self) -> str:
        """Spell it as a line of a checkpoint."""
        return f"{ARCHIVED} {self.month} {self.first} {self.stop} {self.entries} {self.sha256}"


def read_note(note: str) -> Note:
    """Read one signed note; raises UnreadableError."""
    body, divided, signed = note.rpartition("\n\n")
    lines = body.split("\n")
    try:
        origin, size, root = lines[0], lines[1], base64.b64decode(lines[2], validate=True)
        signatures = tuple(_signature(line) for line in signed.removesuffix("\n").split("\n"))
    except (IndexError, ValueError):
        divided = ""
    # A line that is empty or not printable would be read otherwise elsewhere.
    sound = all(line and line.isprintable() and not line.startswith(DASH) for line in lines)
    if not divided or not sound or len(root) != 32 or size != str(_number(size)):
        raise UnreadableError(f"{note[:80]!r} is no checkpoint")
    return Note(origin, int(size), root, body + "\n", signatures)


def each_note(lines: Iterable[str]) -> Iterator[Note]:
    """Yield the checkpoints that stand one after another in a file; a last one that is cut off is left out."""
    held: list[str] = []
    signed = False
    for line in lines:
        if signed and not line.startswith(DASH):
            yield read_note("".join(held))
            held, signed = [], False
        held.append(line)
        signed = line.startswith(DASH)
    if signed and held[-1].endswith("\n"):
        yield read_note("".join(held))


@dataclass(slots=True)
class Line:
    """One place of the tree: the entry's number, the hash that was stored, and the entry itself, None where it is gone.

    `elsewhere` says that it is not gone but in another file: a month that was put away, or another month than this one.
    """

    position: int
    entry: int | None
    stored: bytes
    text: bytes | None
    beside: Sequence[Beside] = ()
    elsewhere: bool = False


@dataclass(slots=True)
class _Log:
    """What is known of one origin: the checkpoints that agree and those that do not, and its successors' first ones."""

    last: Note | None = None
    good: Note | None = None
    bad: Note | None = None
    successors: list[Note] = field(default_factory=list)
    receipts: list[Note] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """What a verification found; it is good where there is no fault. `told` has as many faults as one reads."""

    entries: int = 0
    checkpoints: int = 0
    beside: int = 0
    elsewhere: int = 0
    faults: int = 0
    told: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    root: bytes = b""
    receipts: list[Receipt] = field(default_factory=list)
    gaps: list[list[int]] = field(default_factory=list)

    def fault(self, words: str) -> None:
        """Note something that does not agree."""
        self.faults += 1
        if len(self.told) < FAULTS_TOLD:
            self.told.append(words)

    def pass_over(self, position: int) -> None:
        """Note a place whose entry is in another file; places that follow one another are one gap."""
        self.elsewhere += 1
        if self.gaps and self.gaps[-1][1] == position:
            self.gaps[-1][1] += 1
        else:
            self.gaps.append([position, position + 1])


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the log a month lies: the tree before it, and a later checkpoint with the proof that it goes on from it.

    `own` says how many of the entries are the month's, `sha256` is of its file. A file of the whole log begins with the
    empty tree and needs none of this.
    """

    before: Tree = field(default_factory=Tree)
    stop: int = 0
    later: Note | None = None
    proof: Sequence[bytes] = ()
    own: int = 0
    sha256: str = ""


def examine(
    lines: Iterable[Line],
    notes: Iterable[Note],
    keys: Sequence[bytes],
    *,
    unpublished: int = 0,
    place: Place | None = None,
    progress: Progress | None = None,
) -> Report:
    """Hold every entry against its leaf hash, and the tree of these against every checkpoint, smallest first.

    A living log may have `unpublished` entries at its end, whose checkpoint is about to be. A month has its `place`.
    """
    place = place or Place()
    tree = Tree(place.before.size, place.before.peaks)
    report, logs = Report(), dict[str, _Log]()
    coming = _heard(notes, place, logs)
    note = _judged_to(tree.size, next(coming, None), coming, tree, logs, report)
    expected = tree.size
    for line in lines:
        if line.position != expected:
            report.fault(f"position {expected} is missing; the next that is there is {line.position}")
        _examine_line(line, report)
        expected = line.position + 1
        tree.append(line.stored)
        if note is not None and note.size <= tree.size:
            note = _judged_to(tree.size, note, coming, tree, logs, report)
        if progress is not None and tree.size % STEP == 0:
            progress(tree.size)
    report.entries, report.root = tree.size, tree.root()
    _judged_to(sys.maxsize, note, coming, None, logs, report)
    if place.later is None:
        _conclude(logs, keys, report, unpublished)
        _conclude_gaps(logs, keys, report)
    else:
        _conclude_month(place, place.later, logs, keys, report)
    if progress is not None:
        progress(tree.size)
    return report


def _heard(notes: Iterable[Note], place: Place, logs: dict[str, _Log]) -> Iterator[Note]:
    """Take from checkpoints what they say of the logs before them; yields those that lie within the place."""
    for note in notes:
        beginning = note.beginning
        if beginning is not None:
            logs.setdefault(beginning.before, _Log()).successors.append(note)
        if place.later is not None and note.receipt is not None:
            logs.setdefault(note.origin, _Log()).receipts.append(note)
        if place.later is None or place.before.size <= note.size <= place.stop:
            yield note


def _examine_line(line: Line, report: Report) -> None:
    if line.text is None and line.elsewhere:
        report.pass_over(line.position)
    elif line.text is None:
        report.fault(f"{_name(line)} was deleted")
    elif leaf_hash(line.text) != line.stored:
        report.fault(f"{_name(line)} is not what was sealed")
    elif line.beside:
        _examine_beside(line, report)


def _name(line: Line) -> str:
    number = line.entry
    if number is None and line.text is not None:
        try:
            number = json.loads(line.text)["id"]
        except (ValueError, KeyError, TypeError):
            number = None
    return f"position {line.position}" if number is None else f"entry {number} (position {line.position})"


def _examine_beside(line: Line, report: Report) -> None:
    sealed = json.loads(line.text or b"{}").get("personal", {})
    for what, salt, value in line.beside:
        report.beside += 1
        if sealed.get(what) != salted(salt, value):
            report.fault(f"{_name(line)}: the {what} beside it is not what was sealed")


def _judged_to(
    size: int,
    note: Note | None,
    coming: Iterator[Note],
    tree: Tree | None,
    logs: dict[str, _Log],
    report: Report,
) -> Note | None:
    """Judge every checkpoint up to a size; returns the first that is larger. Without a tree none can be right."""
    root = None if tree is None else tree.root()
    while note is not None and note.size <= size:
        _judge(note, root if note.size == size else None, logs, report)
        note = next(coming, None)
    return note


def _judge(note: Note, root: bytes | None, logs: dict[str, _Log], report: Report) -> None:
    log = logs.setdefault(note.origin, _Log())
    report.checkpoints += 1
    if log.last is not None and note.size < log.last.size:
        report.fault(f"the checkpoints of {note.origin} go back from size {log.last.size} to {note.size}")
        return
    log.last = note
    if note.root == root:
        log.good = note if log.bad is None else log.good
        if note.receipt is not None:
            log.receipts.append(note)
    elif log.bad is None:
        log.bad = note


def _conclude(logs: dict[str, _Log], keys: Sequence[bytes], report: Report, unpublished: int) -> None:
    for origin, log in logs.items():
        for note in filter(None, (log.good, log.bad, log.last)):
            if not note.signed_by(keys):
                report.fault(
                    f"the checkpoint of {origin} at size {note.size} is signed by no key that was given"
                )
                break
        _tell_interval(origin, logs, keys, report)
    covered = max((log.good.size for log in logs.values() if log.good is not None), default=0)
    if not report.checkpoints:
        report.fault("there is no checkpoint to hold the entries against")
    elif covered < report.entries - unpublished and not report.faults:
        report.fault(
            f"{report.entries - covered} entries from position {covered} on are covered by no checkpoint"
        )


def _conclude_month(
    place: Place, later: Note, logs: dict[str, _Log], keys: Sequence[bytes], report: Report
) -> None:
    """Hold the tree up to the month's end against a later checkpoint; whose key signed the month's own matters less."""
    first, stop = place.before.size, report.entries
    report.entries -= first
    for origin in logs:
        _tell_interval(origin, logs, keys, report, first=first)
    if not later.signed_by(keys):
        report.fault(
            f"the checkpoint of {later.origin} at size {later.size} is signed by no key that was given"
        )
    elif not verify_consistency(stop, later.size, place.proof, report.root, later.root):
        report.fault(
            f"what is at positions {first} to {stop - 1} is not what {later.origin} has at size {later.size}"
        )
    else:
        report.remarks.append(
            f"stands at positions {first} to {stop - 1} of {later.origin} at size {later.size}"
        )
    _conclude_own(place, logs, keys, report)


def _conclude_own(place: Place, logs: dict[str, _Log], keys: Sequence[bytes], report: Report) -> None:
    """Hold which of a month's entries are said to be in other files against its receipt.

    The file itself says how many are its own, unsigned; a receipt signs for the file as it was put away.
    """
    own = report.entries - report.elsewhere
    if own != place.own:
        report.fault(f"{own} entries are here, and the file was made with {place.own}")
    signed = (note.receipt for log in logs.values() for note in log.receipts if note.signed_by(keys))
    receipts = [
        each for each in signed if each and (each.first, each.stop) == (place.before.size, place.stop)
    ]
    if receipts and place.sha256 not in {each.sha256 for each in receipts}:
        report.fault(f"the file is not the one that its receipt signs for ({receipts[-1].spelled()})")
    elif not receipts and report.elsewhere:
        report.remarks.append(
            "which of them are the month's own is not proved without its receipt: give the log's checkpoints"
        )


def _conclude_gaps(logs: dict[str, _Log], keys: Sequence[bytes], report: Report) -> None:
    """Hold what is said to be in another file against the receipts, which only a holder of a sealing key can write.

    One that a restore gave up is none: its checkpoint does not agree.
    """
    signed = (note for log in logs.values() for note in log.receipts if note.signed_by(keys))
    report.receipts = sorted({note.receipt for note in signed if note.receipt}, key=lambda each: each.first)
    for first, stop in report.gaps:
        at = first
        for each in report.receipts:
            at = max(at, each.stop) if each.first <= at else at
        if at < stop:
            report.fault(
                f"what is at positions {at} to {stop - 1} is gone, and no receipt signed by a key that was given says "
                "that it was put away"
            )
    put_away = sum(each.entries for each in report.receipts)
    if report.elsewhere > put_away and not report.faults:
        report.fault(
            f"{report.elsewhere} entries are gone, and the receipts say that {put_away} were put away"
        )


def _tell_interval(
    origin: str, logs: dict[str, _Log], keys: Sequence[bytes], report: Report, first: int = 0
) -> None:
    log = logs[origin]
    bad = log.bad
    if bad is None:
        return
    given_up = _given_up(origin, bad, logs, keys)
    if given_up is not None:
        kept, published = given_up
        report.remarks.append(
            f"{origin} had {published} entries; its successor goes on from the first {kept} and says so: "
            f"{published - kept} were given up"
        )
        return
    since = first if log.good is None else log.good.size
    if bad.size > first + report.entries:
        report.fault(
            f"the log was truncated: the checkpoint of {origin} at size {bad.size} covers entries after position "
            f"{report.entries - 1}, which are gone"
        )
    report.fault(
        f"the checkpoints of {origin} agree up to size {since} and no more at {bad.size}: what is at positions "
        f"{since} to {bad.size - 1} was changed, reordered, put in or taken out"
    )


def _given_up(origin: str, bad: Note, logs: dict[str, _Log], keys: Sequence[bytes]) -> tuple[int, int] | None:
    """Find how much restores kept of a log and how much that had published, as its successors say under a key that was given.

    What the next kept of it may have been given up by the one after, so they are followed one by one.
    """
    shared, published, seen = sys.maxsize, 0, {origin}
    while (link := _restored_after(logs.get(origin, _Log()), keys)) is not None:
        note, said = link
        published = published or said.size
        shared = min(shared, said.shared or 0)
        if shared < bad.size:
            return shared, published
        if note.origin in seen:
            break
        origin = note.origin
        seen.add(origin)
    return None


def _restored_after(log: _Log, keys: Sequence[bytes]) -> tuple[Note, Beginning] | None:
    for note in log.successors:
        said = note.beginning
        covers = said is not None and (log.last is None or log.last.size <= said.size)
        if said is not None and said.shared is not None and covers and note.signed_by(keys):
            return note, said
    return None


def notes_of(path: Path) -> list[Iterator[Note]]:
    """List the checkpoints of a file, or of a folder with one folder a log: as many streams as there are logs."""
    if path.is_dir():
        folders = sorted({file.parent for file in path.rglob("*.txt")})
        return [notes_in(sorted(folder.glob("*.txt"))) for folder in folders]
    # Whoever kept them did so in the order of time, and after a restore a log goes on from fewer entries.
    return [iter(sorted(notes_in([path]), key=lambda note: note.size))]


def notes_in(files: Sequence[Path]) -> Iterator[Note]:
    """Yield the checkpoints that stand in some files, one file after another."""
    for file in files:
        with file.open(encoding="utf-8", newline="\n") as lines:
            yield from each_note(lines)


def merged(streams: Iterable[Iterator[Note]]) -> Iterator[Note]:
    """Merge checkpoints from several places, smallest first."""
    return heapq.merge(*streams, key=lambda note: note.size)


class Months:
    """The months that were put away, each in its file; what they hold is read in the order of the log.

    After a restore a month may have been put away twice, and its files then hold different entries at a place.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._spans = {path: _span(path) for path in (() if folder is None else sorted(folder.glob("*.zip")))}
        self._reading: dict[Path, Iterator[tuple[int, bytes | None]]] = {}
        self._next: dict[Path, tuple[int, bytes | None]] = {}

    def cover(self, position: int) -> bool:
        """Tell whether a position is within one of the months."""
        return any(first <= position < stop for first, stop in self._spans.values())

    def entry_at(self, position: int, stored: bytes) -> bytes | None:
        """Find the entry at a position, that of the stored hash if it is there; positions must come in their order."""
        found = [text for path in self._spans if (text := self._read(path, position)) is not None]
        agreeing = (text for text in found if leaf_hash(text) == stored)
        return next(agreeing, found[0] if found else None)

    def _read(self, path: Path, position: int) -> bytes | None:
        first, stop = self._spans[path]
        if not first <= position < stop:
            return None
        reading = self._reading.setdefault(path, _entries(path, first))
        found = self._next.get(path) or next(reading, None)
        while found is not None and found[0] < position:
            found = next(reading, None)
        if found is None:
            return None
        self._next[path] = found
        return found[1] if found[0] == position else None


def _span(path: Path) -> tuple[int, int]:
    try:
        with ZipFile(path) as archive:
            about = json.loads(archive.read("about.json"))
            return int(about["first"]), int(about["stop"])
    except (BadZipFile, KeyError, ValueError, TypeError):
        raise UnreadableError(f"{path}: is no month of the gateway's log, or damaged") from None


def _entries(path: Path, first: int) -> Iterator[tuple[int, bytes | None]]:
    with ZipFile(path) as archive, _part(archive, "entries.jsonl") as entries:
        for position, text in enumerate(entries, first):
            yield position, None if text in NO_ENTRY else text.rstrip(b"\n")


def export_lines(archive: ZipFile, first: int, months: Months) -> Iterator[Line]:
    """Yield what an export holds, place by place from its first on."""
    personal = _personal(archive)
    waiting = next(personal, None)
    with _part(archive, "entries.jsonl") as entries, _part(archive, "leaves.txt") as leaves:
        for position, (text, stored) in enumerate(zip_longest(entries, leaves), first):
            beside: list[Beside] = []
            while waiting is not None and waiting[0] == position:
                beside.append(waiting[1])
                waiting = next(personal, None)
            entry = None if text is None or text in NO_ENTRY else text.rstrip(b"\n")
            hashed = bytes.fromhex(stored.decode()) if stored else leaf_hash(entry or b"")
            elsewhere = text == ELSEWHERE
            if elsewhere and months.cover(position):
                entry, elsewhere = months.entry_at(position, hashed), False
            yield Line(position, None, hashed, entry, beside, elsewhere)


def _place(archive: ZipFile, path: Path | IO[bytes]) -> Place:
    about = json.loads(archive.read("about.json"))
    if "first" not in about:
        return Place()
    peaks = [bytes.fromhex(each) for each in about["before"]]
    first = int(about["first"])
    if first < 0 or len(peaks) != first.bit_count() or not _are_hashes(*peaks):
        raise ValueError("the tree before it is none")
    proof = [bytes.fromhex(each) for each in about["proof"]]
    own, later = int(about["entries"]), read_note(about["checkpoint"])
    return Place(Tree(first, peaks), int(about["stop"]), later, proof, own, _sha256(path))


def _sha256(path: Path | IO[bytes]) -> str:
    if isinstance(path, Path):
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    path.seek(0)
    return hashlib.file_digest(path, "sha256").hexdigest()  # type: ignore[arg-type]


def _part(archive: ZipFile, name: str) -> io.BufferedReader:
    # A part's own reading of lines is slow.
    return io.BufferedReader(archive.open(name), 1 << 20)  # type: ignore[arg-type]


def _personal(archive: ZipFile) -> Iterator[tuple[int, Beside]]:
    if "personal.jsonl" in archive.namelist():
        with _part(archive, "personal.jsonl") as file:
            for line in file:
                row = json.loads(line)
                yield row["position"], (row["field"], bytes.fromhex(row["salt"]), row["value"])


def verify_export(
    path: Path | IO[bytes],
    keys: Sequence[bytes],
    kept: Iterable[Path],
    progress: Progress | None = None,
    months: Months | None = None,
) -> Report:
    """Verify an export, or a month, against the checkpoints in it and those that somebody kept; raises UnreadableError."""
    try:
        with ZipFile(path) as archive, archive.open("checkpoints.txt") as file:
            place = _place(archive, path)
            own = each_note(io.TextIOWrapper(file, "utf-8", newline="\n"))
            notes = merged([own, *(stream for each in kept for stream in notes_of(each))])
            months = months or Months(None)
            lines = export_lines(archive, place.before.size, months)
            report = examine(lines, notes, keys, place=place, progress=progress)
            return _told_elsewhere(report, None if place.later is not None else months.folder)
    except (BadZipFile, KeyError, TypeError, ValueError, EOFError) as fault:
        raise UnreadableError(f"{path}: is no export of the gateway's log, or damaged ({fault})") from None


def _told_elsewhere(report: Report, archive: Path | None) -> Report:
    for first, stop in report.gaps if archive is not None else ():
        report.fault(f"the entries at positions {first} to {stop - 1} are in no month in {archive}")
    if report.elsewhere:
        report.remarks.append(f"{report.elsewhere} entries are in other files, and only their hashes here")
    return report


def verify_proof(text: str, keys: Sequence[bytes]) -> str:
    """Verify the proof of one entry or one history and say what it proves; raises UnreadableError, ValueError if it proves nothing."""
    try:
        proof = json.loads(text)
        path = [bytes.fromhex(each) for each in proof["proof"]]
        new = read_note(proof["checkpoint"])
        old = read_note(proof["old"]) if "old" in proof else None
        entry, index = (b"", 0) if old else (str(proof["entry"]).encode(), int(proof["position"]))
    except (ValueError, KeyError, TypeError):
        raise UnreadableError("is no proof of the gateway's log") from None
    for note in filter(None, (old, new)):
        if not note.signed_by(keys):
            raise NotProvenError(f"the checkpoint at size {note.size} is signed by no key that was given")
    if old is not None:
        if not verify_consistency(old.size, new.size, path, old.root, new.root):
            raise NotProvenError(f"the log at size {new.size} does not contain the log at size {old.size}")
        return f"{new.origin} at size {new.size} is {old.origin} at size {old.size} with entries added"
    if not verify_inclusion(leaf_hash(entry), index, new.size, path, new.root):
        raise NotProvenError(f"the entry is not at position {index} of {new.origin} at size {new.size}")
    return f"stands at position {index} of {new.origin} at size {new.size}: {entry.decode()}"


class NotProvenError(Exception):
    """A proof proves nothing; the text says why."""


def told(report: Report) -> str:
    """Tell what was found, in lines."""
    lines = [f"{report.entries} entries, {report.checkpoints} checkpoints, {report.beside} personal values"]
    lines += [f"note: {remark}" for remark in report.remarks]
    lines += [f"FAULT: {fault}" for fault in report.told]
    if report.faults > len(report.told):
        lines.append(f"and {report.faults - len(report.told)} more faults")
    lines.append(
        "the log is not what was sealed" if report.faults else f"all agree; root {report.root.hex()}"
    )
    return "\n".join(lines)


def keys_of(stated: Iterable[str]) -> list[bytes]:
    """Read public keys, or files of them; raises UnreadableError."""
    texts = [
        line
        for each in stated
        for line in (Path(each).read_text("utf-8").splitlines() if Path(each).is_file() else [each])
    ]
    return [read_key(text) for text in texts if text.strip()]


def _signature(line: str) -> tuple[str, bytes]:
    name, _, encoded = line.removeprefix(DASH).partition(" ")
    signature = base64.b64decode(encoded, validate=True)
    if not line.startswith(DASH) or not name or len(signature) < 5:
        raise ValueError("is no signature line")
    return name, signature


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


def _bar(done: int) -> None:
    sys.stderr.write(f"\r{done:>12,} entries verified")


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify what was asked for; returns the status to end with."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path, help="an export, or a proof (.json)")
    parser.add_argument(
        "--key", action="append", required=True, help="a public key or a file of them (may be repeated)"
    )
    parser.add_argument(
        "--checkpoints", action="append", type=Path, default=[], help="checkpoints kept elsewhere"
    )
    parser.add_argument("--archive", type=Path, help="the folder of the months that were put away")
    asked = parser.parse_args(arguments)
    progress = _bar if sys.stderr.isatty() else None
    try:
        keys = keys_of(asked.key)
        if asked.file.suffix == ".json":
            words, status = verify_proof(asked.file.read_text("utf-8"), keys), 0
        else:
            report = verify_export(asked.file, keys, asked.checkpoints, progress, Months(asked.archive))
            words, status = told(report), int(report.faults > 0)
    except NotProvenError as fault:
        words, status = f"FAULT: {fault}", 1
    except (UnreadableError, OSError) as fault:
        words, status = f"{asked.file}: {fault}", 2
    sys.stdout.write(words + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
