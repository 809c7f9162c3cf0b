"""Articles and their pictures: found, listed, added and replaced; the one place that writes these two tables."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, or_, select, update

from gateway.models import article, picture
from gateway.rights import Rights


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of an article; `travels` is None where nobody stated whether it may go with a gift."""

    href: str
    alt: str = ""
    caption: str = ""
    credit: str = ""
    copyright_holder: str = ""
    usage_terms: str = ""
    travels: bool | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class ArticleText:
    """What one version of an article says, ready to be kept: safe HTML, its opening and its length in characters."""

    source: str
    source_id: str
    source_version: int
    digest: bytes
    language: str
    section: str
    headline: str
    standfirst: str
    byline: str
    body_html: str
    first_paragraph: str
    characters: int
    published_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Article:
    """A kept article as a page needs it; its rights are the present ones."""

    id: int
    slug: str
    revision: int
    language: str
    section: str
    headline: str
    standfirst: str
    byline: str
    body_html: str
    first_paragraph: str
    characters: int
    published_at: datetime | None
    updated_at: datetime | None
    rights: Rights
    withdrawn_because: str
    pictures: tuple[Picture, ...]

    def __hash__(self) -> int:
        """Hash what tells two texts apart: pages are kept by the articles on them, and asked for at each answer."""
        return hash((self.id, self.revision))


@dataclass(frozen=True, slots=True)
class ArticleLine:
    """An article in a list: everything of it but the text."""

    id: int
    slug: str
    language: str
    section: str
    headline: str
    standfirst: str
    byline: str
    published_at: datetime | None
    updated_at: datetime | None
    rights: Rights
    picture: Picture | None


@dataclass(frozen=True, slots=True)
class Held:
    """What an import must know of the article it may replace."""

    id: int
    slug: str
    source_version: int
    digest: bytes
    published_at: datetime | None
    updated_at: datetime | None
    rights: Rights
    withdrawn_because: str


RIGHTS = [article.c[field.name] for field in fields(Rights)]
_PICTURE = [picture.c[field.name] for field in fields(Picture)]
_WHOLE = [article.c[field.name] for field in fields(Article) if field.name not in {"rights", "pictures"}]
_LINE = [article.c[field.name] for field in fields(ArticleLine) if field.name not in {"rights", "picture"}]
_HELD = [article.c[field.name] for field in fields(Held) if field.name != "rights"]

_BY_ID = select(*_WHOLE, *RIGHTS).where(article.c.id == bindparam("id"))
_PICTURES_OF = select(*_PICTURE).where(picture.c.article_id == bindparam("id")).order_by(picture.c.position)
_BY_SOURCE_LOCKED = (
    select(*_HELD, *RIGHTS)
    .where(article.c.source == bindparam("source"), article.c.source_id == bindparam("source_id"))
    .with_for_update(key_share=True)
)
# What may be read comes first by date; an article that states no date comes after those that do.
_NEWEST_FIRST = (article.c.published_at.desc().nulls_last(), article.c.id.desc())


def find_article(connection: Connection, article_id: int) -> Article | None:
    """Find an article by its number, with its pictures in their order."""
    return _whole(connection, connection.execute(_BY_ID, {"id": article_id}).one_or_none())


def find_pictures(connection: Connection, article_id: int) -> tuple[Picture, ...]:
    """Find an article's pictures in their order."""
    return tuple(Picture(*row) for row in connection.execute(_PICTURES_OF, {"id": article_id}))


def list_articles(
    connection: Connection, now: datetime, *, section: str | None = None, limit: int = 50, offset: int = 0
) -> tuple[ArticleLine, ...]:
    """List the articles that may be read at `now`, newest first: not withdrawn, embargoed or expired."""
    query = select(*_LINE, *RIGHTS).where(
        or_(article.c.withdrawn_at.is_(None), article.c.withdrawn_at > now),
        or_(article.c.embargo_until.is_(None), article.c.embargo_until <= now),
        or_(article.c.expires_at.is_(None), article.c.expires_at > now),
    )
    if section is not None:
        query = query.where(article.c.section == section)
    return _lines(connection, query.order_by(*_NEWEST_FIRST).limit(limit).offset(offset))


def list_all_articles(connection: Connection, *, limit: int = 50, offset: int = 0) -> tuple[ArticleLine, ...]:
    """List every article whatever its rights, newest first: for those who watch over them."""
    return _lines(connection, select(*_LINE, *RIGHTS).order_by(*_NEWEST_FIRST).limit(limit).offset(offset))


def list_sections(connection: Connection) -> tuple[str, ...]:
    """List the sections that articles state, in alphabetical order."""
    return tuple(
        connection.scalars(
            select(article.c.section).where(article.c.section != "").distinct().order_by(article.c.section)
        )
    )


def take_held(connection: Connection, *, source: str, source_id: str) -> Held | None:
    """Find an article by where it came from and lock its row until the transaction ends."""
    row = connection.execute(_BY_SOURCE_LOCKED, {"source": source, "source_id": source_id}).one_or_none()
    if row is None:
        return None
    values = row._mapping  # noqa: SLF001
    return Held(**{column.name: values[column] for column in _HELD}, rights=_rights(values))


