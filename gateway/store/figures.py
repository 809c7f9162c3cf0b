"""The rollups read: by day, by what splits a figure, and the articles and givers of which there is most."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from gateway.days import Span
from gateway.figures import SPIKE_ABOVE, Figure, Split
from gateway.models import account, allowance, article, rollup


@dataclass(frozen=True, slots=True)
class ArticleName:
    """What an article is called where it stands in a list of figures."""

    id: int
    headline: str
    section: str


def count_by_day(connection: Connection, span: Span) -> dict[tuple[str, date], int]:
    """Count every figure as a whole, day by day; a day without any is left out."""
    statement = select(rollup.c.figure, rollup.c.day, rollup.c["count"]).where(
        rollup.c.split == Split.WHOLE, rollup.c.figure.in_(list(Figure)), _within(span)
    )
    return {(row[0], row[1]): row[2] for row in connection.execute(statement)}


def count_by_name(
    connection: Connection, splits: Sequence[Split], span: Span
) -> dict[tuple[str, str, str], int]:
    """Count every figure over a span by what splits it: split, figure and name to number."""
    by = (rollup.c.split, rollup.c.figure, rollup.c.name)
    statement = (
        select(*by, func.sum(rollup.c["count"]))
        .where(rollup.c.split.in_(splits), rollup.c.figure.in_(list(Figure)), _within(span))
        .group_by(*by)
    )
    return {(row[0], row[1], row[2]): int(row[3]) for row in connection.execute(statement)}


def list_most(connection: Connection, figure: Figure, span: Span, *, limit: int) -> list[tuple[str, int]]:
    """List the articles with most of a figure over a span: number of the article, and how many."""
    total = func.sum(rollup.c["count"])
    statement = (
        select(rollup.c.name, total)
        .where(rollup.c.figure == figure, _of_articles(span))
        .group_by(rollup.c.name)
        .order_by(total.desc(), rollup.c.name)
        .limit(limit)
    )
    return [(row[0], int(row[1])) for row in connection.execute(statement)]


def count_articles(
    connection: Connection, names: Iterable[str], figures: Sequence[Figure], span: Span
) -> dict[tuple[str, str], int]:
    """Count figures of some articles over a span: figure and the article's number to how many."""
    statement = (
        select(rollup.c.figure, rollup.c.name, func.sum(rollup.c["count"]))
        .where(rollup.c.figure.in_(figures), rollup.c.name.in_(list(names)), _of_articles(span))
        .group_by(rollup.c.figure, rollup.c.name)
    )
    return {(row[0], row[1]): int(row[2]) for row in connection.execute(statement)}


def find_article_names(connection: Connection, ids: Iterable[int]) -> dict[int, ArticleName]:
    """Find what articles are called, by their numbers."""
    statement = select(article.c.id, article.c.headline, article.c.section).where(article.c.id.in_(list(ids)))
    return {row[0]: ArticleName(*row) for row in connection.execute(statement)}


def count_quota(connection: Connection, period: str) -> list[tuple[str, int, int, int]]:
    """Count the credits of a month: plan, how many were used, how many were granted, and by how many accounts alike."""
    plan = func.coalesce(account.c.plan, "")
    by = (plan, allowance.c.used, allowance.c.granted)
    statement = (
        select(*by, func.count())
        .join(account, account.c.id == allowance.c.account_id)
        .where(allowance.c.period == period)
        .group_by(*by)
    )
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(statement)]


def count_usage(connection: Connection, months: Sequence[date]) -> dict[tuple[str, str], int]:
    """Count usage of all articles: month ("2026-03") and metric to number."""
    statement = select(rollup.c.day, rollup.c.name, rollup.c["count"]).where(
        rollup.c.split == Split.METRIC, rollup.c.figure == Figure.USAGE, rollup.c.day.in_(months)
    )
    return {(f"{row[0]:%Y-%m}", row[1]): row[2] for row in connection.execute(statement)}


def count_months(
    connection: Connection, split: Split, figure: Figure, since: date, until: date
) -> dict[str, dict[date, int]]:
    """Count a figure of articles or givers by month, from a month to another, of all with 100 or more in the last: by name."""
    month = and_(rollup.c.split == split, rollup.c.figure == figure)
    of_the_last = select(rollup.c.name).where(month, rollup.c.day == until, rollup.c["count"] >= SPIKE_ABOVE)
    statement = select(rollup.c.name, rollup.c.day, rollup.c["count"]).where(
        month, rollup.c.day.between(since, until), rollup.c.name.in_(of_the_last)
    )
    found: dict[str, dict[date, int]] = {}
    for name, day, count in connection.execute(statement):
        found.setdefault(name, {})[day] = count
    return found


def _within(span: Span) -> ColumnElement[bool]:
    return rollup.c.day.between(span.since, span.until)


def _of_articles(span: Span) -> ColumnElement[bool]:
    """Narrow to a span's rows of articles: whole months by their rows, what is left over at its ends by those of days.

    Each day is named, so that a few articles are found by the key and not among all of theirs.
    """
    months = [each.since for each in span.each_month() if each.is_month]
    days = [day for each in span.each_month() if not each.is_month for day in each.each_day()]
    parts = ((Split.ARTICLE_MONTH, months), (Split.ARTICLE, days))
    return or_(*(and_(rollup.c.split == split, rollup.c.day.in_(of)) for split, of in parts if of))
