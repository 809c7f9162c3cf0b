"""The short wait that a bulk rule asks for, and the link that only a program follows."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gateway.decision import Deny, Reason
from gateway.link import CONFIRM_AFTER
from gateway.reading import serving
from gateway.visitor import Visitor
from gateway.web import asking
from gateway.web.refusals import refused
from gateway.web.state import state

bp = Blueprint("pausing", __name__)


@bp.post("/articles/<slug>/go-on")
def go_on(slug: str) -> Response:
    """Let a challenged account go on to an article, once the wait that our clock measures is over."""
    stamp = state().card_stamp.verify(request.form.get("nonce", ""))
    if stamp is None or stamp[0] != slug or not asking.from_our_page(stamped=True):
        return refused(Deny(Reason.CLAIM_FOREIGN))
    waited = state().runtime.clock() - stamp[1] >= CONFIRM_AFTER
    shown = serving.read_article(state().runtime, state().shelf, slug, asking.visit(), pressed=waited)
    if isinstance(shown, Deny) and shown.reason is Reason.RULE_CHALLENGED:
        return pause(slug)
    return refused(shown) if isinstance(shown, Deny) else redirect(url_for("reader.article", slug=slug), 303)


@bp.get("/full-text")
def trap() -> Response:
    """Answer a program that follows a link which no person or screen reader meets, and count it."""
    asking.leave_unknown()
    runtime = state().runtime
    # A browser that loads ahead takes hidden links too, and any page elsewhere can make people's browsers ask.
    elsewhere = request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")
    if asking.visitor() is not Visitor.PREVIEW and not elsewhere:
        runtime.tally.add_trap(asking.networks(), runtime.clock())
    return refused(Deny(Reason.CLAIM_BY_MACHINE))


def pause(slug: str) -> Response:
    """Ask somebody who opens very many articles to press a button after a short wait."""
    now = state().runtime.clock()
    text = render_template(
        "reader/pause.html",
        slug=slug,
        nonce=state().card_stamp.sign(slug, now),
        wait={"until": now + CONFIRM_AFTER, "seconds": CONFIRM_AFTER.seconds},
    )
    return wait_first(text)


def wait_first(text: str | bytes) -> Response:
    """Answer with a page whose button works after the wait, and say how long that is."""
    response = make_response(text, 429)
    response.headers["Retry-After"] = str(CONFIRM_AFTER.seconds)
    return response
