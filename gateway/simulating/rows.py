"""The rows that entries are about, as they are now, and as they stood at an instant."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from gateway.ledger import Event
from gateway.link import Gift
from gateway.simulating import acts
from gateway.store import replaying
from gateway.store.replaying import Line, OldClaim

GIVING = (Event.GIFT_ISSUED, Event.GIFT_HANDED_BACK, Event.GIFT_REFUSED)


class Page:
    """The rows that one page of entries is about."""

    def __init__(self, connection: Connection, lines: Iterable[Line]) -> None:
        lines = list(lines)
        self._connection = connection
        names = {line.subject.partition(":")[2] for line in lines if line.subject.startswith("gift:")}
        self._gifts = replaying.list_gifts_named(connection, names)
        self.claims = replaying.list_claims_of(connection, [gift.id for gift in self._gifts.values()])
        people = {gift.account_id for gift in self._gifts.values()}
        people |= {number_in(line.subject) for line in lines if line.subject.startswith("account:")}
        self._plans = replaying.list_plans(connection, people)
        given = [giving for line in lines if (giving := self.giving_of(line)) is not None]
        self._given = replaying.list_gifts_of(connection, set(given))

    def gift_of(self, line: Line) -> Gift | None:
        """Find the gift that an entry is about."""
        kind, _, name = line.subject.partition(":")
        return self._gifts.get(name) if kind == "gift" else None

    def giving_of(self, line: Line) -> tuple[int, int] | None:
        """Tell which account wished to give which article, where an entry says so and the gift is known."""
        if line.event not in GIVING:
            return None
        gift = self.gift_of(line)
        if gift is None and line.event is not Event.GIFT_REFUSED:
            return None
        article = json.loads(line.detail).get("article")
        if article is None:
            return None  # It was refused before it named an article of ours.
        return (number_in(line.subject) if gift is None else gift.account_id), article

    def had_open(self, giving: tuple[int, int], at: datetime, before: int) -> bool:
        """Tell whether an account had an open gift of an article at an instant, among those before a row."""
        return any(each.id < before and _was_open(each, at) for each in self._given.get(giving, ()))

    def plan_of(self, account: int) -> str | None:
        """Return the plan that an account has now."""
        return self._plans.get(account)

    def claim_of(self, gift: Gift, line: Line) -> OldClaim | None:
        """Find the claim that an entry is about: by its device, or by its instant where it moved meanwhile."""
        for claim in self.claims.get(gift.id, ()):
            if line.device is not None and claim.device[:8].hex() == line.device:
                return claim
        instants = {Event.CLAIM_MADE: "claimed_at", Event.READING_SERVED: "served_at",
                    Event.READING_CONFIRMED: "confirmed_at"}  # fmt: skip
        name = instants.get(line.event)
        alike = (each for each in self.claims.get(gift.id, ()) if name and getattr(each, name) == line.at)
        return next(alike, None)


def _was_open(gift: Gift, at: datetime) -> bool:
    ends = (gift.revoked_at, gift.read_up_at, gift.frozen_at)
    return gift.issued_at <= at < gift.expires_at and all(end is None or end > at for end in ends)


def plan_changes(connection: Connection, since: datetime) -> dict[int, list[tuple[datetime, str | None]]]:
    """Read what plans accounts had before each change since an instant, oldest first."""
    found: dict[int, list[tuple[datetime, str | None]]] = {}
    until = datetime.max.replace(tzinfo=since.tzinfo)
    for lines in replaying.list_lines(connection, (Event.ACCOUNT_PLAN_CHANGED,), since, until):
        for line in lines:
            before = json.loads(line.detail)["from"] or None
            found.setdefault(number_in(line.subject), []).append((line.at, before))
    return found


def as_it_stood(gift: Gift, claims: Iterable[OldClaim], at: datetime) -> acts.Kept:
    """Take back what became of a gift after an instant."""
    earlier = [each for each in claims if each.claimed_at < at]
    kept = tuple(
        (
            each.device,
            each.claimed_at,
            _before(each.served_at, at),
            _before(each.confirmed_at, at),
            each.network,
        )
        for each in earlier
        if _before(each.lapsed_at, at) is None
    )
    confirmed = sum(each[3] is not None for each in kept)
    given_back = sum(_before(each.given_back_at, at) is not None for each in earlier)
    stood = replace(
        gift,
        confirmed=confirmed - given_back,
        unconfirmed=len(kept) - confirmed,
        served_at=_before(gift.served_at, at),
        read_up_at=_before(gift.read_up_at, at),
        revoked_at=_before(gift.revoked_at, at),
    )
    if gift.frozen_at is not None and gift.frozen_at >= at:
        stood = replace(stood, frozen_at=None, frozen_because="", frozen_until=None)
    return acts.Kept(max(at, gift.issued_at), "", stood, kept)


def _before(instant: datetime | None, at: datetime) -> datetime | None:
    return instant if instant is not None and instant < at else None


def number_in(name: str) -> int:
    """Read the number in a name of the log, such as account:7; 0 where there is none."""
    return int(name.partition(":")[2] or 0)


def whom(line: Line) -> str:
    """Name whom an entry is about as rules name them, with what stands beside it."""
    return line.subject if line.whom is None else f"{line.subject}:{line.whom}"
