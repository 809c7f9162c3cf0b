"""Versions of the policy: proposed ahead of their instant, so that every worker knows them when it comes."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway.auditing.scheduling import LEAD, Scheduled, left_without_plan, same_at, schedule
from gateway.ledger import Actor
from gateway.policy import parse
from gateway.runtime import NoPolicyError, Runtime
from gateway.store import policies
from gateway.store.policies import PolicyVersion


class ProposalError(ValueError):
    """A version cannot be proposed so; the text says what it got and what it wants."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """The next version, and from when it applies."""

    version: int
    takes_effect_at: datetime


@dataclass(frozen=True, slots=True)
class Versions:
    """Every version of the policy, oldest first, and the number of the one in force."""

    versions: tuple[PolicyVersion, ...]
    in_force: int | None


def propose_policy(runtime: Runtime, actor: Actor, text: str, *, name: str, at: datetime | None) -> Proposed:
    """Add the next version of the policy, in force from `at` on; None is as soon as every worker can know it.

    The version is called by the last part of the path `name`; errors say the whole. Raises PolicyError for a text
    that is no policy, and ProposalError for an instant that is too near or a text that is in force then anyway.
    """
    parse(text, name=name)
    now = runtime.clock()
    starts = at or now + LEAD
    if starts < now + LEAD:
        raise ProposalError(
            f"--at is {starts.isoformat()}; want {(now + LEAD).isoformat()} or later, so that every worker knows "
            "the version by its instant, or `now`, which is as soon as that can be"
        )
    with runtime.database.transaction() as connection:
        policies.take_turn(connection)
        same = same_at(policies.list_versions(connection), text, starts)
        if same is not None:
            raise ProposalError(
                f"{name}: this is version {same.version}, which is in force then anyway; want a changed one"
            )
        number = schedule(connection, actor, Scheduled(Path(name).name, text, actor.name), starts, now)
    runtime.policies.forget()
    return Proposed(number, starts)


def plans_left_out(runtime: Runtime, text: str, *, name: str) -> dict[str, int]:
    """Count the accounts whose plan a policy's text lacks, by plan; raises PolicyError for a text that is none."""
    policy = parse(text, name=name)
    with runtime.database.reading() as connection:
        return left_without_plan(connection, policy)


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
