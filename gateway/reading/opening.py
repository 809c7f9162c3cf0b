"""Opening a gift link: a card, straight on to the article, or a shut door; nothing is taken up by it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gateway.case import reported
from gateway.decision import Deny, Permit, Reason
from gateway.enforcing import shut_out
from gateway.firing import Act as Ruled
from gateway.ledger import Entry, Event, Outcome
from gateway.link import Gift, standing, standing_for_a_holder
from gateway.queueing import put_in_queue
from gateway.reading.holding import alive
from gateway.reading.shelf import Shelf
from gateway.reading.using import note_denial, note_use
from gateway.reading.visit import Visit
from gateway.runtime import Runtime
from gateway.store import notes, readings
from gateway.store.articles import Article
from gateway.store.entries import append_entry
from gateway.store.readings import ArticleHead, Claim
from gateway.usage import Act


@dataclass(frozen=True, slots=True)
class Card:
    """What a gift link shows before it is taken up; `shown_at` goes onto the page as its stamp."""

    article: Article
    gift: Gift
    giver: str
    shown_at: datetime


@dataclass(frozen=True, slots=True)
class Straight:
    """No gift is needed: go to the article. `own` is the gift's reference where the visitor is the giver."""

    slug: str
    free: bool = False
    own: str = ""


def recognise(runtime: Runtime, token: str, *, located: Callable[[], tuple[bytes, ...]]) -> bytes | Deny:
    """Return the capability of a token; one we never signed is refused and counted, and no database is asked.

    `located` names the network that it came from. A network that guesses is told to wait; the links that we signed
    work there as everywhere.
    """
    capability = runtime.keys.verify(token)
    return note_forged(runtime, located()) if capability is None else capability


def note_forged(runtime: Runtime, networks: tuple[bytes, ...]) -> Deny:
    """Count a token that we never signed; tells a network that guesses to wait."""
    now = runtime.clock()
    runtime.tally.add_forged(networks, now)
    standing = shut_out(
        runtime.policies.in_force(now).policy, Ruled.GUESS, runtime.networks.guessed(networks), now
    )
    return standing or Deny(Reason.GIFT_UNKNOWN)


def open_card(runtime: Runtime, shelf: Shelf, capability: bytes, visit: Visit) -> Card | Straight | Deny:
    """Show what a gift link is. No gift, credit, claim or right changes; a view is counted outside the request."""
    now = runtime.clock()
    with runtime.database.reading() as connection:
        found = readings.find_card(connection, capability, visit.device)
        if found is None:
            return Deny(Reason.GIFT_UNKNOWN)
        decision = door(runtime, found.head, found.gift, found.claim, visit, now)
        article = shelf.article(connection, found.head) if isinstance(decision, Permit) else None
    if article is not None:
        runtime.tally.add_view(found.gift.id, visit.visitor, now)
        note_use(runtime, visit, article.id, Act.CARD, now)
        return Card(article, found.gift, found.giver, now)
    if isinstance(decision, Deny):
        note_refusal(runtime, visit, found.gift, decision, now)
        if decision.reason is Reason.GIFT_READ_UP and visit.visitor == "person":
            runtime.tally.add_arrival(found.gift, visit.networks, now)
        return decision
    return decision if isinstance(decision, Straight) else Deny(Reason.ARTICLE_UNKNOWN)


def door(
    runtime: Runtime, head: ArticleHead, gift: Gift, claim: Claim | None, visit: Visit, now: datetime
) -> Permit | Straight | Deny:
    """Decide what a gift link is to a visitor: a card, not needed since they may read anyway, or shut.

    A device that took the gift up goes straight on, also when the link is read up for newcomers.
    """
    if runtime.policies.links_shut:
        return Deny(Reason.GATEWAY_RESTORED)
    giving = head.rights.giving(now)
    if isinstance(giving, Deny) and giving.reason is Reason.ARTICLE_FREE:
        return Straight(head.slug, free=True)
    if visit.account is not None and isinstance(head.rights.reading(now), Permit):
        return Straight(head.slug, own=gift.reference if visit.account.id == gift.account_id else "")
    if isinstance(giving, Deny):
        return giving
    if claim is not None and alive(claim, now) and isinstance(standing_for_a_holder(gift, now), Permit):
        return Straight(head.slug)
    return standing(gift, now)


def reference_of(runtime: Runtime, capability: bytes) -> str:
    """Find a gift's reference by its capability, for a page that says why it is shut; the empty text for none."""
    with runtime.database.reading() as connection:
        found = readings.find_card(connection, capability, None)
        return "" if found is None else found.gift.reference


def report_note(runtime: Runtime, capability: bytes, visit: Visit) -> bool:
    """Report the note on a gift to the desk; the first report of a gift is an entry. Tells whether there is a note."""
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        found = readings.find_card(connection, capability, None)
        if found is None or not found.gift.note:
            return False
        if notes.count_note_report(connection, found.gift.id, now) == 1:
            subject = f"gift:{found.gift.reference}"
            append_entry(connection, Entry(now, visit.actor, Event.GIFT_NOTE_REPORTED, subject))
            put_in_queue(connection, visit.actor, reported(found.gift.reference, now), now)
        return True


def note_refusal(runtime: Runtime, visit: Visit, gift: Gift, why: Deny, now: datetime) -> None:
    """Write the entry of a refusal that stands outside any other act."""
    note_denial(runtime, visit, gift.article_id, why, now)
    with runtime.database.transaction() as connection:
        subject = f"gift:{gift.reference}"
        append_entry(
            connection, Entry(now, visit.actor, Event.CLAIM_REFUSED, subject, Outcome.DENY, why.reason)
        )
