"""Who went on to see what a subscription offers: by network and day, so that each counts once for a text."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.models import article, subscribe_click

_INSERTS: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def add_click(connection: Connection, who: bytes, day: date, subject: str) -> bool:
    """Note that a network's reader went on from a gift or an article; False where one of a day did before."""
    statement = _INSERTS[connection.dialect.name](subscribe_click).values(who=who, day=day, subject=subject)
    added = statement.on_conflict_do_nothing().returning(subscribe_click.c.day)
    return connection.execute(added).first() is not None


def find_sections(connection: Connection, article_ids: Iterable[int]) -> dict[int, str]:
    """Find in which sections articles stand."""
    statement = select(article.c.id, article.c.section).where(article.c.id.in_(list(article_ids)))
    return {row[0]: row[1] for row in connection.execute(statement)}


def drop_clicks(connection: Connection, before: date) -> int:
    """Forget which networks' readers went on before a day; the log's entries of it name no network."""
    return connection.execute(delete(subscribe_click).where(subscribe_click.c.day < before)).rowcount
