"""The subscriber's pages: the share dialog and My gifts."""

import secrets
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gateway.articles import Article
from gateway.decision import Deny, Permit, Reason
from gateway.period import Allowance
from gateway.reading.serving import article_by_slug
from gateway.sharing import own, revoking
from gateway.sharing.charging import spent
from gateway.sharing.disputing import objection_to
from gateway.sharing.issuing import Issued, Wish, issue_gift, refuse_wish
from gateway.sharing.offering import sharing_of
from gateway.web import asking
from gateway.web.drawing import page, place
from gateway.web.guards import me, signed_in
from gateway.web.parts import part
from gateway.web.placing import placed_gift
from gateway.web.qrcodes import qr_picture
from gateway.web.refusals import refused, status_of
from gateway.web.rows import row
from gateway.web.showing import article_url, gift_url, shown_article, shown_gift
from gateway.web.state import state

bp = Blueprint("subscriber", __name__)
bp.before_request(signed_in)

KEY_LENGTH = 200


@bp.get("/articles/<slug>/share")
def share(slug: str) -> Response:
    """Show the share dialog, whole or as a part; opening it spends nothing."""
    found = article_by_slug(state().runtime, state().shelf, slug)
    return refused(found) if isinstance(found, Deny) else _dialog(found)


@bp.post("/articles/<slug>/share")
def issue(slug: str) -> Response:
    """Give the article."""
    found = article_by_slug(state().runtime, state().shelf, slug)
    if isinstance(found, Deny):
        return refused(refuse_wish(state().runtime, asking.actor(), me().id, found))
    form = request.form
    wish = Wish(
        account_id=me().id,
        article_id=found.id,
        key=form.get("idempotency_key", "")[:KEY_LENGTH],
        separate=form.get("kind") == "separate",
        label=form.get("label", ""),
        note=form.get("note", "").replace("\r\n", "\n"),
        giver_shown=form.get("show_name") == "1",
    )
    answer = issue_gift(state().runtime, asking.actor(), wish)
    if isinstance(answer, Deny):
        return _dialog(found, answer)
    return _issued(answer, found, "issued")


@bp.get("/gifts")
def gifts() -> Response:
    """List my gifts."""
    before = request.args.get("before", type=row)
    page = own.own_gifts(state().runtime, me().id, before=before)
    text = render_template(
        "subscriber/gifts.html",
        allowance=page.allowance,
        rows=[_row(each) for each in page.gifts],
        older=None if page.older is None else url_for("subscriber.gifts", before=page.older),
        newest=before is None,
        section="gifts",
    )
    return make_response(text)


@bp.get("/gifts/<reference:reference>")
def gift(reference: str) -> Response:
    """Show one gift of mine."""
    found = own.own_gift(state().runtime, me().id, reference)
    return refused(found) if isinstance(found, Deny) else gift_page(found)


@bp.get("/gifts/<reference:reference>/qr.svg")
def qr(reference: str) -> Response:
    """Draw the link of a gift of mine as a QR code."""
    found = own.own_gift(state().runtime, me().id, reference)
    if isinstance(found, Deny):
        return refused(found)
    if isinstance(found.standing, Deny):
        return refused(found.standing)
    if found.token is None:
        return refused(Deny(Reason.GIFT_KEY_RETIRED))
    return qr_picture(gift_url(found.token))


@bp.get("/gifts/<reference:reference>/revoke")
def revoke(reference: str) -> Response:
    """Ask before a gift is withdrawn."""
    found = own.own_gift(state().runtime, me().id, reference)
    if isinstance(found, Deny):
        return refused(found)
    text = render_template(
        "subscriber/revoke.html",
        gift=shown_gift(found.gift, found.line.giver),
        article={"headline": found.line.headline, "slug": found.line.slug},
        credit_returns=found.refundable,
        why_no_credit=None if found.refundable else ("read" if found.gift.served_at is not None else "month"),
        section="gifts",
    )
    return make_response(text)


@bp.post("/gifts/<reference:reference>/revoke")
def revoke_now(reference: str) -> Response:
    """Withdraw a gift of mine."""
    runtime = state().runtime
    answer = revoking.revoke_gift(
        runtime, asking.actor(), reference, because=revoking.BY_GIVER, owner=me().id
    )
    if isinstance(answer, Deny):
        return refused(answer)
    done = "revoked_with_credit" if answer.credit_returned else "revoked"
    return redirect(url_for("subscriber.gift", reference=reference, done=done), 303)


