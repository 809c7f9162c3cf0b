"""Giving a wrongly counted reading back: a place comes free, never a credit, and what was served stays served."""

from datetime import datetime

from sqlalchemy import Connection

from gateway.decision import Decision, Deny, Permit, Reason
from gateway.ledger import Actor, Entry, Event, Outcome
from gateway.link import Gift
from gateway.runtime import Runtime
from gateway.store import gifts, given_back
from gateway.store.entries import append_entry
from gateway.store.refused import refuse_foreign


def give_back_reading(
    runtime: Runtime,
    actor: Actor,
    reference: str,
    *,
    owner: int | None = None,
    because: str = "",
    claim_id: int | None = None,
) -> Decision:
    """Count one reading of a gift no longer; with `owner`, only on that account's gift, and once a gift.

    Where no claim is named it is the one that was opened soonest after the issue, which is how a machine's
    differs. Its device keeps the text and is not counted again.
    """
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        gift = gifts.take_gift(connection, reference)
        if gift is None or owner not in (None, gift.account_id):
            return refuse_foreign(connection, actor, Event.READING_GIVEN_BACK, gift, now)
        decision = _decide(connection, gift, now, by_giver=owner is not None, wanted=claim_id)
        subject = f"gift:{reference}"
        if isinstance(decision, Deny):
            refused = Entry(now, actor, Event.GIVE_BACK_REFUSED, subject, Outcome.DENY, decision.reason)
            append_entry(connection, refused)
            return decision
        about: dict[str, str | int] = {"account": gift.account_id, "readings": gift.confirmed - 1}
        if because:
            about["because"] = because
        if claim_id is not None:
            about["claim"] = claim_id
        append_entry(connection, Entry(now, actor, Event.READING_GIVEN_BACK, subject, detail=about))
        return decision


def given_back_at(runtime: Runtime, gift_id: int) -> datetime | None:
    """Tell when a gift's giver gave a reading back."""
    with runtime.database.reading() as connection:
        return given_back.find_given_back_by_giver(connection, gift_id)


def _decide(
    connection: Connection, gift: Gift, now: datetime, *, by_giver: bool, wanted: int | None
) -> Decision:
    if gift.revoked_at is not None:
        return Deny(Reason.GIFT_REVOKED, since=gift.revoked_at)
    if gift.expires_at <= now:
        return Deny(Reason.GIFT_EXPIRED, since=gift.expires_at)
    if by_giver and (before := given_back.find_given_back_by_giver(connection, gift.id)) is not None:
        return Deny(Reason.READING_GIVEN_BACK, since=before)
    found = _chosen(connection, gift, wanted)
    if isinstance(found, Deny):
        return found
    if not given_back.give_back(connection, gift.id, found, now, by_giver=by_giver):
        return Deny(Reason.READING_GIVEN_BACK)
    return Permit()


def _chosen(connection: Connection, gift: Gift, wanted: int | None) -> int | Deny:
    if wanted is not None and given_back.is_given_back(connection, gift.id, wanted):
        return Deny(Reason.ACT_ALREADY)
    if wanted is not None:
        counted = given_back.is_counted(connection, gift.id, wanted)
        return wanted if counted else Deny(Reason.READING_UNCOUNTED)
    return given_back.find_first_counted(connection, gift.id) or Deny(Reason.READING_NONE)
