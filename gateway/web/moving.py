"""Going on in another browser: the offer on the article's page, the way over, and taking it."""

from flask import Blueprint, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from gateway.decision import Deny, Reason
from gateway.keys import digest
from gateway.reading import moving
from gateway.reading.opening import Straight, note_forged
from gateway.web import asking
from gateway.web.onward import straight_on
from gateway.web.qrcodes import qr_picture
from gateway.web.refusals import refused
from gateway.web.showing import shown_article
from gateway.web.state import state
from gateway.web.withholding import withheld

bp = Blueprint("moving", __name__)


@bp.post("/articles/<slug>/move")
def offer(slug: str) -> Response:
    """Offer this device's reading to another browser, and go where it can be taken."""
    if not asking.from_our_page(stamped=asking.stamped(state().move_stamp, slug)):
        return refused(Deny(Reason.CLAIM_FOREIGN))
    secret, known_by = asking.new_device()
    answer = moving.offer_transfer(state().runtime, slug, asking.visit(), known_by)
    if isinstance(answer, Deny):
        return refused(answer, retry_url=url_for("reader.article", slug=slug))
    token = state().transfer_stamp.sign(secret, state().runtime.clock())
    return redirect(url_for("moving.show", token=token), 303)


@bp.get("/g/move/<token>")
def show(token: str) -> Response:
    """Show the way over: how to get there to who has the reading, a button to everybody else. Nothing moves by it."""
    known_by = _recognised(token)
    if isinstance(known_by, Deny):
        return _not_ours(known_by)
    shown = moving.open_transfer(state().runtime, state().shelf, known_by, asking.visit())
    if isinstance(shown, Deny):
        return refused(shown, gift_link=True)
    if isinstance(shown, Straight):
        return straight_on(shown)
    response = make_response(
        render_template(
            "reader/move.html",
            article=shown_article(shown.article, gift_card=True),
            mine=shown.mine,
            until=shown.until,
            address=f"{state().settings.base_url}{url_for('moving.show', token=token)}",
            token=token,
            nonce=state().move_stamp.sign(known_by[:8].hex(), state().runtime.clock()),
            withheld=withheld(),
        )
    )
    # The cookie comes before the reading, so that a browser which keeps none is told so while nothing is lost.
    if asking.device() is None and not asking.visitor().is_machine:
        asking.keep_device(response, asking.new_device()[0])
    return response


@bp.post("/g/move/<token>")
def take(token: str) -> Response:
    """Take the reading over to this browser."""
    known_by = _recognised(token)
    if isinstance(known_by, Deny):
        return _not_ours(known_by)
    if not asking.from_our_page(stamped=asking.stamped(state().move_stamp, known_by[:8].hex())):
        return refused(Deny(Reason.CLAIM_FOREIGN), gift_link=True)
    if asking.device() is None:
        return refused(Deny(Reason.CLAIM_UNKNOWN), retry_url=url_for("moving.show", token=token))
    answer = moving.take_transfer(state().runtime, known_by, asking.visit(device_digest=asking.device()))
    return refused(answer, gift_link=True) if isinstance(answer, Deny) else straight_on(answer)


@bp.get("/g/move/<token>/qr.svg")
def qr(token: str) -> Response:
    """Draw the way over as a QR code, for a telephone's camera."""
    known_by = _recognised(token)
    if isinstance(known_by, Deny):
        return _not_ours(known_by)
    return qr_picture(f"{state().settings.base_url}{url_for('moving.show', token=token)}")


def _recognised(token: str) -> bytes | Deny:
    """Return the digest of a token that we signed; asks no database, and counts one we did not sign."""
    stamp = state().transfer_stamp.verify(token)
    if stamp is not None:
        return digest(stamp[0].encode())
    why = note_forged(state().runtime, asking.networks())
    return Deny(Reason.TRANSFER_UNKNOWN) if why.reason is Reason.GIFT_UNKNOWN else why


def _not_ours(why: Deny) -> Response:
    asking.leave_unknown()
    return refused(why, gift_link=True)