@bp.post("/gifts/<reference:reference>/renew")
def renew(reference: str) -> Response:
    """Give the article of a spent gift once more."""
    key = request.form.get("idempotency_key", "")[:KEY_LENGTH]
    answer = own.renew_gift(state().runtime, asking.actor(), me().id, reference, key=key)
    if isinstance(answer, Deny):
        found = own.own_gift(state().runtime, me().id, reference)
        return refused(answer) if isinstance(found, Deny) else gift_page(found, answer)
    article = article_by_slug(state().runtime, state().shelf, answer.slug)
    return refused(article) if isinstance(article, Deny) else _issued(answer, article, "renewed")


@bp.post("/gifts/<reference:reference>/fresh-link")
def fresh_link(reference: str) -> Response:
    """Sign a gift of mine anew when the key of its link was retired."""
    answer = own.renew_link(state().runtime, asking.actor(), me().id, reference)
    if isinstance(answer, Deny):
        return refused(answer)
    return redirect(url_for("subscriber.gift", reference=reference, done="fresh"), 303)


@bp.post("/gifts/<reference:reference>/label")
def relabel(reference: str) -> Response:
    """Change a gift's private label."""
    label = request.form.get("label", "")
    answer = own.relabel_gift(state().runtime, asking.actor(), me().id, reference, label=label)
    if isinstance(answer, Deny):
        found = own.own_gift(state().runtime, me().id, reference)
        return refused(answer) if isinstance(found, Deny) else gift_page(found, answer)
    return redirect(url_for("subscriber.gift", reference=reference, done="relabelled"), 303)


def _dialog(article: Article, error: Deny | None = None) -> Response:
    sharing = sharing_of(state().runtime, me().id, article.id)
    if isinstance(sharing, Deny):
        return refused(sharing)
    form = request.form
    open_gift = sharing.open_gift
    denied = sharing.decision if isinstance(sharing.decision, Deny) else _spent(sharing.allowance)
    if error is not None and denied is None and error.reason is Reason.QUOTA_SPENT:
        denied, error = error, None
    text = render_template(
        _part("subscriber/_share.html", "subscriber/share.html"),
        article=shown_article(article),
        allowance=sharing.allowance,
        denied=denied,
        open_gift=None if open_gift is None else shown_gift(open_gift),
        would_expire_at=state().runtime.clock() + sharing.terms.life,
        error=None if error is not None and denied is not None and error.reason is denied.reason else error,
        sent={
            "label": form.get("label", ""),
            "note": form.get("note", ""),
            "show_name": form.get("show_name") == "1" if form else True,
            "kind": form.get("kind", "gift"),
        },
        idempotency_key=secrets.token_urlsafe(16),
    )
    why = error or denied
    return make_response(text, 200 if why is None or request.method == "GET" else status_of(why))


def _spent(allowance: Allowance | None) -> Deny | None:
    # An open link is still handed back free, but no other can be made: the dialog says so before it is asked.
    return spent(allowance) if allowance is not None and allowance.remaining == 0 else None


def _issued(answer: Issued, article: Article, outcome: str) -> Response:
    if answer.token is None:
        return redirect(url_for("subscriber.gift", reference=answer.gift.reference), 303)
    gift, places = placed_gift(answer.gift, me().name)
    figures = part("subscriber/_allowance.html", allowance=answer.allowance)
    text = page(
        _part("subscriber/_issued.html", "subscriber/issued.html"),
        {**places, "token": answer.token, "figures": figures},
        article=shown_article(article),
        gift=gift,
        gift_url=gift_url(place("token")),
        outcome=outcome if answer.fresh else "again",
        figures=place("figures"),
    )
    return make_response(text)


def gift_page(found: own.OwnGift, error: Deny | None = None) -> Response:
    """Show a gift of mine, and an act on it that was refused."""
    page = own.own_gifts(state().runtime, me().id, limit=1)
    text = render_template(
        "subscriber/gift.html",
        row=_row(found),
        allowance=page.allowance,
        objection=objection_to(state().runtime, found.gift),
        error=error,
        section="gifts",
    )
    return make_response(text, 200 if error is None else status_of(error))


def _row(found: own.OwnGift) -> dict[str, Any]:
    works = isinstance(found.standing, Permit)
    return {
        "gift": shown_gift(found.gift, found.line.giver),
        "article": {
            "headline": found.line.headline,
            "slug": found.line.slug,
            "url": article_url(found.line.slug),
        },
        "standing": None if works else found.standing,
        "url": gift_url(found.token) if found.token is not None and works else None,
        "can_revoke": found.revocable,
        "can_renew": found.renewable,
        "no_renewal": found.giving if found.spent and not found.renewable else None,
        "needs_fresh_link": found.needs_fresh_link,
        "can_give_back": found.countable,
        "behaviour": found.behaviour,
        "idempotency_key": secrets.token_urlsafe(16),
    }


def _part(part: str, page: str) -> str:
    return part if request.values.get("part") == "dialog" else page
