"""Taking a gift up, and showing that a person reads: a claim takes a place, a confirmation counts against the cap."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from gateway.decision import Deny, Permit, Reason
from gateway.enforcing import Parties, judge, wait_for_giver
from gateway.firing import Act
from gateway.ledger import Entry, Event, Outcome
from gateway.link import CONFIRM_AFTER, UNSERVED_CLAIM_LIFE, Gift, standing_for_a_holder, unfrozen
from gateway.policy import Policy
from gateway.reading.opening import Straight, door
from gateway.reading.using import note_denial, note_use
from gateway.reading.visit import Visit
from gateway.runtime import Runtime
from gateway.store import gifts, readers, readings
from gateway.store.deadlocks import again_after_deadlock
from gateway.store.entries import append_entry
from gateway.store.readings import Claim, Held
from gateway.usage import Act as Used


@dataclass(frozen=True, slots=True)
class Press:
    """How a claim was sent: when its card was shown by our clock, and whether a person pressed the button."""

    shown_at: datetime | None = None
    pressed: bool = False


@dataclass(frozen=True, slots=True)
class Claimed:
    """A gift taken up by a device; go to the article and read."""

    slug: str
    claim_id: int
    reference: str


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A reading that counts; `first` is False when it was counted before."""

    first: bool


@again_after_deadlock
def claim_gift(runtime: Runtime, capability: bytes, visit: Visit, press: Press) -> Claimed | Straight | Deny:
    """Bind a gift to the visitor's device, which must be given; repeats freely for the same device.

    A claim takes one of the gift's places for unconfirmed devices. When these are full, a button's press at
    least three seconds after the card was shown counts at once against the cap instead. A claim that would take a
    reader, a network or a link past a bulk rule is refused, or asked to press the button after the same wait.
    """
    now = runtime.clock()
    policy = runtime.policies.in_force(now).policy
    with runtime.database.transaction() as connection:
        wait_for_giver(connection, policy, capability)
        gift = gifts.take_gift_by_capability(connection, capability)
        head = None if gift is None else readings.find_article_head_by_id(connection, gift.article_id)
        if gift is None or head is None or visit.device is None:
            return Deny(Reason.GIFT_UNKNOWN)
        claim = readings.find_claim(connection, gift.id, visit.device)
        decision = door(runtime, head, gift, claim, visit, now)
        if isinstance(decision, Straight):
            return decision
        act = ClaimAct(connection, policy, gift, visit.device, visit, press, now)
        answer = decide_claim(act, decision, claim)
        if isinstance(answer, Deny):
            act.log(Event.CLAIM_REFUSED, answer)
    if visit.visitor == "person":
        runtime.tally.add_arrival(gift, visit.networks, now)
    if isinstance(answer, Deny):
        note_denial(runtime, visit, gift.article_id, answer, now)
        return answer
    if answer.read:
        note_use(runtime, visit, gift.article_id, Used.READ, now)
    return Claimed(head.slug, answer.claim_id, gift.reference)


def confirm_reading(runtime: Runtime, slug: str, visit: Visit) -> Confirmed | Deny:
    """Count a device's reading of an article once, when its text was served and three seconds have passed.

    When the cap is full the device keeps its text and nothing changes.
    """
    now = runtime.clock()
    if visit.device is None:
        return Deny(Reason.CLAIM_UNKNOWN)
    with runtime.database.transaction() as connection:
        _, found = readers.find_held(connection, slug, visit.device)
        held = _being_read(found, now)
        if held is None:
            return Deny(Reason.CLAIM_UNKNOWN)
        gift = gifts.take_gift_by_id(connection, held.gift.id)
        claim = readings.find_claim_by_id(connection, held.claim.id)
        if gift is None or claim is None:
            return Deny(Reason.CLAIM_UNKNOWN)
        if claim.confirmed_at is not None:
            return Confirmed(first=False)
        decision = count_reading(connection, gift, claim, now)
        if isinstance(decision, Deny):
            _log(connection, Event.CONFIRM_REFUSED, gift, visit, now, decision)
            return decision
        _log(connection, Event.READING_CONFIRMED, gift, visit, now)
    note_use(runtime, visit, gift.article_id, Used.READ, now)
    return Confirmed(first=True)


def count_reading(connection: Connection, gift: Gift, claim: Claim, now: datetime) -> Permit | Deny:
    """Count a claim's reading against the cap of its gift, whose row the caller holds."""
    if now - claim.claimed_at < CONFIRM_AFTER:
        return Deny(Reason.CLAIM_TOO_SOON, until=claim.claimed_at + CONFIRM_AFTER)
    if gift.revoked_at is not None:
        return Deny(Reason.GIFT_REVOKED, since=gift.revoked_at)
    if not readings.take_reading(connection, gift.id, now, from_unconfirmed=True):
        return Deny(Reason.GIFT_READ_UP, since=gift.read_up_at)
    readings.mark_confirmed(connection, claim.id, now)
    return Permit()


