"""A policy from the desk: proposed by one admin, approved or rejected by another, withdrawn by whoever may act."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.auditing.acts import Act, permitted, refuse, refuse_within
from gateway.auditing.scheduling import LEAD, Scheduled, base_of, left_without_plan, same_at, schedule
from gateway.decision import Decision, Deny, Reason
from gateway.ledger import Actor, Entry, Event
from gateway.policy import Policy, digest, parse
from gateway.policyfile import PolicyError, is_too_long
from gateway.runtime import Runtime
from gateway.store import policies, proposals
from gateway.store.accounts import Account
from gateway.store.entries import append_entry
from gateway.store.proposals import APPROVED, REJECTED, WITHDRAWN, Proposal

# Where there is nobody to approve, this is how long others have to notice and to object.
ALONE_DELAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Draft:
    """What an admin wants to be the policy: a text, from when on (None is as soon as possible), and why.

    `plans_may_go` says that plans which accounts have may be missing from it.
    """

    name: str
    text: str
    at: datetime | None
    because: str
    plans_may_go: bool = False


@dataclass(frozen=True, slots=True)
class Put:
    """What became of a draft: a proposal that waits, and with a single admin the version that applies after the delay."""

    proposal: int
    version: int | None = None


def propose(runtime: Runtime, actor: Actor, admin: Account, draft: Draft, *, alone: bool) -> Put | Deny:
    """Put a policy to the other admins, or where there is one admin only (`alone`), set it to apply in 24 hours.

    Raises PolicyError for a text that is no policy.
    """
    act = Act(Event.POLICY_PROPOSED)
    decision = permitted(runtime, actor, admin, act, because=draft.because)
    if isinstance(decision, Deny):
        return decision
    if is_too_long(draft.text):
        return refuse(runtime, actor, act, Deny(Reason.POLICY_TOO_LARGE))
    try:
        policy = parse(draft.text, name=draft.name)
    except PolicyError:
        refuse(runtime, actor, act, Deny(Reason.POLICY_INVALID))
        raise
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        policies.take_turn(connection)
        starts = max(draft.at or now, now + ALONE_DELAY) if alone else draft.at
        refusal = _not_proposable(connection, draft, policy, starts, now)
        if refusal is not None:
            return refuse_within(connection, actor, act, refusal, now)
        put = _put(connection, actor, draft, starts, now)
        if alone and starts is not None:
            put = _set_alone(connection, actor, draft, put, starts, now)
    runtime.policies.forget()
    return put


def approve(
    runtime: Runtime, actor: Actor, admin: Account, proposal_id: int, because: str, *, seen: str
) -> Decision:
    """Make a proposal the next version of the policy; `seen` is the digest of the text that was approved.

    Only another admin than its proposer can, once, and only while the version it was compared with would still
    apply before it.
    """
    act = Act(Event.POLICY_APPROVED, f"proposal:{proposal_id}")
    decision = permitted(runtime, actor, admin, act, because=because)
    if isinstance(decision, Deny):
        return decision
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        policies.take_turn(connection)
        found = proposals.find_proposal(connection, proposal_id)
        refusal = _not_approvable(connection, found, actor, seen, now)
        if found is None or refusal is not None:
            return refuse_within(connection, actor, act, refusal or Deny(Reason.PROPOSAL_UNKNOWN), now)
        wanted = Scheduled(found.name, found.text, found.proposed_by)
        version = schedule(connection, actor, wanted, found.takes_effect_at or now + LEAD, now)
        _settle(connection, actor, found, {"state": APPROVED, "because": because}, now, version=version)
    runtime.policies.forget()
    return decision


def reject(runtime: Runtime, actor: Actor, admin: Account, proposal_id: int, because: str) -> Decision:
    """Turn a proposal of another admin down."""
    return _close(runtime, actor, admin, proposal_id, because, state=REJECTED)


def withdraw(runtime: Runtime, actor: Actor, admin: Account, proposal_id: int, because: str) -> Decision:
    """Take one's own proposal back before anybody decided."""
    return _close(runtime, actor, admin, proposal_id, because, state=WITHDRAWN)


def withdraw_version(runtime: Runtime, actor: Actor, admin: Account, version: int, because: str) -> Decision:
    """Withdraw a version that does not apply yet; what applies before it goes on to apply."""
    act = Act(Event.POLICY_WITHDRAWN, f"policy:{version}")
    decision = permitted(runtime, actor, admin, act, because=because)
    if isinstance(decision, Deny):
        return decision
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        policies.take_turn(connection)
        if not policies.withdraw_version(connection, version, now, before=now + LEAD):
            return refuse_within(connection, actor, act, Deny(Reason.POLICY_UNKNOWN), now)
        about = {"because": because.strip()}
        append_entry(connection, Entry(now, actor, Event.POLICY_WITHDRAWN, act.subject, detail=about))
    runtime.policies.forget()
    return decision


