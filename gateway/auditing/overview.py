"""The overview: what was counted over some days, by day, plan, section and article, against the days before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from gateway.days import Span, day_of
from gateway.figures import Figure, Split
from gateway.runtime import Runtime
from gateway.store import figures, rollups, tree
from gateway.store.figures import ArticleName

SPLITS = (Split.PLAN, Split.SECTION, Split.REASON, Split.VISITOR, Split.RULE, Split.EVENT)
ARTICLES = 20
# What an article is shown with, and by which of them articles can be ranked.
OF_ARTICLES = (Figure.ISSUED, Figure.CLAIMED, Figure.CONFIRMED, Figure.CLICKED, Figure.REFUSED)


@dataclass(frozen=True, slots=True)
class Numbers:
    """What was counted over a span: figures by day, and figures by the name of what splits them."""

    span: Span
    days: Mapping[tuple[str, date], int]
    names: Mapping[tuple[str, str, str], int]

    def total(self, figure: Figure) -> int:
        """Count a figure over the whole span."""
        return self.within(figure, self.span)

    def within(self, figure: Figure, part: Span) -> int:
        """Count a figure over a part of the span."""
        return sum(self.days.get((figure, day), 0) for day in part.each_day())

    def of(self, split: Split, figure: Figure, name: str) -> int:
        """Count a figure by one name of what splits it."""
        return self.names.get((split, figure, name), 0)

    def named(self, split: Split, figure: Figure) -> list[str]:
        """List the names by which a figure is split, those with most first."""
        found = [
            (-count, name) for (by, of, name), count in self.names.items() if (by, of) == (split, figure)
        ]
        return [name for _, name in sorted(found)]


@dataclass(frozen=True, slots=True)
class ArticleFigures:
    """An article with what was counted of it, by figure; `before` over the span before."""

    article: ArticleName
    counts: Mapping[str, int]
    before: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Overview:
    """A span's numbers beside those of the span before; `uncounted` sealed entries are not among them yet."""

    now: Numbers
    before: Numbers
    articles: tuple[ArticleFigures, ...]
    rank: Figure
    uncounted: int


def today(runtime: Runtime) -> date:
    """Tell which day it is for the publisher."""
    now = runtime.clock()
    return day_of(now, runtime.policies.in_force(now).policy.publisher.zone)


def overview(runtime: Runtime, span: Span, *, rank: Figure = Figure.ISSUED) -> Overview:
    """Tell what was counted over a span; reads rollups alone, and never the log."""
    with runtime.database.reading() as connection:
        uncounted = tree.count_leaves(connection) - rollups.find_state(connection).leaves
        return Overview(
            _numbers(connection, span),
            _numbers(connection, span.before),
            _articles(connection, span, rank),
            rank,
            uncounted,
        )


def _numbers(connection: Connection, span: Span) -> Numbers:
    days = figures.count_by_day(connection, span)
    return Numbers(span, days, figures.count_by_name(connection, SPLITS, span))


def _articles(connection: Connection, span: Span, rank: Figure) -> tuple[ArticleFigures, ...]:
    most = [name for name, _ in figures.list_most(connection, rank, span, limit=ARTICLES)]
    if not most:
        return ()
    counts = figures.count_articles(connection, most, OF_ARTICLES, span)
    before = figures.count_articles(connection, most, OF_ARTICLES, span.before)
    names = figures.find_article_names(connection, map(int, most))
    return tuple(
        ArticleFigures(
            names[int(name)],
            {each: counts.get((each, name), 0) for each in OF_ARTICLES},
            {each: before.get((each, name), 0) for each in OF_ARTICLES},
        )
        for name in most
        if int(name) in names
    )
