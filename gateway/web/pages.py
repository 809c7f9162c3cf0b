"""Pages that explain: subscribing, copyright and licences, privacy."""

import mimetypes
from pathlib import Path

from flask import Blueprint, Response, make_response, render_template, send_from_directory

from gateway.accounts.signing import SESSION_LIFE
from gateway.resources import folder
from gateway.web.asking import DEVICE_SECONDS
from gateway.web.state import state

bp = Blueprint("pages", __name__)

# Python 3.11 learns this type only from a file that not every system has.
mimetypes.add_type("image/webp", ".webp")

# `/g/` stays open to crawlers: a preview must see the card, and noindex is only seen by who may look.
ROBOTS = "User-agent: *\nDisallow: /account\nDisallow: /full-text\nDisallow: /admin\nDisallow: /gifts\nDisallow: /sign-in\n"


@bp.get("/subscribe")
def subscribe() -> str:
    """Say what a subscription gives."""
    runtime = state().runtime
    plans = runtime.policies.in_force(runtime.clock()).policy.plans.values()
    return render_template(
        "pages/subscribe.html", plans=[{"label": p.label, "gifts": p.gifts} for p in plans]
    )


@bp.get("/licence")
def licence() -> str:
    """Say what may be done with the articles, and whom to ask for more."""
    return render_template("pages/licence.html")


@bp.get("/privacy")
def privacy() -> str:
    """Say what is kept about people."""
    kept = {"networks": None, "claims": DEVICE_SECONDS // 86400, "sessions": SESSION_LIFE.days}
    return render_template("pages/privacy.html", kept=kept)


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
