"""What the desk counts: which figures an entry of the log adds to, split by what, and what stands out among them."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from gateway.ledger import Event, Outcome, SealedEntry
from gateway.visitor import Visitor

# COUNTER Code of Practice, release 5.1, section 7.12: a prompt for a person to look, never a reason to cut anybody off.
SPIKE_ABOVE = 100
SPIKE_TIMES = 3
SPIKE_MONTHS = 12


class Figure(StrEnum):
    """One thing that is counted. Those up to `ACTS_REFUSED` are counted from the log, the others at the door."""

    ISSUED = "issued"
    CLAIMED = "claimed"
    CONFIRMED = "confirmed"
    CLICKED = "clicked"
    REFUSED = "refused"
    MACHINES = "machines"
    FIRED = "fired"
    FROZEN = "frozen"
    LICENCES = "licences"
    ACTED = "acted"
    ACTS_REFUSED = "acts_refused"

    CARDS = "cards"
    WITHHELD = "withheld"
    USAGE = "usage"


class Split(StrEnum):
    """By what a figure is split; months (`ARTICLE_MONTH`, `GIVER_MONTH`, `METRIC`) stand under their first day."""

    WHOLE = ""
    PLAN = "plan"
    SECTION = "section"
    ARTICLE = "article"
    ARTICLE_MONTH = "article_month"
    GIVER_MONTH = "giver_month"
    REASON = "reason"
    VISITOR = "visitor"
    RULE = "rule"
    EVENT = "event"
    METRIC = "metric"


AT_THE_DOOR = frozenset({Figure.CARDS, Figure.WITHHELD, Figure.USAGE})
FROM_THE_LOG = tuple(each for each in Figure if each not in AT_THE_DOOR)

# What becomes of a gift, step by step.
STEPS = {
    Event.GIFT_ISSUED: Figure.ISSUED,
    Event.CLAIM_MADE: Figure.CLAIMED,
    Event.READING_CONFIRMED: Figure.CONFIRMED,
    Event.SUBSCRIBE_CLICKED: Figure.CLICKED,
}
# What the desk does about what it sees; a rule's own freezing is no act of the desk.
ACTS = frozenset(
    {
        Event.GIFT_FROZEN,
        Event.GIFT_THAWED,
        Event.GIFT_REPLACED,
        Event.CREDITS_GRANTED,
        Event.CREDITS_TAKEN_BACK,
        Event.LICENCE_STATE_CHANGED,
        Event.ACCOUNT_SUSPENDED,
        Event.ACCOUNT_UNSUSPENDED,
        Event.ARTICLE_RIGHTS_CHANGED,
        Event.RULE_LIFTED,
        Event.POLICY_PROPOSED,
        Event.POLICY_APPROVED,
        Event.POLICY_REJECTED,
        Event.POLICY_WITHDRAWN,
        Event.CASE_CLOSED,
        Event.CASE_REOPENED,
        Event.RESTORE_CONFIRMED,
    }
)
# What the giver of a gift may do too; it is an act of the desk where somebody else did it.
GIVERS_ACTS = frozenset({Event.GIFT_REVOKED, Event.READING_GIVEN_BACK})
GATEWAY = "gateway"
PERSON = Visitor.PERSON.value


@dataclass(frozen=True, slots=True)
class About:
    """What an entry is about, as it was when the gift was given: article, its section, the giver's plan, the giver.

    Each is the empty text where it is not known.
    """

    article: str = ""
    section: str = ""
    plan: str = ""
    giver: str = ""


class Row(NamedTuple):
    """One row of the rollups: a figure on a day, split by something, under one name of that.

    A tuple, since the sealer finds every row of every entry among those it has counted.
    """

    split: str
    figure: str
    day: date
    name: str


def rows_of(entry: SealedEntry, gift: About | None, day: date) -> Iterator[Row]:
    """Yield every row that an entry of a day adds one to; `gift` is what is known of the gift it names, if it does."""
    event = Event(entry.event)
    denied = entry.outcome == Outcome.DENY
    step = STEPS.get(event)
    if step is not None and not denied:
        yield from _step(step, gift or _said(entry), day)
    if event is Event.ACCOUNT_ACT_REFUSED:
        # What an admin mistyped, or may not do, keeps nobody from reading.
        yield from _named(Figure.ACTS_REFUSED, day, {})
    elif denied:
        yield from _refusal(entry, gift or _said(entry), day)
    elif event is Event.RULE_FIRED:
        yield from _named(Figure.FIRED, day, {Split.RULE: entry.rule})
    elif event is Event.LICENCE_ASKED:
        yield from _named(Figure.LICENCES, day, {})
    elif event is Event.GIFT_FROZEN:
        yield from _named(Figure.FROZEN, day, {Split.RULE: entry.rule})
    theirs = event in GIVERS_ACTS and gift is not None and entry.actor != f"account:{gift.giver}"
    if (event in ACTS or theirs) and not denied and entry.actor != GATEWAY:
        yield from _named(Figure.ACTED, day, {Split.EVENT: entry.event})


@lru_cache(maxsize=64)
def first_of_month(day: date) -> date:
    """Return the first day of a day's month."""
    return day.replace(day=1)


