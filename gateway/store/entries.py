"""The log's rows: appended, counted when they repeat, read; never changed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, func, insert, select, update

from gateway import metrics
from gateway.ledger import Entry, Outcome, spelled
from gateway.models import entry, repeat

REPEAT_WITHIN = timedelta(minutes=1)


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


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """What to show of the log; an empty field does not narrow. `before` is an entry id, for the page after it."""

    event: str = ""
    actor: str = ""
    subject: str = ""
    outcome: str = ""
    reason: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


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


def append_entry(connection: Connection, line: Entry) -> None:
    """Append an entry; a refusal that repeats within a minute raises its first entry's counter instead."""
    metrics.count_act(line.event.value, line.reason)
    refused = line.outcome is Outcome.DENY
    if refused and _counted_as_repeat(connection, line):
        return
    entry_id = connection.execute(
        _APPEND,
        {
            "at": line.at,
            "actor": line.actor.name,
            "event": line.event.value,
            "subject": line.subject,
            "outcome": line.outcome.value,
            "reason": line.reason,
            "visitor": line.actor.visitor,
            "request_id": line.actor.request_id,
            "detail": spelled(line.detail),
        },
    ).scalar_one()
    if refused:
        row = {"entry_id": entry_id, "actor": line.actor.name, "subject": line.subject, "reason": line.reason}
        connection.execute(insert(repeat), {**row, "started_at": line.at, "count": 0})


def list_entries(connection: Connection, wanted: EntryFilter, *, limit: int = 50) -> list[StoredEntry]:
    """List entries newest first."""
    columns = [entry.c[name] for name in StoredEntry.__slots__ if name != "repeats"]
    count = func.coalesce(repeat.c.count, 0)
    statement = select(*columns, count).outerjoin(repeat, repeat.c.entry_id == entry.c.id)
    for name in ("event", "actor", "subject", "outcome", "reason"):
        if value := getattr(wanted, name):
            statement = statement.where(entry.c[name] == value)
    if wanted.since is not None:
        statement = statement.where(entry.c.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(entry.c.at < wanted.until)
    if wanted.before is not None:
        statement = statement.where(entry.c.id < wanted.before)
    rows = connection.execute(statement.order_by(entry.c.id.desc()).limit(limit))
    return [StoredEntry(*row) for row in rows]


def _counted_as_repeat(connection: Connection, line: Entry) -> bool:
    since = line.at - REPEAT_WITHIN
    values = {"who": line.actor.name, "what": line.subject, "why": line.reason, "since": since}
    return connection.execute(_REPEAT, values).rowcount > 0
