"""A refusal as an answer: one status a reason, as a page or as an RFC 9457 problem."""

import math
from datetime import datetime
from typing import Any, Final

from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from gateway.auditing import acts
from gateway.decision import Deny, Reason
from gateway.runtime import DATABASE_AWAY
from gateway.web import asking
from gateway.web.state import state
from gateway.web.wording import words_for, words_for_status

NOT_FOUND, FORBIDDEN, GONE, UNPROCESSABLE, TOO_MANY, AWAY = 404, 403, 410, 422, 429, 503
AWAY_SECONDS = 5

STATUSES: Final = {
    Reason.QUOTA_SPENT: FORBIDDEN,
    Reason.ARTICLE_UNKNOWN: NOT_FOUND,
    Reason.ARTICLE_FREE: FORBIDDEN,
    Reason.ARTICLE_NOT_GIFTABLE: FORBIDDEN,
    Reason.ARTICLE_EMBARGOED: GONE,
    Reason.ARTICLE_EXPIRED: GONE,
    Reason.ARTICLE_WITHDRAWN: GONE,
    Reason.ACCOUNT_UNKNOWN: NOT_FOUND,
    Reason.ACCOUNT_SUSPENDED: FORBIDDEN,
    Reason.ACCOUNT_WITHOUT_PLAN: FORBIDDEN,
    Reason.ACCOUNT_PLAN_DROPPED: FORBIDDEN,
    Reason.ACCOUNT_OWN: FORBIDDEN,
    Reason.ACT_UNCONFIRMED: UNPROCESSABLE,
    Reason.ACT_ALREADY: 409,
    Reason.ACCOUNT_SIGNED_OUT: 401,
    Reason.ACCOUNT_FORBIDDEN: FORBIDDEN,
    Reason.SIGN_IN_FAILED: FORBIDDEN,
    Reason.SIGN_IN_TOO_FAST: TOO_MANY,
    Reason.GIFT_UNKNOWN: NOT_FOUND,
    Reason.GIFT_EXPIRED: GONE,
    Reason.GIFT_REVOKED: GONE,
    Reason.GIFT_FROZEN: GONE,
    Reason.GIFT_READ_UP: GONE,
    Reason.GIFT_UNCONFIRMED_FULL: GONE,
    Reason.GIFT_KEY_RETIRED: GONE,
    Reason.GIFT_STILL_OPEN: 409,
    Reason.GIFT_NOT_SPREAD: 409,
    Reason.LINK_FOREIGN: NOT_FOUND,
    Reason.LINK_DAMAGED: NOT_FOUND,
    Reason.CLAIM_UNKNOWN: NOT_FOUND,
    Reason.CLAIM_LAPSED: GONE,
    Reason.CLAIM_TOO_SOON: 425,
    Reason.CLAIM_FOREIGN: FORBIDDEN,
    Reason.CLAIM_BY_MACHINE: FORBIDDEN,
    Reason.RULE_BLOCKED: TOO_MANY,
    Reason.RULE_CHALLENGED: TOO_MANY,
    Reason.RULE_UNKNOWN: NOT_FOUND,
    Reason.NETWORK_UNKNOWN: NOT_FOUND,
    Reason.READING_BY_MACHINE: FORBIDDEN,
    Reason.READING_NONE: 409,
    Reason.READING_UNCOUNTED: 409,
    Reason.READING_GIVEN_BACK: 409,
    Reason.TRANSFER_UNKNOWN: NOT_FOUND,
    Reason.TRANSFER_EXPIRED: GONE,
    Reason.TRANSFER_TOO_OFTEN: FORBIDDEN,
    Reason.COPY_TOTAL: TOO_MANY,
    Reason.COPY_INVALID: 400,
    Reason.COPY_REUSED: 409,
    Reason.LICENCE_INVALID: UNPROCESSABLE,
    Reason.LICENCE_UNKNOWN: NOT_FOUND,
    Reason.POLICY_UNKNOWN: NOT_FOUND,
    Reason.POLICY_INVALID: UNPROCESSABLE,
    Reason.POLICY_TOO_LARGE: UNPROCESSABLE,
    Reason.POLICY_SAME: UNPROCESSABLE,
    Reason.POLICY_INSTANT: UNPROCESSABLE,
    Reason.POLICY_TOO_SOON: UNPROCESSABLE,
    Reason.POLICY_PLANS_IN_USE: UNPROCESSABLE,
    Reason.SIMULATION_UNKNOWN: NOT_FOUND,
    Reason.SIMULATION_OPEN: 409,
    Reason.SIMULATION_ENDED: 409,
    Reason.PROPOSAL_UNKNOWN: NOT_FOUND,
    Reason.PROPOSAL_OWN: FORBIDDEN,
    Reason.PROPOSAL_OTHERS: FORBIDDEN,
    Reason.PROPOSAL_WAITS: 409,
    Reason.PROPOSAL_SETTLED: 409,
    Reason.PROPOSAL_CHANGED: 409,
    Reason.PROPOSAL_OUTDATED: 409,
    Reason.CASE_UNKNOWN: NOT_FOUND,
    Reason.CASE_TAKEN: 409,
    Reason.CASE_NOT_TAKEN: 409,
    Reason.CASE_CLOSED: 409,
    Reason.CASE_NOT_CLOSED: 409,
    Reason.CASE_OPEN_AGAIN: 409,
    Reason.CASE_FOLLOWS: 409,
    Reason.CASE_OWNER_UNFIT: UNPROCESSABLE,
    Reason.DISPUTE_NONE: 409,
    Reason.DISPUTE_SENT: 409,
    Reason.DISPUTE_TOO_LONG: UNPROCESSABLE,
    Reason.NOTE_TOO_LONG: UNPROCESSABLE,
    Reason.NOTE_HAS_LINK: UNPROCESSABLE,
    Reason.LABEL_TOO_LONG: UNPROCESSABLE,
    Reason.REASON_MISSING: UNPROCESSABLE,
    Reason.REASON_TOO_LONG: UNPROCESSABLE,
    Reason.CREDITS_OUT_OF_RANGE: UNPROCESSABLE,
    Reason.CREDITS_SPENT: 409,
    Reason.IDEMPOTENCY_KEY_MISSING: 400,
    Reason.IDEMPOTENCY_KEY_REUSED: UNPROCESSABLE,
    Reason.REQUEST_INVALID: 400,
    Reason.REQUEST_TOO_FAST: TOO_MANY,
    Reason.TOKEN_INVALID: 401,
    Reason.TOKEN_SCOPE: FORBIDDEN,
    Reason.GATEWAY_RESTORED: AWAY,
    Reason.DATABASE_AWAY: AWAY,
}


