"""Pages that explain: subscribing, copyright and licences, privacy."""

import mimetypes
from pathlib import Path

from flask import (
    Blueprint,
    Response,
    abort,
    make_response,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)
from werkzeug.wrappers import Response as BaseResponse

from gateway.accounts.signing import SESSION_LIFE
from gateway.decision import Deny, Reason
from gateway.reading.forgetting import forget_device
from gateway.resources import folder
from gateway.web import asking
from gateway.web.asking import DEVICE_SECONDS
from gateway.web.clicking import note_click
from gateway.web.licensing import licence_page
from gateway.web.refusals import refused
from gateway.web.state import state
from gateway.web.wording import words_for

bp = Blueprint("pages", __name__)

DAY = 24 * 3600

# Python 3.11 learns this type only from a file that not every system has.
mimetypes.add_type("image/webp", ".webp")

# `/g/` stays open to crawlers: a preview must see the card, and noindex is only seen by who may look.
ROBOTS = "User-agent: *\nDisallow: /account\nDisallow: /full-text\nDisallow: /admin\nDisallow: /gifts\nDisallow: /sign-in\n"


@bp.get("/subscribe")
def subscribe() -> str:
    """Say what a subscription gives; whoever comes by a link of a gift's or an article's page is counted."""
    note_click()
    runtime = state().runtime
    plans = runtime.policies.in_force(runtime.clock()).policy.plans.values()
    return render_template(
        "pages/subscribe.html", plans=[{"label": p.label, "gifts": p.gifts} for p in plans]
    )


@bp.get("/licence")
def licence() -> Response:
    """Say what may be done with the articles, and ask what more is wanted."""
    return licence_page()


@bp.get("/privacy")
def privacy() -> str:
    """Say what is kept about people, for as long as the policy in force says."""
    runtime = state().runtime
    now = runtime.clock()
    policy = runtime.policies.in_force(now).policy
    return render_template(
        "pages/privacy.html",
        kept={
            "cookie": DEVICE_SECONDS // DAY,
            "openers": policy.retention.openers.days,
            "entries": policy.retention.entries.days,
            "sessions": SESSION_LIFE.days,
            "copies": policy.retention.openers.days,
            "requests": policy.retention.entries.days,
        },
        has_device=asking.device() is not None,
        forgotten="forgotten" in request.args,
        nonce=state().forget_stamp.sign("device", now),
    )


@bp.post("/privacy/forget")
def forget() -> BaseResponse:
    """Forget the device this comes from, here and in its own browser."""
    if not asking.from_our_page(stamped=asking.stamped(state().forget_stamp, "device")):
        return refused(Deny(Reason.CLAIM_FOREIGN))
    known = asking.device()
    if known is not None:
        forget_device(state().runtime, asking.visit(device_digest=known))
    response = redirect(url_for("pages.privacy", forgotten=1, _anchor="device"), 303)
    asking.drop_device(response)
    return response


@bp.get("/problems/<reason>")
def problem(reason: str) -> Response:
    """Explain a reason: where the `type` of a problem leads."""
    if reason not in set(Reason):
        abort(404)
    deny = Deny(Reason(reason))
    words = words_for(deny.reason)
    text = render_template("reader/refused.html", words=words, deny=deny, article=None, retry_url=None)
    return make_response(text)


@bp.get("/pictures/<name>")
def picture(name: str) -> Response:
    """Serve one of the publisher's pictures, which are nobody's secret."""
    pictures = state().settings.pictures or folder("demo") / "pictures"
    response = send_from_directory(Path(pictures).resolve(), name)
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


@bp.get("/robots.txt")
def robots() -> Response:
    """Tell crawlers what is not for them."""
    response = make_response(ROBOTS)
    response.mimetype = "text/plain"
    return response
