"""Spikes: articles and givers with far more of something in a month than in the twelve months before it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from gateway.days import months_back
from gateway.figures import SPIKE_MONTHS, Figure, Split, first_of_month, is_spike, twelve_month_mean
from gateway.runtime import Runtime
from gateway.store import figures

# Whose months are kept, and how the log names them.
KINDS: Mapping[Split, str] = MappingProxyType({Split.ARTICLE_MONTH: "article", Split.GIVER_MONTH: "account"})
FIGURES = (Figure.ISSUED, Figure.CLAIMED, Figure.CONFIRMED, Figure.CLICKED)


@dataclass(frozen=True, slots=True)
class Spike:
    """An article or a giver (`subject`, as the log names it) with a figure of a month, and the mean of the twelve before."""

    subject: str
    figure: Figure
    month: date
    count: int
    mean: float


def list_spikes(runtime: Runtime, month: date) -> list[Spike]:
    """List what stood out in the month that holds a day, largest first: 100 or more above three times the mean.

    Section 7.12 of COUNTER's Code of Practice 5.1: a prompt for a person to look, never a reason to cut anybody off.
    The present month can be asked for, too; it is then held against the mean as far as it has come.
    """
    last = first_of_month(month)
    before = months_back(last, SPIKE_MONTHS)
    found = []
    with runtime.database.reading() as connection:
        for split in KINDS:
            for figure in FIGURES:
                counted = figures.count_months(connection, split, figure, before[0], last)
                found += [_spike(KINDS[split], name, figure, last, each) for name, each in counted.items()]
    return sorted((each for each in found if each is not None), key=lambda each: (-each.count, each.subject))


def _spike(kind: str, name: str, figure: Figure, last: date, months: Mapping[date, int]) -> Spike | None:
    before = [count for month, count in months.items() if month != last]
    count = months[last]
    if not is_spike(count, before):
        return None
    return Spike(f"{kind}:{name}", figure, last, count, twelve_month_mean(before))
