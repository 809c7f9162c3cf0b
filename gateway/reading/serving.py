"""Serving an article: whole to who may read it, its opening to everybody else."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from gateway.decision import Decision, Deny, Permit, Reason
from gateway.enforcing import Parties, judge
from gateway.firing import Act
from gateway.ledger import Actor, Entry, Event, Outcome
from gateway.link import UNSERVED_CLAIM_LIFE, standing_for_a_holder
from gateway.passage import counted_since
from gateway.policy import Policy
from gateway.reading.copying import closed_for
from gateway.reading.holding import alive
from gateway.reading.shelf import Shelf
from gateway.reading.using import note_denial
from gateway.reading.visit import Visit
from gateway.runtime import Runtime
from gateway.store import articles, deliveries, gifts, readers, readings
from gateway.store.articles import Article, ArticleLine
from gateway.store.copied import Measured
from gateway.store.deadlocks import again_after_deadlock
from gateway.store.deliveries import account_bytes
from gateway.store.entries import append_entry
from gateway.store.readers import FoundArticle
from gateway.store.readings import ArticleHead, Claim, Held


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


def article_by_slug(runtime: Runtime, shelf: Shelf, slug: str) -> Article | Deny:
    """Find an article by the last part of its address, whatever its rights."""
    with runtime.database.reading() as connection:
        head = readings.find_article_head(connection, slug)
        found = None if head is None else shelf.article(connection, head)
        return found or Deny(Reason.ARTICLE_UNKNOWN)


def read_article(
    runtime: Runtime, shelf: Shelf, slug: str, visit: Visit, *, pressed: bool = False
) -> Reading | Teaser | Deny:
    """Show an article to a visitor; the first time its text goes out to somebody is written down before it does.

    `pressed` says that a challenged account pressed the button after the wait.
    """
    now = runtime.clock()
    with runtime.database.reading() as connection:
        found = _found(connection, slug, visit, now)
        if found is None:
            return Deny(Reason.ARTICLE_UNKNOWN)
        rights = found.head.rights.reading(now)
        if isinstance(rights, Deny):
            return rights
        article = shelf.article(connection, found.head)
    if article is None:
        return Deny(Reason.ARTICLE_UNKNOWN)
    if found.head.rights.free:
        return Reading(article)
    return _to_reader(runtime, article, found, visit, now, pressed=pressed)


def _to_reader(
    runtime: Runtime, article: Article, found: FoundArticle, visit: Visit, now: datetime, *, pressed: bool
) -> Reading | Teaser | Deny:
    measured = Measured(article.id, article.characters, free=False)
    closed = closed_for(runtime, visit, measured, found.taken, now)
    if visit.account is None:
        return _by_gift(runtime, article, found, closed, visit, now)
    if closed is not None:
        _note_refusal(runtime, visit.actor, f"article:{article.id}", closed, now)
        return Teaser(article, closed)
    return _to_account(runtime, found, visit, now, pressed=pressed) or Reading(article)


def _found(connection: Connection, slug: str, visit: Visit, now: datetime) -> FoundArticle | None:
    """Find an article with what decides who may read it: a device's claims, or whether an account had it today."""
    since = counted_since(now)
    if visit.account is not None:
        return readers.find_article_for_account(connection, slug, visit.account.id, now, since=since)
    if visit.device is not None:
        return readers.find_article_for_device(connection, slug, visit.device, since=since)
    head = readings.find_article_head(connection, slug)
    return None if head is None else FoundArticle(head)


def _to_account(
    runtime: Runtime, found: FoundArticle, visit: Visit, now: datetime, *, pressed: bool
) -> Deny | None:
    """Write down that an article goes to an account for the first time today, unless a bulk rule stands against it."""
    if visit.account is None or found.before or visit.is_staff:
        return None
    head = found.head
    policy, subscriber = runtime.policies.in_force(now).policy, visit.account.id
    with runtime.database.transaction() as connection:
        refusal = serve_account(connection, policy, (subscriber, head.id), now, pressed=pressed)
        if refusal is None:
            return None
        subject, reason = f"article:{head.id}", refusal.reason
        line = Entry(now, visit.actor, Event.READING_REFUSED, subject, Outcome.DENY, reason, refusal.detail)
        append_entry(connection, line)
        return refusal


