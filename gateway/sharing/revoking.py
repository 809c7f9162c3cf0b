"""Withdrawing gifts: at once, with the credit back where nobody was served the text."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from gateway.decision import Deny
from gateway.ledger import Actor, Entry, Event
from gateway.link import Gift
from gateway.period import month_of
from gateway.runtime import Runtime
from gateway.store import allowances, gifts
from gateway.store.entries import append_entry
from gateway.store.gifts import GiftFilter
from gateway.store.refused import refuse_foreign

# What the log keeps as the reason where a giver, who is asked for none, withdraws their own.
BY_GIVER = "withdrawn by its giver"


@dataclass(frozen=True, slots=True)
class Revoked:
    """A gift that is withdrawn, and whether its credit came back."""

    gift: Gift
    credit_returned: bool


def revoke_gift(
    runtime: Runtime, actor: Actor, reference: str, *, because: str, owner: int | None = None
) -> Revoked | Deny:
    """Withdraw a gift for good; with `owner`, only that account's. Doing it twice is doing it once."""
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        gift = gifts.take_gift(connection, reference)
        if gift is None or owner not in (None, gift.account_id):
            return refuse_foreign(connection, actor, Event.GIFT_REVOKED, gift, now)
        if gift.revoked_at is not None:
            return Revoked(gift, gift.credit_returned_at is not None)
        current = runtime.policies.in_force_within(connection, now)
        month = month_of(now, current.policy.publisher.zone)
        returned = refundable(gift, month.key)
        gifts.change_gift(connection, gift.id, revoked_at=now, revoked_because=because)
        about: dict[str, str | int] = {"account": gift.account_id, "because": because}
        subject = f"gift:{reference}"
        append_entry(connection, Entry(now, actor, Event.GIFT_REVOKED, subject, detail=about))
        if returned:
            _give_back(connection, actor, gift, now)
        return Revoked(gift, returned)


def refundable(gift: Gift, period: str) -> bool:
    """Tell whether revoking a gift in this month gives its credit back: charged to it, and never served."""
    return (
        gift.period == period
        and gift.served_at is None
        and gift.revoked_at is None
        and gift.credit_returned_at is None
    )


def preview_revocation(runtime: Runtime, wanted: GiftFilter) -> list[str]:
    """List the references of the gifts a mass revocation would end."""
    now = runtime.clock()
    with runtime.database.reading() as connection:
        return gifts.list_revocable(connection, wanted, now)


def _give_back(connection: Connection, actor: Actor, gift: Gift, now: datetime) -> None:
    gifts.change_gift(connection, gift.id, credit_returned_at=now)
    allowances.return_credit(connection, gift.account_id, gift.period)
    about: dict[str, str | int] = {"gift": gift.reference, "period": gift.period}
    append_entry(
        connection, Entry(now, actor, Event.CREDIT_RETURNED, f"account:{gift.account_id}", detail=about)
    )
