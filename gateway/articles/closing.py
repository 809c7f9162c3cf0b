"""Closing an article to gifts: the gifts of this month that nobody was served are ended and paid back."""

from datetime import datetime

from sqlalchemy import Connection

from gateway.decision import Deny, Reason
from gateway.ledger import GATEWAY, Actor, Entry, Event
from gateway.period import month_of
from gateway.rights import Rights
from gateway.runtime import Runtime
from gateway.store import gifts, readings, upkeep
from gateway.store.entries import append_entry

CLOSING = (
    Reason.ARTICLE_WITHDRAWN,
    Reason.ARTICLE_EMBARGOED,
    Reason.ARTICLE_EXPIRED,
    Reason.ARTICLE_NOT_GIFTABLE,
)
ARTICLES_AT_ONCE = 1000


def closed_by(rights: Rights, now: datetime) -> Reason | None:
    """Name why these rights shut an article's gifts for good, or None where they do not."""
    giving = rights.giving(now)
    return giving.reason if isinstance(giving, Deny) and giving.reason in CLOSING else None


def pay_back(
    runtime: Runtime, connection: Connection, actor: Actor, article_id: int, why: Reason, now: datetime
) -> int:
    """End an article's unserved gifts of this month and return their credits; returns how many.

    Call it in the transaction that closes the article, after the article's row was changed.
    """
    current = runtime.policies.in_force_within(connection, now)
    month = month_of(now, current.policy.publisher.zone)
    returned = gifts.return_unserved_credits(connection, article_id, period=month.key, now=now, because=why)
    for reference, account_id in returned:
        shut = {"account": account_id, "because": why.value}
        append_entry(connection, Entry(now, actor, Event.GIFT_REVOKED, f"gift:{reference}", detail=shut))
        about = {"gift": reference, "period": month.key}
        append_entry(
            connection, Entry(now, actor, Event.CREDIT_RETURNED, f"account:{account_id}", detail=about)
        )
    return len(returned)


def close_ended(runtime: Runtime, now: datetime) -> int:
    """Pay back the unserved gifts of articles whose stated end has come this month; returns how many gifts."""
    zone = runtime.policies.in_force(now).policy.publisher.zone
    since = month_of(now, zone).starts_at
    with runtime.database.reading() as connection:
        ended = upkeep.list_ended_articles(connection, since, now, limit=ARTICLES_AT_ONCE)
    return sum(_close(runtime, article_id, now) for article_id in ended)


def _close(runtime: Runtime, article_id: int, now: datetime) -> int:
    with runtime.database.transaction() as connection:
        # Held, since a file may just be putting the end off.
        article = readings.find_article_head_by_id(connection, article_id, held=True)
        why = None if article is None else closed_by(article.rights, now)
        return 0 if why is None else pay_back(runtime, connection, GATEWAY, article_id, why, now)
