"""An admin's acts on gifts, and what every act of the desk is held against.

Each wants a reason, none may be on one's own account, every one is an entry.
"""

from dataclasses import dataclass

from gateway.decision import Decision, Deny, Permit, Reason
from gateway.ledger import Actor, Entry, Event, Outcome
from gateway.reading import giving_back
from gateway.runtime import Runtime
from gateway.sharing import revoking
from gateway.store import firings, gifts, policies
from gateway.store.accounts import Account
from gateway.store.entries import append_entry

REASON_LENGTH = 280
DESK = ("admin", "auditor")


@dataclass(frozen=True, slots=True)
class Word:
    """What an admin says to an act that cannot be undone: the reason, and that it is meant."""

    because: str
    confirmed: bool = False


def admitted(runtime: Runtime, actor: Actor, account: Account) -> Decision:
    """Decide whether an account has any business at the desk; writes the refusal down."""
    if account.role not in DESK:
        return refuse(runtime, actor, Deny(Reason.ACCOUNT_FORBIDDEN, detail={"role": account.role}))
    if account.suspended_at is not None:
        return refuse(runtime, actor, Deny(Reason.ACCOUNT_SUSPENDED, since=account.suspended_at))
    return Permit()


def permitted(  # noqa: PLR0913 - Who, why, on whom, on what, and that it is meant.
    runtime: Runtime,
    actor: Actor,
    admin: Account,
    *,
    because: str,
    on: int | None = None,
    subject: str = "",
    confirmed: bool = True,
) -> Decision:
    """Decide whether an account may act at all, with this reason, on account `on`; writes the refusal down.

    `subject` is what the act is on, where that is no account. A reason has 280 characters at most and is never cut. `confirmed` is asked of what cannot be undone.
    """
    if admin.role != "admin":
        refusal = Deny(Reason.ACCOUNT_FORBIDDEN, detail={"role": admin.role})
    elif on == admin.id:
        refusal = Deny(Reason.ACCOUNT_OWN)
    elif not because.strip():
        refusal = Deny(Reason.REASON_MISSING)
    elif len(because.strip()) > REASON_LENGTH:
        about = {"limit": REASON_LENGTH, "length": len(because.strip())}
        refusal = Deny(Reason.REASON_TOO_LONG, detail=about)
    elif not confirmed:
        refusal = Deny(Reason.ACT_UNCONFIRMED)
    else:
        return Permit()
    return refuse(runtime, actor, refusal, on=on, subject=subject)


def refuse(runtime: Runtime, actor: Actor, why: Deny, *, on: int | None = None, subject: str = "") -> Deny:
    """Write down that an account was refused an act, with what it was on; returns the refusal."""
    now = runtime.clock()
    subject = subject or (actor.name if on is None else f"account:{on}")
    line = Entry(now, actor, Event.ACCOUNT_ACT_REFUSED, subject, Outcome.DENY, why.reason, why.detail)
    with runtime.database.transaction() as connection:
        append_entry(connection, line)
    return why


def revoke_gift(runtime: Runtime, actor: Actor, admin: Account, reference: str, word: Word) -> Decision:
    """Withdraw anybody's gift but one's own, for good."""
    decision = _on_gift(runtime, actor, admin, reference, word)
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
    decision = _on_gift(runtime, actor, admin, reference, word)
    if isinstance(decision, Permit):
        words = word.because.strip()
        return giving_back.give_back_reading(runtime, actor, reference, because=words, claim_id=claim_id)
    return decision


def confirm_restore(runtime: Runtime, actor: Actor, admin: Account, because: str) -> Decision:
    """Open the links again after a restore."""
    decision = permitted(runtime, actor, admin, because=because)
    if isinstance(decision, Permit):
        now = runtime.clock()
        with runtime.database.transaction() as connection:
            confirmed = policies.confirm_restorations(connection, now, actor.name)
            about: dict[str, str | int] = {"restores": confirmed, "because": because}
            append_entry(connection, Entry(now, actor, Event.RESTORE_CONFIRMED, "gateway", detail=about))
        runtime.policies.forget()
    return decision


def _on_gift(runtime: Runtime, actor: Actor, admin: Account, reference: str, word: Word) -> Decision:
    with runtime.database.reading() as connection:
        gift = gifts.find_gift(connection, reference)
    if gift is None:
        return Deny(Reason.GIFT_UNKNOWN)
    on, said = gift.account_id, word.because
    subject = f"gift:{reference}"
    return permitted(runtime, actor, admin, because=said, on=on, subject=subject, confirmed=word.confirmed)


def _set_frozen(
    runtime: Runtime, actor: Actor, admin: Account, reference: str, because: str, *, frozen: bool
) -> Decision:
    decision = _on_gift(runtime, actor, admin, reference, Word(because, confirmed=True))
    if isinstance(decision, Deny):
        return decision
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        gift = gifts.take_gift(connection, reference)
        if gift is None:
            return Deny(Reason.GIFT_UNKNOWN)
        if (gift.frozen_at is not None) == frozen:
            return decision
        at, words = (now, because.strip()) if frozen else (None, "")
        gifts.change_gift(connection, gift.id, frozen_at=at, frozen_because=words, frozen_until=None)
        if not frozen:
            # Else the rule that froze it would hold in name, and never fire on this link again.
            firings.lift_firings(
                connection, f"gift:{reference}", now=now, by=actor.name, because=because.strip()
            )
        event = Event.GIFT_FROZEN if frozen else Event.GIFT_THAWED
        about: dict[str, str | int] = {"account": gift.account_id, "because": because.strip()}
        append_entry(connection, Entry(now, actor, event, f"gift:{reference}", detail=about))
    return decision
