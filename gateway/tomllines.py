"""Find the line on which each key of a TOML text stands, which tomllib does not tell."""

import re
import tomllib
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from itertools import count

KeyPath = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_PLAIN_VALUE = re.compile(r"[^,\]}\n#]*")


def key_lines(text: str) -> Mapping[KeyPath, int]:
    """Map the path of every table, key and list item to its line, counted from 1.

    `text` must be one that tomllib accepts; for any other the answer means nothing.
    """
    return _Scanner(text).document()


def nearest_line(lines: Mapping[KeyPath, int], path: KeyPath) -> int | None:
    """Find the line of `path`, or of the nearest table around it; None where that is the whole file."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def latest_key(text: str) -> tuple[KeyPath, int, int]:
    """Tell the last table or key of a text that ends with it, its line, and the line on which it stood first."""
    scanner = _Scanner(text)
    lines = scanner.document()
    path, begun = scanner.last
    return path, scanner.line(begun), lines[path]


class _Scanner:
    """Walk over a valid TOML text once, noting where each key begins."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.breaks = [found.start() for found in re.finditer("\n", text)]
        self.lines: dict[KeyPath, int] = {}
        self.items: dict[KeyPath, Iterator[int]] = {}
        self.latest: dict[KeyPath, int] = {}
        self.last: tuple[KeyPath, int] = ((), 0)

    def document(self) -> Mapping[KeyPath, int]:
        table: KeyPath = ()
        self.skip(_BLANK)
        while self.at < len(self.text):
            if self.text.startswith("[", self.at):
                table = self.header()
            else:
                self.pair(table)
            self.skip(_BLANK)
        return self.lines

    def header(self) -> KeyPath:
        begun = self.at
        brackets = 2 if self.text.startswith("[[", self.at) else 1
        self.at += brackets
        names = self.key()
        self.at += brackets
        path: KeyPath = ()
        for name in names[:-1]:
            path = self.within(path, name)
            self.note(path, begun)
        path = (*path, names[-1])
        self.note(path, begun)
        self.last = path, begun
        if brackets == 2:
            self.latest[path] = next(self.items.setdefault(path, count()))
        path = self.within(path[:-1], names[-1])
        self.note(path, begun)
        return path

    def within(self, path: KeyPath, name: str) -> KeyPath:
        """Step into `name`; a list of tables is entered at its latest item."""
        path = (*path, name)
        return (*path, self.latest[path]) if path in self.latest else path

    def pair(self, table: KeyPath) -> None:
        begun = self.at
        path = table
        for name in self.key():
            path = (*path, name)
            self.note(path, begun)
        self.at += 1  # the equals sign
        self.skip(_SPACE)
        self.value(path)
        self.last = path, begun

    def key(self) -> list[str]:
        names: list[str] = []
        while True:
            self.skip(_SPACE)
            quoted = self.text[self.at] in "\"'"
            word = self.skip(_STRING if quoted else _BARE_KEY)
            names.append(str(tomllib.loads(f"key = {word}")["key"]) if quoted else word)
            self.skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return names
            self.at += 1

    def value(self, path: KeyPath) -> None:
        opening = self.text[self.at]
        if opening in "\"'":
            self.skip(_STRING)
        elif opening == "[":
            self.members(path, "]")
        elif opening == "{":
            self.members(path, "}")
        else:
            self.skip(_PLAIN_VALUE)

    def members(self, path: KeyPath, closing: str) -> None:
        self.at += 1
        self.skip(_BLANK)
        for number in count():
            if self.text[self.at] == closing:
                self.at += 1
                return
            if closing == "}":
                self.pair(path)
            else:
                self.note((*path, number), self.at)
                self.value((*path, number))
            self.skip(_BLANK)
            if self.text[self.at] == ",":
                self.at += 1
                self.skip(_BLANK)

    def skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise ValueError(f"not a text that tomllib accepts: line {self.line(self.at)}")
        self.at = found.end()
        return found.group()

    def line(self, at: int) -> int:
        return bisect_left(self.breaks, at) + 1

    def note(self, path: KeyPath, begun: int) -> None:
        self.lines.setdefault(path, self.line(begun))
