"""How much was copied out of an article, by whom and when; never what."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, case, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.models import article, copied
from gateway.passage import Taken


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom copies are counted: a device that reads by a gift, or an account; never both."""

    device: bytes | None = None
    account_id: int | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """An article's row, how long its text is, and whether everybody may read it."""

    article_id: int
    characters: int
    free: bool


def taken_of_article(reader: ColumnElement[bool], since: ColumnElement[Any]) -> ScalarSelect[int]:
    """Sum up, as part of a query on articles, what `reader` took of each since an instant.

    It is the domain's `sum_taken` in SQL: what was copied, or what was printed where that is more.
    """
    passages = func.coalesce(func.sum(case((copied.c.printed, 0), else_=copied.c.characters)), 0)
    prints = func.coalesce(func.max(case((copied.c.printed, copied.c.characters), else_=0)), 0)
    return (
        select(case((passages > prints, passages), else_=prints))
        .where(reader, copied.c.article_id == article.c.id, copied.c.at > since)
        .correlate(article)
        .scalar_subquery()
    )


def find_measure(connection: Connection, slug: str) -> Measured | None:
    """Find how long an article's text is."""
    row = connection.execute(
        select(article.c.id, article.c.characters, article.c.free).where(article.c.slug == slug)
    ).first()
    return None if row is None else Measured(*row)


def list_taken(connection: Connection, reader: Reader, article_id: int, *, since: datetime) -> list[Taken]:
    """List what a reader took of an article after an instant, oldest first."""
    statement = (
        select(copied.c.at, copied.c.characters, copied.c.printed)
        .where(_by(reader), copied.c.article_id == article_id, copied.c.at > since)
        .order_by(copied.c.at, copied.c.id)
    )
    return [Taken(*row) for row in connection.execute(statement)]


def has_report(connection: Connection, reader: Reader, report_id: bytes) -> bool:
    """Tell whether a reader's report was counted before."""
    found = select(copied.c.id).where(_by(reader), copied.c.report_id == report_id)
    return connection.execute(found).first() is not None


def add_copy(connection: Connection, reader: Reader, **values: object) -> bool:
    """Add the row of a copy or print; False where its page has used its number before."""
    dialect_insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[connection.dialect.name]
    whose = {"device": reader.device, "account_id": reader.account_id}
    once = dialect_insert(copied).values(**whose, **values).on_conflict_do_nothing()
    return connection.execute(once.returning(copied.c.id)).first() is not None


def drop_copies(connection: Connection, before: datetime) -> int:
    """Forget copies made before an instant; returns how many."""
    return connection.execute(delete(copied).where(copied.c.at < before)).rowcount


def _by(reader: Reader) -> ColumnElement[bool]:
    if reader.device is not None:
        return copied.c.device == reader.device
    return copied.c.account_id == reader.account_id
