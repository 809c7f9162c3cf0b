"""A giver's “That was not me”, said on the page of the gift that it is about."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from gateway.decision import Deny
from gateway.sharing import own
from gateway.sharing.disputing import dispute
from gateway.web import asking
from gateway.web.guards import me, signed_in
from gateway.web.refusals import refused
from gateway.web.state import state
from gateway.web.subscriber import gift_page

bp = Blueprint("disputing", __name__)
bp.before_request(signed_in)


@bp.post("/gifts/<reference:reference>/dispute")
def send(reference: str) -> Response:
    """Tell the desk that a link's spreading was not the giver's doing."""
    runtime = state().runtime
    answer = dispute(runtime, asking.actor(), me().id, reference, request.form.get("words", ""))
    if not isinstance(answer, Deny):
        return redirect(
            url_for("subscriber.gift", reference=reference, done="disputed", _anchor="not-me"), 303
        )
    found = own.own_gift(runtime, me().id, reference)
    return refused(found) if isinstance(found, Deny) else gift_page(found, answer)
