"""Requests for a licence: added once, listed, answered, and mailed to the licensing desk."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, and_, delete, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.case import Kind
from gateway.licence import State
from gateway.models import article, case_evidence, licence_request


@dataclass(frozen=True, slots=True)
class LicenceRequest:
    """One request, with its article's headline and slug where it names one of ours."""

    id: int
    number: str
    at: datetime
    article_id: int | None
    headline: str | None
    slug: str | None
    about: str
    characters: int | None
    purpose: str
    name: str
    email: str
    text: str
    language: str
    state: str
    state_at: datetime
    mailed_at: datetime | None
    mail_tries: int
    mail_fault: str


_OF_ARTICLE = {"headline": article.c.headline, "slug": article.c.slug}
_COLUMNS: list[Column[Any]] = [
    _OF_ARTICLE[field.name] if field.name in _OF_ARTICLE else licence_request.c[field.name]
    for field in fields(LicenceRequest)
]
_REQUEST = select(*_COLUMNS).outerjoin(article, article.c.id == licence_request.c.article_id)


def add_request(
    connection: Connection, draw_number: Callable[[], str], *, digest: bytes, **values: object
) -> tuple[str, bool]:
    """Add a request under a number nobody has yet; returns the number, and False where it was added before."""
    dialect_insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[connection.dialect.name]
    once = dialect_insert(licence_request).on_conflict_do_nothing().returning(licence_request.c.number)
    before = select(licence_request.c.number).where(licence_request.c.digest == digest)
    while True:
        added = connection.execute(once, {**values, "digest": digest, "number": draw_number()}).scalar()
        if added is not None:
            return added, True
        known = connection.execute(before).scalar()
        if known is not None:
            return known, False


def find_request(connection: Connection, number: str) -> LicenceRequest | None:
    """Find a request by its number."""
    row = connection.execute(_REQUEST.where(licence_request.c.number == number)).first()
    return None if row is None else LicenceRequest(*row)


def take_request(connection: Connection, number: str) -> str | None:
    """Find a request's state, and hold its row until the transaction ends."""
    held = select(licence_request.c.state).where(licence_request.c.number == number).with_for_update()
    return connection.execute(held).scalar()


def list_requests(
    connection: Connection, *, state: str = "", before: int | None = None, limit: int = 50
) -> list[LicenceRequest]:
    """List requests newest first; an empty state does not narrow, `before` is a row for the page after it."""
    statement = _REQUEST
    if state:
        statement = statement.where(licence_request.c.state == state)
    if before is not None:
        statement = statement.where(licence_request.c.id < before)
    rows = connection.execute(statement.order_by(licence_request.c.id.desc()).limit(limit))
    return [LicenceRequest(*row) for row in rows]


def list_unqueued(connection: Connection, *, limit: int) -> list[LicenceRequest]:
    """List new requests that are not in the desk's queue, since they came in before there was one."""
    queued = select(case_evidence.c.id).where(
        case_evidence.c.kind == Kind.LICENCE_REQUEST.value,
        case_evidence.c.origin == literal("licence:") + licence_request.c.number,
    )
    waiting = and_(licence_request.c.state == State.NEW.value, ~queued.exists())
    rows = connection.execute(_REQUEST.where(waiting).order_by(licence_request.c.id).limit(limit))
    return [LicenceRequest(*row) for row in rows]


def count_requests(connection: Connection) -> dict[str, int]:
    """Count the requests by their state."""
    state = licence_request.c.state
    return {row[0]: row[1] for row in connection.execute(select(state, func.count()).group_by(state))}


def set_state(connection: Connection, number: str, state: str, now: datetime) -> bool:
    """Put a request into another state; False where it is in it already."""
    other = (licence_request.c.number == number) & (licence_request.c.state != state)
    statement = update(licence_request).where(other).values(state=state, state_at=now)
    return connection.execute(statement).rowcount > 0


def list_unsent(connection: Connection, now: datetime, *, limit: int) -> list[LicenceRequest]:
    """List requests whose mail is due, the longest due first."""
    # A request without an address is of a person who was erased: there is nobody to answer.
    due = and_(
        licence_request.c.mailed_at.is_(None),
        licence_request.c.mail_due_at <= now,
        licence_request.c.email != "",
    )
    rows = connection.execute(_REQUEST.where(due).order_by(licence_request.c.mail_due_at).limit(limit))
    return [LicenceRequest(*row) for row in rows]


def mark_mailed(connection: Connection, request_id: int, now: datetime) -> None:
    """Note that a request's mail was taken by the mail server."""
    _change(connection, request_id, mailed_at=now, mail_tries=licence_request.c.mail_tries + 1, mail_fault="")


def note_mail_fault(connection: Connection, request_id: int, fault: str, *, again_at: datetime) -> None:
    """Note why a request's mail was not taken, and when it is tried again."""
    tries = licence_request.c.mail_tries + 1
    _change(connection, request_id, mail_tries=tries, mail_fault=fault[:200], mail_due_at=again_at)


def drop_closed(connection: Connection, before: datetime) -> int:
    """Forget requests that were closed before an instant; returns how many."""
    old = (licence_request.c.state == "closed") & (licence_request.c.state_at < before)
    return connection.execute(delete(licence_request).where(old)).rowcount


def _change(connection: Connection, request_id: int, **values: object) -> None:
    connection.execute(update(licence_request).where(licence_request.c.id == request_id).values(**values))
