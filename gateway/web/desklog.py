"""The desk's log, filtered by its address, so that a view can be kept and handed on."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from gateway.auditing import EntryFilter, log
from gateway.auditing.alarm import seal_alarm
from gateway.decision import Deny, Reason
from gateway.ledger import Event, Outcome
from gateway.visitor import Visitor
from gateway.web import asking
from gateway.web.admin import bp
from gateway.web.desk import instant_asked, shown_entry, subject_asked, today
from gateway.web.guards import me
from gateway.web.refusals import status_of
from gateway.web.rows import row
from gateway.web.speech import Lazy
from gateway.web.speech import Lazy as _
from gateway.web.state import state

TEXT_FILTERS = ("event", "actor", "subject", "outcome", "reason", "rule", "visitor")
KNOWN: Mapping[str, Collection[str]] = {
    "event": frozenset(Event),
    "outcome": frozenset(Outcome),
    "reason": frozenset(Reason),
    "visitor": frozenset(Visitor),
}


@bp.get("/log", endpoint="log")
def show_log() -> Response:
    """Show the log, filtered."""
    filters = log_filters()
    error = None
    try:
        wanted = entry_filter(filters)
    except ValueError:
        wanted, error = EntryFilter(), Deny(Reason.REQUEST_INVALID)
    page = log.read_log(state().runtime, asking.actor(), wanted)
    asked: dict[str, Any] = {name: value for name, value in filters.items() if value}
    text = render_template(
        "admin/log.html",
        entries=[shown_entry(each) for each in page.entries],
        filters=filters,
        asked=asked,
        left_out=wanted.left_out,
        events=[event.value for event in Event],
        reasons=[reason.value for reason in Reason],
        visitors=[visitor.value for visitor in Visitor],
        shortcuts=_shortcuts(),
        sealing=seal_alarm(state().runtime),
        older=None if page.older is None else url_for("admin.log", before=page.older, **asked),
        newer=None if wanted.before is None else url_for("admin.log", **asked),
        error=error,
    )
    return make_response(text, 200 if error is None else status_of(error))


def log_filters() -> dict[str, str]:
    """Read the filters of the address as they were typed."""
    return {name: request.args.get(name, "").strip()[:100] for name in (*TEXT_FILTERS, "since", "until")}


def entry_filter(filters: dict[str, str]) -> EntryFilter:
    """Read filters as which entries are meant; raises ValueError for what is no day, or not among what is to choose."""
    texts = {name: filters[name] for name in TEXT_FILTERS}
    for name, known in KNOWN.items():
        if texts[name] and texts[name] not in known:
            raise ValueError(f"{name} {texts[name]!r} is none there is")
    texts["subject"] = subject_asked(texts["subject"])
    since, until = instant_asked(filters["since"]), instant_asked(filters["until"], after=timedelta(days=1))
    return EntryFilter(**texts, since=since, until=until, before=request.args.get("before", type=row))


def _shortcuts() -> list[tuple[Lazy, str]]:
    """Offer the views that are asked for again and again."""
    day = today()
    views: list[tuple[Lazy, dict[str, Any]]] = [
        (_("Refused today"), {"outcome": "deny", "since": day}),
        (_("Links that were paused"), {"event": Event.GIFT_FROZEN}),
        (_("Bulk rules that acted"), {"event": Event.RULE_FIRED}),
        (_("Refused acts"), {"event": Event.ACCOUNT_ACT_REFUSED}),
        (_("What I did"), {"actor": f"account:{me().id}"}),
        (_("Who looked at the log"), {"event": Event.LOG_READ}),
    ]
    return [(word, url_for("admin.log", **view)) for word, view in views]
