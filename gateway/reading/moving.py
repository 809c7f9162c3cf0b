"""Going on in another browser: a reading moves, uncounted, and the device it leaves has it no more."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.decision import Deny, Permit, Reason
from gateway.ledger import Entry, Event, Outcome
from gateway.link import Gift, standing_for_a_holder
from gateway.reading.holding import alive
from gateway.reading.opening import Straight
from gateway.reading.shelf import Shelf
from gateway.reading.visit import Visit
from gateway.runtime import Runtime
from gateway.store import gifts, readers, readings, transfers
from gateway.store.articles import Article
from gateway.store.entries import append_entry
from gateway.store.readings import ArticleHead, Claim
from gateway.store.transfers import Transfer

TRANSFER_LIFE = timedelta(minutes=10)
# A person moves from an app to a browser and perhaps on to a larger screen. A reading that moves on and on is
# passed around, and each stop would be one more device with the text.
MOVES_AT_MOST = 3


@dataclass(frozen=True, slots=True)
class Waiting:
    """A reading that waits to be taken over; `mine` where the one who asks is the one who has it."""

    article: Article
    until: datetime
    mine: bool


@dataclass(frozen=True, slots=True)
class _Way:
    """An offer with all that decides it."""

    transfer: Transfer
    claim: Claim
    gift: Gift
    head: ArticleHead
    own: Claim | None

    def is_mine(self, visit: Visit) -> bool:
        """Tell whether the one who asks has the reading already."""
        return visit.device == self.claim.device


def offer_transfer(runtime: Runtime, slug: str, visit: Visit, digest: bytes) -> datetime | Deny:
    """Offer this device's reading of an article to another one, by a secret's digest; returns until when."""
    now = runtime.clock()
    if visit.device is None:
        return Deny(Reason.CLAIM_UNKNOWN)
    with runtime.database.transaction() as connection:
        head, found = readers.find_held(connection, slug, visit.device)
        held = next((each for each in found if alive(each.claim, now)), None)
        if head is None or held is None:
            return Deny(Reason.CLAIM_UNKNOWN)
        decision = _standing(runtime, head, held.gift, now)
        until = now + TRANSFER_LIFE
        if isinstance(decision, Permit) and not transfers.offer_transfer(
            connection, held.claim.id, digest, until=until, moves_at_most=MOVES_AT_MOST
        ):
            decision = Deny(Reason.TRANSFER_TOO_OFTEN, detail={"limit": MOVES_AT_MOST})
        if isinstance(decision, Deny):
            _note_refusal(connection, visit, held.gift, decision, now)
            return decision
    return until


def open_transfer(runtime: Runtime, shelf: Shelf, digest: bytes, visit: Visit) -> Waiting | Straight | Deny:
    """Show what a transfer is. Nothing moves by it, whoever looks."""
    now = runtime.clock()
    with runtime.database.reading() as connection:
        way = _find_way(connection, digest, visit)
        if way is None:
            return Deny(Reason.TRANSFER_UNKNOWN)
        decision = _decide(runtime, way, visit, now)
        article = shelf.article(connection, way.head) if isinstance(decision, Permit) else None
    if article is not None:
        return Waiting(article, way.transfer.expires_at, way.is_mine(visit))
    if isinstance(decision, Deny):
        with runtime.database.transaction() as connection:
            _note_refusal(connection, visit, way.gift, decision, now)
        return decision
    return decision if isinstance(decision, Straight) else Deny(Reason.ARTICLE_UNKNOWN)


def take_transfer(runtime: Runtime, digest: bytes, visit: Visit) -> Straight | Deny:
    """Move the reading to this device, which must be given, once; the article is open there from now on."""
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        found = transfers.find_transfer(connection, digest)
        # The gift's row first, as with everything that changes a claim.
        if found is None or gifts.take_gift_by_id(connection, found.gift.id) is None:
            return Deny(Reason.TRANSFER_UNKNOWN)
        way = _find_way(connection, digest, visit)
        if way is None or visit.device is None:
            return Deny(Reason.TRANSFER_UNKNOWN)
        decision = _decide(runtime, way, visit, now)
        if isinstance(decision, Straight) or way.is_mine(visit):
            return Straight(way.head.slug) if isinstance(decision, Permit) else decision
        if isinstance(decision, Permit):
            decision = _move(connection, way, digest, visit, now)
        if isinstance(decision, Deny):
            _note_refusal(connection, visit, way.gift, decision, now)
            return decision
        subject = f"gift:{way.gift.reference}"
        append_entry(connection, Entry(now, visit.holder, Event.READING_MOVED, subject))
        return Straight(way.head.slug)


def _find_way(connection: Connection, digest: bytes, visit: Visit) -> _Way | None:
    transfer = transfers.find_transfer(connection, digest)
    claim = None if transfer is None else readings.find_claim_by_id(connection, transfer.claim_id)
    if transfer is None or claim is None:
        return None
    gift = transfer.gift
    head = readings.find_article_head_by_id(connection, claim.article_id)
    own = None if visit.device is None else readings.find_claim(connection, gift.id, visit.device)
    return None if head is None else _Way(transfer, claim, gift, head, own)


def _decide(runtime: Runtime, way: _Way, visit: Visit, now: datetime) -> Permit | Straight | Deny:
    decision = _standing(runtime, way.head, way.gift, now)
    straight = _straight(way, decision, visit, now)
    if straight is not None:
        return straight
    if isinstance(decision, Permit) and way.transfer.expires_at <= now:
        return Deny(Reason.TRANSFER_EXPIRED, since=way.transfer.expires_at)
    if isinstance(decision, Permit) and not alive(way.claim, now):
        return Deny(Reason.CLAIM_LAPSED)
    return decision


def _straight(way: _Way, decision: Permit | Deny, visit: Visit, now: datetime) -> Straight | None:
    """Send on who needs nothing moved: everybody to a free article, accounts, and who reads by a claim of their own."""
    if isinstance(decision, Deny) and decision.reason is Reason.ARTICLE_FREE:
        return Straight(way.head.slug, free=True)
    may_read = visit.account is not None and isinstance(way.head.rights.reading(now), Permit)
    has_own = way.own is not None and way.own.id != way.claim.id and alive(way.own, now)
    return Straight(way.head.slug) if may_read or (has_own and isinstance(decision, Permit)) else None


def _standing(runtime: Runtime, head: ArticleHead, gift: Gift, now: datetime) -> Permit | Deny:
    if runtime.policies.links_shut:
        return Deny(Reason.GATEWAY_RESTORED)
    giving = head.rights.giving(now)
    return giving if isinstance(giving, Deny) else standing_for_a_holder(gift, now)


def _move(connection: Connection, way: _Way, digest: bytes, visit: Visit, now: datetime) -> Permit | Deny:
    if visit.visitor != "person" or visit.device is None:
        return Deny(Reason.CLAIM_BY_MACHINE)
    if not transfers.take_transfer(connection, digest, now):
        return Deny(Reason.TRANSFER_UNKNOWN)
    if way.own is not None and way.own.lapsed_at is None:
        # Its ten minutes are over and nobody has freed its place yet.
        readings.undo_claim(connection, way.own)
    transfers.move_claim(connection, way.claim.id, way.gift.id, visit.device)
    return Permit()


def _note_refusal(connection: Connection, visit: Visit, gift: Gift, why: Deny, now: datetime) -> None:
    subject = f"gift:{gift.reference}"
    append_entry(connection, Entry(now, visit.actor, Event.MOVE_REFUSED, subject, Outcome.DENY, why.reason))
