"""Proposing the next version of the policy."""

from datetime import datetime, timedelta
from pathlib import Path

from gateway.ledger import Actor, Entry, Event
from gateway.policy import digest, parse
from gateway.policyfile import text_of
from gateway.runtime import Runtime
from gateway.store import policies
from gateway.store.entries import append_entry

# Every worker reads the versions once a second, so each knows a version by its instant.
LEAD = timedelta(seconds=5)


class ProposalError(ValueError):
    """A policy cannot be proposed for this instant; the text says for which it can."""


def propose_policy(
    runtime: Runtime, actor: Actor, path: Path, *, at: datetime | None
) -> tuple[int, datetime]:
    """Make a file the next version, from an instant on; None is as soon as every worker can know of it.

    Returns the version's number and instant. Raises PolicyError and ProposalError.
    """
    text = text_of(path)
    parse(text, name=str(path))
    now = runtime.clock()
    starts = at or now + LEAD
    if starts < now + LEAD:
        raise ProposalError(
            f"--at is {starts.isoformat()}; want an instant at least {LEAD.seconds} s ahead, or now"
        )
    with runtime.database.transaction() as connection:
        number = policies.add_version(
            connection,
            name=path.name,
            text=text,
            digest=digest(text),
            takes_effect_at=starts,
            proposed_at=now,
            proposed_by=actor.name,
        )
        about = {"digest": digest(text), "at": starts.isoformat()}
        append_entry(connection, Entry(now, actor, Event.POLICY_PROPOSED, f"policy:{number}", detail=about))
    return number, starts
