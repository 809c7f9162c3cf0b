"""Reading back what happened: entries, and the rows they are about, as acts in the order of their instants."""

import heapq
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from gateway.decision import Reason
from gateway.guard import Metric
from gateway.ledger import Event
from gateway.link import Gift
from gateway.simulating import acts
from gateway.simulating.acts import DONE, FREE, Act, Giving, Kind, Opening, Step
from gateway.store import replaying
from gateway.store.replaying import Line, OldClaim

EVENTS = (
    Event.GIFT_ISSUED,
    Event.GIFT_HANDED_BACK,
    Event.GIFT_REFUSED,
    Event.GIFT_REVOKED,
    Event.GIFT_REPLACED,
    Event.GIFT_FROZEN,
    Event.GIFT_THAWED,
    Event.CREDITS_GRANTED,
    Event.CLAIM_MADE,
    Event.CLAIM_REFUSED,
    Event.CLAIM_UNDONE,
    Event.READING_SERVED,
    Event.READING_REFUSED,
    Event.READING_CONFIRMED,
    Event.CONFIRM_REFUSED,
    Event.RULE_LIFTED,
    Event.ACCOUNT_PLAN_CHANGED,
)
# What a policy decides; whatever else refused an act would refuse it under any policy.
OF_GIVING = {Reason.QUOTA_SPENT, Reason.RULE_BLOCKED, Reason.ACCOUNT_WITHOUT_PLAN, Reason.ACCOUNT_PLAN_DROPPED}
OF_OPENING = {
    Reason.GIFT_READ_UP,
    Reason.GIFT_UNCONFIRMED_FULL,
    Reason.GIFT_EXPIRED,
    Reason.GIFT_FROZEN,
    Reason.RULE_BLOCKED,
}
_DEVICE_BYTES = 32


class Record:
    """What happened between two instants; `unknown` counts the openings of which nothing is kept any more."""

    def __init__(self, connection: Connection, since: datetime, until: datetime) -> None:
        self._connection = connection
        self._since, self._until = since, until
        self._plans = _plan_changes(connection, since)
        self._devices: dict[str, bytes] = {}
        self._kept: set[int] = set()
        self.unknown = 0

    def acts(self) -> Iterator[Act]:
        """Yield the acts, oldest first."""
        span = (self._connection, self._since, self._until)
        yield from heapq.merge(
            self._from_entries(),
            (acts.Visit(at, DONE, int.from_bytes(who, "big"), article)
             for who, article, at in replaying.list_account_deliveries(*span)),
            self._copies(),
            (acts.Arrival(at, "", gift, network) for at, gift, network in replaying.list_arrivals(*span)),
            self._tries(Metric.FORGED_TOKENS),
            self._tries(Metric.TRAPS),
            key=lambda act: act.at,
        )  # fmt: skip

    def _tries(self, metric: Metric) -> Iterator[Act]:
        rows = replaying.list_minutes(self._connection, metric, self._since, self._until)
        for minute, network, count in rows:
            yield acts.Tries(minute, "", metric is Metric.TRAPS, network, count)

    def _copies(self) -> Iterator[Act]:
        lengths: dict[int, tuple[int, bool]] = {}
        for row in replaying.list_copies(self._connection, self._since, self._until):
            number, at, device, account, article, network, characters, over, printed = row
            if article not in lengths:
                lengths |= replaying.list_characters(self._connection, [article])
            length, free = lengths.get(article, (0, True))
            if not free:
                yield acts.Copy(
                    at, "", number, device, account, article, length, network, characters, over, printed
                )

    def _from_entries(self) -> Iterator[Act]:
        for lines in replaying.list_lines(self._connection, EVENTS, self._since, self._until):
            page = _Page(self._connection, lines)
            for line in lines:
                yield from self._acts_of(line, page)

    def _acts_of(self, line: Line, page: "_Page") -> Iterator[Act]:
        gift = page.gift_of(line)
        if gift is not None and self._is_older(gift) and gift.id not in self._kept:
            self._kept.add(gift.id)
            yield _as_it_stood(gift, page.claims.get(gift.id, []), self._since)
        found = self._act(line, gift, page)
        if found is not None:
            yield found

    def _is_older(self, gift: Gift) -> bool:
        return gift.issued_at < self._since or gift.replaces is not None

    def _act(self, line: Line, gift: Gift | None, page: "_Page") -> Act | None:
        match line.event:
            case Event.GIFT_ISSUED | Event.GIFT_HANDED_BACK | Event.GIFT_REFUSED:
                return self._giving(line, gift, page)
            case Event.CREDITS_GRANTED:
                said = json.loads(line.detail)
                return acts.Granted(line.at, "", _number(line.subject), said["period"], said["credits"])
            case Event.RULE_LIFTED:
                return acts.Lifted(line.at, "", json.loads(line.detail)["rule"], _whom(line))
            case Event.READING_REFUSED if line.subject.startswith("article:"):
                blocked = line.reason == Reason.RULE_BLOCKED and line.actor.startswith("account:")
                visit = (_number(line.actor), _number(line.subject)) if blocked else None
                return None if visit is None else acts.Visit(line.at, line.reason, *visit)
        return None if gift is None else self._on_gift(line, gift, page)

    def _on_gift(self, line: Line, gift: Gift, page: "_Page") -> Act | None:
        match line.event:
            case Event.GIFT_REVOKED | Event.GIFT_REPLACED:
                return acts.Ended(line.at, "", gift.id)
            case Event.GIFT_FROZEN | Event.GIFT_THAWED:
                frozen = line.event is Event.GIFT_FROZEN
                return None if line.actor == "gateway" else acts.Shut(line.at, "", gift.id, frozen)
            case Event.CLAIM_MADE:
                return self._opening(line, gift, page, DONE)
            case Event.CLAIM_REFUSED:
                return self._opening(line, gift, page, line.reason) if line.reason in OF_OPENING else None
        return self._step(line, gift, page)

    def _giving(self, line: Line, gift: Gift | None, page: "_Page") -> Act | None:
        said = json.loads(line.detail)
        if line.event is Event.GIFT_REFUSED:
            if line.reason not in OF_GIVING:
                return None
            account, was, before = _number(line.subject), line.reason, 2**62
        elif gift is None:
            return None
        else:
            account, was = gift.account_id, DONE if line.event is Event.GIFT_ISSUED else FREE
            before = gift.id
        article, plan = said["article"], self._plan(account, line.at, page)
        separate = was != FREE and replaying.had_open_gift(self._connection, account, article, line.at, before)
        made = gift if was == DONE else None
        return Giving(line.at, was, account, article, plan, separate, made)

    def _plan(self, account: int, at: datetime, page: "_Page") -> str | None:
        later = (plan for changed, plan in self._plans.get(account, ()) if changed > at)
        return next(later, page.plan_of(account))

    def _opening(self, line: Line, gift: Gift, page: "_Page", was: str) -> Act | None:
        claim = page.claim_of(gift, line)
        device = claim.device if claim is not None else self._device(line)
        if device is None:
            self.unknown += 1
            return None
        found = Opening(line.at, was, gift.id, device)
        if claim is None or was != DONE:
            return found
        late = gift.read_up_at if gift.read_up_at is not None and gift.read_up_at < line.at else None
        at_once = claim.confirmed_at is not None and claim.confirmed_at == claim.claimed_at
        reads = claim.confirmed_at is not None
        return replace(found, network=claim.network, reads=reads, at_once=at_once, late=late)

    def _step(self, line: Line, gift: Gift, page: "_Page") -> Act | None:
        kinds: dict[Event, tuple[Kind | None, str]] = {
            Event.READING_SERVED: (Kind.SERVING, DONE),
            Event.READING_CONFIRMED: (Kind.READING, DONE),
            Event.CLAIM_UNDONE: (None, ""),
        }
        if line.event is Event.CONFIRM_REFUSED and line.reason == Reason.GIFT_READ_UP:
            kind, was = Kind.READING, line.reason
        elif line.event is Event.READING_REFUSED and line.reason == Reason.RULE_BLOCKED:
            kind, was = Kind.SERVING, line.reason
        elif line.event in kinds:
            kind, was = kinds[line.event]  # type: ignore[assignment]
        else:
            return None
        claim = page.claim_of(gift, line)
        device = claim.device if claim is not None else self._device(line)
        if device is None:
            return None
        return Step(line.at, was, kind, gift.id, device, None if claim is None else claim.network)

    def _device(self, line: Line) -> bytes | None:
        """Find the whole digest of a device of which the log has the beginning."""
        if line.device is None:
            return None
        if line.device not in self._devices:
            prefix = bytes.fromhex(line.device)
            found = replaying.find_device(self._connection, prefix)
            self._devices[line.device] = found or prefix.ljust(_DEVICE_BYTES, b"\0")
        return self._devices[line.device]


