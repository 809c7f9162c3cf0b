"""Refusals of an act, written down within the caller's transaction."""

from datetime import datetime

from sqlalchemy import Connection

from gateway.decision import Deny, Reason
from gateway.ledger import Actor, Entry, Event, Outcome
from gateway.link import Gift
from gateway.store.entries import append_entry


def refuse_act(
    connection: Connection, actor: Actor, act: str, subject: str, why: Deny, now: datetime
) -> Deny:
    """Write down that an account was refused an act, named by the event that it would have been; returns the refusal."""
    about = {**why.detail, "act": str(act)}
    line = Entry(now, actor, Event.ACCOUNT_ACT_REFUSED, subject, Outcome.DENY, why.reason, about)
    append_entry(connection, line)
    return why


def refuse_foreign(connection: Connection, actor: Actor, act: str, gift: Gift | None, now: datetime) -> Deny:
    """Refuse an act on a gift that is not the account's; one that there is not at all leaves no entry."""
    why = Deny(Reason.GIFT_UNKNOWN)
    return why if gift is None else refuse_act(connection, actor, act, f"gift:{gift.reference}", why, now)
