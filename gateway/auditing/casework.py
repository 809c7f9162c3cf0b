"""What admins do about cases: take one, hand it over, give it back, close it with a reason, open it again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from gateway.auditing.acts import Act, permitted, refuse
from gateway.case import Case, CaseAct, decide
from gateway.decision import Decision, Deny, Permit, Reason
from gateway.ledger import Actor, Entry, Event
from gateway.runtime import Runtime
from gateway.store import accounts, cases
from gateway.store.accounts import Account
from gateway.store.entries import append_entry

# What stands in for a reason where an act needs none.
UNSAID = "–"

Words = dict[str, str | int]

EVENTS = {
    CaseAct.TAKE: Event.CASE_TAKEN,
    CaseAct.HAND_OVER: Event.CASE_HANDED_OVER,
    CaseAct.GIVE_BACK: Event.CASE_GIVEN_BACK,
    CaseAct.CLOSE: Event.CASE_CLOSED,
    CaseAct.REOPEN: Event.CASE_REOPENED,
}


@dataclass(frozen=True, slots=True)
class _Step:
    """One act on a case: what it changes, and which words its entry tells or why it cannot be done after all."""

    act: CaseAct
    change: Callable[[Connection, Case, datetime], Words | Deny]
    because: str = UNSAID


def take_case(runtime: Runtime, actor: Actor, admin: Account, case_id: int) -> Decision:
    """Take a case; of several who take it at once one gets it. To take what one has is no step."""

    def change(connection: Connection, case: Case, now: datetime) -> Words | Deny:
        cases.own_case(connection, case.id, admin.id, now)
        return {}

    return _act(runtime, actor, admin, case_id, _Step(CaseAct.TAKE, change))


def hand_over(runtime: Runtime, actor: Actor, admin: Account, case_id: int, *, to: int) -> Decision:
    """Hand a case to another admin, who can act and whom it is not about; anybody's, since its owner may be away."""

    def change(connection: Connection, case: Case, now: datetime) -> Words | Deny:
        heir = accounts.find_account(connection, to)
        fit = heir is not None and heir.role == "admin" and heir.suspended_at is None and not heir.erased
        if not fit or to in (case.account_id, case.owner_id):
            return Deny(Reason.CASE_OWNER_UNFIT)
        cases.own_case(connection, case.id, to, now)
        return {"from": f"account:{case.owner_id}", "to": f"account:{to}"}

    return _act(runtime, actor, admin, case_id, _Step(CaseAct.HAND_OVER, change))


def give_back(runtime: Runtime, actor: Actor, admin: Account, case_id: int) -> Decision:
    """Put a case of one's own back into the queue."""

    def change(connection: Connection, case: Case, now: datetime) -> Words | Deny:
        cases.own_case(connection, case.id, None, now)
        return {}

    return _act(runtime, actor, admin, case_id, _Step(CaseAct.GIVE_BACK, change))


def close_case(runtime: Runtime, actor: Actor, admin: Account, case_id: int, because: str) -> Decision:
    """Close a case that is nobody's or one's own."""
    words = because.strip()

    def change(connection: Connection, case: Case, now: datetime) -> Words | Deny:
        cases.close_case(connection, case.id, now=now, by=actor.name, because=words)
        return {"because": words}

    return _act(runtime, actor, admin, case_id, _Step(CaseAct.CLOSE, change, words))


def reopen_case(runtime: Runtime, actor: Actor, admin: Account, case_id: int, because: str) -> Decision:
    """Open a closed case again, unless another about the same is open."""
    words = because.strip()

    def change(connection: Connection, case: Case, _now: datetime) -> Words | Deny:
        again = cases.reopen_case(connection, case.id)
        return {"because": words} if again else Deny(Reason.CASE_OPEN_AGAIN)

    return _act(runtime, actor, admin, case_id, _Step(CaseAct.REOPEN, change, words))


def _act(runtime: Runtime, actor: Actor, admin: Account, case_id: int, step: _Step) -> Decision:
    """Do a step on a case whose row is held, and write it down."""
    with runtime.database.reading() as connection:
        found = cases.find_case(connection, case_id)
    if found is None:
        return Deny(Reason.CASE_UNKNOWN)
    act = Act(EVENTS[step.act], f"case:{case_id}")
    decision = permitted(runtime, actor, admin, act, because=step.because, on=found.account_id)
    if isinstance(decision, Deny):
        return decision
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        decision = _step(connection, actor, admin, case_id, step, now)
    return refuse(runtime, actor, act, decision) if isinstance(decision, Deny) else decision


def _step(
    connection: Connection, actor: Actor, admin: Account, case_id: int, step: _Step, now: datetime
) -> Decision:
    case = cases.take_case(connection, case_id)
    if case is None:
        return Deny(Reason.CASE_UNKNOWN)
    decision = decide(step.act, case, admin.id)
    if isinstance(decision, Deny) or (step.act is CaseAct.TAKE and case.owner_id == admin.id):
        return decision
    about = step.change(connection, case, now)
    if isinstance(about, Deny):
        return about
    append_entry(connection, Entry(now, actor, EVENTS[step.act], f"case:{case_id}", detail=about))
    return Permit()
