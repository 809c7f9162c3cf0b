"""The log's rows: appended, counted when they repeat, read; never changed."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    FromClause,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    insert,
    literal,
    select,
    text,
    update,
)

from gateway import metrics
from gateway.ledger import PERSONAL_KINDS, Entry, Event, Outcome, known_as, sealed_personal, spelled
from gateway.logmonth import NUMBERS_A_MONTH, first_number
from gateway.models import NAMED, entry, entry_person, repeat
from gateway.store.entryfilter import EntryFilter, narrowed, newest_first

__all__ = ["EntryFilter", "StoredEntry", "append_entry", "list_entries"]

# What a connection's `info` holds where acts are replayed on it; see gateway.simulating.
REPLAYED = "replayed"
REPEAT_WITHIN = timedelta(minutes=1)
SALT_BYTES = 16
LAST_ACTS = 50


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


_FIELDS = ("at", "actor", "event", "subject", "outcome", "reason", "rule", "visitor", "request_id", "detail")
_COLUMNS = [entry.c[name] for name in ("id", *_FIELDS)]
_MONTH = bindparam("month", type_=entry.c.id.type)
# A number begins with its month. PostgreSQL counts on over all of them; SQLite, which has one writer, in each.
_NUMBERS = {
    "postgresql": _MONTH + func.nextval(literal("entry_id_seq", literal_execute=True)) % NUMBERS_A_MONTH,
    "sqlite": select(func.coalesce(func.max(entry.c.id), _MONTH) + 1)
    .where(entry.c.id >= _MONTH, entry.c.id < _MONTH + NUMBERS_A_MONTH)
    .scalar_subquery(),
}
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
        values["month"] = first_number(line.at)
        connection.execute(_append_at_once(len(beside), refused=refused), values)
        return
    appended = _append(connection.dialect.name)
    entry_id = connection.execute(appended, row | {"month": first_number(line.at)}).scalar_one()
    if beside:
        rows = [(entry_id, what, salt, value) for what, (salt, value) in beside.items()]
        connection.execute(insert(entry_person), [dict(zip(_BESIDE, each, strict=True)) for each in rows])
    if refused:
        known = (entry_id, line.actor.known_as, line.subject, line.reason, line.at, 0)
        connection.execute(insert(repeat), dict(zip(_COUNTED, known, strict=True)))


def forget_repeaters(connection: Connection, before: datetime) -> int:
    """Take devices and networks out of counters whose minute is over; the numbers stay. Returns how many named one."""
    old = and_(repeat.c.started_at < before, text(NAMED))
    kinds = {
        column: case(
            *((column.startswith(f"{kind}:"), kind) for kind in sorted(PERSONAL_KINDS)), else_=column
        )
        for column in (repeat.c.actor, repeat.c.subject)
    }
    return connection.execute(update(repeat).where(old).values(kinds)).rowcount


def list_entries(connection: Connection, wanted: EntryFilter, *, limit: int = 50) -> list[StoredEntry]:
    """List entries newest first, but for those that EntryFilter leaves out unless they are asked for."""
    found = select(*_COLUMNS).where(*narrowed(wanted)).order_by(*newest_first(wanted)).limit(limit).subquery()
    rows = connection.execute(_with_beside(found).order_by(found.c.id.desc())).mappings()
    return [_stored(row) for row in rows]


def has_entry(connection: Connection, event: Event, subject: str) -> bool:
    """Tell whether anything of a kind was ever written about a subject."""
    found = select(entry.c.id).where(entry.c.subject == subject, entry.c.event == event.value).limit(1)
    return connection.execute(found).first() is not None


def was_noted(connection: Connection, line: Entry, since: datetime) -> bool:
    """Tell whether an actor's last acts have an entry that says the same, since an instant."""
    names = ("at", "event", "subject", "detail")
    own = select(*(entry.c[name] for name in names)).where(entry.c.actor == line.actor.name)
    last = own.order_by(entry.c.id.desc()).limit(LAST_ACTS).subquery()
    alike = and_(
        last.c.at > since,
        last.c.event == line.event.value,
        last.c.subject == line.subject,
        last.c.detail == spelled(line.detail),
    )
    return connection.execute(select(last.c.at).where(alike).limit(1)).first() is not None


def _with_beside(found: FromClause) -> Select[Any]:
    """Join to rows of entries what stands beside them: how often they came again, and whom they are about."""
    count = func.coalesce(repeat.c.count, 0).label("repeats")
    return (
        select(*found.c, count, _ACTOR.c.value.label("device"), _SUBJECT.c.value.label("whom"))
        .outerjoin(repeat, repeat.c.entry_id == found.c.id)
        .outerjoin(_ACTOR, and_(_ACTOR.c.entry_id == found.c.id, _ACTOR.c.field == "device"))
        .outerjoin(_SUBJECT, and_(_SUBJECT.c.entry_id == found.c.id, _SUBJECT.c.field == "subject"))
    )


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
def _append(dialect: str) -> Any:
    given = {name: bindparam(name, type_=entry.c[name].type) for name in (*_FIELDS, "personal")}
    return insert(entry).values(id=_NUMBERS[dialect], **given).returning(entry.c.id)


@cache
def _append_at_once(beside: int, *, refused: bool) -> Any:
    """Spell one statement for PostgreSQL that appends an entry with all that stands beside it."""
    names = (*_FIELDS, "personal")
    given = {name: bindparam(f"entry_{name}", type_=entry.c[name].type) for name in names}
    line = insert(entry).values(id=_NUMBERS["postgresql"], **given).returning(entry.c.id).cte("line")
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
