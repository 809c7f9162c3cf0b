"""Usage in COUNTER's terms over some months: of all articles, and article by article."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.days import Span
from gateway.figures import first_of_month
from gateway.runtime import Runtime
from gateway.store import figures, usage
from gateway.store.usage import UsedArticle

# A line of a report is an article and a metric; a year of a large paper is some tens of thousands of them.
MONTHS_AT_MOST = 24


@dataclass(frozen=True, slots=True)
class UsageLine:
    """One article and metric, by month ("2026-03"); months without any are left out."""

    article: UsedArticle
    metric: str
    months: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class UsageReport:
    """Usage over whole months; `totals` by month and metric of all articles, `lines` of those asked for."""

    months: tuple[str, ...]
    span: Span
    totals: Mapping[tuple[str, str], int]
    lines: tuple[UsageLine, ...]
    publisher: str
    made_at: datetime


def usage_report(runtime: Runtime, span: Span, *, most: int | None = None) -> UsageReport:
    """Report usage over the months of a span, by article for all of them or for the `most` used.

    Raises ValueError where these are more than MONTHS_AT_MOST.
    """
    now = runtime.clock()
    months = tuple(f"{each.since:%Y-%m}" for each in span.each_month())
    if len(months) > MONTHS_AT_MOST:
        raise ValueError(f"a report of usage is over at most {MONTHS_AT_MOST} months")
    with runtime.database.reading() as connection:
        totals = figures.count_usage(connection, [first_of_month(each.since) for each in span.each_month()])
        ranked = None if most is None else usage.list_most_used(connection, months, limit=most)
        found = usage.list_usage(connection, months, of=ranked)
    publisher = runtime.policies.in_force(now).policy.publisher.name
    return UsageReport(months, span, totals, _lines(found), publisher, now)


def _lines(found: list[tuple[UsedArticle, str, str, int]]) -> tuple[UsageLine, ...]:
    articles = {article.id: article for article, *_ in found}
    counts: defaultdict[tuple[int, str], dict[str, int]] = defaultdict(dict)
    for article, metric, month, count in found:
        counts[article.id, metric][month] = count
    return tuple(UsageLine(articles[key[0]], key[1], each) for key, each in counts.items())
