"""An admin's acts on accounts: suspended and let give again, credits given and taken back, signed out."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from gateway.accounts import managing, signing
from gateway.auditing.acts import Act, Word, permitted, refuse, refuse_within
from gateway.decision import Decision, Deny, Permit, Reason
from gateway.ledger import Actor, Entry, Event
from gateway.period import month_of
from gateway.runtime import Runtime
from gateway.sharing.credits import limit_of
from gateway.store import accounts, allowances, idempotency
from gateway.store.accounts import Account
from gateway.store.entries import append_entry

CREDITS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """How many credits and why, and the form's key: sent twice, it is one act."""

    credits: int
    because: str
    key: str


def suspend(
    runtime: Runtime, actor: Actor, admin: Account, account_id: int, because: str, *, freeze_links: bool
) -> Decision:
    """Stop an account's new gifts, and freeze its links where that is wished."""
    decision = _on_account(runtime, actor, admin, Event.ACCOUNT_SUSPENDED, account_id, because)
    if isinstance(decision, Permit):
        words = because.strip()
        done = managing.suspend(runtime, actor, account_id, because=words, freeze_links=freeze_links)
        return decision if done is not None else _already(runtime, actor, Event.ACCOUNT_SUSPENDED, account_id)
    return decision


def unsuspend(runtime: Runtime, actor: Actor, admin: Account, account_id: int, because: str) -> Decision:
    """Let an account give again."""
    decision = _on_account(runtime, actor, admin, Event.ACCOUNT_UNSUSPENDED, account_id, because)
    if isinstance(decision, Permit):
        done = managing.unsuspend(runtime, actor, account_id, because=because.strip())
        return (
            decision if done is not None else _already(runtime, actor, Event.ACCOUNT_UNSUSPENDED, account_id)
        )
    return decision


def grant_credits(runtime: Runtime, actor: Actor, admin: Account, account_id: int, asked: Asked) -> Decision:
    """Give an account extra credits for the present month."""
    act = Act(Event.CREDITS_GRANTED, f"account:{account_id}")
    decision = _on_credits(runtime, actor, admin, act, account_id, asked)
    if isinstance(decision, Deny):
        return decision
    now, same = runtime.clock(), _digest("grant", account_id, asked)
    with runtime.database.transaction() as connection:
        account = accounts.take_account(connection, account_id)
        if account is None:
            return Deny(Reason.ACCOUNT_UNKNOWN)
        if account.plan is None or account.erased:
            return refuse_within(connection, actor, act, Deny(Reason.ACCOUNT_WITHOUT_PLAN), now)
        before = idempotency.find_act(connection, admin.id, asked.key)
        if before is not None:
            return _again(connection, actor, act, now, repeated=before == same)
        current = runtime.policies.in_force_within(connection, now)
        month = month_of(now, current.policy.publisher.zone)
        granted = allowances.grant_credits(connection, account_id, month.key, asked.credits)
        about = _credited(asked, granted, month.key)
        append_entry(connection, Entry(now, actor, Event.CREDITS_GRANTED, act.subject, detail=about))
        idempotency.add_act(connection, admin.id, asked.key, same, now)
    return decision


def take_back_credits(
    runtime: Runtime, actor: Actor, admin: Account, account_id: int, asked: Asked
) -> Decision:
    """Take extra credits of the present month back, as many as are not spent: what undoes a grant."""
    act = Act(Event.CREDITS_TAKEN_BACK, f"account:{account_id}")
    decision = _on_credits(runtime, actor, admin, act, account_id, asked)
    if isinstance(decision, Deny):
        return decision
    now, same = runtime.clock(), _digest("take back", account_id, asked)
    with runtime.database.transaction() as connection:
        account = accounts.take_account(connection, account_id)
        if account is None:
            return Deny(Reason.ACCOUNT_UNKNOWN)
        current = runtime.policies.in_force_within(connection, now)
        month = month_of(now, current.policy.publisher.zone)
        plan = limit_of(account, current.policy) or 0
        before = idempotency.find_act(connection, admin.id, asked.key)
        if before is not None:
            return _again(connection, actor, act, now, repeated=before == same)
        granted = allowances.take_back_credits(connection, account_id, month.key, asked.credits, plan)
        if granted is not None:
            about = _credited(asked, granted, month.key)
            append_entry(connection, Entry(now, actor, Event.CREDITS_TAKEN_BACK, act.subject, detail=about))
            idempotency.add_act(connection, admin.id, asked.key, same, now)
            return decision
        usage = allowances.find_usage(connection, account_id, month.key)
    left = max(0, min(usage.granted, plan + usage.granted - usage.used))
    return refuse(runtime, actor, act, Deny(Reason.CREDITS_SPENT, detail={"limit": left}))