@dataclass(frozen=True, slots=True)
class ClaimAct:
    """One claim on its way through its transaction, with the gift's row held."""

    connection: Connection
    policy: Policy
    gift: Gift
    device: bytes
    visit: Visit
    press: Press
    now: datetime

    @property
    def lingered(self) -> bool:
        """Whether the claim came three seconds or more after its card was shown, by our clock."""
        shown_at = self.press.shown_at
        return shown_at is not None and self.now - shown_at >= CONFIRM_AFTER

    def log(self, event: Event, why: Deny | None = None) -> None:
        """Write the entry of what was done, or refused."""
        _log(self.connection, event, self.gift, self.visit, self.now, why)


@dataclass(frozen=True, slots=True)
class TakenUp:
    """A claim that was made; `read` where it counted at once."""

    claim_id: int
    read: bool = False


def decide_claim(act: ClaimAct, at_the_door: Permit | Deny, claim: Claim | None) -> TakenUp | Deny:
    """Decide a claim by what stands at the door and by the policy."""
    if act.visit.visitor != "person":
        return Deny(Reason.CLAIM_BY_MACHINE)
    if isinstance(at_the_door, Deny) and not _held_the_card(act, at_the_door):
        return at_the_door
    if claim is not None and claim.lapsed_at is None:
        # Its ten minutes are over, but nobody took its place yet.
        readings.renew_claim(act.connection, claim.id, act.now, network=act.visit.network)
        return TakenUp(claim.id)
    return _ruled_out(act) or _take(act, claim)


def _ruled_out(act: ClaimAct) -> Deny | None:
    parties = Parties(
        reader=act.device,
        networks=act.visit.networks,
        gift=act.gift.id,
        reference=act.gift.reference,
        subscriber=act.gift.account_id,
        article=act.gift.article_id,
    )
    return judge(act.connection, act.policy, Act.CLAIM, parties, act.now, pressed=act.lingered)


def _held_the_card(act: ClaimAct, why: Deny) -> bool:
    # Who was shown the card before the last reading was counted is not shut out by it.
    shown_at = act.press.shown_at
    full = why.reason is Reason.GIFT_READ_UP and why.since is not None
    works = isinstance(unfrozen(act.gift, act.now), Permit)
    return works and full and shown_at is not None and shown_at < (why.since or shown_at)


def _being_read(found: Sequence[Held], now: datetime) -> Held | None:
    """Find by which gift a device reads an article, as serving does: by the first that still stands, if one does."""
    served = [each for each in found if each.claim.served_at is not None and each.claim.lapsed_at is None]
    standing = (each for each in served if isinstance(standing_for_a_holder(each.gift, now), Permit))
    return next(standing, served[0] if served else None)


def _take(act: ClaimAct, lapsed: Claim | None) -> TakenUp | Deny:
    confirmed_at = None
    if not _take_place(act):
        refusal = _take_reading_at_once(act)
        if refusal is not None:
            return refusal
        confirmed_at = act.now
    if lapsed is not None:
        readings.renew_claim(
            act.connection, lapsed.id, act.now, confirmed_at=confirmed_at, network=act.visit.network
        )
        claim_id = lapsed.id
    else:
        claim_id = readings.add_claim(
            act.connection,
            gift_id=act.gift.id,
            article_id=act.gift.article_id,
            device=act.device,
            claimed_at=act.now,
            confirmed_at=confirmed_at,
            network=act.visit.network,
        )
    act.log(Event.CLAIM_MADE)
    if confirmed_at is not None:
        act.log(Event.READING_CONFIRMED)
    return TakenUp(claim_id, read=confirmed_at is not None)


def _take_place(act: ClaimAct) -> bool:
    if readings.take_unconfirmed_place(act.connection, act.gift.id):
        return True
    before = act.now - UNSERVED_CLAIM_LIFE
    freed = readings.free_unserved_places(act.connection, act.gift.id, before=before, now=act.now)
    return freed > 0 and readings.take_unconfirmed_place(act.connection, act.gift.id)


def _take_reading_at_once(act: ClaimAct) -> Deny | None:
    """Past the bound only a person's press, measured by our clock, is let in, and it counts."""
    if not (act.press.pressed and act.lingered):
        return Deny(Reason.GIFT_UNCONFIRMED_FULL, detail={"unconfirmed": act.gift.unconfirmed_bound})
    if readings.take_reading(act.connection, act.gift.id, act.now, from_unconfirmed=False):
        return None
    return Deny(Reason.GIFT_READ_UP, since=act.gift.read_up_at)


def _log(
    connection: Connection, event: Event, gift: Gift, visit: Visit, now: datetime, why: Deny | None = None
) -> None:
    actor, subject = visit.actor if event is Event.CLAIM_REFUSED else visit.holder, f"gift:{gift.reference}"
    if why is None:
        append_entry(connection, Entry(now, actor, event, subject))
    else:
        append_entry(connection, Entry(now, actor, event, subject, Outcome.DENY, why.reason, why.detail))
