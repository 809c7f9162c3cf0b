"""The desk's overview: figures as large as they matter, each with its chart, its table and the entries behind it."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from flask import Blueprint, Response, make_response, render_template, request, url_for

from gateway.auditing import overview as counted
from gateway.auditing import queue
from gateway.auditing.alarm import seal_alarm
from gateway.auditing.overview import OF_ARTICLES, ArticleFigures, Numbers, Overview
from gateway.days import ONE, Span, month_span
from gateway.decision import Deny, Reason
from gateway.figures import Figure, Split
from gateway.visitor import Visitor
from gateway.web.admin import restored
from gateway.web.casewords import alarms
from gateway.web.charts import bars
from gateway.web.desk import CLASSES
from gateway.web.figurewords import FIGURES
from gateway.web.guards import at_the_desk
from gateway.web.refusals import status_of
from gateway.web.state import state

bp = Blueprint("overview", __name__, url_prefix="/admin")
bp.before_request(at_the_desk)
bp.context_processor(restored)

DEFAULT: Final = "28"
# The longest span that is shown; more is no more to be seen at once.
LONGEST = timedelta(days=3660)


@bp.get("")
def overview() -> Response:
    """Show what was counted over a span that was asked for."""
    today = counted.today(state().runtime)
    error, asked = (
        None,
        {name: request.args.get(name, "").strip()[:10] for name in ("since", "until", "period")},
    )
    try:
        span = _span(asked, today)
    except ValueError:
        error, span = Deny(Reason.REQUEST_INVALID), _preset(DEFAULT, today)
    rank = request.args.get("rank", "")
    found = counted.overview(
        state().runtime, span, rank=Figure(rank) if rank in OF_ARTICLES else Figure.ISSUED
    )
    shown = shown_overview(found, plan_labels()) | {"alarms": alarms(queue.alarms(state().runtime))}
    shown |= {"sealing": seal_alarm(state().runtime)}
    text = render_template("admin/overview.html", **shown, today=today, asked=_kept(asked), error=error)
    return make_response(text, 200 if error is None else status_of(error))


def _span(asked: dict[str, str], today: date) -> Span:
    if not (asked["since"] or asked["until"]):
        return _preset(asked["period"] or DEFAULT, today)
    until = date.fromisoformat(asked["until"]) if asked["until"] else today
    since = date.fromisoformat(asked["since"]) if asked["since"] else until
    # The span before must have a place in the calendar, too.
    if until - since > LONGEST or since.year <= date.min.year + 20 or until.year >= date.max.year:
        raise ValueError("too long a span, or at the calendar's edge")
    return Span(since, until)


def _preset(name: str, today: date) -> Span:
    month = month_span(today.year, today.month)
    match name:
        case "1" | "7" | "28":
            return Span(today - (int(name) - 1) * ONE, today)
        case "month":
            return Span(month.since, today)
        case "last_month":
            return month.before
        case "year":
            return Span(month_span(today.year - 1, today.month).since, month.before.until)
    raise ValueError(f"no period is called {name!r}")


def _kept(asked: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in asked.items() if value}


def shown_overview(found: Overview, labels: Mapping[str, str]) -> dict[str, Any]:
    """Show an overview: figures with their charts, and tables of what splits them; `labels` are the plans' names."""
    span = found.now.span
    return {
        "span": span,
        "before": span.before,
        "uncounted": found.uncounted,
        "figures": {each.value: _figure(found, each) for each in FIGURES},
        "rows": [_bucket(found.now, each) for each in span.buckets()],
        "by_month": span.by_month,
        "steps": _steps(found),
        "plans": _split(found, Split.PLAN, Figure.ISSUED, labels),
        "sections": _split(found, Split.SECTION, Figure.ISSUED, {}),
        "articles": [_article(each) for each in found.articles],
        "rank": found.rank.value,
        "ranks": {each.value: FIGURES[each].label for each in OF_ARTICLES},
        "reasons": _named(found, Split.REASON, Figure.REFUSED, "reason"),
        "visitors": _visitors(found),
        "rules": _named(found, Split.RULE, Figure.FIRED, "rule"),
        "acts": _named(found, Split.EVENT, Figure.ACTED, "event"),
    }


