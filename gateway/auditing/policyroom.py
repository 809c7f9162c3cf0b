"""The policy as the desk sees it: in force, its versions, and what is proposed instead."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gateway.auditing.scheduling import LEAD, base_of, left_without_plan
from gateway.decision import Deny, Reason
from gateway.policy import Policy, parse
from gateway.runtime import Runtime
from gateway.store import policies, proposals, queue
from gateway.store.policies import PolicyVersion
from gateway.store.proposals import Proposal

__all__ = [
    "Compared",
    "PolicyVersion",
    "Proposal",
    "Room",
    "compare",
    "names_of",
    "proposal_page",
    "room",
    "version_page",
]

PAGE = 50


@dataclass(frozen=True, slots=True)
class Room:
    """The policy in force, every version newest first, and the latest proposals, newest first.

    `withdrawable` are the versions that do not apply yet.
    """

    in_force: PolicyVersion
    policy: Policy
    versions: tuple[PolicyVersion, ...]
    proposals: tuple[Proposal, ...]
    withdrawable: frozenset[int]


@dataclass(frozen=True, slots=True)
class Compared:
    """A policy beside the one whose place it takes; `left` counts accounts whose plan it lacks, by plan.

    `later` is the first version that would take its place again; None where there is none.
    """

    policy: Policy
    base: PolicyVersion
    base_policy: Policy
    left: dict[str, int]
    later: PolicyVersion | None = None


def room(runtime: Runtime) -> Room:
    """Show the policy room."""
    now = runtime.clock()
    current = runtime.policies.in_force(now)
    with runtime.database.reading() as connection:
        versions = tuple(reversed(policies.list_versions(connection)))
        listed = tuple(proposals.list_proposals(connection, limit=PAGE))
    in_force = next(each for each in versions if each.version == current.version)
    waiting = (each for each in versions if each.takes_effect_at >= now + LEAD and each.withdrawn_at is None)
    withdrawable = frozenset(each.version for each in waiting)
    return Room(in_force, current.policy, versions, listed, withdrawable)


def names_of(runtime: Runtime, codes: Iterable[str | None]) -> dict[str, str]:
    """Find what the accounts are called that proposed and decided, by what the log calls them."""
    with runtime.database.reading() as connection:
        return queue.find_people_called(connection, codes)


def version_page(runtime: Runtime, number: int) -> tuple[PolicyVersion, Policy] | Deny:
    """Show one version, its text and what it says."""
    with runtime.database.reading() as connection:
        versions = {each.version: each for each in policies.list_versions(connection)}
    found = versions.get(number)
    if found is None:
        return Deny(Reason.POLICY_UNKNOWN)
    return found, parse(found.text, name=found.name)


def proposal_page(runtime: Runtime, number: int) -> tuple[Proposal, Compared, Deny | None] | Deny:
    """Show one proposal beside the version that it was compared with, and what keeps it from being approved."""
    now = runtime.clock()
    with runtime.database.reading() as connection:
        found = proposals.find_proposal(connection, number)
        if found is None:
            return Deny(Reason.PROPOSAL_UNKNOWN)
        versions = {each.version: each for each in policies.list_versions(connection)}
        outdated = base_of(connection, found.takes_effect_at, now) != found.base
        policy = parse(found.text, name=found.name)
        left = left_without_plan(connection, policy)
    base = versions[found.base]
    starts = found.takes_effect_at or now + LEAD
    stands = None
    if found.is_open and found.takes_effect_at is not None and found.takes_effect_at < now + LEAD:
        stands = Deny(Reason.POLICY_TOO_SOON, since=found.takes_effect_at)
    elif found.is_open and outdated:
        stands = Deny(Reason.PROPOSAL_OUTDATED)
    compared = Compared(policy, base, parse(base.text, name=base.name), left, _later(versions, starts))
    return found, compared, stands


def compare(runtime: Runtime, text: str, at: datetime | None, *, name: str) -> Compared:
    """Put a text beside the version whose place it would take at an instant; raises PolicyError for no policy."""
    policy = parse(text, name=name)
    now = runtime.clock()
    with runtime.database.reading() as connection:
        versions = {each.version: each for each in policies.list_versions(connection)}
        base = versions[base_of(connection, at, now)]
        left = left_without_plan(connection, policy)
    return Compared(policy, base, parse(base.text, name=base.name), left, _later(versions, at or now + LEAD))


def _later(versions: dict[int, PolicyVersion], starts: datetime) -> PolicyVersion | None:
    after = [
        each for each in versions.values() if each.takes_effect_at > starts and each.withdrawn_at is None
    ]
    return min(after, key=lambda each: (each.takes_effect_at, -each.version), default=None)
