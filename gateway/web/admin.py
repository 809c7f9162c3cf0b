"""The desk: one blueprint with one guard, whose pages stand in a module per noun; and what its forms send."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from gateway.auditing import acts, log, people
from gateway.decision import Decision, Deny, Reason
from gateway.web import asking
from gateway.web.guards import at_the_desk, me
from gateway.web.refusals import refused
from gateway.web.state import state

bp = Blueprint("admin", __name__, url_prefix="/admin")
bp.before_request(at_the_desk)


@bp.app_context_processor
def sent_by_form() -> dict[str, Any]:
    """Hand a page what its form was sent with, so that a form which is refused is shown as it was filled in."""
    # Only a form that was read already: the page may be the one that says that it could not be.
    form = request.__dict__.get("form")
    return {"sent": form.to_dict() if form and request.method == "POST" else {}}


@bp.context_processor
def restored() -> dict[str, Any]:
    """Tell every page of the desk whether a restore waits for an admin's word, and what of the log was put away."""
    found = people.open_restoration(state().runtime)
    told = None if found is None else {"at": found.restored_at}
    return {"restored": told, "put_away": log.put_away_to(state().runtime)}


@bp.post("/restore/confirm")
def confirm_restore() -> Response:
    """Open the links again after a restore."""
    answer = acts.confirm_restore(state().runtime, asking.actor(), me(), reason_given())
    if isinstance(answer, Deny):
        return refused(answer)
    return redirect(url_for("admin.log", done="restore_confirmed"), 303)


def reason_given() -> str:
    """Read the reason that every act of the desk wants, in one line and whole."""
    return " ".join(request.form.get("reason", "").split())


def word_given() -> acts.Word:
    """Read the reason, and whether the box was ticked that stands by what cannot be undone."""
    return acts.Word(reason_given(), confirmed=request.form.get("confirm") == "1")


def after(answer: Decision, page: str, again: Callable[[Deny], Response]) -> Response:
    """Lead from an act to `page`; a refusal shows the form again, as it was filled in, to whoever may act at all."""
    if not isinstance(answer, Deny):
        return redirect(page, 303)
    return refused(answer) if answer.reason is Reason.ACCOUNT_FORBIDDEN else again(answer)
