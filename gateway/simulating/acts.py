"""What is replayed: acts as they were done, or were refused for a reason that a policy decides."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.link import Gift


class Kind(StrEnum):
    """The kinds of acts whose outcome is compared."""

    GIFT = "gift"
    CLAIM = "claim"
    SERVING = "serving"
    READING = "reading"
    ACCOUNT = "account"
    COPY = "copy"


# What became of an act where no reason of a refusal says it.
DONE, FREE, CUT, CLOSED = "done", "free", "cut", "closed"
# The gift itself was refused in this replay, or the step before was, so there is nothing to take up or to read.
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happened at an instant; `was` says what became of it, "" where that is not compared."""

    at: datetime
    was: str = ""


@dataclass(frozen=True, slots=True)
class Giving(Act):
    """A subscriber wished to give an article; `gift` is the one that was made, None where none was.

    `plan` is what they had then. `separate` says that a link of its own was wished although one was open.
    """

    account: int = 0
    article: int = 0
    plan: str | None = None
    separate: bool = False
    gift: Gift | None = None


@dataclass(frozen=True, slots=True)
class Opening(Act):
    """A device took a gift up, or tried to; `reads` says that it showed a person later, `at_once` that it had to."""

    gift: int = 0
    device: bytes = b""
    network: bytes | None = None
    reads: bool = False
    at_once: bool = False
    late: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step(Act):
    """What a device that took a gift up did next: it was served, it read, or it was undone."""

    kind: Kind | None = None
    gift: int = 0
    device: bytes = b""
    network: bytes | None = None


@dataclass(frozen=True, slots=True)
class Visit(Act):
    """A subscriber signed in and got an article for the first time that day."""

    account: int = 0
    article: int = 0


@dataclass(frozen=True, slots=True)
class Copy(Act):
    """A reader copied or printed; `characters` is what was given of it, `over` that more was selected."""

    id: int = 0
    device: bytes | None = None
    account: int | None = None
    article: int = 0
    length: int = 0
    network: bytes = b""
    characters: int = 0
    over: bool = False
    printed: bool = False


@dataclass(frozen=True, slots=True)
class Arrival(Act):
    """A network tried a link."""

    gift: int = 0
    network: bytes = b""


@dataclass(frozen=True, slots=True)
class Tries(Act):
    """A network tried tokens nobody signed, or went into a trap, so often in a minute."""

    trap: bool = False
    network: bytes = b""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Granted(Act):
    """An admin gave extra credits for a month, or took them back: as many as `credits` is below 0."""

    account: int = 0
    period: str = ""
    credits: int = 0


@dataclass(frozen=True, slots=True)
class Ended(Act):
    """A gift was withdrawn, and its credit came back where the rules for that hold."""

    gift: int = 0
    refunds: bool = True


@dataclass(frozen=True, slots=True)
class GivenBack(Act):
    """A reading of a gift was given back: it counts no longer, and its place is free."""

    gift: int = 0


@dataclass(frozen=True, slots=True)
class Shut(Act):
    """Somebody at the desk froze a gift, or thawed it."""

    gift: int = 0
    frozen: bool = True


@dataclass(frozen=True, slots=True)
class Lifted(Act):
    """An admin lifted what a rule did to somebody."""

    rule: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class Kept(Act):
    """A gift from before the replay began, as it stood then, with the claims it had by then."""

    gift: Gift | None = None
    claims: tuple[tuple[bytes, datetime, datetime | None, datetime | None, bytes | None], ...] = ()
