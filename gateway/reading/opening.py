"""Opening a gift link: a card, straight on to the article, or a shut door; nothing is taken up by it."""

from dataclasses import dataclass
from datetime import datetime

from gateway.decision import Deny, Permit, Reason
from gateway.ledger import Entry, Event, Outcome
from gateway.link import Gift, standing
from gateway.reading.shelf import Shelf
from gateway.reading.visit import Visit
from gateway.runtime import Runtime
from gateway.store import readings
from gateway.store.articles import Article
from gateway.store.entries import append_entry
from gateway.store.readings import ArticleHead


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


def open_card(
    runtime: Runtime, shelf: Shelf, token: str, visit: Visit, *, network: bytes
) -> Card | Straight | Deny:
    """Show what a gift link is. No gift, credit, claim or right changes; a view is counted outside the request.

    `network` is the keyed hash under which a token nobody signed is counted.
    """
    now = runtime.clock()
    capability = runtime.keys.verify(token)
    if capability is None:
        runtime.tally.add_forged(network, now)
        return Deny(Reason.GIFT_UNKNOWN)
    with runtime.database.reading() as connection:
        found = readings.find_card(connection, capability)
        if found is None:
            return Deny(Reason.GIFT_UNKNOWN)
        head, gift, giver = found
        decision = door(runtime, head, gift, visit, now)
        article = shelf.article(connection, head) if isinstance(decision, Permit) else None
    if article is not None:
        runtime.tally.add_view(gift.id, visit.visitor, now)
        return Card(article, gift, giver, now)
    if isinstance(decision, Deny):
        note_refusal(runtime, visit, gift, decision, now)
        return decision
    return decision if isinstance(decision, Straight) else Deny(Reason.ARTICLE_UNKNOWN)


def door(
    runtime: Runtime, head: ArticleHead, gift: Gift, visit: Visit, now: datetime
) -> Permit | Straight | Deny:
    """Decide what a gift link is to a visitor: a card, not needed since they may read anyway, or shut."""
    if runtime.policies.links_shut:
        return Deny(Reason.GATEWAY_RESTORED)
    giving = head.rights.giving(now)
    if isinstance(giving, Deny) and giving.reason is Reason.ARTICLE_FREE:
        return Straight(head.slug, free=True)
    if visit.account is not None and isinstance(head.rights.reading(now), Permit):
        return Straight(head.slug, own=gift.reference if visit.account.id == gift.account_id else "")
    return giving if isinstance(giving, Deny) else standing(gift, now)


def note_refusal(runtime: Runtime, visit: Visit, gift: Gift, why: Deny, now: datetime) -> None:
    """Write the entry of a refusal that stands outside any other act."""
    with runtime.database.transaction() as connection:
        subject = f"gift:{gift.reference}"
        append_entry(
            connection, Entry(now, visit.actor, Event.CLAIM_REFUSED, subject, Outcome.DENY, why.reason)
        )
