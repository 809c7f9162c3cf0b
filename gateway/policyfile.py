"""How a policy file is read, and how every problem in it is named by file, line, key and what is right."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from gateway.policyparts import Contradiction, Part
from gateway.tomllines import KeyPath, key_lines, latest_key, nearest_line

Whole = TypeVar("Whole", bound=Part)
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_TWICE = ("Cannot overwrite a value", "Cannot declare")
_SHOWN_AT_MOST = 60
TEXT_BYTES = 64 * 1024
_TOLD = {
    "int_type": "a whole number",
    "string_type": "a text",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
    "model_type": "a table",
    "dict_type": "a table",
    "tuple_type": "a list of tables",
    "too_short": "at least {min_length}",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a policy file.

    `line` counts from 1 and is None where a whole table is missing or the file as such is at fault; `key` is
    dotted, "rules[2].over", and empty where no key is to blame.
    """

    file: str
    line: int | None
    key: str
    got: str
    wants: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        key = f"{self.key}: " if self.key else ""
        return f"{place}: {key}got {self.got}, wants {self.wants}"


class PolicyError(Exception):
    """A policy file that cannot be used; `problems` names all that is wrong with it, its text one a line."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def text_of(file: Path) -> str:
    """Read a policy file's text; raises PolicyError where it is missing, unreadable or not UTF-8."""
    try:
        data = file.read_bytes()
    except OSError as fault:
        got = (fault.strerror or str(fault)).lower()
        raise PolicyError(Problem(str(file), None, "", got, "a file that can be read")) from fault
    return text_in(data, name=str(file))


def text_in(data: bytes, *, name: str) -> str:
    """Read a policy's text from the bytes of the file `name`; raises PolicyError where they are not UTF-8."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        got = f"a byte at {fault.start} that is not UTF-8"
        raise PolicyError(Problem(name, None, "", got, "a text in UTF-8")) from fault
    return text.replace("\r\n", "\n").replace("\r", "\n")


def is_too_long(text: str) -> bool:
    """Tell whether a text is longer than one of a policy may be that comes to the desk, uploaded or typed."""
    return len(text.encode()) > TEXT_BYTES


def parse_as(whole: type[Whole], text: str, name: str) -> Whole:
    """Read TOML text as the model `whole`; raises PolicyError with every problem, `name` being its file."""
    document = _toml(text, name)
    try:
        return whole.model_validate(document)
    except ValidationError as fault:
        details = fault.errors(include_url=False)
    lines = key_lines(text)
    raise PolicyError(
        *(
            Problem(name, nearest_line(lines, path), _dotted(path), got, wants)
            for detail in details
            for path, got, wants in _faults(whole, detail)
        )
    )


def _toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError as fault:
        raise PolicyError(Problem(name, None, "", "values nested too deeply", "valid TOML")) from fault
    except ValueError as fault:
        # tomllib raises its own error, and plain ValueError for a number of more digits than Python converts.
        place = _PLACE.search(str(fault))
        twice = str(fault).startswith(_TWICE) and place is not None and _twice(text, name, *place.groups())
        if twice:
            raise PolicyError(twice) from fault
        line = None if place is None else int(place[1] or text.count("\n") + 1)
        got = _PLACE.sub("", str(fault)).rstrip(".")
        raise PolicyError(Problem(name, line, "", got[:1].lower() + got[1:], "valid TOML")) from fault


def _twice(text: str, name: str, line: str, column: str) -> Problem | None:
    """Name the key that tomllib stopped at, right behind it, because it stood there before."""
    above = text.replace("\r\n", "\n").split("\n")[: int(line)]
    above[-1] = above[-1][: int(column) - 1]
    try:
        path, second, first = latest_key("\n".join(above))
    except (ValueError, IndexError):
        # Within an inline table the text so far is no whole text.
        return None
    return Problem(name, second, _dotted(path), f"the key a second time, after line {first}", "each key once")


def _faults(whole: type[Part], detail: ErrorDetails) -> Iterator[tuple[KeyPath, str, str]]:
    """Say in the file's own words what pydantic found: the path, what it got, what it wants."""
    path = tuple(part for part in detail["loc"] if part != "[key]")
    if detail["type"] == "contradiction":
        found: tuple[Contradiction, ...] = detail["ctx"]["found"]
        for contradiction in found:
            yield (*path, *contradiction.path), contradiction.got, contradiction.wants
    elif detail["type"] == "extra_forbidden":
        known = ", ".join(_known_keys(whole, path[:-1]))
        yield path, "an unknown key", f"one of the known keys: {known}"
    elif detail["type"] == "missing":
        yield path, "nothing", _meaning(_field(whole, path))
    else:
        yield path, _shown(detail["input"]), _wants(detail)


def _wants(detail: ErrorDetails) -> str:
    """Say what pydantic wants in the words of somebody who writes a file."""
    told = _TOLD.get(detail["type"])
    if told is not None:
        return told.format(**detail.get("ctx", {}))
    wants = detail["msg"].removeprefix("Input should be ").removeprefix("String should have ")
    return (wants[:1].lower() + wants[1:]).replace("'", '"')


def _meaning(field: FieldInfo | None) -> str:
    """Say what a missing key would say, and which words it may take where they are few."""
    if field is None or field.description is None:
        return "this key"
    kind = field.annotation
    if not (isinstance(kind, type) and issubclass(kind, Enum)):
        return field.description
    return f"{field.description}: {', '.join(str(word.value) for word in kind)}"


def _known_keys(whole: type[Part], path: KeyPath) -> list[str]:
    field = _field(whole, path) if path else None
    part = _part_in(field.annotation) if field else whole
    return [field.alias or name for name, field in part.model_fields.items()] if part else []


def _field(whole: type[Part], path: KeyPath) -> FieldInfo | None:
    """Find the field of the model that `path` leads to, through lists and tables of tables."""
    part: type[Part] | None = whole
    field: FieldInfo | None = None
    for key in path:
        by_key = {each.alias or name: each for name, each in part.model_fields.items()} if part else {}
        # A key that is no field of the part is the number of a list's item or a name the file chose.
        if key in by_key:
            field = by_key[str(key)]
            part = _part_in(field.annotation)
    return field


def _part_in(annotation: Any) -> type[Part] | None:
    """Find the model in a field's type: the type itself, or what its list or table holds."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    return next(filter(None, map(_part_in, get_args(annotation))), None)


def _dotted(path: KeyPath) -> str:
    written = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return written.removeprefix(".")


def _shown(value: object) -> str:
    """Show a value as TOML would, cut where it is long."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            shown = '"' + "".join(map(_seen, value)) + '"'
        case dict():
            return "a table"
        case list():
            return "a list"
        case _:
            shown = str(value)
    return shown if len(shown) <= _SHOWN_AT_MOST else shown[:_SHOWN_AT_MOST] + "…"


def _seen(sign: str) -> str:
    return "\\n" if sign == "\n" else sign if sign.isprintable() else f"\\u{ord(sign):04X}"
