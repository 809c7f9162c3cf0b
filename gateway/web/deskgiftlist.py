"""The desk's list of gifts, filtered by its address."""

from datetime import timedelta
from typing import Any, Final

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from gateway.auditing import GiftState, GiftView, people
from gateway.decision import Deny, Reason
from gateway.web.admin import bp
from gateway.web.desk import instant_asked, shown_gift_line
from gateway.web.refusals import status_of
from gateway.web.rows import row
from gateway.web.speech import Lazy
from gateway.web.speech import Lazy as _
from gateway.web.state import state

FILTERS = ("account", "article", "state", "since", "until")
STATES: Final[dict[GiftState, Lazy]] = {
    GiftState.OPEN: _("open"),
    GiftState.FROZEN: _("paused"),
    GiftState.READ_UP: _("read up"),
    GiftState.EXPIRED: _("expired"),
    GiftState.REVOKED: _("withdrawn"),
}


@bp.get("/gifts")
def gifts() -> Response:
    """List gifts, filtered."""
    filters = gift_filters()
    error = None
    try:
        wanted = gift_view(filters)
    except ValueError:
        wanted, error = GiftView(), Deny(Reason.REQUEST_INVALID)
    page = people.list_gifts(state().runtime, wanted)
    asked: dict[str, Any] = {name: value for name, value in filters.items() if value}
    text = render_template(
        "admin/gifts.html",
        gifts=[shown_gift_line(each) for each in page.gifts],
        filters=filters,
        asked=asked,
        states=[(each.value, word) for each, word in STATES.items()],
        older=page.older and url_for("admin.gifts", before=page.older, **asked),
        newer=wanted.before and url_for("admin.gifts", **asked),
        error=error,
    )
    return make_response(text, 200 if error is None else status_of(error))


def gift_filters() -> dict[str, str]:
    """Read the filters of the address as they were typed."""
    return {name: request.args.get(name, "").strip()[:40] for name in FILTERS}


def gift_view(filters: dict[str, str]) -> GiftView:
    """Read filters as which gifts are meant; raises ValueError for what is no number, state or day."""
    account, article = ((row(filters[name]) if filters[name] else None) for name in FILTERS[:2])
    standing = GiftState(filters["state"]) if filters["state"] else None
    since, until = instant_asked(filters["since"]), instant_asked(filters["until"], after=timedelta(days=1))
    before = request.args.get("before", type=row)
    return GiftView(account, article, standing, since, until, before)
