"""Asking for a licence: a form already filled with what was copied, and an acknowledgement with a number."""

import secrets

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gateway.decision import Deny, Reason
from gateway.licence import Purpose, Wish, one_line, some_lines
from gateway.reading.licensing import article_asked_for, ask_for_licence, request_received
from gateway.web import asking
from gateway.web.limits import licence_limit
from gateway.web.refusals import refused, status_of
from gateway.web.speech import spoken
from gateway.web.state import state
from gateway.web.wording import PURPOSES

bp = Blueprint("licensing", __name__)

# Longer than any field may be, so that what is too long is told and not cut.
FIELD_LENGTH = 3_000
SLUG_LENGTH = 120


def licence_page(error: Deny | None = None) -> Response:
    """Show what may be done, and the form as far as its address or what was sent fills it."""
    sent = _wish() if request.method == "POST" else _prefilled()
    article = article_asked_for(state().runtime, sent.slug)
    text = render_template(
        "pages/licence.html",
        sent=sent,
        article=None if article is None else {"slug": article.slug, "headline": article.headline},
        purposes=[(purpose.value, PURPOSES[purpose]) for purpose in Purpose],
        error=error,
        wrong=str(error.detail.get("fields", "")).split() if error is not None else [],
        nonce=_nonce(),
    )
    return make_response(text, 200 if error is None else status_of(error))


@bp.post("/licence")
@licence_limit
def ask() -> AnyResponse:
    """Take a request for a licence."""
    stamp = state().licence_stamp.verify(request.form.get("nonce", ""))
    # The stamp is the form's own key too, under which the same contents are kept once.
    if stamp is None or not asking.from_our_page(stamped=True):
        return refused(Deny(Reason.CLAIM_FOREIGN))
    answer = ask_for_licence(
        state().runtime, _wish(), asking.visit(), form=stamp[0], language=spoken().language
    )
    if isinstance(answer, Deny):
        return licence_page(answer)
    return redirect(url_for("licensing.received", number=answer), 303)


@bp.get("/licence/<number>")
def received(number: str) -> Response:
    """Acknowledge a request by its number."""
    found = request_received(state().runtime, number)
    if isinstance(found, Deny):
        return refused(found)
    return make_response(render_template("pages/licence_received.html", received=found))


def _wish() -> Wish:
    def line(name: str) -> str:
        return one_line(request.form.get(name, "")[:FIELD_LENGTH])

    return Wish(
        purpose=line("purpose"),
        name=line("name"),
        email=line("email"),
        text=some_lines(request.form.get("text", "")[:FIELD_LENGTH]),
        slug=line("article")[:SLUG_LENGTH],
        about=line("about"),
        characters=line("characters"),
    )


def _prefilled() -> Wish:
    person = asking.account()
    slug = one_line(request.args.get("article", ""))[:SLUG_LENGTH]
    characters = one_line(request.args.get("characters", ""))[:9]
    who = ("", "") if person is None else (person.name, person.email)
    return Wish("", *who, "", slug=slug, characters=characters if characters.isdigit() else "")


def _nonce() -> str:
    # A form that comes back with a mistake keeps its key, so that a double click on it counts once.
    stamp = state().licence_stamp.verify(request.form.get("nonce", ""))
    key = secrets.token_hex(8) if stamp is None else stamp[0]
    return state().licence_stamp.sign(key, state().runtime.clock())
