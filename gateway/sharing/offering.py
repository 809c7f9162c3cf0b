"""Whether an article may be given: by its rights, by the person's state, and once more where a gift of it is spent."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from gateway.decision import Decision, Deny, Permit, Reason
from gateway.link import Gift, same_again, standing
from gateway.period import Allowance
from gateway.policy import GiftTerms
from gateway.runtime import Runtime
from gateway.sharing.charging import spent
from gateway.sharing.credits import allowance_in, unplanned
from gateway.store import accounts, gifts, readings
from gateway.store.accounts import Account
from gateway.store.readings import ArticleHead

SPENT = (Reason.GIFT_EXPIRED, Reason.GIFT_READ_UP)


@dataclass(frozen=True, slots=True)
class Sharing:
    """What sharing one article would mean to one subscriber at this moment."""

    article: ArticleHead
    decision: Decision
    allowance: Allowance | None
    open_gift: Gift | None
    terms: GiftTerms


def sharing_of(runtime: Runtime, account_id: int, article_id: int) -> Sharing | Deny:
    """Tell what sharing an article would mean to a subscriber; spends nothing."""
    now = runtime.clock()
    current = runtime.policies.in_force(now)
    with runtime.database.reading() as connection:
        article = readings.find_article_head_by_id(connection, article_id)
        account = accounts.find_account(connection, account_id)
        if article is None:
            return Deny(Reason.ARTICLE_UNKNOWN)
        if account is None:
            return Deny(Reason.ACCOUNT_UNKNOWN)
        allowance = allowance_in(connection, account, current.policy, now)
        open_gifts = gifts.list_open_gifts(connection, account_id, article_id, now)
    decision = may_give(account, article, now, planned=allowance is not None)
    if isinstance(decision, Permit) and not open_gifts and allowance is not None and allowance.remaining == 0:
        decision = spent(allowance)
    open_gift = same_again(open_gifts, runtime.keys.signer.key_ids)
    return Sharing(article, decision, allowance, open_gift, current.policy.gift)


def may_give(account: Account, article: ArticleHead, now: datetime, *, planned: bool) -> Decision:
    """Decide whether an account may give an article at `now`; `planned` says that its plan has a monthly number.

    A free article comes first: everybody can send its address, whatever state the account is in.
    """
    giving = article.rights.giving(now)
    if isinstance(giving, Deny) and giving.reason is Reason.ARTICLE_FREE:
        return giving
    if account.suspended_at is not None:
        return Deny(Reason.ACCOUNT_SUSPENDED, since=account.suspended_at)
    return unplanned(account) if isinstance(giving, Permit) and not planned else giving


def may_renew(
    connection: Connection, gift_id: int | None, key_ids: frozenset[str], now: datetime
) -> Decision:
    """Decide whether a gift is spent, so that another may follow it; None follows no gift. `key_ids` still verify."""
    if gift_id is None:
        return Permit()
    (gift,) = gifts.list_gifts_by_id(connection, [gift_id])
    decision = standing(gift, now)
    if isinstance(decision, Permit):
        return Deny(Reason.GIFT_STILL_OPEN if gift.key_id in key_ids else Reason.GIFT_KEY_RETIRED)
    return Permit() if decision.reason in SPENT else decision
