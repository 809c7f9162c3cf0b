"""Proposals of a policy: added, found, decided once."""

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from gateway.models import policy_proposal

OPEN, APPROVED, REJECTED, WITHDRAWN = "open", "approved", "rejected", "withdrawn"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A text that is to be the policy from an instant on; None is as soon as it is approved.

    `base` is the version that applied then when it was proposed; `version` is what came of it.
    """

    id: int
    name: str
    text: str
    digest: str
    because: str
    base: int
    takes_effect_at: datetime | None
    proposed_at: datetime
    proposed_by: str
    state: str
    version: int | None
    decided_at: datetime | None
    decided_by: str | None
    decided_because: str

    @property
    def is_open(self) -> bool:
        """Tell whether nobody decided yet."""
        return self.state == OPEN


_COLUMNS = [policy_proposal.c[field.name] for field in fields(Proposal)]


def add_proposal(connection: Connection, **values: object) -> int:
    """Add a proposal; returns its number."""
    statement = insert(policy_proposal).values(state=OPEN, **values).returning(policy_proposal.c.id)
    return int(connection.execute(statement).scalar_one())


def find_proposal(connection: Connection, proposal_id: int) -> Proposal | None:
    """Find a proposal by its number."""
    row = connection.execute(select(*_COLUMNS).where(policy_proposal.c.id == proposal_id)).first()
    return None if row is None else Proposal(*row)


def list_proposals(connection: Connection, *, limit: int) -> list[Proposal]:
    """List proposals, newest first."""
    statement = select(*_COLUMNS).order_by(policy_proposal.c.id.desc()).limit(limit)
    return [Proposal(*row) for row in connection.execute(statement)]


def list_open_alike(connection: Connection, digest: str) -> list[Proposal]:
    """List the open proposals of the text with a digest."""
    still_open = (policy_proposal.c.state == OPEN) & (policy_proposal.c.digest == digest)
    return [Proposal(*row) for row in connection.execute(select(*_COLUMNS).where(still_open))]


def settle_proposal(connection: Connection, proposal_id: int, **values: object) -> bool:
    """Decide an open proposal; False where that was done before."""
    still_open = (policy_proposal.c.id == proposal_id) & (policy_proposal.c.state == OPEN)
    return connection.execute(update(policy_proposal).where(still_open).values(**values)).rowcount > 0