def log_url(span: Span, **filters: str) -> str:
    """Return the address of the log's entries of a span."""
    asked: dict[str, Any] = {"since": span.since.isoformat(), "until": span.until.isoformat(), **filters}
    return url_for("admin.log", **asked)


def change(now: int, before: int) -> int | None:
    """Tell by how much per cent a figure changed; None where there was none before."""
    return round(100 * (now - before) / before) if before else None


def shown_figure(figure: Figure, now: Numbers, before: Numbers) -> dict[str, Any]:
    """Show one figure over a span beside that of the span before, with its chart."""
    about, span = FIGURES[figure], now.span
    count, count_before = now.total(figure), before.total(figure)
    series = [now.within(figure, part) for part in span.buckets()]
    return {
        "code": figure.value,
        "label": about.label,
        "told": about.told,
        "count": count,
        "before": count_before,
        "change": change(count, count_before),
        "chart": bars(series, [before.within(figure, part) for part in before.span.buckets()]),
        "url": None if about.log is None else log_url(span, **about.log),
    }


def _figure(found: Overview, figure: Figure) -> dict[str, Any]:
    return shown_figure(figure, found.now, found.before)


def _bucket(now: Numbers, part: Span) -> dict[str, Any]:
    return {
        "since": part.since,
        "until": part.until,
        "counts": {figure.value: now.within(figure, part) for figure in FIGURES},
        "url": log_url(part),
    }


def _steps(found: Overview) -> list[dict[str, Any]]:
    """Show each step from the gift to the subscription, for each hundred of the step before."""
    steps, last = [], 0
    for figure in (Figure.ISSUED, Figure.CLAIMED, Figure.CONFIRMED, Figure.CLICKED):
        count = found.now.total(figure)
        steps.append({"figure": figure.value, "per_hundred": round(100 * count / last) if last else None})
        last = count
    return steps


def _split(found: Overview, split: Split, by: Figure, labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Show what becomes of gifts by plan or section; in order of one figure."""
    names = found.now.named(split, by)
    others = {name for figure in OF_ARTICLES for name in found.now.named(split, figure)} - set(names)
    return [
        {
            "name": labels.get(name, name),
            "counts": {each.value: found.now.of(split, each, name) for each in OF_ARTICLES},
            "before": found.before.of(split, by, name),
        }
        for name in (*names, *sorted(others))
    ]


def _named(found: Overview, split: Split, figure: Figure, asked: str) -> list[dict[str, Any]]:
    """Show a figure by what splits it, each name with the entries behind it."""
    about = FIGURES[figure].log or {}
    return [
        {
            "name": name,
            "count": found.now.of(split, figure, name),
            "before": found.before.of(split, figure, name),
            "url": log_url(found.now.span, **{**about, asked: name}),
        }
        for name in _either(found, split, figure)
    ]


def _either(found: Overview, split: Split, figure: Figure) -> list[str]:
    now = found.now.named(split, figure)
    return [*now, *(name for name in found.before.named(split, figure) if name not in now)]


def _visitors(found: Overview) -> list[dict[str, Any]]:
    return [
        {
            "name": CLASSES[each],
            "withheld": found.now.of(Split.VISITOR, Figure.WITHHELD, each.value),
            "withheld_before": found.before.of(Split.VISITOR, Figure.WITHHELD, each.value),
            "refused": found.now.of(Split.VISITOR, Figure.MACHINES, each.value),
            "refused_before": found.before.of(Split.VISITOR, Figure.MACHINES, each.value),
            "url": log_url(found.now.span, outcome="deny", visitor=each.value),
        }
        for each in Visitor
        if each.is_machine
    ]


def _article(found: ArticleFigures) -> dict[str, Any]:
    return {
        "headline": found.article.headline,
        "section": found.article.section,
        "url": url_for("admin.article", article_id=found.article.id),
        "counts": {figure: found.counts[figure] for figure in OF_ARTICLES},
        "before": {figure: found.before[figure] for figure in OF_ARTICLES},
    }


def plan_labels() -> dict[str, str]:
    """Name the plans of the policy in force."""
    runtime = state().runtime
    plans = runtime.policies.in_force(runtime.clock()).policy.plans
    return {key: plan.label for key, plan in plans.items()}