def install(app: Flask) -> None:
    """Answer every refusal and fault of `app` with a page or a problem, whichever was asked for."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CSRFError, _foreign_form)
    for away in DATABASE_AWAY:
        app.register_error_handler(away, _database_away)


def status_of(deny: Deny, *, gift_link: bool = False) -> int:
    """Return a refusal's status; what an article forbids is 410 where a gift link once led to it."""
    if gift_link and deny.reason is Reason.ARTICLE_NOT_GIFTABLE:
        return GONE
    return STATUSES[deny.reason]


def refused(deny: Deny, *, gift_link: bool = False, **about: Any) -> Response:
    """Answer with a refusal: its status, its reason, since and until when, and the way forward."""
    status = status_of(deny, gift_link=gift_link)
    if wants_json():
        response = problem(status, deny)
    else:
        words = words_for(deny.reason)
        text = render_template(
            "reader/refused.html", words=words, deny=deny, **{"article": None, "retry_url": None, **about}
        )
        response = make_response(text, status)
    return _with_retry_after(response, status, deny.until)


def problem(status: int, deny: Deny) -> Response:
    """Spell a refusal as an RFC 9457 problem; `code` is the reason's public code."""
    words = words_for(deny.reason)
    body: dict[str, Any] = {
        "type": f"{state().settings.base_url}/problems/{deny.reason}",
        "title": str(words.title),
        "status": status,
        "detail": str(words.text),
        "code": deny.reason.value,
        "request_id": g.get("request_id", ""),
    }
    body |= {
        name: at.isoformat() for name, at in (("since", deny.since), ("until", deny.until)) if at is not None
    }
    if deny.detail:
        body["about"] = dict(deny.detail)
    response = jsonify(body)
    response.status_code = status
    response.mimetype = "application/problem+json"
    return response


def wants_json() -> bool:
    """Tell whether this request asks for data rather than a page."""
    if request.path.startswith("/api/"):
        return True
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]


def _with_retry_after(response: Response, status: int, until: datetime | None) -> Response:
    if status in (TOO_MANY, AWAY):
        seconds = AWAY_SECONDS
        if until is not None:
            seconds = max(1, math.ceil((until - state().runtime.clock()).total_seconds()))
        response.headers["Retry-After"] = str(seconds)
    return response


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if error.response is not None:
        return make_response(error.response)
    words = words_for_status(status)
    if wants_json():
        response = jsonify(
            type="about:blank",
            title=str(words.title),
            status=status,
            detail=f"{words.text} {words.next}",
            code=f"http:{status}",
            request_id=g.get("request_id", ""),
        )
        response.mimetype = "application/problem+json"
    else:
        response = make_response(
            render_template("reader/refused.html", words=words, deny=None, article=None, retry_url=None)
        )
    response.status_code = status
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after", "www-authenticate"):
            response.headers[name] = value
    return response


def _foreign_form(_error: CSRFError) -> Response:
    deny = Deny(Reason.CLAIM_FOREIGN)
    if asking.account() is not None:
        acts.refuse(state().runtime, asking.actor(), acts.FOREIGN_FORM, deny)
    return refused(deny)


def _database_away(_error: Exception) -> Response:
    """Say that the database is away, without asking it anything for the page."""
    deny = Deny(Reason.DATABASE_AWAY)
    g.account, g.session_id = None, 0
    if wants_json():
        return _with_retry_after(problem(AWAY, deny), AWAY, None)
    response = make_response(render_template("away.html", words=words_for(deny.reason)), AWAY)
    return _with_retry_after(response, AWAY, None)