def find_version(connection: Connection, *, source: str, source_id: str) -> int | None:
    """Find which version of an article is held, by where it came from; None where none is."""
    by_source = (article.c.source == source) & (article.c.source_id == source_id)
    return connection.scalar(select(article.c.source_version).where(by_source))


def find_taken_slugs(connection: Connection, slugs: Iterable[str]) -> frozenset[str]:
    """Find which of these slugs articles already bear."""
    return frozenset(connection.scalars(select(article.c.slug).where(article.c.slug.in_(list(slugs)))))


def add_article(
    connection: Connection,
    text: ArticleText,
    rights: Rights,
    *,
    slug: str,
    withdrawn_because: str,
    now: datetime,
) -> int:
    """Add an article without pictures and return its number; IntegrityError where source or slug is taken."""
    values = {**asdict(text), **asdict(rights), "slug": slug, "withdrawn_because": withdrawn_because}
    added = connection.execute(insert(article).values(**values, imported_at=now).returning(article.c.id))
    return int(added.scalar_one())


def replace_article(
    connection: Connection,
    article_id: int,
    text: ArticleText,
    rights: Rights,
    *,
    withdrawn_because: str,
    now: datetime,
) -> None:
    """Put another version in an article's place, count its revision up, and leave its slug as it is."""
    connection.execute(
        update(article)
        .where(article.c.id == article_id)
        .values(
            **asdict(text),
            **asdict(rights),
            withdrawn_because=withdrawn_because,
            imported_at=now,
            revision=article.c.revision + 1,
        )
    )


def withdraw_article(
    connection: Connection, article_id: int, *, because: str, now: datetime, since: datetime | None = None
) -> bool:
    """Withdraw an article from `since`, else from `now`, and say whether this did it: one withdrawn stays so.

    A withdrawal that its source states for later gives way to this one.
    """
    not_yet = or_(article.c.withdrawn_at.is_(None), article.c.withdrawn_at > now)
    done = connection.execute(
        update(article)
        .where(article.c.id == article_id, not_yet)
        .values(withdrawn_at=since or now, withdrawn_because=because, revision=article.c.revision + 1)
    )
    return done.rowcount == 1


def restore_article(connection: Connection, article_id: int) -> bool:
    """Take an article's withdrawal back, and say whether there was one."""
    values = {"withdrawn_at": None, "withdrawn_because": "", "revision": article.c.revision + 1}
    withdrawn = (article.c.id == article_id) & article.c.withdrawn_at.is_not(None)
    return connection.execute(update(article).where(withdrawn).values(**values)).rowcount == 1


def change_giving(connection: Connection, article_id: int, *, giftable: bool, because: str) -> bool:
    """Allow or stop gifts of an article and say whether this did it."""
    done = connection.execute(
        update(article)
        .where(article.c.id == article_id, article.c.giftable.is_not(giftable))
        .values(
            giftable=giftable,
            not_giftable_because="" if giftable else because,
            revision=article.c.revision + 1,
        )
    )
    return done.rowcount == 1


def restate_withdrawal(connection: Connection, article_id: int, *, because: str) -> None:
    """Give another reason for a withdrawal that stands."""
    connection.execute(update(article).where(article.c.id == article_id).values(withdrawn_because=because))


def note_version(
    connection: Connection, article_id: int, *, source_version: int, updated_at: datetime | None
) -> None:
    """Note that a later version of an article was seen, so that no earlier one takes its place any more."""
    connection.execute(
        update(article)
        .where(article.c.id == article_id)
        .values(source_version=source_version, updated_at=updated_at)
    )


def replace_pictures(connection: Connection, article_id: int, pictures: Sequence[Picture]) -> None:
    """Put these pictures, in this order, in the place of those an article has."""
    connection.execute(delete(picture).where(picture.c.article_id == article_id))
    if pictures:
        rows = [{"article_id": article_id, "position": n, **asdict(each)} for n, each in enumerate(pictures)]
        connection.execute(insert(picture), rows)


def _whole(connection: Connection, row: Row[Any] | None) -> Article | None:
    if row is None:
        return None
    values = row._mapping  # noqa: SLF001  # SQLAlchemy's public name for a row by column begins with a line.
    known = {column.name: values[column] for column in _WHOLE}
    return Article(**known, rights=_rights(values), pictures=find_pictures(connection, values[article.c.id]))


def _lines(connection: Connection, query: Any) -> tuple[ArticleLine, ...]:
    rows = [row._mapping for row in connection.execute(query)]  # noqa: SLF001
    first = _first_pictures(connection, [row[article.c.id] for row in rows])
    return tuple(
        ArticleLine(
            **{column.name: row[column] for column in _LINE},
            rights=_rights(row),
            picture=first.get(row[article.c.id]),
        )
        for row in rows
    )


def _rights(values: Mapping[Any, Any]) -> Rights:
    return Rights(**{column.name: values[column] for column in RIGHTS})


def _first_pictures(connection: Connection, article_ids: Sequence[int]) -> dict[int, Picture]:
    query = select(picture.c.article_id, *_PICTURE).where(
        picture.c.article_id.in_(article_ids), picture.c.position == 0
    )
    return {row[0]: Picture(*row[1:]) for row in connection.execute(query)} if article_ids else {}
