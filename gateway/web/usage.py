"""The desk's page on usage in COUNTER's terms, and the same as a table and as JSON to take along."""

import json
import re
from datetime import date
from typing import Any, Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, make_response, render_template, request, url_for

from gateway.auditing import overview as counted
from gateway.auditing.usage import UsageReport, usage_report
from gateway.days import Span, month_span
from gateway.decision import Deny, Reason
from gateway.usage import Metric
from gateway.web import counterreport
from gateway.web.admin import restored
from gateway.web.guards import at_the_desk
from gateway.web.refusals import refused, status_of
from gateway.web.state import state

bp = Blueprint("usage", __name__, url_prefix="/admin/usage")
bp.before_request(at_the_desk)
bp.context_processor(restored)

MONTH: Final = re.compile(r"(\d{4})-(\d{2})")
# How many articles the page shows; the downloads have all.
SHOWN: Final = 50


@bp.get("")
def usage() -> Response:
    """Show usage month by month, and the articles that were used most."""
    error = None
    try:
        report = usage_report(state().runtime, _asked(), most=SHOWN)
    except ValueError:
        error, report = Deny(Reason.REQUEST_INVALID), usage_report(state().runtime, _default(), most=SHOWN)
    text = render_template("admin/usage.html", **shown_usage(report), error=error)
    return make_response(text, 200 if error is None else status_of(error))


@bp.get("/item-report.csv")
def table() -> Response:
    """Give the report as COUNTER's table."""
    try:
        report = usage_report(state().runtime, _asked())
    except ValueError:
        return refused(Deny(Reason.REQUEST_INVALID))
    return _file("".join(counterreport.table(report, _address_of, platform())), report, "text/csv", "csv")


@bp.get("/item-report.json")
def tree() -> Response:
    """Give the report as COUNTER's JSON."""
    try:
        report = usage_report(state().runtime, _asked())
    except ValueError:
        return refused(Deny(Reason.REQUEST_INVALID))
    text = json.dumps(counterreport.tree(report, _address_of, platform()), ensure_ascii=False, indent=2)
    return _file(text, report, "application/json", "json")


def shown_usage(report: UsageReport) -> dict[str, Any]:
    """Show a report: its totals by metric and month, and the articles with most requests."""
    metrics = [each.value for each in Metric]
    by_article: dict[int, dict[str, Any]] = {}
    for line in report.lines:
        about = line.article
        row = by_article.setdefault(
            about.id,
            {
                "headline": about.headline,
                "url": url_for("admin.article", article_id=about.id),
                "counts": dict.fromkeys(metrics, 0),
            },
        )
        row["counts"][line.metric] = sum(line.months.values())
    ranked = sorted(
        by_article.values(), key=lambda row: tuple(-row["counts"][each.value] for each in _RANKED)
    )
    asked: dict[str, Any] = {"since": report.months[0], "until": report.months[-1]}
    return {
        "since": report.months[0],
        "until": report.months[-1],
        "months": [date(int(each[:4]), int(each[5:]), 1) for each in report.months],
        "rows": [
            {"metric": each, "counts": [report.totals.get((month, each), 0) for month in report.months]}
            for each in metrics
        ],
        "metrics": metrics,
        "articles": ranked,
        "most": SHOWN if len(ranked) == SHOWN else None,
        "csv_url": url_for("usage.table", **asked),
        "json_url": url_for("usage.tree", **asked),
    }


_RANKED: Final = (Metric.TOTAL_REQUESTS, Metric.TOTAL_INVESTIGATIONS)


def platform() -> str:
    """Name the platform as reports do: the host of the gateway's address."""
    return urlsplit(state().settings.base_url).netloc


def _address_of(slug: str) -> str:
    return state().settings.base_url.rstrip("/") + url_for("reader.article", slug=slug)


def _asked() -> Span:
    """Read which months were asked for, those of the last half year without a word; raises ValueError."""
    since, until = request.args.get("since", ""), request.args.get("until", "")
    if not (since or until):
        return _default()
    last = _month(until or since)
    return Span(_month(since or until).since, last.until)


def _default() -> Span:
    today = counted.today(state().runtime)
    years, month = divmod(today.year * 12 + today.month - 1 - 5, 12)
    return Span(date(years, month + 1, 1), month_span(today.year, today.month).until)


def _month(text: str) -> Span:
    found = MONTH.fullmatch(text)
    if found is None or not 1970 <= int(found[1]) <= 9000:
        raise ValueError(f"a month is spelled 2026-03, got {text!r}")
    return month_span(int(found[1]), int(found[2]))


def _file(text: str, report: UsageReport, kind: str, ending: str) -> Response:
    response = make_response(text)
    response.mimetype = kind
    name = f"usage-{report.months[0]}-{report.months[-1]}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