class _Page:
    """The rows that one page of entries is about."""

    def __init__(self, connection: Connection, lines: Iterable[Line]) -> None:
        lines = list(lines)
        self._connection = connection
        names = {line.subject.partition(":")[2] for line in lines if line.subject.startswith("gift:")}
        self._gifts = replaying.list_gifts_named(connection, names)
        self.claims = replaying.list_claims_of(connection, [gift.id for gift in self._gifts.values()])
        people = {gift.account_id for gift in self._gifts.values()}
        people |= {_number(line.subject) for line in lines if line.subject.startswith("account:")}
        self._plans = replaying.list_plans(connection, people)

    def gift_of(self, line: Line) -> Gift | None:
        kind, _, name = line.subject.partition(":")
        return self._gifts.get(name) if kind == "gift" else None

    def plan_of(self, account: int) -> str | None:
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


def _plan_changes(connection: Connection, since: datetime) -> dict[int, list[tuple[datetime, str | None]]]:
    """Read what plans accounts had before each change since an instant, oldest first."""
    found: dict[int, list[tuple[datetime, str | None]]] = {}
    until = datetime.max.replace(tzinfo=since.tzinfo)
    for lines in replaying.list_lines(connection, (Event.ACCOUNT_PLAN_CHANGED,), since, until):
        for line in lines:
            before = json.loads(line.detail)["from"] or None
            found.setdefault(_number(line.subject), []).append((line.at, before))
    return found


def _as_it_stood(gift: Gift, claims: Iterable[OldClaim], at: datetime) -> acts.Kept:
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
    read = sum(confirmed is not None for _, _, _, confirmed, _ in kept)
    stood = replace(
        gift,
        confirmed=read,
        unconfirmed=len(kept) - read,
        **{name: _before(getattr(gift, name), at) for name in ("served_at", "read_up_at", "revoked_at")},
        **_frozen_before(gift, at),
    )
    return acts.Kept(max(at, gift.issued_at), "", stood, kept)


def _frozen_before(gift: Gift, at: datetime) -> dict[str, Any]:
    if gift.frozen_at is not None and gift.frozen_at < at:
        return {}
    return {"frozen_at": None, "frozen_because": "", "frozen_until": None}


def _before(instant: datetime | None, at: datetime) -> datetime | None:
    return instant if instant is not None and instant < at else None


def _number(name: str) -> int:
    return int(name.partition(":")[2] or 0)


def _whom(line: Line) -> str:
    return line.subject if line.whom is None else f"{line.subject}:{line.whom}"
