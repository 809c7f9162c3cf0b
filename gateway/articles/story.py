"""A story: one article as its source states it; what a source does not state stays empty."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from gateway.rights import Rights
from gateway.store.articles import Picture
from gateway.visible import is_seen

__all__ = [
    "Picture",
    "Story",
    "StoryError",
    "StoryFaultError",
    "StoryRefusedError",
    "Withdrawal",
    "is_language",
]

# The bounds of the columns that hold these; a value past them is refused, never cut.
MAX_SOURCE_ID = 500
MAX_SECTION = 100
MAX_VERSION = 2**31 - 1
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")


class StoryError(ValueError):
    """A file gave no story; the text says what was wrong and what is right."""


class StoryFaultError(StoryError):
    """The file is broken: it cannot be read, or what it states contradicts its own format."""


class StoryRefusedError(StoryError):
    """The file is sound, but what it holds is no article or may not be published."""


@dataclass(frozen=True, slots=True)
class Story:
    """One version of one article; the body is sanitised, instants are aware UTC, None where nothing was stated.

    `states_giving` says whether the source itself speaks about gifts; where it does not, what an admin decided stays.
    """

    source: str
    source_id: str
    source_version: int
    headline: str
    body_html: str
    language: str = ""
    standfirst: str = ""
    byline: str = ""
    section: str = ""
    published_at: datetime | None = None
    updated_at: datetime | None = None
    rights: Rights = field(default_factory=Rights)
    pictures: tuple[Picture, ...] = ()
    slug: str = ""
    states_giving: bool = False

    def __post_init__(self) -> None:
        """Hold a story to what the tables can keep; raises StoryFaultError."""
        if not 0 < len(self.source_id) <= MAX_SOURCE_ID:
            raise StoryFaultError(
                f"the identifier has {len(self.source_id)} characters; want 1 to {MAX_SOURCE_ID}"
            )
        if not is_seen(self.headline):
            raise StoryFaultError("the headline is blank; want one that is seen")
        if not 0 <= self.source_version <= MAX_VERSION:
            raise StoryFaultError(
                f"version is {self.source_version}; want a whole number from 0 to {MAX_VERSION}"
            )
        if self.language and not is_language(self.language):
            raise StoryFaultError(
                f"language is {self.language[:60]!r}; want a tag such as en, de-CH or zh-Hant"
            )
        if len(self.section) > MAX_SECTION:
            raise StoryFaultError(f"section has {len(self.section)} characters; want at most {MAX_SECTION}")

    def digest(self) -> bytes:
        """Digest all that the story says, its version apart: equal digests mean that nothing changed."""
        said = asdict(self)
        del said["source_version"]
        return hashlib.sha256(json.dumps(said, sort_keys=True, default=_plain).encode()).digest()


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A source's word that an article must not be published: for now (`withheld`) or ever (`canceled`)."""

    source: str
    source_id: str
    source_version: int
    status: str
    said_at: datetime | None


def is_language(tag: str) -> bool:
    """Say whether a text has the shape of a BCP 47 language tag of at most 35 characters."""
    return (
        len(tag) <= 35
        and _LANGUAGE.fullmatch(tag) is not None
        and len(tag.split("-", maxsplit=1)[0]) in {2, 3}
    )


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"a story holds no {type(value).__name__}")
