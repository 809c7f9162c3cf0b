"""The page on which a giver gives a wrongly counted reading back."""

from flask import Blueprint, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from gateway.decision import Deny
from gateway.reading.giving_back import give_back_reading, given_back_at
from gateway.sharing import own
from gateway.web import asking
from gateway.web.guards import me, signed_in
from gateway.web.refusals import refused
from gateway.web.showing import shown_gift
from gateway.web.state import state

bp = Blueprint("giving_back", __name__)
bp.before_request(signed_in)


@bp.get("/gifts/<reference>/give-back")
def ask(reference: str) -> Response:
    """Ask before a reading is given back."""
    found = own.own_gift(state().runtime, me().id, reference)
    if isinstance(found, Deny):
        return refused(found)
    text = render_template(
        "subscriber/give_back.html",
        gift=shown_gift(found.gift, found.line.giver),
        article={"headline": found.line.headline},
        behaviour=found.behaviour,
        given_back_at=given_back_at(state().runtime, found.gift.id),
        section="gifts",
    )
    return make_response(text)


@bp.post("/gifts/<reference>/give-back")
def act(reference: str) -> Response:
    """Give a reading of a gift of mine back, once."""
    answer = give_back_reading(state().runtime, asking.actor(), reference, owner=me().id)
    if isinstance(answer, Deny):
        return refused(answer)
    return redirect(url_for("subscriber.gift", reference=reference, done="given_back"), 303)
