"""Gifts as the desk lists them: of somebody, of an article, in a state, of some days; page by page, or all of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from gateway.ledger import spelled_instant
from gateway.link import Gift
from gateway.models import account, article, gift
from gateway.store.gifts import COLUMNS, GiftLine, open_at

# Gifts are numbered as they are made, so days bound the numbers too; clocks of machines differ, but not by a day.
SLACK = timedelta(days=1)
ROWS_AT_ONCE = 1000


class State(StrEnum):
    """How a gift stands, as a list is narrowed to it; a withdrawn one is nothing else."""

    OPEN = "open"
    FROZEN = "frozen"
    READ_UP = "read_up"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class GiftView:
    """Which gifts to list; None does not narrow. `before` is a gift's row, for the page after it."""

    account_id: int | None = None
    article_id: int | None = None
    state: State | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None

    def spelled(self) -> str:
        """Spell the filter in one way, its names in order."""
        said: dict[str, object] = {
            "account": self.account_id,
            "article": self.article_id,
            "state": self.state,
        }
        instants = {"since": self.since, "until": self.until}
        said |= {name: spelled_instant(at) for name, at in instants.items() if at is not None}
        return urlencode(sorted((name, each) for name, each in said.items() if each is not None), safe=":")


_LINE = select(*COLUMNS, article.c.headline, article.c.slug, account.c.name).join(article).join(account)


def list_gift_lines(connection: Connection, wanted: GiftView, now: datetime, *, limit: int) -> list[GiftLine]:
    """List gifts as they stand at `now`, newest first."""
    rows = connection.execute(_wanted(wanted, now).limit(limit))
    return [_line(row) for row in rows]


def each_gift_line(connection: Connection, wanted: GiftView, now: datetime) -> Iterator[GiftLine]:
    """Yield gifts as they stand at `now`, oldest first, within a transaction of the caller's, a few at a time."""
    statement = _wanted(wanted, now).order_by(None).order_by(gift.c.id)
    statement = statement.execution_options(yield_per=ROWS_AT_ONCE)
    with connection.execute(statement) as streamed:
        for row in streamed:
            yield _line(row)


def _wanted(wanted: GiftView, now: datetime) -> Select[Any]:
    statement = _LINE.order_by(gift.c.id.desc())
    if wanted.account_id is not None:
        statement = statement.where(gift.c.account_id == wanted.account_id)
    if wanted.article_id is not None:
        statement = statement.where(gift.c.article_id == wanted.article_id)
    if wanted.state is not None:
        statement = statement.where(_in_state(wanted.state, now))
    if wanted.since is not None:
        older = select(gift.c.id).where(gift.c.issued_at < wanted.since - SLACK)
        bound = older.order_by(gift.c.issued_at.desc()).limit(1).correlate(None).scalar_subquery()
        statement = statement.where(gift.c.issued_at >= wanted.since, gift.c.id > func.coalesce(bound, 0))
    if wanted.until is not None:
        newer = select(gift.c.id).where(gift.c.issued_at >= wanted.until + SLACK)
        bound = newer.order_by(gift.c.issued_at).limit(1).correlate(None).scalar_subquery()
        statement = statement.where(gift.c.issued_at < wanted.until, gift.c.id < func.coalesce(bound, 2**62))
    if wanted.before is not None:
        statement = statement.where(gift.c.id < wanted.before)
    return statement


def _in_state(state: State, now: datetime) -> ColumnElement[bool]:
    if state is State.REVOKED:
        return gift.c.revoked_at.is_not(None)
    standing = {
        State.OPEN: open_at(now),
        State.FROZEN: and_(
            gift.c.frozen_at.is_not(None), or_(gift.c.frozen_until.is_(None), gift.c.frozen_until > now)
        ),
        State.READ_UP: gift.c.read_up_at.is_not(None),
        State.EXPIRED: gift.c.expires_at <= now,
    }
    return and_(standing[state], gift.c.revoked_at.is_(None))


def _line(row: Any) -> GiftLine:
    return GiftLine(Gift(*row[: len(COLUMNS)]), *row[len(COLUMNS) :])
