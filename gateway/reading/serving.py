"""Serving an article: whole to who may read it, its opening to everybody else."""

from dataclasses import dataclass
from datetime import datetime

from gateway.decision import Decision, Deny, Permit, Reason
from gateway.ledger import Entry, Event, Outcome
from gateway.link import UNSERVED_CLAIM_LIFE, standing_for_a_holder
from gateway.reading.holding import alive
from gateway.reading.shelf import Shelf
from gateway.reading.visit import Visit
from gateway.runtime import Runtime
from gateway.store import articles, gifts, readings
from gateway.store.articles import Article, ArticleLine
from gateway.store.entries import append_entry
from gateway.store.readings import ArticleHead, Held


@dataclass(frozen=True, slots=True)
class Reading:
    """The whole text, and by what right: `held` is the gift's claim, None for accounts and free articles."""

    article: Article
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class Teaser:
    """What everybody may see of an article; `ended` says why a device's gift of it no longer opens it."""

    article: Article
    ended: Deny | None = None


def front_page(runtime: Runtime, *, section: str | None = None) -> tuple[ArticleLine, ...]:
    """List what may be read now, newest first."""
    now = runtime.clock()
    with runtime.database.reading() as connection:
        return articles.list_articles(connection, now, section=section)


def article_by_slug(runtime: Runtime, slug: str) -> Article | Deny:
    """Find an article by the last part of its address, whatever its rights."""
    with runtime.database.reading() as connection:
        return articles.find_article_by_slug(connection, slug) or Deny(Reason.ARTICLE_UNKNOWN)


def read_article(runtime: Runtime, shelf: Shelf, slug: str, visit: Visit) -> Reading | Teaser | Deny:
    """Show an article to a visitor; the first time its text goes out to a device is written down before it does."""
    now = runtime.clock()
    with runtime.database.reading() as connection:
        if visit.device is None:
            head: ArticleHead | None = readings.find_article_head(connection, slug)
            held: list[Held] = []
        else:
            head, held = readings.find_article_for_device(connection, slug, visit.device)
        if head is None:
            return Deny(Reason.ARTICLE_UNKNOWN)
        rights = head.rights.reading(now)
        if isinstance(rights, Deny):
            return rights
        article = shelf.article(connection, head)
    if article is None:
        return Deny(Reason.ARTICLE_UNKNOWN)
    if head.rights.free or visit.account is not None:
        return Reading(article)
    return _by_gift(runtime, article, head, held, visit, now)


def _by_gift(
    runtime: Runtime, article: Article, head: ArticleHead, held: list[Held], visit: Visit, now: datetime
) -> Reading | Teaser:
    ended = None
    for each in held:
        if not alive(each.claim, now):
            continue
        decision = _decide(runtime, head, each, now)
        if isinstance(decision, Permit) and (
            each.claim.served_at is not None or _serve_first(runtime, each, visit, now)
        ):
            return Reading(article, each)
        ended = decision if isinstance(decision, Deny) else Deny(Reason.CLAIM_LAPSED)
        _note_refusal(runtime, each, visit, ended, now)
    return Teaser(article, ended)


def _decide(runtime: Runtime, head: ArticleHead, held: Held, now: datetime) -> Decision:
    if runtime.policies.links_shut:
        return Deny(Reason.GATEWAY_RESTORED)
    giving = head.rights.giving(now)
    return giving if isinstance(giving, Deny) else standing_for_a_holder(held.gift, now)


def _serve_first(runtime: Runtime, held: Held, visit: Visit, now: datetime) -> bool:
    # The gift's row is held, so that a revocation either comes first and shuts, or finds the text served.
    with runtime.database.transaction() as connection:
        gift = gifts.take_gift_by_id(connection, held.gift.id)
        if gift is None or isinstance(standing_for_a_holder(gift, now), Deny):
            return False
        if readings.mark_served(connection, held.claim, now, within=UNSERVED_CLAIM_LIFE):
            subject = f"gift:{gift.reference}"
            append_entry(connection, Entry(now, visit.holder, Event.READING_SERVED, subject))
            return True
        claim = readings.find_claim_by_id(connection, held.claim.id)
        return claim is not None and claim.served_at is not None


def _note_refusal(runtime: Runtime, held: Held, visit: Visit, why: Deny, now: datetime) -> None:
    with runtime.database.transaction() as connection:
        subject = f"gift:{held.gift.reference}"
        append_entry(
            connection, Entry(now, visit.holder, Event.READING_REFUSED, subject, Outcome.DENY, why.reason)
        )
