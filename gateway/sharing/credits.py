"""The monthly number as a subscriber sees it."""

from datetime import datetime

from sqlalchemy import Connection

from gateway.decision import Deny, Reason
from gateway.period import Allowance, Month, month_of
from gateway.policy import Policy
from gateway.runtime import Runtime
from gateway.store import accounts, allowances
from gateway.store.accounts import Account
from gateway.store.allowances import Usage


def allowance_of(runtime: Runtime, account_id: int) -> Allowance | Deny:
    """Tell an account's monthly number."""
    now = runtime.clock()
    current = runtime.policies.in_force(now)
    with runtime.database.reading() as connection:
        account = accounts.find_account(connection, account_id)
        if account is None:
            return Deny(Reason.ACCOUNT_UNKNOWN)
        return allowance_in(connection, account, current.policy, now) or unplanned(account)


def allowance_in(connection: Connection, account: Account, policy: Policy, now: datetime) -> Allowance | None:
    """Count an account's month under a policy; None for an account without a plan of that policy."""
    limit = limit_of(account, policy)
    if limit is None:
        return None
    month = month_of(now, policy.publisher.zone)
    return counted(allowances.find_usage(connection, account.id, month.key), limit, month)


def counted(usage: Usage, limit: int, month: Month) -> Allowance:
    """Put a month's usage and a plan's limit together."""
    return Allowance(
        limit=limit + usage.granted,
        used=usage.used,
        granted=usage.granted,
        renews_at=month.renews_at,
        zone=month.zone,
    )


def unplanned(account: Account) -> Deny:
    """Refuse an account that has no plan, or one that the policy in force does not know."""
    return Deny(Reason.ACCOUNT_PLAN_DROPPED if account.plan else Reason.ACCOUNT_WITHOUT_PLAN)


def limit_of(account: Account, policy: Policy) -> int | None:
    """Return the monthly gifts of an account's plan; None when the policy knows no such plan."""
    plan = policy.plans.get(account.plan) if account.plan else None
    return None if plan is None else plan.gifts
