"""The report of a month for the publisher: what was shared and read, what was refused, and what was done about it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.auditing.overview import Overview, overview
from gateway.auditing.usage import UsageReport, usage_report
from gateway.days import ONE, Span
from gateway.period import first_instant
from gateway.policy import Policy
from gateway.runtime import Runtime
from gateway.store import figures

MOST = 10


@dataclass(frozen=True, slots=True)
class PlanQuota:
    """What a plan's subscribers did with a month's credits: how many of them gave, how many credits, how many had none left."""

    plan: str
    givers: int
    used: int
    spent: int


@dataclass(frozen=True, slots=True)
class MonthReport:
    """A month beside the month before; `complete` once it is over."""

    overview: Overview
    usage: UsageReport
    usage_before: UsageReport
    quota: tuple[PlanQuota, ...]
    quota_before: tuple[PlanQuota, ...]
    complete: bool


def month_report(runtime: Runtime, span: Span) -> MonthReport:
    """Report on a calendar month."""
    now = runtime.clock()
    current = runtime.policies.in_force(now).policy
    with runtime.database.reading() as connection:
        rows = figures.count_quota(connection, f"{span.since:%Y-%m}")
        rows_before = figures.count_quota(connection, f"{span.before.since:%Y-%m}")
    return MonthReport(
        overview(runtime, span),
        usage_report(runtime, span, most=MOST),
        usage_report(runtime, span.before, most=MOST),
        _quota(rows, current),
        _quota(rows_before, current),
        complete=now >= first_instant(current.publisher.zone, span.until + ONE),
    )


def _quota(rows: Iterable[tuple[str, int, int, int]], policy: Policy) -> tuple[PlanQuota, ...]:
    """Add up credits by plan; who has none left is told by what the plan gives now."""
    found: Mapping[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for plan, used, granted, accounts in rows:
        limit = policy.plans[plan].gifts + granted if plan in policy.plans else None
        sums = found[plan]
        sums[0] += accounts if used else 0
        sums[1] += used * accounts
        sums[2] += accounts if limit is not None and 0 < limit <= used else 0
    return tuple(PlanQuota(plan, *found[plan]) for plan in sorted(found))