def is_spike(this_month: int, months_before: Sequence[int]) -> bool:
    """Tell whether a month is at least 100 above three times the mean of the twelve months before it.

    A month of which nothing is known counts as none. Raises ValueError for more than twelve months.
    """
    if len(months_before) > SPIKE_MONTHS:
        raise ValueError(f"the mean is that of {SPIKE_MONTHS} months, got {len(months_before)}")
    # In whole numbers, so that nothing is lost to division: mean = total / 12.
    return SPIKE_MONTHS * (this_month - SPIKE_ABOVE) >= SPIKE_TIMES * sum(months_before)


def twelve_month_mean(months_before: Iterable[int]) -> float:
    """Return the mean of the twelve months before; a month of which nothing is known counts as none."""
    return sum(months_before) / SPIKE_MONTHS


def _step(figure: Figure, about: About, day: date) -> Iterator[Row]:
    names = {Split.PLAN: about.plan, Split.SECTION: about.section, Split.ARTICLE: about.article}
    yield from _named(figure, day, names)
    month = first_of_month(day)
    if about.article:
        yield Row(Split.ARTICLE_MONTH, figure, month, about.article)
    if about.giver:
        yield Row(Split.GIVER_MONTH, figure, month, about.giver)


def _refusal(entry: SealedEntry, about: About, day: date) -> Iterator[Row]:
    names = {
        Split.REASON: entry.reason,
        Split.PLAN: about.plan,
        Split.SECTION: about.section,
        Split.ARTICLE: about.article,
    }
    yield from _named(Figure.REFUSED, day, names)
    if about.article:
        yield Row(Split.ARTICLE_MONTH, Figure.REFUSED, first_of_month(day), about.article)
    if entry.visitor and entry.visitor != PERSON:
        yield from _named(Figure.MACHINES, day, {Split.VISITOR: entry.visitor})


def _named(figure: Figure, day: date, names: dict[Split, str]) -> Iterator[Row]:
    yield Row(Split.WHOLE, figure, day, "")
    for split, name in names.items():
        if name:
            yield Row(split, figure, day, name)


def _said(entry: SealedEntry) -> About:
    """Find out what an entry that names no gift says of itself."""
    kind, _, key = entry.subject.partition(":")
    if kind == "article":
        return About(article=key, section=_word(entry, "section"))
    if kind == "account" and entry.event == Event.GIFT_REFUSED:
        return About(article=_word(entry, "article"), plan=_word(entry, "plan"))
    return About()


def _word(entry: SealedEntry, name: str) -> str:
    return str(json.loads(entry.detail).get(name, ""))
