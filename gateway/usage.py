"""Usage in COUNTER's terms: what counts as an investigation, a request or a denial, and what is a double click.

Sources: COUNTER Code of Practice, release 5.1, sections 3.3 (metric types), 7.2 (double clicks), 7.3 (unique items);
docs/usage.md says how its terms are ours.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.decision import Reason

# Section 7.2: at most 30 seconds between the clicks.
DOUBLE_CLICK = timedelta(seconds=30)


class Metric(StrEnum):
    """A Metric_Type of the Code, spelled as it is spelled there."""

    TOTAL_INVESTIGATIONS = "Total_Item_Investigations"
    UNIQUE_INVESTIGATIONS = "Unique_Item_Investigations"
    TOTAL_REQUESTS = "Total_Item_Requests"
    UNIQUE_REQUESTS = "Unique_Item_Requests"
    LIMIT_EXCEEDED = "Limit_Exceeded"
    NO_LICENSE = "No_License"


class Act(StrEnum):
    """What a person did with one article by a gift."""

    CARD = "card"
    READ = "read"
    LIMITED = "limited"
    UNLICENSED = "unlicensed"


TOTALS: Mapping[Act, tuple[Metric, ...]] = {
    Act.CARD: (Metric.TOTAL_INVESTIGATIONS,),
    # Whoever reads an article has looked at it, too: each request is an investigation as well.
    Act.READ: (Metric.TOTAL_INVESTIGATIONS, Metric.TOTAL_REQUESTS),
    Act.LIMITED: (Metric.LIMIT_EXCEEDED,),
    Act.UNLICENSED: (Metric.NO_LICENSE,),
}
UNIQUES: Mapping[Act, tuple[Metric, ...]] = {
    Act.CARD: (Metric.UNIQUE_INVESTIGATIONS,),
    Act.READ: (Metric.UNIQUE_INVESTIGATIONS, Metric.UNIQUE_REQUESTS),
}
# A reader was turned away because a number was used up, or because the gift gives no right to read any more.
DENIALS: Mapping[Reason, Act] = {
    Reason.GIFT_READ_UP: Act.LIMITED,
    Reason.GIFT_UNCONFIRMED_FULL: Act.LIMITED,
    Reason.COPY_TOTAL: Act.LIMITED,
    Reason.RULE_BLOCKED: Act.LIMITED,
    Reason.GIFT_EXPIRED: Act.UNLICENSED,
    Reason.GIFT_REVOKED: Act.UNLICENSED,
    Reason.GIFT_FROZEN: Act.UNLICENSED,
    Reason.ARTICLE_NOT_GIFTABLE: Act.UNLICENSED,
    Reason.ARTICLE_EMBARGOED: Act.UNLICENSED,
    Reason.ARTICLE_EXPIRED: Act.UNLICENSED,
    Reason.ARTICLE_WITHDRAWN: Act.UNLICENSED,
}


@dataclass(frozen=True, slots=True)
class Use:
    """One act of one person; `who` is the digest of network and browser that section 7.2 calls its first option."""

    who: bytes
    article_id: int
    act: Act
    at: datetime

    @property
    def key(self) -> "Key":
        """Whose act of which kind on which article this is."""
        return self.who, self.article_id, self.act.value

    @property
    def hour(self) -> datetime:
        """The start of its hour: person, day and hour stand for a session, as section 7.3 wants it."""
        return _hour(self.at)


@dataclass(frozen=True, slots=True)
class Seen:
    """When somebody did something last, and an hour beside it.

    Of what is unique it is the hour for which it was counted last; of an act, the hour of the last one before that
    counts too.
    """

    last_at: datetime
    hour: datetime | None = None


Key = tuple[bytes, int, str]
Counts = Counter[tuple[str, str, int]]


def keys_of(uses: Iterable[Use]) -> set[Key]:
    """List what has to be known of the past to count acts: by acts, and by what is unique."""
    found: set[Key] = set()
    for use in uses:
        found.add(use.key)
        for metric in UNIQUES.get(use.act, ()):
            found.add((use.who, use.article_id, metric.value))
            found |= {(use.who, use.article_id, act.value) for act in _acts_of(metric)}
    return found


def count_uses(
    uses: Iterable[Use], seen: Mapping[Key, Seen], month_of: Callable[[datetime], str]
) -> tuple[Counts, dict[Key, Seen]]:
    """Count acts by month, metric and article; returns the counts, and what is to be known of them from now on.

    Of two acts alike that are 30 seconds or less apart the second counts, in its own month; each act that follows
    is held against the one before it. What does not count makes no hour one in which somebody came.
    """
    counts: Counts = Counter()
    known = dict(seen)
    for use in sorted(uses, key=lambda each: each.at):
        before = known.get(use.key)
        again = before is not None and abs(use.at - before.last_at) <= DOUBLE_CLICK
        if before is None:
            known[use.key] = Seen(use.at)
        else:
            hour = before.hour if again else _hour(before.last_at)
            known[use.key] = Seen(max(before.last_at, use.at), hour)
        for metric in TOTALS[use.act]:
            if before is not None and again:
                counts[month_of(before.last_at), metric.value, use.article_id] -= 1
            counts[month_of(use.at), metric.value, use.article_id] += 1
        for metric in UNIQUES.get(use.act, ()):
            if before is not None and again and not _came(use, metric, _hour(before.last_at), known):
                counts[month_of(before.last_at), metric.value, use.article_id] -= 1
            key = (use.who, use.article_id, metric.value)
            if key not in known or known[key].hour != use.hour:
                counts[month_of(use.at), metric.value, use.article_id] += 1
                known[key] = Seen(use.at, use.hour)
    return Counter({key: number for key, number in counts.items() if number}), known


def _came(use: Use, metric: Metric, hour: datetime, known: Mapping[Key, Seen]) -> bool:
    """Tell whether an act that counts for what is unique is left in an hour just gone.

    Nobody has two of one kind in the 30 seconds after it, so such an act is the last of its kind or the one before.
    """
    found = (known.get((use.who, use.article_id, act.value)) for act in _acts_of(metric))
    return any(hour in {_hour(each.last_at), each.hour} for each in found if each is not None)


def _acts_of(metric: Metric) -> list[Act]:
    return [act for act, metrics in UNIQUES.items() if metric in metrics]


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
