"""A giver's word against what a rule found: that a link's spreading was not their doing; once for each time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from gateway.case import DISPUTE_LENGTH, Ground, Kind, ground_of
from gateway.decision import Decision, Deny, Permit, Reason
from gateway.firing import REMEMBERED
from gateway.ledger import Actor, Entry, Event, Outcome
from gateway.link import Gift
from gateway.queueing import put_in_queue
from gateway.runtime import Runtime
from gateway.sharing.wording import tidied
from gateway.store import cases, firings, gifts
from gateway.store.entries import append_entry
from gateway.store.refused import refuse_foreign


@dataclass(frozen=True, slots=True)
class Objection:
    """What a giver can object to, and what became of it where they did: since when the case is closed, if it is."""

    ground: Ground
    sent: bool
    closed_at: datetime | None


def objection_to(runtime: Runtime, gift: Gift) -> Objection | None:
    """Find what the giver of a gift can object to, or objected to already; None where there is nothing."""
    with runtime.database.reading() as connection:
        ground = _ground(connection, gift, runtime.clock())
        if ground is None:
            return None
        case = cases.find_case_of(connection, Kind.DISPUTE, ground.origin)
    return Objection(ground, case is not None, None if case is None else case.closed_at)


def dispute(runtime: Runtime, actor: Actor, account_id: int, reference: str, words: str) -> Decision:
    """Tell the desk that a link's spreading was not the giver's doing; at most 500 characters of plain text, or none."""
    now = runtime.clock()
    said = tidied(words)
    with runtime.database.transaction() as connection:
        gift = gifts.take_gift(connection, reference)
        if gift is None or gift.account_id != account_id:
            return refuse_foreign(connection, actor, Event.GIFT_DISPUTED, gift, now)
        ground = _ground(connection, gift, now)
        if ground is None:
            return _refuse(connection, actor, reference, Deny(Reason.DISPUTE_NONE), now)
        if len(said) > DISPUTE_LENGTH:
            lengths: dict[str, str | int] = {"length": len(said), "limit": DISPUTE_LENGTH}
            return _refuse(connection, actor, reference, Deny(Reason.DISPUTE_TOO_LONG, detail=lengths), now)
        if not put_in_queue(connection, actor, ground.evidence(reference, said, now), now):
            return _refuse(connection, actor, reference, Deny(Reason.DISPUTE_SENT), now)
        about: dict[str, str | int] = {"ground": "flag" if ground.flag else "freeze", "rule": ground.rule}
        append_entry(connection, Entry(now, actor, Event.GIFT_DISPUTED, f"gift:{reference}", detail=about))
    return Permit()


def _ground(connection: Connection, gift: Gift, now: datetime) -> Ground | None:
    flags = firings.list_flags(connection, f"account:{gift.account_id}", now - REMEMBERED)
    return ground_of(gift, flags, now)


def _refuse(connection: Connection, actor: Actor, reference: str, why: Deny, now: datetime) -> Deny:
    subject = f"gift:{reference}"
    line = Entry(now, actor, Event.DISPUTE_REFUSED, subject, Outcome.DENY, why.reason, why.detail)
    append_entry(connection, line)
    return why
