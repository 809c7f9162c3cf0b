"""Whether a claim still holds its place."""

from datetime import datetime

from gateway.link import UNSERVED_CLAIM_LIFE
from gateway.store.readings import Claim


def alive(claim: Claim, now: datetime) -> bool:
    """Tell whether a claim holds its place: served or confirmed, or made less than ten minutes ago."""
    if claim.lapsed_at is not None:
        return False
    if claim.served_at is not None or claim.confirmed_at is not None:
        return True
    return now - claim.claimed_at < UNSERVED_CLAIM_LIFE
