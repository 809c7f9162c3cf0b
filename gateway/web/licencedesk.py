"""The desk's list of licence requests, each with its story and its next step."""

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gateway.auditing import licences
from gateway.auditing.licences import LicenceRequest
from gateway.decision import Deny
from gateway.licence import Purpose, State
from gateway.web import asking
from gateway.web.admin import after, reason_given, restored
from gateway.web.desk import shown_entry
from gateway.web.guards import at_the_desk, me
from gateway.web.refusals import refused, status_of
from gateway.web.state import state
from gateway.web.wording import PURPOSES

bp = Blueprint("licences", __name__, url_prefix="/admin/licences")
bp.before_request(at_the_desk)
bp.context_processor(restored)


@bp.get("")
def requests() -> Response:
    """List requests, of one state or of all."""
    wanted = request.args.get("state", "")
    wanted = wanted if wanted in set(State) else ""
    # SQLite keeps no larger number than this, and no row has one.
    before = min(request.args.get("before", 2**62, type=int), 2**62)
    page = licences.list_requests(state().runtime, state=wanted, before=before)
    older = url_for("licences.requests", state=wanted or None, before=page.older) if page.older else None
    text = render_template(
        "admin/licences.html",
        requests=[_shown(each) for each in page.requests],
        counts={each.value: page.counts.get(each.value, 0) for each in State},
        wanted=wanted,
        older=older,
        mails=bool(state().settings.smtp_url),
    )
    return make_response(text)


@bp.get("/<number>")
def one(number: str, error: Deny | None = None) -> Response:
    """Show a request's whole story."""
    story = licences.request_story(state().runtime, asking.actor(), number)
    if isinstance(story, Deny):
        return refused(story)
    text = render_template(
        "admin/licence.html",
        asked=_shown(story.request),
        states=[each.value for each in State if each != story.request.state],
        entries=[shown_entry(each) for each in story.entries],
        mails=bool(state().settings.smtp_url),
        error=error,
    )
    return make_response(text, 200 if error is None else status_of(error))


@bp.post("/<number>/state")
def move(number: str) -> AnyResponse:
    """Put a request into another state."""
    wanted = request.form.get("state", "")
    answer = licences.move_request(
        state().runtime, asking.actor(), me(), number, reason_given(), state=wanted
    )
    page = url_for("licences.one", number=number, done="licence_moved")
    return after(answer, page, lambda error: one(number, error))


def _shown(found: LicenceRequest) -> dict[str, Any]:
    names = ("number", "at", "about", "headline", "slug", "article_id", "characters", "name", "email", "text")
    states = ("state", "state_at", "mailed_at", "mail_tries", "mail_fault", "language")
    shown = {name: getattr(found, name) for name in (*names, *states)}
    return shown | {"purpose": PURPOSES[Purpose(found.purpose)]}
