"""Views of the desk as files, handed out in flat memory: both ends of that are entries, the last with the digest."""

import json
from collections.abc import Callable, Container, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from gateway.auditing.bundle import CHECKPOINT, MANIFEST, Body, Form, Row, bundled, spelled_rows
from gateway.decision import Deny
from gateway.ledger import Actor, Entry, Event, SealedEntry, Words, spelled_instant
from gateway.link import standing_at_the_desk
from gateway.runtime import Runtime
from gateway.store import accounts, copies
from gateway.store.entries import EntryFilter, append_entry
from gateway.store.entrystream import StreamedEntry, each_entry
from gateway.store.giftlists import GiftView, each_gift_line
from gateway.verify import Note

FORMAT = 1
Rows = Generator[Row, None, None]
_GIFT: Final = (
    *("account_id", "article_id", "issued_at", "expires_at", "period", "readers", "confirmed", "unconfirmed"),
    *("unconfirmed_bound", "served_at", "read_up_at", "revoked_at", "revoked_because", "frozen_at"),
    *("frozen_because", "frozen_until", "credit_returned_at", "policy_version"),
)
_ACCOUNT: Final = ("id", "email", "name", "role", "plan", "created_at", "suspended_at", "suspended_because")


@dataclass(frozen=True, slots=True)
class View:
    """What is exported: its name, its filter in one spelling, and apart from it what in it is a person's.

    `left_out` are the events that the filter does not ask for and that are not among the rows.
    """

    name: str
    filter: str
    personal: dict[str, str]
    columns: tuple[str, ...]
    rows: Callable[[Connection, datetime], Rows]
    left_out: tuple[str, ...] = ()


@dataclass(slots=True)
class _Leaves:
    """What is known of the leaves of the rows that went by: how many there are, and below which size of the log."""

    before: int
    sealed: int = 0
    covered_before: int = 0
    highest: int = -1

    def passing(self, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            leaf = row.get("leaf")
            if isinstance(leaf, int):
                self.sealed += 1
                self.covered_before += leaf < self.before
                self.highest = max(self.highest, leaf)
            yield row


def log_view(wanted: EntryFilter) -> View:
    """Export the entries that a filter finds, oldest first, each with its leaf in the sealed log."""
    said, personal = wanted.spelled()
    columns = ("id", *(each.name for each in fields(SealedEntry) if each.name not in ("id", "personal")))

    def rows(connection: Connection, _now: datetime) -> Rows:
        for each in each_entry(connection, wanted):
            yield _entry_row(each)

    return View("log", said, personal, (*columns, "repeats", "leaf"), rows, wanted.left_out)


def gifts_view(wanted: GiftView, key_ids: Container[str]) -> View:
    """Export gifts, oldest first; neither their links nor their givers' labels. `key_ids` are those that still verify."""

    def rows(connection: Connection, now: datetime) -> Rows:
        for line in each_gift_line(connection, wanted, now):
            state = standing_at_the_desk(line.gift, key_ids, now)
            yield {
                "reference": line.gift.reference,
                "state": state.reason.value if isinstance(state, Deny) else "open",
                "giver": line.giver,
                "headline": line.headline,
                "slug": line.slug,
                **{name: _plain(getattr(line.gift, name)) for name in _GIFT},
            }

    return View(
        "gifts", wanted.spelled(), {}, ("reference", "state", "giver", "headline", "slug", *_GIFT), rows
    )


def accounts_view(like: str) -> View:
    """Export accounts whose address or name holds a text; that text stands beside the entry, being a person's."""

    def rows(connection: Connection, _now: datetime) -> Rows:
        for each in accounts.each_account(connection, like=like):
            yield {name: _plain(getattr(each, name)) for name in _ACCOUNT}

    sought = {"sought_text": like.lower()} if like else {}
    return View("accounts", "q=…" if like else "", sought, _ACCOUNT, rows)


def export(
    runtime: Runtime, actor: Actor, view: View, form: Form, newest: Callable[[], Note | None]
) -> Iterator[bytes]:
    """Hand a view out as a ZIP, read as the database stands at this instant; `newest` finds the newest checkpoint.

    That it begins is written down before this returns. That it ended is written down when the stream was read to
    its end or closed, with how many rows went out, whether these are all, and the digest of their file.
    """
    now = runtime.clock()
    _note(runtime, actor, view, Event.EXPORT_BEGUN, now, {"form": form.value})
    return _stream(runtime, actor, view, form, newest, now)


def _stream(
    runtime: Runtime,
    actor: Actor,
    view: View,
    form: Form,
    newest: Callable[[], Note | None],
    now: datetime,
) -> Iterator[bytes]:
    body, whole, name = Body(), False, f"{view.name}.{form.value}"
    about: dict[str, object] = {
        "format": FORMAT,
        "of": view.name,
        "filter": view.filter,
        "as_of": spelled_instant(now),
        "by": actor.name,
        "gateway": runtime.base_url,
        **({"left_out": view.left_out} if view.left_out else {}),
    }
    first = newest()
    leaves = _Leaves(0 if first is None else first.size)

    def ending() -> Iterator[tuple[str, bytes]]:
        last = newest()
        # A leaf may be committed before its checkpoint is out; then the one from before covers what it covers.
        settled = last is not None and leaves.highest < last.size
        note, covered = (last, leaves.sealed) if settled else (first, leaves.covered_before)
        said = {"file": name, "rows": body.rows, "sha256": body.digest}
        yield MANIFEST, _manifest(about | said, note, covered if view.name == "log" else None)
        if note is not None:
            yield CHECKPOINT, note.spelled().encode()

    try:
        # Who goes away closes this: then the rows' cursor first, before the connection is given back.
        with copies.snapshot(runtime.database) as connection, closing(view.rows(connection, now)) as rows:
            chunks = spelled_rows(form, view.columns, leaves.passing(rows), body)
            yield from bundled(name, chunks, body, ending(), now)
        whole = True
    finally:
        told = {"form": form.value, "rows": body.rows, "whole": int(whole), "sha256": body.digest}
        _note(runtime, actor, view, Event.EXPORT_ENDED, runtime.clock(), told)


def _note(runtime: Runtime, actor: Actor, view: View, event: Event, now: datetime, about: Words) -> None:
    who = Actor(actor.name, actor.visitor, actor.request_id, {**actor.personal, **view.personal})
    line = Entry(now, who, event, view.name, detail={"filter": view.filter, **about})
    with runtime.database.transaction() as connection:
        append_entry(connection, line)


def _manifest(said: dict[str, object], note: Note | None, covered: int | None) -> bytes:
    checkpoint = None if note is None else {"origin": note.origin, "size": note.size, "root": note.root.hex()}
    whole = said | {"checkpoint": checkpoint} | ({} if covered is None else {"covered": covered})
    return (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode()


def _entry_row(found: StreamedEntry) -> Row:
    line = found.entry
    return {
        "id": line.id,
        "at": spelled_instant(line.at),
        "actor": found.actor,
        "event": line.event,
        "subject": found.subject,
        "outcome": line.outcome,
        "reason": line.reason,
        "rule": line.rule,
        "visitor": line.visitor,
        "request_id": line.request_id,
        "detail": json.loads(line.detail),
        "repeats": found.repeats,
        "leaf": found.leaf,
    }


def _plain(value: object) -> object:
    return spelled_instant(value) if isinstance(value, datetime) else value
