"""A file of rows as it is handed out: a ZIP written while it is sent, that says of itself what it holds and its digest.

In it are the rows as CSV or JSON Lines, `manifest.json`, the newest checkpoint of the log if there is one, and
`SHA256SUMS` over all of these, which `sha256sum -c` reads.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

ROWS_AT_ONCE = 500
MANIFEST, CHECKPOINT, SUMS = "manifest.json", "checkpoint.txt", "SHA256SUMS"
# What a spreadsheet takes for a formula, whatever blank stands before it: OWASP, "CSV Injection"; full-width signs too.
_FORMULA: Final = re.compile(r"[\s\x00-\x1f\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")

Row = Mapping[str, object]


class Form(StrEnum):
    """How rows are spelled: for a spreadsheet, or for a program."""

    CSV = "csv"
    JSON_LINES = "jsonl"


@dataclass(slots=True)
class Body:
    """What went into a file of rows so far: how many, and the SHA-256 of its bytes."""

    rows: int = 0
    hash: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    @property
    def digest(self) -> str:
        """The digest in hexadecimal."""
        return self.hash.hexdigest()


class _Pipe(io.RawIOBase):
    """Takes what the archive writes until it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview", /) -> int:  # type: ignore[override]
        self._waiting.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        taken, self._waiting = b"".join(self._waiting), []
        return taken


def spelled_rows(form: Form, columns: Iterable[str], rows: Iterable[Row], body: Body) -> Iterator[bytes]:
    """Spell rows some at a time, and count them and their bytes into `body`.

    CSV is as RFC 4180 has it, in UTF-8 with a mark at its start, every cell in quotes; a cell that a spreadsheet
    would take for a formula begins with an apostrophe. JSON Lines have every text as it is.
    """
    names = list(columns)
    if form is Form.CSV:
        yield _counted(body, b"\xef\xbb\xbf" + _csv([dict(zip(names, names, strict=True))], names), 0)
    waiting = iter(rows)
    while some := list(islice(waiting, ROWS_AT_ONCE)):
        spelled = _csv(some, names) if form is Form.CSV else _json_lines(some)
        yield _counted(body, spelled, len(some))


def bundled(
    name: str, chunks: Iterable[bytes], body: Body, ending: Iterable[tuple[str, bytes]], now: datetime
) -> Iterator[bytes]:
    """Yield a ZIP with the file `name` made of chunks, then the files of `ending`, which is asked when that is done."""
    pipe, sums = _Pipe(), io.StringIO()
    made = now.timetuple()[:6]
    with ZipFile(pipe, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open(_info(name, made), "w", force_zip64=True) as part:
            for chunk in chunks:
                part.write(chunk)
                if sent := pipe.taken():
                    yield sent
        sums.write(f"{body.digest}  {name}\n")
        for other, content in ending:
            archive.writestr(_info(other, made), content)
            sums.write(f"{hashlib.sha256(content).hexdigest()}  {other}\n")
        archive.writestr(_info(SUMS, made), sums.getvalue())
    yield pipe.taken()


def safe_cell(value: object) -> str:
    """Spell a cell so that no spreadsheet takes it for a formula; None is empty, an instant as in the log."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, Mapping):
        value = json.dumps(value, ensure_ascii=False)
    text = str(value)
    return f"'{text}" if isinstance(value, str) and _FORMULA.match(text) else text


def _counted(body: Body, chunk: bytes, rows: int) -> bytes:
    body.rows += rows
    body.hash.update(chunk)
    return chunk


def _csv(rows: Iterable[Row], names: list[str]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerows([safe_cell(row.get(name)) for name in names] for row in rows)
    return text.getvalue().encode()


def _json_lines(rows: Iterable[Row]) -> bytes:
    return "".join(f"{json.dumps(dict(row), ensure_ascii=False)}\n" for row in rows).encode()


def _info(name: str, made: tuple[int, ...]) -> ZipInfo:
    found = ZipInfo(name, made)  # type: ignore[arg-type]
    found.compress_type = ZIP_DEFLATED
    found.external_attr = 0o644 << 16
    return found