def serve_account(
    connection: Connection, policy: Policy, asked: tuple[int, int], now: datetime, *, pressed: bool
) -> Deny | None:
    """Decide whether an account (first of `asked`) gets an article (second) for the first time today, and note it."""
    subscriber, article_id = asked
    parties = Parties(subscriber=subscriber, article=article_id)
    refusal = judge(connection, policy, Act.READ, parties, now, pressed=pressed)
    if refusal is None:
        deliveries.add_delivery(connection, account_bytes(subscriber), article_id, now, None)
    return refusal


def _by_gift(
    runtime: Runtime, article: Article, found: FoundArticle, closed: Deny | None, visit: Visit, now: datetime
) -> Reading | Teaser | Deny:
    refusals: list[tuple[Held, Deny]] = []
    for each in found.held:
        if not alive(each.claim, now):
            continue
        decision = _decide(runtime, found.head, each, now)
        if isinstance(decision, Permit) and closed is not None:
            decision = closed
        if isinstance(decision, Permit) and each.claim.served_at is None:
            decision = _serve_first(runtime, each, visit, now)
        if isinstance(decision, Permit):
            return Reading(article, each)
        refusals.append((each, decision))
    # Told only where no other gift of the article served: nobody was refused anything else.
    ended: Deny | None = None
    for each, ended in refusals:
        _note_refusal(runtime, visit.holder, f"gift:{each.gift.reference}", ended, now)
        note_denial(runtime, visit, article.id, ended, now)
    return ended if ended is not None and ended.reason is Reason.RULE_BLOCKED else Teaser(article, ended)


def _decide(runtime: Runtime, head: ArticleHead, held: Held, now: datetime) -> Decision:
    if runtime.policies.links_shut:
        return Deny(Reason.GATEWAY_RESTORED)
    giving = head.rights.giving(now)
    return giving if isinstance(giving, Deny) else standing_for_a_holder(held.gift, now)


@again_after_deadlock
def _serve_first(runtime: Runtime, held: Held, visit: Visit, now: datetime) -> Decision:
    # The gift's row is held, so that a revocation either comes first and shuts, or finds the text served.
    policy = runtime.policies.in_force(now).policy
    with runtime.database.transaction() as connection:
        return serve_first(connection, policy, held.claim, visit, now)


def serve_first(
    connection: Connection, policy: Policy, claim: Claim, visit: Visit, now: datetime
) -> Decision:
    """Decide whether a claim's text goes out for the first time, and write down that it does."""
    gift = gifts.take_gift_by_id(connection, claim.gift_id)
    standing = Deny(Reason.GIFT_UNKNOWN) if gift is None else standing_for_a_holder(gift, now)
    if gift is None or isinstance(standing, Deny):
        return standing
    parties = Parties(reader=visit.device, networks=visit.networks, article=gift.article_id)
    refusal = judge(connection, policy, Act.READ, parties, now, pressed=True)
    if refusal is not None:
        return refusal
    if readings.mark_served(connection, claim, now, within=UNSERVED_CLAIM_LIFE):
        deliveries.add_delivery(connection, claim.device, gift.article_id, now, visit.network)
        subject = f"gift:{gift.reference}"
        append_entry(connection, Entry(now, visit.holder, Event.READING_SERVED, subject))
        return Permit()
    found = readings.find_claim_by_id(connection, claim.id)
    served = found is not None and found.served_at is not None
    return Permit() if served else Deny(Reason.CLAIM_LAPSED)


def _note_refusal(runtime: Runtime, actor: Actor, subject: str, why: Deny, now: datetime) -> None:
    with runtime.database.transaction() as connection:
        line = Entry(now, actor, Event.READING_REFUSED, subject, Outcome.DENY, why.reason, why.detail)
        append_entry(connection, line)
