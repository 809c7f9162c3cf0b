"""What is asked of somebody who wants more rights in an article than the policy gives, and what becomes of it."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

NAME_LENGTH = 120
EMAIL_LENGTH = 254
ABOUT_LENGTH = 300
TEXT_LENGTH = 2_000
CHARACTERS_AT_MOST = 100_000_000
MAIL_AGAIN_AT_MOST = timedelta(hours=6)

# The dot-atom of RFC 5322 before a host of two labels or more; what it lets in cannot end a mail's header.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+")
_WHOLE_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


class Purpose(StrEnum):
    """What a text is wanted for."""

    REPRINT = "reprint"
    PRESS_REVIEW = "press_review"
    COMPANY = "company"
    TEACHING = "teaching"
    WEBSITE = "website"
    MACHINE = "machine"
    OTHER = "other"


class State(StrEnum):
    """How far the licensing desk is with a request."""

    NEW = "new"
    ANSWERED = "answered"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Wish:
    """A request for a licence as it was written; every text is cleaned and none is trusted.

    `slug` names the article where it was asked from one, `about` where it was named by hand; `characters` is how much
    of it is wanted, as typed.
    """

    purpose: str
    name: str
    email: str
    text: str
    slug: str = ""
    about: str = ""
    characters: str = ""

    def wrong(self) -> tuple[str, ...]:
        """Name the fields that cannot be taken as they are."""
        checks = {
            "purpose": self.purpose in set(Purpose),
            "name": 0 < len(self.name) <= NAME_LENGTH,
            "email": len(self.email) <= EMAIL_LENGTH and _EMAIL.fullmatch(self.email) is not None,
            "about": (bool(self.slug) or bool(self.about)) and len(self.about) <= ABOUT_LENGTH,
            "characters": not self.characters or self.length is not None,
            "text": len(self.text) <= TEXT_LENGTH,
        }
        return tuple(field for field, right in checks.items() if not right)

    @property
    def length(self) -> int | None:
        """How many characters are wanted; None where no whole number was typed."""
        if not _WHOLE_NUMBER.fullmatch(self.characters):
            return None
        number = int(self.characters)
        return number if number <= CHARACTERS_AT_MOST else None


def one_line(text: str) -> str:
    """Make one line of any text: no control characters, no half surrogates, spaces collapsed."""
    return " ".join(_plain(text).split())


def some_lines(text: str) -> str:
    """Keep a text's lines and paragraphs, and nothing that no page shows."""
    lines = (" ".join(_plain(line).split()) for line in text.replace("\r", "").split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def mail_again_at(now: datetime, tries: int) -> datetime:
    """Find when a mail that could not be sent `tries` times is tried again: twice as long after each, to six hours."""
    return now + min(timedelta(minutes=2 ** min(tries, 10)), MAIL_AGAIN_AT_MOST)


def _plain(text: str) -> str:
    whole = text.encode("utf-8", "replace").decode()
    return "".join(" " if unicodedata.category(each) in ("Cc", "Cf", "Zl", "Zp") else each for each in whole)
