"""The public API: what the share dialog and My gifts use, for whoever comes with a session or a bearer token."""

import re
from typing import Final

from flask import Blueprint, Response, jsonify, make_response, url_for
from pydantic import BaseModel

from gateway.decision import Deny, Reason
from gateway.period import Allowance
from gateway.reading.serving import article_by_slug
from gateway.sharing import own, revoking
from gateway.sharing.credits import allowance_of
from gateway.sharing.issuing import Issued, Wish, issue_gift, refuse_wish
from gateway.sharing.offering import sharing_of
from gateway.web import apimodels, asking, bearer
from gateway.web.apidocument import REFERENCE_PATTERN, Takes, described, document
from gateway.web.apishowing import (
    asked_body,
    asked_key,
    asked_query,
    shown_allowance,
    shown_gift,
    shown_sharing,
)
from gateway.web.guards import me
from gateway.web.refusals import refused
from gateway.web.state import state

bp = Blueprint("api", __name__)
v1 = Blueprint("v1", __name__, url_prefix="/api/v1")
bearer.guard(v1)

REFERENCE: Final = re.compile(REFERENCE_PATTERN)
CLOSED: Final = (Reason.ARTICLE_EMBARGOED, Reason.ARTICLE_EXPIRED, Reason.ARTICLE_WITHDRAWN)
ISSUING: Final = (
    Reason.QUOTA_SPENT,
    Reason.ACCOUNT_SUSPENDED,
    Reason.ACCOUNT_WITHOUT_PLAN,
    Reason.ACCOUNT_PLAN_DROPPED,
    Reason.ARTICLE_UNKNOWN,
    Reason.ARTICLE_FREE,
    Reason.ARTICLE_NOT_GIFTABLE,
    *CLOSED,
    Reason.IDEMPOTENCY_KEY_MISSING,
    Reason.IDEMPOTENCY_KEY_REUSED,
)
WORDING: Final = (Reason.LABEL_TOO_LONG, Reason.NOTE_TOO_LONG, Reason.NOTE_HAS_LINK)
ENDED: Final = (Reason.GIFT_EXPIRED, Reason.GIFT_READ_UP, Reason.GIFT_REVOKED, Reason.GIFT_FROZEN)
RENEWING: Final = (
    Reason.GIFT_UNKNOWN,
    Reason.GIFT_STILL_OPEN,
    Reason.GIFT_KEY_RETIRED,
    Reason.GIFT_REVOKED,
    Reason.GIFT_FROZEN,
)


@bp.get("/openapi.json")
def openapi() -> Response:
    """Describe the API to programs."""
    response = jsonify(document(state().settings.base_url, asking.cookie_name("sign_in")))
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@v1.get("/allowance")
@described({200: apimodels.Allowance}, [Reason.ACCOUNT_WITHOUT_PLAN, Reason.ACCOUNT_PLAN_DROPPED])
def allowance() -> Response:
    """Tell what is left of the month."""
    found = allowance_of(state().runtime, me().id)
    return refused(found) if isinstance(found, Deny) else _answer(shown_allowance(found))


@v1.get("/gifts")
@described({200: apimodels.GiftList}, takes=Takes(query=apimodels.PageAsked))
def list_gifts() -> Response:
    """List the account's gifts, newest first."""
    page = asked_query(apimodels.PageAsked)
    if isinstance(page, Deny):
        return refused(page)
    found = own.own_gifts(state().runtime, me().id, before=page.before, limit=page.limit)
    return _answer(
        apimodels.GiftList(
            gifts=[shown_gift(each) for each in found.gifts],
            allowance=None if found.allowance is None else shown_allowance(found.allowance),
            older=found.older,
        )
    )


@v1.post("/gifts")
@described(
    {201: apimodels.GiftAnswer, 200: apimodels.GiftAnswer},
    [*ISSUING, *WORDING],
    takes=Takes(json=apimodels.GiftWish, key=True),
)
def create_gift() -> Response:
    """Give an article: 201 with a new link for one credit, or 200 with the open one, free.

    An open gift of the same article is handed back unless `separate` is asked for: the one with the label, else the
    first. It keeps its own label, note and name, as the answer shows. A refusal is not kept under the idempotency
    key: the same request may succeed later.
    """
    key, wish = asked_key(), asked_body(apimodels.GiftWish)
    if isinstance(key, Deny):
        return _refused_wish(key)
    if isinstance(wish, Deny):
        return _refused_wish(wish)
    article_id = wish.article_id
    if not article_id:
        article = article_by_slug(state().runtime, state().shelf, wish.slug)
        if isinstance(article, Deny):
            return _refused_wish(article)
        article_id = article.id
    asked = Wish(me().id, article_id, key, wish.separate, wish.label, wish.note, wish.show_name)
    return _issued(issue_gift(state().runtime, asking.actor(), asked))


