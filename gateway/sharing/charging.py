"""Paying for a gift: one credit of the month, unless it is spent or a bulk rule stands against giving."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from gateway.decision import Deny, Reason
from gateway.enforcing import Parties, judge
from gateway.firing import Act
from gateway.period import Allowance, Month, month_of
from gateway.policy import Policy
from gateway.sharing.credits import counted
from gateway.store import allowances
from gateway.store.allowances import Usage


@dataclass(frozen=True, slots=True)
class Charged:
    """One credit taken of a month, and what was used of it then."""

    month: Month
    usage: Usage


def charge(
    connection: Connection, policy: Policy, account_id: int, article_id: int, limit: int, now: datetime
) -> Charged | Deny:
    """Take one credit of an account whose plan gives `limit` a month; the caller holds the account's row."""
    month = month_of(now, policy.publisher.zone)
    usage = allowances.take_credit(connection, account_id, month.key, limit)
    if usage is None:
        return spent(counted(allowances.find_usage(connection, account_id, month.key), limit, month))
    # After the credit, so that a month that is spent is called so; what a rule refuses costs nothing.
    parties = Parties(subscriber=account_id, article=article_id)
    ruled_out = judge(connection, policy, Act.ISSUE, parties, now)
    if ruled_out is not None:
        allowances.return_credit(connection, account_id, month.key)
        return ruled_out
    return Charged(month, usage)


def terms_at(policy: Policy, now: datetime) -> dict[str, object]:
    """Say what a gift that is issued at an instant keeps: its end, its cap and its bound."""
    terms = policy.gift
    return {
        "issued_at": now,
        "expires_at": now + terms.life,
        "readers": terms.readers,
        "unconfirmed_bound": terms.unconfirmed,
    }


def spent(allowance: Allowance) -> Deny:
    """Refuse a credit of a month in which none is left."""
    return Deny(
        Reason.QUOTA_SPENT,
        until=allowance.renews_at,
        detail={"limit": allowance.limit, "zone": allowance.zone},
    )
