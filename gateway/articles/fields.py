"""Fields of a JSON object, read strictly: a value of the wrong kind is named, a missing one is empty."""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from gateway.articles.story import MAX_VERSION, StoryFaultError

# No page shows these characters, and PostgreSQL keeps no NUL.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
MAX_TEXT = 20_000
# Python reads no longer number unless it is told to.
TOO_MANY_DIGITS = f"a number in it is too long; want at most {sys.int_info.default_max_str_digits:,} digits"


def load_json(text: str) -> object:
    """Parse JSON; raises StoryFaultError for anything else, depth past Python's own bound included."""
    try:
        return json.loads(text)
    except RecursionError:
        raise StoryFaultError(
            "the JSON nests too deep to be read; want an object as its format describes"
        ) from None
    except json.JSONDecodeError as error:
        raise StoryFaultError(f"this is no JSON: {error}") from None
    except ValueError:
        raise StoryFaultError(TOO_MANY_DIGITS) from None


def written(text: str) -> str:
    """Make one line of any text: no control characters, no half surrogates, spaces collapsed."""
    whole = text.encode("utf-8", "replace").decode()
    return " ".join(_CONTROLS.sub("", whole).split())


class Fields:
    """A JSON object whose names are read without regard to case, since ninjs 1 and 2 write them small and 3 does not."""

    def __init__(self, values: Mapping[str, object], *, where: str = "") -> None:
        """Take an object; `where` names it in errors. Raises StoryFaultError where two names differ by case only."""
        self._values: dict[str, object] = {}
        self._where = where
        for name, value in values.items():
            small = name.lower()
            if small in self._values and self._values[small] != value:
                raise StoryFaultError(
                    f"{where}{name} stands there twice, written differently, with different values"
                )
            self._values[small] = value

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def names(self, prefix: str) -> list[str]:
        """List the names that begin with `prefix`, in the file's order."""
        return [name for name in self._values if name.startswith(prefix)]

    def text(self, name: str) -> str:
        """Return a text as one line, "" where it is missing; raises StoryFaultError for another kind of value."""
        line = written(self.markup(name))
        if len(line) > MAX_TEXT:
            raise StoryFaultError(
                f"{self._where}{name} has {len(line):,} characters; want at most {MAX_TEXT:,}"
            )
        return line

    def markup(self, name: str) -> str:
        """Return a text as it stands, "" where it is missing; raises StoryFaultError for another kind of value."""
        value = self._values.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise StoryFaultError(f"{self._where}{name} is {_kind(value)}; want a text")
        return value

    def instant(self, name: str) -> datetime | None:
        """Return a date with time and zone as UTC, None where it is missing; raises StoryFaultError."""
        value = self.text(name)
        return instant(value, name=f"{self._where}{name}") if value else None

    def version(self, name: str) -> int:
        """Return a version written as a whole number; 0 where it is missing or is not a number.

        The formats allow any text as a version. What is no number cannot be compared: the date decides then.
        """
        value = self._values.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return min(max(value, 0), MAX_VERSION)
        line = self.text(name)
        return int(line) if re.fullmatch(r"[0-9]{1,9}", line) else 0

    def size(self, name: str) -> int | None:
        """Return a width or height in pixels, None where nothing sensible is stated."""
        value = self._values.get(name)
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,6}", value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return int(value) if 0 < value < 1_000_000 else None

    def inside(self, name: str) -> "Fields | None":
        """Return an object within this one, None where it is missing; raises StoryFaultError for another kind."""
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise StoryFaultError(f"{self._where}{name} is {_kind(value)}; want an object")
        return Fields(value, where=f"{self._where}{name}.")

    def each(self, name: str) -> Iterator["Fields"]:
        """Yield the objects of a list, or of an object of named objects as ninjs 1 has it; raises StoryFaultError."""
        value = self._values.get(name)
        if value is None:
            return
        if not isinstance(value, list | dict):
            raise StoryFaultError(f"{self._where}{name} is {_kind(value)}; want a list of objects")
        for place, item in value.items() if isinstance(value, dict) else enumerate(value):
            if not isinstance(item, dict):
                raise StoryFaultError(f"{self._where}{name}[{place}] is {_kind(item)}; want an object")
            yield Fields(item, where=f"{self._where}{name}[{place}].")


def instant(value: str, *, name: str) -> datetime:
    """Parse an RFC 3339 date and time with its zone into UTC; raises StoryFaultError, which names the field."""
    wanted = f"{name} is {value[:60]!r}; want a date and time with a zone, such as 2026-03-01T09:30:00Z"
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        raise StoryFaultError(wanted) from None
    if read.tzinfo is None:
        raise StoryFaultError(f"{wanted}: the zone is missing")
    try:
        return read.astimezone(UTC)
    except OverflowError:
        raise StoryFaultError(wanted) from None


def _kind(value: object) -> str:
    return {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}.get(
        type(value), "a text"
    )
