"""Reading back what happened: entries, and the rows they are about, as acts in the order of their instants."""

import heapq
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from gateway.decision import Reason
from gateway.guard import Metric
from gateway.ledger import Event
from gateway.link import Gift
from gateway.simulating import acts
from gateway.simulating.acts import DONE, FREE, Act, Giving, Kind, Opening, Step
from gateway.simulating.rows import GIVING, Page, as_it_stood, number_in, plan_changes, whom
from gateway.store import replaying
from gateway.store.replaying import Line

EVENTS = (
    Event.GIFT_ISSUED,
    Event.GIFT_HANDED_BACK,
    Event.GIFT_REFUSED,
    Event.GIFT_REVOKED,
    Event.GIFT_REPLACED,
    Event.GIFT_FROZEN,
    Event.GIFT_THAWED,
    Event.CREDITS_GRANTED,
    Event.CREDITS_TAKEN_BACK,
    Event.CLAIM_MADE,
    Event.CLAIM_REFUSED,
    Event.CLAIM_UNDONE,
    Event.READING_SERVED,
    Event.READING_REFUSED,
    Event.READING_CONFIRMED,
    Event.READING_GIVEN_BACK,
    Event.CONFIRM_REFUSED,
    Event.RULE_LIFTED,
    Event.ACCOUNT_PLAN_CHANGED,
)
# What a policy decides; whatever else refused an act would refuse it under any policy.
OF_GIVING = {
    Reason.QUOTA_SPENT,
    Reason.RULE_BLOCKED,
    Reason.ACCOUNT_WITHOUT_PLAN,
    Reason.ACCOUNT_PLAN_DROPPED,
}
OF_A_LINK = {Reason.GIFT_READ_UP, Reason.GIFT_UNCONFIRMED_FULL, Reason.GIFT_EXPIRED, Reason.GIFT_FROZEN}
OF_OPENING = {*OF_A_LINK, Reason.RULE_BLOCKED}
_DEVICE_BYTES = 32


class Record:
    """What happened between two instants; `unknown` counts openings whose device nothing tells any more."""

    def __init__(self, connection: Connection, since: datetime, until: datetime) -> None:
        self._connection = connection
        self._since, self._until = since, until
        self._plans = plan_changes(connection, since)
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
            page = Page(self._connection, lines)
            for line in lines:
                yield from self._acts_of(line, page)

    def _acts_of(self, line: Line, page: Page) -> Iterator[Act]:
        gift = page.gift_of(line)
        if gift is not None and self._is_older(gift) and gift.id not in self._kept:
            self._kept.add(gift.id)
            yield as_it_stood(gift, page.claims.get(gift.id, []), self._since)
        found = self._act(line, gift, page)
        if found is not None:
            yield found

    def _is_older(self, gift: Gift) -> bool:
        return gift.issued_at < self._since or gift.replaces is not None

    def _act(self, line: Line, gift: Gift | None, page: Page) -> Act | None:
        match line.event:
            case event if event in GIVING:
                return self._giving(line, gift, page)
            case Event.CREDITS_GRANTED | Event.CREDITS_TAKEN_BACK:
                said = json.loads(line.detail)
                credits = said["credits"] if line.event is Event.CREDITS_GRANTED else -said["credits"]
                return acts.Granted(line.at, "", number_in(line.subject), said["period"], credits)
            case Event.RULE_LIFTED:
                return acts.Lifted(line.at, "", json.loads(line.detail)["rule"], whom(line))
            case Event.READING_REFUSED if line.subject.startswith("article:"):
                blocked = line.reason == Reason.RULE_BLOCKED and line.actor.startswith("account:")
                visit = (number_in(line.actor), number_in(line.subject)) if blocked else None
                return None if visit is None else acts.Visit(line.at, line.reason, *visit)
        return None if gift is None else self._on_gift(line, gift, page)

    def _on_gift(self, line: Line, gift: Gift, page: Page) -> Act | None:
        match line.event:
            case Event.GIFT_REVOKED | Event.GIFT_REPLACED:
                return acts.Ended(line.at, "", gift.id, line.event is Event.GIFT_REVOKED)
            case Event.GIFT_FROZEN | Event.GIFT_THAWED:
                frozen = line.event is Event.GIFT_FROZEN
                return None if line.actor == "gateway" else acts.Shut(line.at, "", gift.id, frozen)
            case Event.READING_GIVEN_BACK:
                return acts.GivenBack(line.at, "", gift.id)
            case Event.CLAIM_MADE:
                return self._opening(line, gift, page, DONE)
            case Event.CLAIM_REFUSED:
                return self._opening(line, gift, page, line.reason) if line.reason in OF_OPENING else None
        return self._step(line, gift, page)

    def _giving(self, line: Line, gift: Gift | None, page: Page) -> Act | None:
        giving = page.giving_of(line)
        refused = line.event is Event.GIFT_REFUSED
        if giving is None or (refused and line.reason not in OF_GIVING):
            return None
        was = line.reason if refused else DONE if line.event is Event.GIFT_ISSUED else FREE
        before = 2**62 if gift is None else gift.id
        plan = self._plan(giving[0], line.at, page)
        separate = was != FREE and page.had_open(giving, line.at, before)
        made = gift if was == DONE else None
        return Giving(line.at, was, *giving, plan, separate, made)

    def _plan(self, account: int, at: datetime, page: Page) -> str | None:
        later = (plan for changed, plan in self._plans.get(account, ()) if changed > at)
        return next(later, page.plan_of(account))

    def _opening(self, line: Line, gift: Gift, page: Page, was: str) -> Act | None:
        claim = page.claim_of(gift, line)
        device = claim.device if claim is not None else self._device(line)
        if device is None and was in OF_A_LINK:
            # The log does not name whom a link was refused, so each is taken for a device of its own.
            device = line.id.to_bytes(_DEVICE_BYTES, "big")
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

    def _step(self, line: Line, gift: Gift, page: Page) -> Act | None:
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
