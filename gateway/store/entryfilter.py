"""Which entries of the log are asked for, as conditions that an index answers, and as the one way to say it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, ScalarSelect, UnaryExpression, and_, false, func, literal_column, select

from gateway.ledger import PERSONAL_KINDS, Event, Outcome, spelled_instant
from gateway.models import entry, entry_person
from gateway.visitor import Visitor

# Entries are numbered as they are written, and dated when their act began: those of one act that took long, or of a
# machine whose clock is off, are further apart than others, but not by a day.
SLACK = timedelta(days=1)
CLASSES = frozenset(each.value for each in Visitor)
NAMES = ("event", "actor", "subject", "outcome", "reason", "rule", "visitor")
# How events are named that tell of a refusal; there is no permitted one, for which every one would be gone through.
REFUSED = "refused"
# They tell that nothing happened, or who looked: where nobody asks for them, they would hide what did happen.
UNASKED = (Event.LOG_HEARTBEAT.value, Event.LOG_READ.value)


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """What to show of the log; an empty field does not narrow. `before` is an entry id, for the page after it.

    Heartbeats are shown where that event is asked for; readings of the log also where their actor or subject is.
    """

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

    @property
    def left_out(self) -> tuple[str, ...]:
        """The events that are left out because nobody asked for them."""
        if self.event:
            return ()
        return UNASKED[:1] if self.actor or self.subject else UNASKED

    def spelled(self) -> tuple[str, dict[str, str]]:
        """Spell the filter in one way, its names in order, and apart from it what in it is a person's."""
        said, personal = {}, {}
        for name in NAMES:
            kind, _, value = getattr(self, name).partition(":")
            if name in ("actor", "subject") and kind in PERSONAL_KINDS and value:
                said[name], personal[f"sought_{name}"] = kind, value
            elif getattr(self, name):
                said[name] = getattr(self, name)
        instants = {"since": self.since, "until": self.until}
        said |= {name: spelled_instant(at) for name, at in instants.items() if at is not None}
        said |= {} if self.before is None else {"before": str(self.before)}
        return urlencode(sorted(said.items()), safe=":"), personal


def narrowed(wanted: EntryFilter) -> list[ColumnElement[bool]]:
    """Spell a filter as conditions on entries."""
    names = ("reason", "rule") if _refusals_of_one(wanted) else ("event", "reason", "rule")
    found: list[ColumnElement[bool]] = [
        entry.c[name] == value for name in names if (value := getattr(wanted, name))
    ]
    # Said in the statement's own text, so that it is seen to fit the indexes of those entries alone.
    found += [entry.c[name] != literal_column("''") for name in ("reason", "rule") if getattr(wanted, name)]
    if wanted.visitor:
        found += _seen_as(wanted.visitor)
    found += _ended(wanted)
    if wanted.left_out:
        found.append(entry.c.event.not_in(wanted.left_out))
    if wanted.actor:
        found.append(_named(entry.c.actor, wanted.actor, "device"))
    if wanted.subject:
        found.append(_named(entry.c.subject, wanted.subject, "subject"))
    # The numbers are bounded too, since what is dated is found and put in order by its number.
    if wanted.since is not None:
        older = _nearest(entry.c.at < wanted.since - SLACK, latest=True)
        found += [entry.c.at >= wanted.since, entry.c.id > func.coalesce(older, 0)]
    if wanted.until is not None:
        newer = _nearest(entry.c.at >= wanted.until + SLACK, latest=False)
        found += [entry.c.at < wanted.until, entry.c.id < func.coalesce(newer, 2**62)]
    if wanted.before is not None:
        found.append(entry.c.id < wanted.before)
    return found


def newest_first(wanted: EntryFilter) -> list[UnaryExpression[Any]]:
    """Spell the order of a page of entries."""
    number: list[UnaryExpression[Any]] = [entry.c.id.desc()]
    return [entry.c.event.desc(), *number] if _refusals_of_one(wanted) else number


def _refusals_of_one(wanted: EntryFilter) -> bool:
    """Tell whether refusals of one event are meant, which may be none at all.

    PostgreSQL takes event and outcome for independent, expects some soon, and walks through the log by number in vain.
    As a range of events, put in order by event and number, they come from the index of each event's refusals alone.
    """
    return bool(wanted.event) and wanted.outcome == Outcome.DENY


def _ended(wanted: EntryFilter) -> list[ColumnElement[bool]]:
    """Narrow to an outcome."""
    if wanted.event.endswith(REFUSED) and wanted.outcome == Outcome.PERMIT:
        return [false()]
    if _refusals_of_one(wanted):
        same = entry.c.event.between(wanted.event, wanted.event)
        return [same, entry.c.outcome != literal_column("'permit'")]
    said = literal_column("'deny'") if wanted.outcome == Outcome.DENY else wanted.outcome
    return [entry.c.outcome == said] if wanted.outcome else []


def _seen_as(visitor: str) -> list[ColumnElement[bool]]:
    """Narrow to a class of visitors; each but persons is so seldom that PostgreSQL must know which one is meant."""
    if visitor not in CLASSES:
        return [entry.c.visitor == visitor]
    seldom = [entry.c.visitor != literal_column(f"'{each}'") for each in ("", Visitor.PERSON.value)]
    return [entry.c.visitor == literal_column(f"'{visitor}'"), *(seldom if visitor != Visitor.PERSON else ())]


def _nearest(dated: ColumnElement[bool], *, latest: bool) -> ScalarSelect[int]:
    order = entry.c.at.desc() if latest else entry.c.at.asc()
    return select(entry.c.id).where(dated).order_by(order).limit(1).correlate(None).scalar_subquery()


def _named(column: ColumnElement[str], name: str, field: str) -> ColumnElement[bool]:
    """Narrow to an actor or a subject; what is personal of it is looked up beside the entries."""
    kind, _, value = name.partition(":")
    if kind not in PERSONAL_KINDS or not value:
        return column == name
    # The kind is said in the statement's own text too: PostgreSQL, which plans once for all values, would take it for as
    # seldom as any other subject, and go through all there are of it.
    said: dict[str, ColumnElement[str]] = {name: literal_column(f"'{name}'") for name in (field, kind)}
    beside = select(entry_person.c.entry_id).where(
        entry_person.c.field == said[field], entry_person.c.value == value
    )
    return and_(entry.c.id.in_(beside), column == said[kind])
