"""Between the API's shapes and the use cases: what was asked, read strictly; what is answered, spelled out."""

import re
from typing import Final, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from gateway.articles import Article
from gateway.decision import Deny, Permit, Reason
from gateway.period import Allowance
from gateway.sharing import own
from gateway.sharing.offering import Sharing
from gateway.sharing.wording import LABEL_LENGTH, NOTE_LENGTH
from gateway.web import apimodels
from gateway.web.showing import article_url, gift_url
from gateway.web.state import state

Asked = TypeVar("Asked", bound=BaseModel)

KEY: Final = "Idempotency-Key"
KEY_FORM: Final = re.compile(r"[!-~]{1,200}")
TOO_LONG: Final = {
    "label": (Reason.LABEL_TOO_LONG, LABEL_LENGTH),
    "note": (Reason.NOTE_TOO_LONG, NOTE_LENGTH),
}
PATTERNS: Final = {
    "slug": "want lower-case letters, digits and hyphens, 120 at most",
    "label": "want one line without control characters",
    "note": "want text without control characters other than line ends",
}
STATES: Final[dict[Reason, apimodels.State]] = {
    Reason.GIFT_EXPIRED: "expired",
    Reason.GIFT_REVOKED: "revoked",
    Reason.GIFT_FROZEN: "frozen",
    Reason.GIFT_READ_UP: "read_up",
    Reason.GIFT_KEY_RETIRED: "needs_fresh_link",
    Reason.ARTICLE_FREE: "free",
}


def asked_body(shape: type[Asked]) -> Asked | Deny:
    """Read the JSON body; raises UnsupportedMediaType (415) for any other kind, and 413 for too much of it."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send JSON, with the header Content-Type: application/json.")
    try:
        return shape.model_validate_json(request.get_data())
    except ValidationError as error:
        return _told(error)


def asked_query(shape: type[Asked]) -> Asked | Deny:
    """Read the query; each name may stand there once."""
    values = request.args.to_dict(flat=False)
    twice = [name for name, given in values.items() if len(given) > 1]
    if twice:
        return _invalid(twice[0], "want it once")
    try:
        return shape.model_validate({name: given[0] for name, given in values.items()})
    except ValidationError as error:
        return _told(error)


def asked_key() -> str | Deny:
    """Read the idempotency key."""
    key = request.headers.get(KEY, "")
    if not key:
        return Deny(Reason.IDEMPOTENCY_KEY_MISSING)
    return (
        key
        if KEY_FORM.fullmatch(key)
        else _invalid(KEY, "want 1 to 200 printable ASCII characters, no spaces")
    )


def shown_allowance(found: Allowance) -> apimodels.Allowance:
    """Show what is left of a month."""
    return apimodels.Allowance(
        limit=found.limit,
        used=found.used,
        remaining=found.remaining,
        granted=found.granted,
        renews_at=found.renews_at,
        zone=found.zone,
    )


def shown_gift(found: own.OwnGift) -> apimodels.Gift:
    """Show a gift to its giver."""
    gift = found.gift
    reason = found.standing.reason if isinstance(found.standing, Deny) else None
    opens = reason is None and found.token is not None
    if found.needs_fresh_link:
        reason = Reason.GIFT_KEY_RETIRED
    return apimodels.Gift(
        reference=gift.reference,
        article=apimodels.Article(
            id=gift.article_id,
            slug=found.line.slug,
            headline=found.line.headline,
            url=article_url(found.line.slug),
        ),
        url=gift_url(found.token) if opens and found.token is not None else None,
        label=gift.label,
        note=gift.note,
        issued_at=gift.issued_at,
        expires_at=gift.expires_at,
        readers=gift.readers,
        unconfirmed_bound=gift.unconfirmed_bound,
        opened=gift.unconfirmed,
        read=gift.confirmed,
        state="open" if reason is None else STATES.get(reason, "closed"),
        reason=None if reason is None else reason.value,
        credit_returned=gift.credit_returned_at is not None,
    )


def shown_sharing(found: Sharing, article: Article, open_gift: apimodels.Gift | None) -> apimodels.Sharing:
    """Show what sharing an article would mean."""
    denied = None if isinstance(found.decision, Permit) else found.decision
    return apimodels.Sharing(
        article=apimodels.Article(
            id=article.id, slug=article.slug, headline=article.headline, url=article_url(article.slug)
        ),
        may_give=denied is None,
        reason=None if denied is None else denied.reason.value,
        since=None if denied is None else denied.since,
        until=None if denied is None else denied.until,
        allowance=None if found.allowance is None else shown_allowance(found.allowance),
        open_gift=open_gift,
        terms=apimodels.Terms(
            expires_at=state().runtime.clock() + found.terms.life,
            readers=found.terms.readers,
            unconfirmed_bound=found.terms.unconfirmed,
        ),
    )


def _told(error: ValidationError) -> Deny:
    first = error.errors(include_url=False, include_input=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "body"
    if first["type"] == "string_too_long" and name in TOO_LONG:
        reason, limit = TOO_LONG[name]
        return Deny(reason, detail={"limit": limit})
    told = PATTERNS.get(name, first["msg"]) if first["type"] == "string_pattern_mismatch" else first["msg"]
    return _invalid(name[:100], told[:200])


def _invalid(field: str, problem: str) -> Deny:
    return Deny(Reason.REQUEST_INVALID, detail={"field": field, "problem": problem})
