"""An admin's acts on gifts, and what every act of the desk is held against.

Each wants a reason, none may be on one's own account, every one is an entry.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from gateway.decision import Decision, Deny, Permit, Reason
from gateway.ledger import Actor, Entry, Event
from gateway.link import Gift, by_hand, unfrozen
from gateway.reading import giving_back
from gateway.runtime import Runtime
from gateway.sharing import revoking
from gateway.store import firings, gifts, policies
from gateway.store.accounts import Account
from gateway.store.entries import append_entry
from gateway.store.refused import refuse_act
from gateway.visible import is_seen

REASON_LENGTH = 280
DESK = ("admin", "auditor")


@dataclass(frozen=True, slots=True)
class Word:
    """What an admin says to an act that cannot be undone: the reason, and that it is meant."""

    because: str
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """An act that is tried: the event that it would be in the log, and what it is on; "" is whoever tries it."""

    name: str
    subject: str = ""


COMING_IN, FOREIGN_FORM = Act("desk"), Act("form")


def admitted(runtime: Runtime, actor: Actor, account: Account) -> Decision:
    """Decide whether an account has any business at the desk; writes the refusal down."""
    if account.role not in DESK:
        return refuse(
            runtime, actor, COMING_IN, Deny(Reason.ACCOUNT_FORBIDDEN, detail={"role": account.role})
        )
    if account.suspended_at is not None:
        return refuse(runtime, actor, COMING_IN, Deny(Reason.ACCOUNT_SUSPENDED, since=account.suspended_at))
    return Permit()


def permitted(  # noqa: PLR0913 - Who, what, why, on whose account, and that it is meant.
    runtime: Runtime,
    actor: Actor,
    admin: Account,
    act: Act,
    *,
    because: str,
    on: int | None = None,
    confirmed: bool = True,
) -> Decision:
    """Decide whether an account may do an act, with this reason, on what is of account `on`; writes the refusal down.

    A reason has 280 characters at most and is never cut. `confirmed` is asked of what cannot be undone.
    """
    if admin.role != "admin":
        refusal = Deny(Reason.ACCOUNT_FORBIDDEN, detail={"role": admin.role})
    elif on == admin.id:
        refusal = Deny(Reason.ACCOUNT_OWN)
    elif not is_seen(because):
        refusal = Deny(Reason.REASON_MISSING)
    elif len(because.strip()) > REASON_LENGTH:
        about = {"limit": REASON_LENGTH, "length": len(because.strip())}
        refusal = Deny(Reason.REASON_TOO_LONG, detail=about)
    elif not confirmed:
        refusal = Deny(Reason.ACT_UNCONFIRMED)
    else:
        return Permit()
    return refuse(runtime, actor, act, refusal)


def refuse(runtime: Runtime, actor: Actor, act: Act, why: Deny) -> Deny:
    """Write down that an account was refused an act, with what it was on; returns the refusal."""
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        return refuse_within(connection, actor, act, why, now)


def refuse_within(connection: Connection, actor: Actor, act: Act, why: Deny, now: datetime) -> Deny:
    """Write down within the caller's transaction that an account was refused an act; returns the refusal."""
    return refuse_act(connection, actor, act.name, act.subject or actor.name, why, now)


def revoke_gift(runtime: Runtime, actor: Actor, admin: Account, reference: str, word: Word) -> Decision:
    """Withdraw anybody's gift but one's own, for good."""
    decision = _on_gift(runtime, actor, admin, Event.GIFT_REVOKED, reference, word)
    if isinstance(decision, Permit):
        answer = revoking.revoke_gift(runtime, actor, reference, because=word.because.strip())
        return answer if isinstance(answer, Deny) else decision
    return decision


def freeze_gift(runtime: Runtime, actor: Actor, admin: Account, reference: str, because: str) -> Decision:
    """Shut a gift until it is thawed; its readers are shut out too."""
    return _set_frozen(runtime, actor, admin, reference, because, frozen=True)


def thaw_gift(runtime: Runtime, actor: Actor, admin: Account, reference: str, because: str) -> Decision:
    """Open a frozen gift again."""
    return _set_frozen(runtime, actor, admin, reference, because, frozen=False)


def give_back_reading(
    runtime: Runtime,
    actor: Actor,
    admin: Account,
    reference: str,
    word: Word,
    *,
    claim_id: int | None = None,
) -> Decision:
    """Give a wrongly counted reading of anybody's gift but one's own back: that of a claim, or the first opened."""
    decision = _on_gift(runtime, actor, admin, Event.READING_GIVEN_BACK, reference, word)
    if isinstance(decision, Permit):
        words = word.because.strip()
        return giving_back.give_back_reading(runtime, actor, reference, because=words, claim_id=claim_id)
    return decision


def confirm_restore(runtime: Runtime, actor: Actor, admin: Account, because: str) -> Decision:
    """Open the links again after a restore."""
    decision = permitted(runtime, actor, admin, Act(Event.RESTORE_CONFIRMED, "gateway"), because=because)
    if isinstance(decision, Permit):
        now = runtime.clock()
        with runtime.database.transaction() as connection:
            confirmed = policies.confirm_restorations(connection, now, actor.name)
            if not confirmed:
                act = Act(Event.RESTORE_CONFIRMED, "gateway")
                return refuse_within(connection, actor, act, Deny(Reason.ACT_ALREADY), now)
            about: dict[str, str | int] = {"restores": confirmed, "because": because}
            append_entry(connection, Entry(now, actor, Event.RESTORE_CONFIRMED, "gateway", detail=about))
        runtime.policies.forget()
    return decision


def _on_gift(
    runtime: Runtime, actor: Actor, admin: Account, event: Event, reference: str, word: Word
) -> Decision:
    with runtime.database.reading() as connection:
        gift = gifts.find_gift(connection, reference)
    if gift is None:
        return Deny(Reason.GIFT_UNKNOWN)
    act, on, said = Act(event, f"gift:{reference}"), gift.account_id, word.because
    return permitted(runtime, actor, admin, act, because=said, on=on, confirmed=word.confirmed)


def _set_frozen(
    runtime: Runtime, actor: Actor, admin: Account, reference: str, because: str, *, frozen: bool
) -> Decision:
    event = Event.GIFT_FROZEN if frozen else Event.GIFT_THAWED
    decision = _on_gift(runtime, actor, admin, event, reference, Word(because, confirmed=True))
    if isinstance(decision, Deny):
        return decision
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        gift = gifts.take_gift(connection, reference)
        if gift is None:
            return Deny(Reason.GIFT_UNKNOWN)
        already = isinstance(unfrozen(gift, now), Deny) if frozen else gift.frozen_at is None
        if not already:
            _freeze(connection, actor, gift, because.strip(), now, frozen=frozen)
            return decision
        act = Act(event, f"gift:{reference}")
        return refuse_within(connection, actor, act, Deny(Reason.ACT_ALREADY), now)


def _freeze(
    connection: Connection, actor: Actor, gift: Gift, because: str, now: datetime, *, frozen: bool
) -> None:
    at, words = (now, by_hand(because)) if frozen else (None, "")
    gifts.change_gift(connection, gift.id, frozen_at=at, frozen_because=words, frozen_until=None)
    subject = f"gift:{gift.reference}"
    if not frozen:
        # Else the rule that froze it would hold in name, and never fire on this link again.
        firings.lift_firings(connection, subject, now=now, by=actor.name, because=because)
    event = Event.GIFT_FROZEN if frozen else Event.GIFT_THAWED
    about: dict[str, str | int] = {"account": gift.account_id, "because": because}
    append_entry(connection, Entry(now, actor, event, subject, detail=about))
