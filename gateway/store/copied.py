"""How much was copied out of an article, by whom and when; never what."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, bindparam, case, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.models import Instant, article, copied
from gateway.passage import Taken
from gateway.store.prepared import Prepared


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
    column, who = _by(reader)
    values = {"who": who, "article": article_id, "since": since}
    return [Taken(*row) for row in _taken(column).rows(connection, values)]


def has_report(connection: Connection, reader: Reader, report_id: bytes) -> bool:
    """Tell whether a reader's report was counted before."""
    column, who = _by(reader)
    return _report(column).first(connection, {"who": who, "report": report_id}) is not None


def add_copy(connection: Connection, reader: Reader, **values: object) -> bool:
    """Add the row of a copy or print; False where its page has used its number before."""
    row = {"device": reader.device, "account_id": reader.account_id, **values}
    return _add(connection.dialect.name, tuple(row)).first(connection, row) is not None


def drop_copies(connection: Connection, before: datetime) -> int:
    """Forget copies made before an instant; returns how many."""
    return connection.execute(delete(copied).where(copied.c.at < before)).rowcount


def _by(reader: Reader) -> tuple[str, bytes | int | None]:
    """Say which column tells a reader, and what it holds."""
    return ("account_id", reader.account_id) if reader.device is None else ("device", reader.device)


@cache
def _taken(column: str) -> Prepared:
    theirs = (copied.c[column] == bindparam("who"), copied.c.article_id == bindparam("article"))
    return Prepared(
        select(copied.c.at, copied.c.characters, copied.c.printed)
        .where(*theirs, copied.c.at > bindparam("since", type_=Instant))
        .order_by(copied.c.at, copied.c.id)
    )


@cache
def _report(column: str) -> Prepared:
    theirs = (copied.c[column] == bindparam("who"), copied.c.report_id == bindparam("report"))
    return Prepared(select(copied.c.id).where(*theirs))


@cache
def _add(dialect: str, columns: tuple[str, ...]) -> Prepared:
    dialect_insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[dialect]
    return Prepared(dialect_insert(copied).on_conflict_do_nothing().returning(copied.c.id), columns=columns)
