"""The reader's pages: front page, article, gift card, and the taking up and confirming of a reading."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from gateway.decision import Deny, Reason
from gateway.keys import digest
from gateway.link import CONFIRM_AFTER
from gateway.reading import Held, claiming, opening, serving, using
from gateway.visitor import Visitor
from gateway.web import asking, copying
from gateway.web.clicking import click
from gateway.web.closed import shut, teaser
from gateway.web.drawing import Places, page, place
from gateway.web.onward import straight_on
from gateway.web.pausing import pause, wait_first
from gateway.web.placing import placed_gift
from gateway.web.refusals import refused
from gateway.web.showing import gift_url, shown_article, shown_line
from gateway.web.state import state
from gateway.web.telling import moment
from gateway.web.withholding import with_rights_pointer, withheld

bp = Blueprint("reader", __name__)


@dataclass(frozen=True, slots=True)
class Confirm:
    """What the page needs to confirm a reading of the article at `slug`."""

    slug: str
    nonce: Markup
    after_ms: Markup

    @property
    def url(self) -> str:
        """Where the confirmation is sent."""
        return url_for("reader.confirm", slug=self.slug)


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait that the server measures before the card's button may be pressed."""

    until: Markup
    seconds: int


@bp.get("/")
def front() -> str:
    """Show what can be read now."""
    lines = serving.front_page(state().runtime)
    lead, rest = (lines[0], lines[1:]) if lines else (None, ())
    sections: dict[str, list[Any]] = {}
    for line in rest:
        sections.setdefault(line.section, []).append(shown_line(line))
    return render_template(
        "reader/front.html",
        lead=None if lead is None else shown_line(lead),
        sections=[{"name": name, "articles": found} for name, found in sections.items()],
        today=state().runtime.clock(),
    )


@bp.get("/articles/<slug>")
def article(slug: str) -> Response:
    """Show an article: whole to who may read it, its opening to everybody else."""
    if asking.visitor() is Visitor.AI_CRAWLER:
        using.note_withheld(state().runtime, asking.visit())
        return with_rights_pointer(refused(Deny(Reason.READING_BY_MACHINE), gift_link=False))
    visit, here = asking.visit(), state()
    shown = serving.read_article(here.runtime, here.shelf, slug, visit)
    if isinstance(shown, Deny) and shown.reason is Reason.RULE_CHALLENGED:
        return pause(slug)
    if isinstance(shown, Deny):
        return refused(shown, gift_link=False)
    if isinstance(shown, serving.Teaser):
        return teaser(shown)
    held = shown.held
    gift, places = (None, {}) if held is None else placed_gift(held.gift, held.giver)
    confirm, nonce_and_time = (None, {}) if held is None else _confirm(slug, held)
    moving = {} if held is None else {"move_nonce": here.move_stamp.sign(slug, here.runtime.clock())}
    reporting, copies = copying.shown_reporting(shown, visit)
    text = page(
        "reader/article.html",
        {**places, **nonce_and_time, **moving, **copies, **_click_of(held)},
        article=shown_article(shown.article, text=True),
        gift=gift,
        click=place("click") if held is not None else None,
        confirm=confirm,
        move_nonce=place("move_nonce") if moving else None,
        own_gift=visit.account is not None and "own" in request.args,
        reporting=reporting,
        arrived="own" in request.args or "kept" in request.args,
    )
    response = make_response(text)
    if not shown.article.rights.free:
        response.headers["X-Robots-Tag"] = "noindex"
    return response


@bp.get("/g/<token>")
def card(token: str) -> Response:
    """Show a gift link's card; nothing is taken up by it."""
    capability = opening.recognise(state().runtime, token, located=asking.networks)
    if isinstance(capability, Deny):
        return _not_ours(capability)
    shown = opening.open_card(state().runtime, state().shelf, capability, asking.visit())
    if isinstance(shown, Deny):
        return shut(shown, capability)
    if isinstance(shown, opening.Straight):
        return straight_on(shown)
    # Past the bound a script's claim is in vain: only a press, after a wait that our clock measures, is let in.
    full = shown.gift.unconfirmed >= shown.gift.unconfirmed_bound
    text = _card(shown, token, wait=full)
    if asking.visitor() is Visitor.AI_CRAWLER:
        return with_rights_pointer(make_response(text, 403))
    return make_response(text)


