"""What a policy file is made of: strict tables, spans of time, numbers or a word, names, addresses."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from functools import lru_cache
from typing import Annotated, Any, Self
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_plain_validator_function

from gateway.visible import is_hidden, is_seen

_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_EMAIL = re.compile(r"[^@\s<>\"(),;:]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
# Of blanks and ends of lines those that a line of a page has no place for.
_BREAKS = frozenset("\t\u2028\u2029")
_SPAN = re.compile(r"([0-9]{1,6}) (minute|hour|day)s?")


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two figures that cannot both be meant; `path` leads from the part that found it to the key to change."""

    path: tuple[str | int, ...]
    got: str
    wants: str


class Part(BaseModel):
    """A table of the policy file: nothing is converted, nothing unknown let in, nothing changed afterwards."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    def contradictions(self) -> Iterator[Contradiction]:
        """Yield what cannot hold together in this part; asked once each key alone is right."""
        yield from ()

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        found = tuple(self.contradictions())
        if found:
            raise PydanticCustomError("contradiction", "contradiction", {"found": found})
        return self


def wanting(wants: str) -> PydanticCustomError:
    """Make the error of one value that says what it wants instead."""
    return PydanticCustomError("wanting", "{wants}", {"wants": wants})


class _Written:
    """An annotation that reads a value as the file writes it, and tells JSON Schema the same."""

    def read(self, value: object) -> Any:
        raise NotImplementedError

    def schema(self) -> JsonSchemaValue:
        raise NotImplementedError

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return self.schema()


@dataclass(frozen=True)
class Span(_Written):
    """Read "90 days" as a timedelta from `least` to `most`; `word`, where given, stands for None: no end."""

    least: str
    most: str
    word: str = ""

    def read(self, value: object) -> timedelta | None:
        """Read the span as written; raises the error that says which spans are right."""
        if self.word and value == self.word:
            return None
        if isinstance(value, str) and _SPAN.fullmatch(value):
            span = span_of(value)
            if span_of(self.least) <= span <= span_of(self.most):
                return span
        also = f' or "{self.word}"' if self.word else ""
        raise wanting(f'a text of minutes, hours or days from "{self.least}" to "{self.most}"{also}')

    def schema(self) -> JsonSchemaValue:
        """Describe the text; the bounds are told by example, since a pattern cannot compare."""
        text = {"type": "string", "pattern": f"^{_SPAN.pattern}$", "examples": [self.least, self.most]}
        return {"anyOf": [text, {"const": self.word}]} if self.word else text


@dataclass(frozen=True)
class NumberOr(_Written):
    """Read a whole number from `least` to `most`, or `word` as None."""

    word: str
    least: int
    most: int

    def read(self, value: object) -> int | None:
        """Read the number or the word; raises the error that says which are right."""
        if value == self.word:
            return None
        # A boolean is an int to Python; to somebody who wrote `readers = true` it is a mistake.
        if isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= self.most:
            return value
        raise wanting(f'a whole number from {self.least} to {self.most} or "{self.word}"')

    def schema(self) -> JsonSchemaValue:
        """Describe both ways of writing it."""
        number = {"type": "integer", "minimum": self.least, "maximum": self.most}
        return {"anyOf": [number, {"const": self.word}]}


@dataclass(frozen=True)
class Form(_Written):
    """Read a text that matches `pattern` as a whole; `wants` says in words which those are."""

    pattern: str
    wants: str

    def read(self, value: object) -> str:
        """Read the text; raises the error that says what it may be made of."""
        if isinstance(value, str) and re.fullmatch(self.pattern, value):
            return value
        raise wanting(self.wants)

    def schema(self) -> JsonSchemaValue:
        """Describe the form."""
        return {"type": "string", "pattern": f"^{self.pattern}$"}


def span_of(text: str) -> timedelta:
    """Read a span such as "40 minutes"; raises ValueError for any other text."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(f'a span is a number and its unit, such as "40 minutes", got {text!r}')
    return int(found[1]) * _UNITS[found[2]]


def words(span: timedelta) -> str:
    """Write a span as a policy file would, in the largest unit that keeps it whole: "24 hours" is "1 day"."""
    for unit in ("day", "hour", "minute"):
        number, rest = divmod(span, _UNITS[unit])
        if not rest:
            return f"{number} {unit}{'' if number == 1 else 's'}"
    raise ValueError(f"a span of a policy is of whole minutes, got {span}")


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    # These two are no places: one is whatever the machine is set to, the other a machine that was never set.
    return frozenset(available_timezones()) - {"localtime", "Factory"}


def _filled(text: str) -> str:
    if not is_seen(text):
        raise wanting("a text that is not blank")
    return text


def _lines(text: str) -> str:
    if any(sign in _BREAKS or is_hidden(sign) for sign in text):
        raise wanting("a text without characters that no page shows")
    return text


def _line(text: str) -> str:
    if "\n" in _lines(text):
        raise wanting("one line of text, without characters that no page shows")
    return text


def _zone(name: str) -> str:
    if name not in _zones():
        near = get_close_matches(name, sorted(_zones()), n=1)
        raise wanting(f"an IANA time zone, such as {near[0] if near else 'Europe/London'}")
    return name


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise wanting("an e-mail address, such as licensing@example.org")
    return text


def _web_address(text: str) -> str:
    try:
        parts = urlsplit(text)
        # Asking for the port raises ValueError where it is no number from 0 to 65535.
        right = (
            parts.scheme == "https" and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
        )
        right = right and text.isascii()
    except ValueError:
        right = False
    if not right or re.search(r"[\s<>\"]", text):
        raise wanting("a web address that begins with https://")
    return text


Filled = Annotated[str, AfterValidator(_filled), AfterValidator(_lines)]
Line = Annotated[Filled, AfterValidator(_line)]
Zone = Annotated[str, AfterValidator(_zone)]
Email = Annotated[str, AfterValidator(_line), AfterValidator(_email)]
WebAddress = Annotated[str, AfterValidator(_line), AfterValidator(_web_address)]
