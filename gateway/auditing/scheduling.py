"""Making a text the next version of the policy, from an instant that every worker can know ahead."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.ledger import Actor, Entry, Event
from gateway.policy import Policy, digest
from gateway.store import policies, upkeep
from gateway.store.entries import append_entry
from gateway.store.policies import PolicyVersion

# A worker reads the versions once a second; five seconds also bear clocks that are a little apart.
LEAD = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A text that is to be a version, and its proposer as the versions name them; `alone` without an approval."""

    name: str
    text: str
    proposed_by: str
    alone: bool = False


def schedule(connection: Connection, actor: Actor, wanted: Scheduled, starts: datetime, now: datetime) -> int:
    """Add the next version, in force from `starts` on, with its entry; returns its number.

    The caller has taken the turn of the versions and knows that `starts` is far enough ahead.
    """
    number = policies.add_version(
        connection,
        name=wanted.name,
        text=wanted.text,
        digest=digest(wanted.text),
        takes_effect_at=starts,
        proposed_at=now,
        proposed_by=wanted.proposed_by,
    )
    about: dict[str, str | int] = {"digest": digest(wanted.text), "at": starts.isoformat()}
    about |= {"alone": 1} if wanted.alone else {}
    append_entry(connection, Entry(now, actor, Event.POLICY_SCHEDULED, f"policy:{number}", detail=about))
    return number


def base_of(connection: Connection, at: datetime | None, now: datetime) -> int:
    """Find the version that a text which applies from an instant on takes the place of."""
    soon = now + LEAD
    latest = policies.latest_at(policies.list_versions(connection), max(at or soon, soon))
    return 0 if latest is None else latest.version


def same_at(versions: Iterable[PolicyVersion], text: str, starts: datetime) -> PolicyVersion | None:
    """Find the version that applies at an instant where it says the very same text."""
    latest = policies.latest_at(versions, starts)
    return latest if latest is not None and latest.digest == digest(text) else None


def left_without_plan(connection: Connection, policy: Policy) -> dict[str, int]:
    """Count the accounts whose plan a policy lacks, by plan."""
    held = upkeep.count_accounts_by_plan(connection)
    return {plan: count for plan, count in sorted(held.items()) if plan not in policy.plans}
