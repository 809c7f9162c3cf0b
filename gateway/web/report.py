"""The report of a month: one page for the publisher, made to be printed."""

import re
from datetime import date
from typing import Any, Final

from flask import Blueprint, Response, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from gateway.auditing import overview as counted
from gateway.auditing.reporting import MonthReport, PlanQuota, month_report
from gateway.days import ONE, Span, month_span
from gateway.decision import Deny, Reason
from gateway.figures import Figure
from gateway.usage import Metric
from gateway.web.admin import restored
from gateway.web.guards import at_the_desk
from gateway.web.overview import plan_labels, shown_overview
from gateway.web.refusals import refused
from gateway.web.state import state

bp = Blueprint("report", __name__, url_prefix="/admin/report")
bp.before_request(at_the_desk)
bp.context_processor(restored)

MONTH: Final = re.compile(r"(\d{4})-(\d{2})")
MOST: Final = 10


@bp.get("")
def latest() -> AnyResponse:
    """Go to the report of the last month that is over."""
    today = counted.today(state().runtime)
    last = month_span(today.year, today.month).before
    return redirect(url_for("report.month", name=f"{last.since:%Y-%m}"), 302)


@bp.get("/<name>")
def month(name: str) -> Response:
    """Show the report of a month, spelled 2026-10."""
    today = counted.today(state().runtime)
    found = MONTH.fullmatch(name)
    if found is None or not 1 <= int(found[2]) <= 12 or not 1970 <= int(found[1]) <= today.year:
        return refused(Deny(Reason.REQUEST_INVALID))
    span = month_span(int(found[1]), int(found[2]))
    if span.since > today:
        return refused(Deny(Reason.REQUEST_INVALID))
    report = month_report(state().runtime, span)
    shown = shown_report(report, plan_labels(), today)
    return make_response(render_template("admin/report.html", **shown, made_at=state().runtime.clock()))


def shown_report(report: MonthReport, labels: dict[str, str], today: date) -> dict[str, Any]:
    """Show a month's report: the overview's figures, quota, usage, and the ways to the months beside it."""
    shown = shown_overview(report.overview, labels)
    span = report.overview.now.span
    return shown | {
        "articles": shown["articles"][:MOST],
        "complete": report.complete,
        "quota": _quota(report, labels),
        "usage": [
            {
                "metric": each.value,
                "count": report.usage.totals.get((report.usage.months[0], each.value), 0),
                "before": report.usage_before.totals.get((report.usage_before.months[0], each.value), 0),
            }
            for each in Metric
        ],
        "quiet": not any(report.overview.now.total(figure) for figure in Figure),
        "older_url": url_for("report.month", name=f"{span.before.since:%Y-%m}"),
        "newer_url": _newer(span, today),
    }


def _quota(report: MonthReport, labels: dict[str, str]) -> list[dict[str, Any]]:
    before = {each.plan: each for each in report.quota_before}
    return [
        {
            "name": labels.get(each.plan, each.plan),
            "givers": each.givers,
            "used": each.used,
            "spent": each.spent,
            "used_before": before.get(each.plan, PlanQuota("", 0, 0, 0)).used,
        }
        for each in report.quota
    ]


def _newer(span: Span, today: date) -> str | None:
    first = span.until + ONE
    return url_for("report.month", name=f"{first:%Y-%m}") if first <= today else None
