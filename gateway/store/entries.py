"""The log's rows: appended, counted when they repeat, read; never changed."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    cast,
    func,
    insert,
    literal,
    select,
    update,
)

from gateway import metrics
from gateway.ledger import PERSONAL_KINDS, Entry, Event, Outcome, known_as, sealed_personal, spelled
from gateway.models import entry, entry_person, repeat

# What a connection's `info` holds where acts are replayed on it; see gateway.simulating.
REPLAYED = "replayed"
REPEAT_WITHIN = timedelta(minutes=1)
SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One row of the log as it is shown; `repeats` counts the same refusal within its minute."""

    id: int
    at: datetime
    actor: str
    event: str
    subject: str
    outcome: str
    reason: str
    visitor: str
    request_id: str
    detail: str
    repeats: int
    rule: str = ""


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """What to show of the log; an empty field does not narrow. `before` is an entry id, for the page after it."""

    event: str = ""
    actor: str = ""
    subject: str = ""
    outcome: str = ""
    reason: str = ""
    rule: str = ""
    visitor: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


_FIELDS = ("at", "actor", "event", "subject", "outcome", "reason", "rule", "visitor", "request_id", "detail")
_APPEND = insert(entry).returning(entry.c.id)
_REPEAT = (
    update(repeat)
    .where(
        repeat.c.actor == bindparam("who"),
        repeat.c.subject == bindparam("what"),
        repeat.c.reason == bindparam("why"),
        repeat.c.started_at > bindparam("since"),
    )
    .values(count=repeat.c.count + 1)
)
_ACTOR, _SUBJECT = entry_person.alias("actor"), entry_person.alias("subject")
_BESIDE = ("entry_id", "field", "salt", "value")
_COUNTED = ("entry_id", "actor", "subject", "reason", "started_at", "count")


def append_entry(connection: Connection, line: Entry) -> None:
    """Append an entry; a refusal that repeats within a minute raises its first entry's counter instead.

    That it is to be sealed is noted by the database itself, in the same transaction. What is replayed stands in the
    log already, so nothing is written or counted of it.
    """
    if REPLAYED in connection.info:
        return
    metrics.count_act(line.event.value, line.reason)
    refused = line.outcome is Outcome.DENY
    if refused and _counted_as_repeat(connection, line):
        return
    subject, personal = line.placed
    beside = {what: (secrets.token_bytes(SALT_BYTES), value) for what, value in personal.items()}
    row = _row(line, subject, sealed_personal(beside) if beside else "{}")
    if connection.dialect.name == "postgresql" and (beside or refused):
        values = {f"entry_{name}": value for name, value in row.items()}
        for number, (what, (salt, value)) in enumerate(beside.items()):
            values |= {f"field_{number}": what, f"salt_{number}": salt, f"value_{number}": value}
        if refused:
            values |= {"known_as": line.actor.known_as, "known_subject": line.subject}
        connection.execute(_append_at_once(len(beside), refused=refused), values)
        return
    entry_id = connection.execute(_APPEND, row).scalar_one()
    if beside:
        rows = [(entry_id, what, salt, value) for what, (salt, value) in beside.items()]
        connection.execute(insert(entry_person), [dict(zip(_BESIDE, each, strict=True)) for each in rows])
    if refused:
        known = (entry_id, line.actor.known_as, line.subject, line.reason, line.at, 0)
        connection.execute(insert(repeat), dict(zip(_COUNTED, known, strict=True)))


def list_entries(connection: Connection, wanted: EntryFilter, *, limit: int = 50) -> list[StoredEntry]:
    """List entries newest first; heartbeats, which tell only that nothing happened, where they are asked for."""
    columns = [entry.c[name] for name in ("id", *_FIELDS)]
    count = func.coalesce(repeat.c.count, 0).label("repeats")
    statement = (
        select(*columns, count, _ACTOR.c.value.label("device"), _SUBJECT.c.value.label("whom"))
        .outerjoin(repeat, repeat.c.entry_id == entry.c.id)
        .outerjoin(_ACTOR, and_(_ACTOR.c.entry_id == entry.c.id, _ACTOR.c.field == "device"))
        .outerjoin(_SUBJECT, and_(_SUBJECT.c.entry_id == entry.c.id, _SUBJECT.c.field == "subject"))
        .where(*_narrowed(wanted))
    )
    rows = connection.execute(statement.order_by(entry.c.id.desc()).limit(limit)).mappings()
    return [_stored(row) for row in rows]