@v1.get("/gifts/<reference>")
@described({200: apimodels.Gift}, [Reason.GIFT_UNKNOWN])
def show_gift(reference: str) -> Response:
    """Show one gift and what became of it."""
    found = _own(reference)
    return refused(found) if isinstance(found, Deny) else _answer(shown_gift(found))


@v1.post("/gifts/<reference>/revoke")
@described({200: apimodels.GiftAnswer}, [Reason.GIFT_UNKNOWN])
def revoke_gift(reference: str) -> Response:
    """Withdraw a gift at once and for good; a second time changes nothing.

    The credit comes back (`credit_returned`) where it was charged to this month and nobody was served the text.
    """
    if not REFERENCE.fullmatch(reference):
        return refused(Deny(Reason.GIFT_UNKNOWN))
    answer = revoking.revoke_gift(
        state().runtime, asking.actor(), reference, because=revoking.BY_GIVER, owner=me().id
    )
    return refused(answer) if isinstance(answer, Deny) else _with_allowance(reference)


@v1.post("/gifts/<reference>/renew")
@described(
    {201: apimodels.GiftAnswer, 200: apimodels.GiftAnswer}, [*RENEWING, *ISSUING], takes=Takes(key=True)
)
def renew_gift(reference: str) -> Response:
    """Give the article of a gift that is expired or read up once more: one credit, a new link, the same label.

    200 with the gift that renewed it, free, while that one is open.
    """
    key = asked_key()
    if isinstance(key, Deny):
        return _refused_wish(key)
    if not REFERENCE.fullmatch(reference):
        return refused(Deny(Reason.GIFT_UNKNOWN))
    return _issued(own.renew_gift(state().runtime, asking.actor(), me().id, reference, key=key))


@v1.post("/gifts/<reference>/fresh-link")
@described({200: apimodels.GiftAnswer}, [Reason.GIFT_UNKNOWN, *ENDED, *CLOSED])
def fresh_link(reference: str) -> Response:
    """Sign a gift anew, free, whose link needs it (`needs_fresh_link`); any other open gift stays as it is."""
    if not REFERENCE.fullmatch(reference):
        return refused(Deny(Reason.GIFT_UNKNOWN))
    answer = own.renew_link(state().runtime, asking.actor(), me().id, reference)
    if isinstance(answer, Deny):
        return refused(answer)
    return refused(answer.standing) if isinstance(answer.standing, Deny) else _with_allowance(reference)


@v1.get("/articles/<int(min=1, max=9007199254740991):article_id>/sharing")
@described({200: apimodels.Sharing}, [Reason.ARTICLE_UNKNOWN])
def sharing(article_id: int) -> Response:
    """Tell what sharing an article would mean just now; asking spends nothing."""
    found = sharing_of(state().runtime, me().id, article_id)
    if isinstance(found, Deny):
        return refused(found)
    article = article_by_slug(state().runtime, state().shelf, found.article.slug)
    if isinstance(article, Deny):
        return refused(article)
    open_gift = None if found.open_gift is None else _own(found.open_gift.reference)
    shown = None if open_gift is None or isinstance(open_gift, Deny) else shown_gift(open_gift)
    return _answer(shown_sharing(found, article, shown))


def _own(reference: str) -> own.OwnGift | Deny:
    # What cannot be a reference is not asked for: a database need not take every character.
    if not REFERENCE.fullmatch(reference):
        return Deny(Reason.GIFT_UNKNOWN)
    return own.own_gift(state().runtime, me().id, reference)


def _refused_wish(why: Deny) -> Response:
    # What is no request of ours at all is a slip of whoever programmed it, and no decision about the account.
    if why.reason is not Reason.REQUEST_INVALID:
        refuse_wish(state().runtime, asking.actor(), me().id, why)
    return refused(why)


def _issued(answer: Issued | Deny) -> Response:
    if isinstance(answer, Deny):
        return refused(answer)
    reference = answer.gift.reference
    response = _with_allowance(reference, answer.allowance, status=201 if answer.fresh else 200)
    if answer.fresh:
        response.headers["Location"] = url_for("api.v1.show_gift", reference=reference)
    if answer.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def _with_allowance(reference: str, known: Allowance | None = None, *, status: int = 200) -> Response:
    found = _own(reference)
    if isinstance(found, Deny):
        return refused(found)
    left = known or allowance_of(state().runtime, me().id)
    return _answer(
        apimodels.GiftAnswer(
            gift=shown_gift(found), allowance=None if isinstance(left, Deny) else shown_allowance(left)
        ),
        status,
    )


def _answer(body: BaseModel, status: int = 200) -> Response:
    response = make_response(body.model_dump_json(), status)
    response.mimetype = "application/json"
    return response


bp.register_blueprint(v1)
