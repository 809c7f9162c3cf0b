"""The gallery's pages of figures: a few weeks of a paper that is read, and of one where nothing happened yet."""

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from flask import Flask

from gateway.auditing.alarm import SealAlarm
from gateway.auditing.overview import OF_ARTICLES, ArticleFigures, Numbers, Overview
from gateway.auditing.reporting import MonthReport, PlanQuota
from gateway.auditing.usage import UsageLine, UsageReport
from gateway.case import Kind
from gateway.days import Span, month_span
from gateway.decision import Deny, Reason
from gateway.figures import Figure, Split
from gateway.store.figures import ArticleName
from gateway.store.usage import UsedArticle
from gateway.usage import Metric
from gateway.web.casewords import alarms
from gateway.web.overview import shown_overview
from gateway.web.report import shown_report
from gateway.web.usage import shown_usage

NOW = datetime(2026, 7, 14, 9, 41, 7, tzinfo=UTC)
SPAN = Span(date(2026, 6, 17), date(2026, 7, 14))
MANY = {
    Figure.ISSUED: 340, Figure.CARDS: 1900, Figure.CLAIMED: 980, Figure.CONFIRMED: 720, Figure.CLICKED: 41,
    Figure.REFUSED: 96, Figure.MACHINES: 22, Figure.FIRED: 4, Figure.FROZEN: 2, Figure.LICENCES: 1,
    Figure.ACTED: 3, Figure.ACTS_REFUSED: 1, Figure.WITHHELD: 410,
}  # fmt: skip
NAMES = {
    (Split.PLAN, Figure.ISSUED): {"standard": 6200, "premium": 3100},
    (Split.PLAN, Figure.CONFIRMED): {"standard": 12000, "premium": 7900},
    (Split.SECTION, Figure.ISSUED): {"Politics": 4100, "Life": 3000, "Business": 2200},
    (Split.REASON, Figure.REFUSED): {"quota:spent": 1400, "gift:read_up": 900, "gift:expired": 260},
    (Split.RULE, Figure.FIRED): {"reader-articles-hard": 70, "subscriber-networks-hard": 12},
    (Split.EVENT, Figure.ACTED): {"rule:lifted": 22, "gift:thawed": 9},
    (Split.VISITOR, Figure.WITHHELD): {"preview": 9000, "ai_crawler": 1800, "tool": 310, "scanner": 120},
    (Split.VISITOR, Figure.MACHINES): {"scanner": 410, "tool": 33},
}
PLANS = {"standard": "Standard", "premium": "Premium"}
HEADLINES = (
    ("The tide book", "Life"),
    (
        "A harbour keeps its figures in ink, and will not be told that there is a better way to do it",
        "Business",
    ),
    ("What the night shift knows", "Politics"),
)


def numbers(span: Span, size: float) -> Numbers:
    """Make up numbers, each time the same; `size` tells how large."""
    drawn = random.Random(f"{span.since} {size}")  # Sample figures need no secret.
    days = {
        (figure.value, day): int(many * size * drawn.uniform(0.55, 1.25) * (0.7 if day.weekday() > 4 else 1))
        for figure, many in MANY.items()
        for day in span.each_day()
    }
    names = {
        (split.value, figure.value, name): int(many * size)
        for (split, figure), named in NAMES.items()
        for name, many in named.items()
        if size
    }
    return Numbers(span, days, names)


def sample_overview(span: Span = SPAN, size: float = 1.0, *, uncounted: int = 0) -> Overview:
    """Make an overview of made-up numbers."""
    articles = tuple(
        ArticleFigures(
            ArticleName(number, headline, section),
            {each.value: int(MANY[each] * size) // number for each in OF_ARTICLES},
            {each.value: int(MANY[each] * size) // (number + 1) for each in OF_ARTICLES},
        )
        for number, (headline, section) in enumerate(HEADLINES, 1)
    )
    now, before = numbers(span, size), numbers(span.before, size * 0.8)
    return Overview(now, before, articles if size else (), Figure.ISSUED, uncounted)


def figure_pages(
    desk: Mapping[str, Any], endpoints: Mapping[str, str]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield name, template and values of each page of figures."""
    app = Flask("figures")
    for endpoint, rule in endpoints.items():
        app.add_url_rule(rule, endpoint=endpoint, view_func=lambda **_: "")
    with app.test_request_context():
        yield from _overviews(dict(desk))
        yield from _usage(dict(desk))
        yield from _reports(dict(desk))


def _overviews(desk: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    page = desk | {"today": SPAN.until, "asked": {}}
    waiting = {"alarms": alarms({Kind.SPREADING_LINK: 2, Kind.DISPUTE: 1, Kind.LICENCE_REQUEST: 14})}
    yield "overview", "admin/overview.html", page | shown_overview(sample_overview(), PLANS) | waiting
    stopped = SealAlarm(
        NOW, "the tree at size 4201 does not go on from the checkpoint published at size 4200"
    )
    alarmed = shown_overview(sample_overview(), PLANS) | waiting | {"sealing": stopped}
    yield "overview-stopped", "admin/overview.html", page | alarmed
    long = Span(date(2025, 8, 1), date(2026, 7, 14))
    asked = {"since": "2025-08-01", "until": "2026-07-14"}
    counting = sample_overview(long, 3, uncounted=120_000)
    yield "overview-year", "admin/overview.html", page | shown_overview(counting, PLANS) | {"asked": asked}
    empty = shown_overview(sample_overview(size=0), PLANS)
    wrong = {"error": Deny(Reason.REQUEST_INVALID)}
    yield "overview-empty", "admin/overview.html", page | empty | wrong


def _usage(desk: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    yield "usage", "admin/usage.html", desk | shown_usage(sample_usage(6))
    wrong = {"error": Deny(Reason.REQUEST_INVALID)}
    yield "usage-empty", "admin/usage.html", desk | shown_usage(sample_usage(6, size=0)) | wrong


def _reports(desk: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    june = month_span(2026, 6)
    quota = (PlanQuota("premium", 180, 1900, 31), PlanQuota("standard", 640, 4400, 212))
    before = (PlanQuota("premium", 171, 1700, 25),)
    full = MonthReport(
        sample_overview(june), sample_usage(1), sample_usage(1, size=0.8), quota, before, complete=True
    )
    made = {"made_at": NOW}
    yield "report", "admin/report.html", desk | made | shown_report(full, PLANS, SPAN.until)
    july = month_span(2026, 7)
    nothing = sample_usage(1, size=0)
    empty = MonthReport(sample_overview(july, size=0), nothing, nothing, (), (), complete=False)
    yield "report-empty", "admin/report.html", desk | made | shown_report(empty, PLANS, SPAN.until)


def sample_usage(months: int, *, size: float = 1.0) -> UsageReport:
    """Make up usage over the months to July."""
    first = date(2026, 8 - months, 1)
    names = tuple(f"2026-{first.month + number:02}" for number in range(months))
    many = {each.value: int((4000 - 600 * number) * size) for number, each in enumerate(Metric)}
    totals = {(month, metric): count for month in names for metric, count in many.items()}
    lines = tuple(
        UsageLine(
            UsedArticle(number, headline, f"article-{number}", section, "", None),
            metric,
            {names[-1]: count // number},
        )
        for number, (headline, section) in enumerate(HEADLINES, 1)
        for metric, count in many.items()
        if count
    )
    span = Span(first, month_span(2026, 7).until)
    return UsageReport(names, span, totals, lines, "The Northern Ledger", NOW)