def has_entry(connection: Connection, event: Event, subject: str) -> bool:
    """Tell whether anything of a kind was ever written about a subject."""
    found = select(entry.c.id).where(entry.c.subject == subject, entry.c.event == event.value).limit(1)
    return connection.execute(found).first() is not None


def _narrowed(wanted: EntryFilter) -> list[ColumnElement[bool]]:
    names = ("event", "outcome", "reason", "rule", "visitor")
    narrowed = [entry.c[name] == value for name in names if (value := getattr(wanted, name))]
    if not wanted.event:
        narrowed.append(entry.c.event != Event.LOG_HEARTBEAT.value)
    if wanted.actor:
        narrowed.append(_named(entry.c.actor, wanted.actor, "device"))
    if wanted.subject:
        narrowed.append(_named(entry.c.subject, wanted.subject, "subject"))
    if wanted.since is not None:
        narrowed.append(entry.c.at >= wanted.since)
    if wanted.until is not None:
        narrowed.append(entry.c.at < wanted.until)
    if wanted.before is not None:
        narrowed.append(entry.c.id < wanted.before)
    return narrowed


def _named(column: ColumnElement[str], name: str, field: str) -> ColumnElement[bool]:
    """Narrow to an actor or a subject; what is personal of it is looked up beside the entries."""
    kind, _, value = name.partition(":")
    if kind not in PERSONAL_KINDS or not value:
        return column == name
    beside = select(entry_person.c.entry_id).where(
        entry_person.c.field == field, entry_person.c.value == value
    )
    return and_(entry.c.id.in_(beside), column == kind)


def _stored(row: Mapping[Any, Any]) -> StoredEntry:
    values = {name: row[name] for name in ("id", *_FIELDS, "repeats")}
    known = {
        "actor": known_as(row["actor"], row["device"]),
        "subject": known_as(row["subject"], row["whom"]),
    }
    return StoredEntry(**values | known)


def _row(line: Entry, subject: str, personal: str) -> dict[str, Any]:
    return {
        "at": line.at,
        "actor": line.actor.name,
        "event": line.event.value,
        "subject": subject,
        "outcome": line.outcome.value,
        "reason": line.reason,
        "rule": line.rule or str(line.detail.get("rule", "")),
        "visitor": line.actor.visitor,
        "request_id": line.actor.request_id,
        "detail": spelled(line.detail),
        "personal": personal,
    }


@cache
def _append_at_once(beside: int, *, refused: bool) -> Any:
    """Spell one statement for PostgreSQL that appends an entry with all that stands beside it."""
    names = (*_FIELDS, "personal")
    given = {name: bindparam(f"entry_{name}", type_=entry.c[name].type) for name in names}
    line = insert(entry).values(given).returning(entry.c.id).cte("line")
    parts = []
    for number in range(beside):
        values = [
            cast(bindparam(f"{name}_{number}"), entry_person.c[name].type)
            for name in ("field", "salt", "value")
        ]
        row = select(line.c.id, *values)
        parts.append(insert(entry_person).from_select(_BESIDE, row).cte(f"beside_{number}"))
    if refused:
        known = ("known_as", "known_subject", "entry_reason", "entry_at")
        values = [
            cast(bindparam(name), repeat.c[column].type)
            for name, column in zip(known, _COUNTED[1:5], strict=True)
        ]
        row = select(line.c.id, *values, literal(0))
        parts.append(insert(repeat).from_select(_COUNTED, row).cte("counted"))
    return select(line.c.id).add_cte(*parts)


def _counted_as_repeat(connection: Connection, line: Entry) -> bool:
    since = line.at - REPEAT_WITHIN
    values = {"who": line.actor.known_as, "what": line.subject, "why": line.reason, "since": since}
    return connection.execute(_REPEAT, values).rowcount > 0