def sign_out(runtime: Runtime, actor: Actor, admin: Account, account_id: int, word: Word) -> Decision:
    """Sign an account out everywhere; one's own may be too, since that gains nobody anything."""
    with runtime.database.reading() as connection:
        if accounts.find_account(connection, account_id) is None:
            return Deny(Reason.ACCOUNT_UNKNOWN)
    act = Act(Event.SESSIONS_ENDED, f"account:{account_id}")
    decision = permitted(runtime, actor, admin, act, because=word.because, confirmed=word.confirmed)
    if isinstance(decision, Permit):
        signing.end_sessions(runtime, actor, account_id, because=word.because.strip())
    return decision


def sign_everyone_out(runtime: Runtime, actor: Actor, admin: Account, word: Word) -> Decision:
    """End every session there is, the admin's own among them."""
    act = Act(Event.EVERYONE_SIGNED_OUT, "gateway")
    decision = permitted(runtime, actor, admin, act, because=word.because, confirmed=word.confirmed)
    if isinstance(decision, Permit):
        signing.end_every_session(runtime, actor, because=word.because.strip())
    return decision


def _on_credits(
    runtime: Runtime, actor: Actor, admin: Account, act: Act, account_id: int, asked: Asked
) -> Decision:
    decision = _on_account(runtime, actor, admin, act.name, account_id, asked.because)
    if isinstance(decision, Permit) and not asked.key:
        return refuse(runtime, actor, act, Deny(Reason.IDEMPOTENCY_KEY_MISSING))
    if isinstance(decision, Permit) and not 1 <= asked.credits <= CREDITS_AT_ONCE:
        limits = {"limit": CREDITS_AT_ONCE}
        return refuse(runtime, actor, act, Deny(Reason.CREDITS_OUT_OF_RANGE, detail=limits))
    return decision


def _again(connection: Connection, actor: Actor, act: Act, now: datetime, *, repeated: bool) -> Decision:
    """Answer a form that came before: as the first time, or that it said something else then."""
    if repeated:
        return Permit()
    return refuse_within(connection, actor, act, Deny(Reason.IDEMPOTENCY_KEY_REUSED), now)


def _already(runtime: Runtime, actor: Actor, event: Event, account_id: int) -> Deny:
    return refuse(runtime, actor, Act(event, f"account:{account_id}"), Deny(Reason.ACT_ALREADY))


def _digest(act: str, account_id: int, asked: Asked) -> bytes:
    said = repr((act, account_id, asked.credits, asked.because.strip()))
    return hashlib.sha256(said.encode()).digest()


def _credited(asked: Asked, granted: int, period: str) -> dict[str, str | int]:
    return {"credits": asked.credits, "granted": granted, "period": period, "because": asked.because.strip()}


def _on_account(
    runtime: Runtime, actor: Actor, admin: Account, event: str, account_id: int, because: str
) -> Decision:
    with runtime.database.reading() as connection:
        if accounts.find_account(connection, account_id) is None:
            return Deny(Reason.ACCOUNT_UNKNOWN)
    act = Act(event, f"account:{account_id}")
    return permitted(runtime, actor, admin, act, because=because, on=account_id)
