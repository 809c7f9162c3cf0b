"""Versions of the policy: proposed ahead of their instant, so that every worker knows them when it comes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.ledger import Actor, Entry, Event
from gateway.policy import Policy, digest, parse
from gateway.runtime import NoPolicyError, Runtime
from gateway.store import policies, upkeep
from gateway.store.entries import append_entry
from gateway.store.policies import PolicyVersion

# A worker reads the versions once a second; five seconds also bear clocks that are a little apart.
LEAD = timedelta(seconds=5)


class ProposalError(ValueError):
    """A version cannot be proposed so; the text says what it got and what it wants."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """The next version, from when it applies, and how many accounts have a plan that it lacks, by plan."""

    version: int
    takes_effect_at: datetime
    left_without_plan: dict[str, int]


@dataclass(frozen=True, slots=True)
class Versions:
    """Every version of the policy, oldest first, and the number of the one in force."""

    versions: tuple[PolicyVersion, ...]
    in_force: int | None


def propose_policy(runtime: Runtime, actor: Actor, text: str, *, name: str, at: datetime | None) -> Proposed:
    """Add the next version of the policy, in force from `at` on; None is as soon as every worker can know it.

    Raises PolicyError for a text that is no policy, and ProposalError for an instant that is too near or a text
    that is in force then anyway.
    """
    policy = parse(text, name=name)
    now = runtime.clock()
    starts = at or now + LEAD
    if starts < now + LEAD:
        raise ProposalError(
            f"--at is {starts.isoformat()}; want {(now + LEAD).isoformat()} or later, so that every worker knows "
            "the version by its instant, or `now`, which is as soon as that can be"
        )
    with runtime.database.transaction() as connection:
        _refuse_the_same(policies.list_versions(connection), text, starts)
        number = policies.add_version(
            connection,
            name=name,
            text=text,
            digest=digest(text),
            takes_effect_at=starts,
            proposed_at=now,
            proposed_by=actor.name,
        )
        about = {"digest": digest(text), "at": starts.isoformat()}
        append_entry(connection, Entry(now, actor, Event.POLICY_PROPOSED, f"policy:{number}", detail=about))
        held = upkeep.count_accounts_by_plan(connection)
    runtime.policies.forget()
    return Proposed(number, starts, _left(held, policy))


def list_versions(runtime: Runtime) -> Versions:
    """List the versions of the policy."""
    now = runtime.clock()
    with runtime.database.reading() as connection:
        return Versions(
            tuple(policies.list_versions(connection)), policies.find_version_in_force(connection, now)
        )


def version_of(runtime: Runtime, number: int | None) -> PolicyVersion:
    """Find one version, or with None the one in force; raises NoPolicyError."""
    known = list_versions(runtime)
    wanted = known.in_force if number is None else number
    for version in known.versions:
        if version.version == wanted:
            return version
    numbers = ", ".join(str(version.version) for version in known.versions) or "none"
    raise NoPolicyError(f"there is no policy version {wanted or 'in force'}; the versions are {numbers}")


def _left(held: dict[str, int], policy: Policy) -> dict[str, int]:
    return {plan: count for plan, count in held.items() if plan not in policy.plans}


def _refuse_the_same(versions: list[PolicyVersion], text: str, starts: datetime) -> None:
    before = [version for version in versions if version.takes_effect_at <= starts]
    if not before:
        return
    latest = max(before, key=lambda version: (version.takes_effect_at, version.version))
    if latest.digest == digest(text):
        raise ProposalError(
            f"this is version {latest.version}, which is in force then anyway; want a changed one"
        )
