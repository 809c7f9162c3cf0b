"""Who opened a gift, as its story tells it: when, from which network, and what came of it; never with which device."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from gateway.models import claim, given_back


@dataclass(frozen=True, slots=True)
class Opening:
    """One device that took a gift up; `number` counts a gift's openings from 1, `network` is a month's name."""

    number: int
    id: int
    claimed_at: datetime
    served_at: datetime | None
    confirmed_at: datetime | None
    lapsed_at: datetime | None
    given_back_at: datetime | None
    network: bytes | None

    @property
    def counts(self) -> bool:
        """Tell whether it is a reading that counts against the cap."""
        return self.confirmed_at is not None and self.given_back_at is None


def list_openings(connection: Connection, gift_id: int, *, limit: int) -> list[Opening]:
    """List a gift's openings, the first first."""
    names = ("id", "claimed_at", "served_at", "confirmed_at", "lapsed_at")
    columns = [*(claim.c[name] for name in names), given_back.c.at, claim.c.network]
    statement = (
        select(*columns)
        .outerjoin(given_back, given_back.c.claim_id == claim.c.id)
        .where(claim.c.gift_id == gift_id)
        .order_by(claim.c.id)
        .limit(limit)
    )
    rows = connection.execute(statement)
    return [Opening(number, *row) for number, row in enumerate(rows, 1)]
