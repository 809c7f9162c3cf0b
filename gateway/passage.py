"""How much of an article may be copied: what is given of one copy, and when a text that was copied too much opens again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from gateway.policyparts import Contradiction, NumberOr, Part

WHOLE_ARTICLE = "article"
TOTAL_PER = timedelta(hours=24)
# What stands around an article's text can be selected with it: its headline, its captions, the names of its sections.
AROUND_A_TEXT = 4_000


class Extent(StrEnum):
    """How much of a copied text is given."""

    UNTOUCHED = "untouched"
    WHOLE = "whole"
    EXCERPT = "excerpt"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Given:
    """What is given of one copy: `characters` count against the total, `over` that more was asked for than is given."""

    extent: Extent
    characters: int
    over: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """One copy or print that a reader took of an article."""

    at: datetime
    characters: int
    printed: bool = False


class CopyLimits(Part):
    """The limits of copying, all in Unicode code points.

    `total` is None where a reader may take as much in 24 hours as the article is long.
    """

    untouched_below: Annotated[
        int, Field(ge=0, le=10_000, description="the length from which copies are touched")
    ]
    passage: Annotated[int, Field(ge=0, le=1_000_000, description="the longest copy that is given whole")]
    total: Annotated[
        int | None,
        NumberOr(WHOLE_ARTICLE, 0, 100_000_000),
        Field(description="the most a reader may take of one article in 24 hours"),
    ]

    def contradictions(self) -> Iterator[Contradiction]:
        """Yield a short copy that is longer than a passage, and a total that no single passage fits into."""
        if self.untouched_below > self.passage:
            wants = f"at most copying.passage ({self.passage})"
            yield Contradiction(("untouched_below",), str(self.untouched_below), wants)
        if self.total is not None and self.total < self.passage:
            wants = f"at least copying.passage ({self.passage})"
            yield Contradiction(("total",), str(self.total), wants)

    def total_of(self, characters: int) -> int:
        """Count what a reader may take in 24 hours of an article that is `characters` long."""
        return characters if self.total is None else self.total

    def given(self, length: int, *, closed: bool = False) -> Given:
        """Decide what is given of a selected text `length` long; `closed` where the reader's total is passed.

        What is too short to be touched counts all the same, or a text could be carried off word by word.

        A copy past the total takes nothing, so that the hour at which the text opens again stays as it was told.
        """
        if length < self.untouched_below:
            return Given(Extent.UNTOUCHED, 0 if closed else length)
        if closed:
            return Given(Extent.NOTHING, 0, over=True)
        if length <= self.passage:
            return Given(Extent.WHOLE, length)
        return Given(Extent.EXCERPT, self.passage, over=True)

    def printed(self, characters: int, *, closed: bool = False) -> Given:
        """Decide what is given of a print of a text `characters` long: always the whole text that was served."""
        return Given(Extent.WHOLE, 0 if closed else characters, over=closed)


def longest_selection(characters: int) -> int:
    """Return the longest copy that can be reported of an article that is `characters` long.

    Browsers and the gateway lay a text out with different white space, so the bound is a generous one.
    """
    return 2 * characters + AROUND_A_TEXT


def counted_since(now: datetime) -> datetime:
    """Return the instant after which copies still count at `now`.

    A copy counts until the end of the minute in which its 24 hours are over: pages tell times to the minute, and
    who comes at the minute that was told finds the text open.
    """
    return now.astimezone(UTC).replace(second=0, microsecond=0) - TOTAL_PER


def sum_taken(copies: Sequence[Taken]) -> int:
    """Sum up what a reader took of one article.

    A print is of the same text that passages come from: however often it is printed it counts once, and a passage
    quoted from what was printed is not taken twice. So the larger of the two counts, not both.
    """
    copied = sum(each.characters for each in copies if not each.printed)
    printed = max((each.characters for each in copies if each.printed), default=0)
    return max(copied, printed)


def reopens_at(copies: Sequence[Taken], total: int) -> datetime | None:
    """Find the minute at which what still counts of `copies`, oldest first, no longer passes the total.

    None where the total is not passed.
    """
    copied = printed = 0
    for each in reversed(copies):
        if each.printed:
            printed = max(printed, each.characters)
        else:
            copied += each.characters
        if max(copied, printed) > total:
            # Without this one and those before it the rest fits.
            return _ends(each)
    return None


def _ends(copy: Taken) -> datetime:
    over = copy.at.astimezone(UTC) + TOTAL_PER
    minute = over.replace(second=0, microsecond=0)
    return minute if minute == over else minute + timedelta(minutes=1)
