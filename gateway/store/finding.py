"""What the desk looks for by a word: articles by name and source, a gift by what its link carries, rules by name."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, exists, func, or_, select

from gateway.models import article, firing, gift


@dataclass(frozen=True, slots=True)
class FoundArticle:
    """An article in the desk's list, whatever its rights."""

    id: int
    slug: str
    headline: str
    section: str
    source_id: str
    published_at: datetime | None
    giftable: bool
    withdrawn_at: datetime | None


_FOUND = [article.c[name] for name in FoundArticle.__slots__]
_GIFT = select(gift.c.reference, gift.c.key_id).where(gift.c.capability == bindparam("capability"))


def find_article_named(connection: Connection, name: str) -> int | None:
    """Find an article by its slug or by its number at the source, exactly; None too where several bear it."""
    named = or_(article.c.slug == name, article.c.source_id == name)
    found = connection.execute(select(article.c.id).where(named).limit(2)).scalars().all()
    return found[0] if len(found) == 1 else None


def list_articles_like(
    connection: Connection, *, like: str, before: int | None, limit: int
) -> list[FoundArticle]:
    """List articles by row, the newest first, those whose headline, slug or source holds `like`."""
    statement = select(*_FOUND).order_by(article.c.id.desc()).limit(limit)
    if like:
        wanted = like.lower()
        names = (func.lower(article.c.headline), article.c.slug, func.lower(article.c.source_id))
        statement = statement.where(or_(*(name.contains(wanted, autoescape=True) for name in names)))
    if before is not None:
        statement = statement.where(article.c.id < before)
    return [FoundArticle(*row) for row in connection.execute(statement)]


def find_gift_of_capability(connection: Connection, capability: bytes) -> tuple[str, str] | None:
    """Find a gift by the 16 bytes of its token: its reference, and the key that signed it."""
    row = connection.execute(_GIFT, {"capability": capability}).first()
    return None if row is None else (row[0], row[1])


def has_fired(connection: Connection, rule: str) -> bool:
    """Tell whether a rule of this name ever fired."""
    return bool(connection.execute(select(exists().where(firing.c.rule == rule))).scalar())
