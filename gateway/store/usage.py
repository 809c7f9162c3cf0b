"""Usage by month, metric and article, and for a day who did what last."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.models import article, usage, usage_seen
from gateway.usage import Counts, Key, Metric, Seen

_INSERTS: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True, slots=True)
class UsedArticle:
    """An article as a report of usage names it."""

    id: int
    headline: str
    slug: str
    section: str
    byline: str
    published_at: datetime | None


def find_seen(connection: Connection, keys: Iterable[Key]) -> dict[Key, Seen]:
    """Find when each of some people did each of some things last."""
    wanted = set(keys)
    who = sorted({key[0] for key in wanted})
    rows = connection.execute(select(usage_seen).where(usage_seen.c.who.in_(who)))
    found = {(row[0], row[1], row[2]): Seen(row[3], row[4]) for row in rows}
    return {key: found[key] for key in wanted if key in found}


def put_seen(connection: Connection, seen: Mapping[Key, Seen]) -> None:
    """Note when people did things last."""
    if not seen:
        return
    names = ("who", "article_id", "metric")
    rows = [
        {**dict(zip(names, key, strict=True)), "last_at": each.last_at, "hour": each.hour}
        for key, each in sorted(seen.items())
    ]
    statement = _INSERTS[connection.dialect.name](usage_seen)
    put = {"last_at": statement.excluded.last_at, "hour": statement.excluded.hour}
    connection.execute(statement.on_conflict_do_update(index_elements=list(names), set_=put), rows)


def add_usage(connection: Connection, counts: Counts) -> None:
    """Add to usage, by month, metric and article."""
    if not counts:
        return
    names = ("month", "metric", "article_id")
    rows = [{**dict(zip(names, key, strict=True)), "count": number} for key, number in sorted(counts.items())]
    statement = _INSERTS[connection.dialect.name](usage)
    added = {"count": usage.c["count"] + statement.excluded["count"]}
    connection.execute(statement.on_conflict_do_update(index_elements=list(names), set_=added), rows)


def drop_seen(connection: Connection, before: datetime) -> int:
    """Forget who did what before an instant; what was counted of it stays."""
    return connection.execute(delete(usage_seen).where(usage_seen.c.last_at < before)).rowcount


def list_most_used(connection: Connection, months: Sequence[str], *, limit: int) -> list[int]:
    """List the articles with most investigations, of which every request is one."""
    total = func.sum(usage.c["count"])
    statement = (
        select(usage.c.article_id)
        .where(
            usage.c.month.in_(months),
            usage.c.metric == Metric.TOTAL_INVESTIGATIONS.value,
        )
        .group_by(usage.c.article_id)
        .having(total > 0)
        .order_by(total.desc(), usage.c.article_id)
        .limit(limit)
    )
    return list(connection.execute(statement).scalars())


def list_usage(
    connection: Connection, months: Sequence[str], *, of: Sequence[int] | None = None
) -> list[tuple[UsedArticle, str, str, int]]:
    """List usage by article, metric and month, of all articles or of some; what is none is left out."""
    about = [article.c[name] for name in UsedArticle.__slots__]
    statement = (
        select(usage.c.metric, usage.c.month, usage.c["count"], *about)
        .join(article, article.c.id == usage.c.article_id)
        .where(usage.c.month.in_(months), usage.c.metric.in_(list(Metric)), usage.c["count"] > 0)
        .order_by(usage.c.article_id, usage.c.metric, usage.c.month)
    )
    if of is not None:
        statement = statement.where(usage.c.article_id.in_(of))
    return [(UsedArticle(*row[3:]), row[0], row[1], row[2]) for row in connection.execute(statement)]