def _not_proposable(
    connection: Connection, draft: Draft, policy: Policy, starts: datetime | None, now: datetime
) -> Deny | None:
    if starts is not None and starts < now + LEAD:
        return Deny(Reason.POLICY_TOO_SOON)
    if same_at(policies.list_versions(connection), draft.text, starts or now + LEAD) is not None:
        return Deny(Reason.POLICY_SAME)
    # What can be approved no more is proposed again as it is, so it stands in nobody's way.
    alike = proposals.list_open_alike(connection, digest(draft.text))
    if any(_overtaken(connection, each, now) is None for each in alike):
        return Deny(Reason.PROPOSAL_WAITS)
    if not draft.plans_may_go and left_without_plan(connection, policy):
        return Deny(Reason.POLICY_PLANS_IN_USE)
    return None


def _put(connection: Connection, actor: Actor, draft: Draft, starts: datetime | None, now: datetime) -> Put:
    base = base_of(connection, starts, now)
    number = proposals.add_proposal(
        connection,
        name=draft.name,
        text=draft.text,
        digest=digest(draft.text),
        because=draft.because.strip(),
        base=base,
        takes_effect_at=starts,
        proposed_at=now,
        proposed_by=actor.name,
    )
    about: dict[str, str | int] = {
        "digest": digest(draft.text),
        "base": base,
        "because": draft.because.strip(),
    }
    about |= {} if starts is None else {"at": starts.isoformat()}
    append_entry(connection, Entry(now, actor, Event.POLICY_PROPOSED, f"proposal:{number}", detail=about))
    return Put(number)


def _set_alone(
    connection: Connection, actor: Actor, draft: Draft, put: Put, starts: datetime, now: datetime
) -> Put:
    wanted = Scheduled(draft.name, draft.text, actor.name, alone=True)
    version = schedule(connection, actor, wanted, starts, now)
    proposals.settle_proposal(connection, put.proposal, state=APPROVED, version=version, decided_at=now)
    return Put(put.proposal, version)


def _not_approvable(
    connection: Connection, found: Proposal | None, actor: Actor, seen: str, now: datetime
) -> Deny | None:
    if found is None:
        return Deny(Reason.PROPOSAL_UNKNOWN)
    if not found.is_open:
        return Deny(Reason.PROPOSAL_SETTLED, since=found.decided_at)
    if found.proposed_by == actor.name:
        return Deny(Reason.PROPOSAL_OWN)
    if seen != found.digest or digest(found.text) != found.digest:
        return Deny(Reason.PROPOSAL_CHANGED)
    return _overtaken(connection, found, now)


def _overtaken(connection: Connection, found: Proposal, now: datetime) -> Deny | None:
    """Refuse a proposal whose time is over, or whose base is no longer what it would take the place of."""
    if found.takes_effect_at is not None and found.takes_effect_at < now + LEAD:
        return Deny(Reason.POLICY_TOO_SOON, since=found.takes_effect_at)
    if base_of(connection, found.takes_effect_at, now) != found.base:
        return Deny(Reason.PROPOSAL_OUTDATED)
    return None


def _close(
    runtime: Runtime, actor: Actor, admin: Account, proposal_id: int, because: str, *, state: str
) -> Decision:
    act = Act(_EVENTS[state], f"proposal:{proposal_id}")
    decision = permitted(runtime, actor, admin, act, because=because)
    if isinstance(decision, Deny):
        return decision
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        policies.take_turn(connection)
        found = proposals.find_proposal(connection, proposal_id)
        refusal = _not_closable(found, actor, state)
        if found is None or refusal is not None:
            return refuse_within(connection, actor, act, refusal or Deny(Reason.PROPOSAL_UNKNOWN), now)
        _settle(connection, actor, found, {"state": state, "because": because}, now)
    return decision


def _not_closable(found: Proposal | None, actor: Actor, state: str) -> Deny | None:
    if found is None:
        return Deny(Reason.PROPOSAL_UNKNOWN)
    if not found.is_open:
        return Deny(Reason.PROPOSAL_SETTLED, since=found.decided_at)
    # One's own is withdrawn, another's is rejected: the log then says which it was.
    if (found.proposed_by == actor.name) != (state == WITHDRAWN):
        return Deny(Reason.PROPOSAL_OWN if state == REJECTED else Reason.PROPOSAL_OTHERS)
    return None


_EVENTS = {
    APPROVED: Event.POLICY_APPROVED,
    REJECTED: Event.POLICY_REJECTED,
    WITHDRAWN: Event.POLICY_WITHDRAWN,
}


def _settle(
    connection: Connection,
    actor: Actor,
    found: Proposal,
    decided: dict[str, str],
    now: datetime,
    **version: int,
) -> None:
    """Decide an open proposal, whose turn the caller has; `decided` holds the state and the reason."""
    state, words = decided["state"], decided["because"].strip()
    who = {"decided_at": now, "decided_by": actor.name, "decided_because": words}
    proposals.settle_proposal(connection, found.id, state=state, **version, **who)
    about: dict[str, str | int] = {"because": words}
    about |= {"digest": found.digest, **version} if version else {}
    append_entry(connection, Entry(now, actor, _EVENTS[state], f"proposal:{found.id}", detail=about))