@bp.post("/g/<token>")
def claim(token: str) -> Response:
    """Take a gift up for this device and go on to the article's own address."""
    capability = opening.recognise(state().runtime, token, located=asking.networks)
    if isinstance(capability, Deny):
        return _not_ours(capability)
    shown_at = _card_shown_at(capability)
    if not asking.from_our_page(stamped=shown_at is not None):
        return refused(Deny(Reason.CLAIM_FOREIGN), gift_link=True)
    known = asking.device()
    secret, digest = ("", known) if known is not None else asking.new_device()
    press = claiming.Press(shown_at, pressed=request.form.get("pressed") == "1")
    answer = claiming.claim_gift(state().runtime, capability, asking.visit(device_digest=digest), press)
    if isinstance(answer, Deny) and answer.reason is Reason.RULE_CHALLENGED:
        return _challenge(capability, token)
    if isinstance(answer, Deny):
        return refused(answer, gift_link=True, retry_url=url_for("reader.card", token=token))
    if isinstance(answer, opening.Straight):
        return straight_on(answer)
    kept = state().claim_stamp.sign(str(answer.claim_id), state().runtime.clock()) if secret else None
    response = redirect(url_for("reader.article", slug=answer.slug, kept=kept), 303)
    if secret:
        asking.keep_device(response, secret)
    return response


@bp.post("/g/<token>/report")
def report(token: str) -> Response:
    """Report the giver's note to the desk."""
    capability = opening.recognise(state().runtime, token, located=asking.networks)
    if isinstance(capability, Deny):
        return _not_ours(capability)
    if not asking.from_our_page(stamped=_card_shown_at(capability) is not None):
        return refused(Deny(Reason.CLAIM_FOREIGN), gift_link=True)
    if asking.visitor().is_machine:
        return refused(Deny(Reason.CLAIM_BY_MACHINE), gift_link=True)
    opening.report_note(state().runtime, capability, asking.visit())
    return redirect(url_for("reader.card", token=token, reported=1), 303)


@bp.post("/articles/<slug>/confirm")
def confirm(slug: str) -> Response:
    """Count this device's reading, once."""
    if not asking.from_our_page(stamped=asking.stamped(state().confirm_stamp, slug)):
        return refused(Deny(Reason.CLAIM_FOREIGN))
    answer = claiming.confirm_reading(state().runtime, slug, asking.visit())
    return refused(answer) if isinstance(answer, Deny) else make_response("", 204)


def _card(shown: opening.Card, token: str, *, wait: bool) -> bytes:
    why = withheld()
    gift, places = placed_gift(shown.gift, shown.giver)
    own = {
        "token": token,
        "nonce": state().card_stamp.sign(_card_of(shown.gift.capability), shown.shown_at),
        "click": click("card", f"gift:{shown.gift.reference}"),
        "wait_until": moment(shown.shown_at + CONFIRM_AFTER) if wait else "",
    }
    return page(
        "reader/card.html",
        {**places, **own},
        article=shown_article(shown.article, gift_card=True),
        gift=gift,
        gift_url=gift_url(place("token")),
        token=place("token"),
        nonce=place("nonce"),
        click=place("click"),
        auto_claim=why is None and not wait,
        withheld=why,
        wait=Wait(place("wait_until"), CONFIRM_AFTER.seconds) if wait else None,
        reported="reported" in request.args,
    )


def _card_of(capability: bytes) -> str:
    return digest(capability).hex()[:16]


def _card_shown_at(capability: bytes) -> datetime | None:
    """Say when this very card was shown, by the stamp in its form; a wait for another gift's card is none for this."""
    stamp = state().card_stamp.verify(request.form.get("nonce", ""))
    return stamp[1] if stamp is not None and stamp[0] == _card_of(capability) else None


def _challenge(capability: bytes, token: str) -> Response:
    """Show the card again, with a wait before its button."""
    shown = opening.open_card(state().runtime, state().shelf, capability, asking.visit())
    if isinstance(shown, opening.Straight):
        return straight_on(shown)
    if isinstance(shown, Deny):
        return refused(shown, gift_link=True)
    return wait_first(_card(shown, token, wait=True))


def _not_ours(why: Deny) -> Response:
    # Nobody is looked up for a token we never signed: guessing must not cost the database anything.
    asking.leave_unknown()
    return refused(why, gift_link=True)


def _click_of(held: Held | None) -> Places:
    return {} if held is None else {"click": click("article", f"gift:{held.gift.reference}")}


def _confirm(slug: str, held: Held) -> tuple[Confirm | None, Places]:
    if held.claim.confirmed_at is not None:
        return None, {}
    now = state().runtime.clock()
    left = held.claim.claimed_at + CONFIRM_AFTER - now
    return Confirm(slug, place("confirm_nonce"), place("confirm_after")), {
        "confirm_nonce": state().confirm_stamp.sign(slug, now),
        "confirm_after": max(0, int(left.total_seconds() * 1000)),
    }
