"""What is shown in the place of a text: an article's opening to everybody, or why a gift link is shut."""

from flask import make_response, request
from werkzeug.wrappers import Response

from gateway.decision import Deny
from gateway.reading import forgetting, opening, serving
from gateway.web import asking
from gateway.web.clicking import click
from gateway.web.drawing import page, place
from gateway.web.refusals import refused
from gateway.web.showing import shown_article
from gateway.web.state import state


def teaser(shown: serving.Teaser) -> Response:
    """Show an article's opening, or why a device's gift of it opens it no more."""
    subject = f"article:{shown.article.id}"
    if shown.ended is not None:
        about = {"article": shown_article(shown.article), "here": click("refusal", subject)()}
        return refused(shown.ended, gift_link=True, **about)
    missing = _undone() if "kept" in request.args and asking.device() is None else False
    response = make_response(
        page(
            "reader/teaser.html",
            {"click": click("teaser", subject)},
            article=shown_article(shown.article),
            click=place("click"),
            cookie_missing=missing,
        )
    )
    if missing:
        response.headers["X-Robots-Tag"] = "noindex"
    return response


def _undone() -> bool:
    """Take back the claim of a browser that came back without its cookie."""
    stamp = state().claim_stamp.verify(request.args.get("kept", ""))
    return stamp is not None and forgetting.undo_claim(state().runtime, int(stamp[0]), asking.visit())


def shut(why: Deny, capability: bytes) -> Response:
    """Say why a gift link is shut; who goes on to subscribe from there comes by this gift."""
    reference = opening.reference_of(state().runtime, capability) if asking.account() is None else ""
    return refused(why, gift_link=True, here=click("refusal", f"gift:{reference}")() if reference else None)
