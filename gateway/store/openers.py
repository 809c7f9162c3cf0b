"""What is kept about those who open gifts: how their claims behave, and how they are forgotten."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, union, update

from gateway.link import Gift
from gateway.models import case_evidence, claim, desk_case, entry, entry_person, gift


def list_unread_openings(connection: Connection, gift_ids: Sequence[int]) -> dict[int, list[datetime]]:
    """List when each gift was opened by those who hold a place and never confirmed; at most its bound each."""
    unread = claim.c.gift_id.in_(gift_ids) & claim.c.confirmed_at.is_(None) & claim.c.lapsed_at.is_(None)
    found: dict[int, list[datetime]] = {}
    for gift_id, claimed_at in connection.execute(select(claim.c.gift_id, claim.c.claimed_at).where(unread)):
        found.setdefault(gift_id, []).append(claimed_at)
    return found


def list_first_readings(connection: Connection, gift_ids: Sequence[int]) -> dict[int, datetime]:
    """Find when each gift was opened by the first whose reading was confirmed."""
    read = claim.c.gift_id.in_(gift_ids) & claim.c.confirmed_at.is_not(None)
    first = select(claim.c.gift_id, func.min(claim.c.claimed_at)).where(read).group_by(claim.c.gift_id)
    return {row[0]: row[1] for row in connection.execute(first)}


def list_gifts_to_forget(connection: Connection, before: datetime, *, limit: int) -> list[int]:
    """List gifts that ended before an instant and whose openers are still remembered."""
    remembered = gift.c.forgotten_at.is_(None)
    expired = select(gift.c.id).where(remembered, gift.c.expires_at <= before)
    revoked = select(gift.c.id).where(remembered, gift.c.revoked_at <= before)
    return list(connection.execute(union(expired, revoked).limit(limit)).scalars())


def forget_openers(connection: Connection, found: Gift, now: datetime) -> int:
    """Drop a gift's claims, label, note, its giver's words to the desk, and the devices beside entries; numbers stay.

    Returns how many claims there were.
    """
    forgotten = update(gift).where(gift.c.id == found.id).values(label="", note="", forgotten_at=now)
    connection.execute(forgotten)
    subject = f"gift:{found.reference}"
    cases = select(desk_case.c.id).where(
        desk_case.c.account_id == found.account_id, desk_case.c.subject == subject
    )
    connection.execute(update(case_evidence).where(case_evidence.c.case_id.in_(cases)).values(words=""))
    entries = select(entry.c.id).where(entry.c.subject == subject)
    beside = (entry_person.c.field == "device") & entry_person.c.entry_id.in_(entries)
    connection.execute(delete(entry_person).where(beside))
    return connection.execute(delete(claim).where(claim.c.gift_id == found.id)).rowcount
