"""The desk's log, filtered."""

from datetime import timedelta
from typing import Any

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from gateway.auditing import EntryFilter, log
from gateway.decision import Deny, Reason
from gateway.ledger import Event
from gateway.web.admin import bp
from gateway.web.desk import day_asked, shown_entry, subject_asked
from gateway.web.refusals import status_of
from gateway.web.rows import row
from gateway.web.state import state

TEXT_FILTERS = ("event", "actor", "subject", "outcome", "reason")


@bp.get("/log", endpoint="log")
def show_log() -> Response:
    """Show the log, filtered."""
    filters = {name: request.args.get(name, "").strip()[:100] for name in (*TEXT_FILTERS, "since", "until")}
    error = None
    try:
        wanted = _filter(filters)
    except ValueError:
        wanted, error = EntryFilter(), Deny(Reason.REQUEST_INVALID)
    page = log.read_log(state().runtime, wanted)
    before = request.args.get("before", type=row)
    asked: dict[str, Any] = {name: value for name, value in filters.items() if value}
    text = render_template(
        "admin/log.html",
        entries=[shown_entry(each) for each in page.entries],
        filters=filters,
        events=[event.value for event in Event],
        reasons=[reason.value for reason in Reason],
        older=None if page.older is None else url_for("admin.log", before=page.older, **asked),
        newer=None if before is None else url_for("admin.log", **asked),
        error=error,
    )
    return make_response(text, 200 if error is None else status_of(error))


def _filter(filters: dict[str, str]) -> EntryFilter:
    texts = {name: filters[name] for name in TEXT_FILTERS}
    texts["subject"] = subject_asked(texts["subject"])
    since, until = day_asked(filters["since"]), day_asked(filters["until"])
    before = request.args.get("before", type=row)
    return EntryFilter(**texts, since=since, until=until and until + timedelta(days=1), before=before)
