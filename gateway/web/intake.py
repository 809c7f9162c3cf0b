"""What no page of ours sends is turned away before anybody looks at it."""

from typing import Final

from flask import Flask, request
from werkzeug.exceptions import NotFound, RequestHeaderFieldsTooLarge, UnsupportedMediaType
from werkzeug.wrappers import Response

from gateway.decision import Deny, Reason
from gateway.web.refusals import refused
from gateway.web.state import itself

FORMS: Final = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
# As much as gunicorn takes in one line; a proxy or a client may have sent it in many.
COOKIE_BYTES: Final = 8190
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def install(app: Flask) -> None:
    """Look at every request of `app` but the API's, which reads JSON by a stricter description of its own."""

    @app.before_request
    def turn_away() -> Response | None:
        asked = itself(request)
        if len(asked.environ.get("HTTP_COOKIE", "")) > COOKIE_BYTES:
            raise RequestHeaderFieldsTooLarge
        if asked.path.startswith("/api/"):
            return None
        # No text of ours holds the character; one database would raise at it where the other compares.
        if "\0" in asked.path:
            if asked.path.startswith("/g/"):
                return refused(Deny(Reason.GIFT_UNKNOWN))
            raise NotFound
        if b"%00" in asked.query_string:
            return refused(Deny(Reason.REQUEST_INVALID))
        return None if asked.method in SAFE or not _sends_a_body() else _turn_away_no_form()


def _sends_a_body() -> bool:
    return bool(request.content_length) or "Transfer-Encoding" in request.headers


def _turn_away_no_form() -> Response | None:
    """Refuse what is no form; raises RequestEntityTooLarge and UnsupportedMediaType, which are pages of their own."""
    if request.mimetype not in FORMS:
        raise UnsupportedMediaType
    if not request.form or any("\0" in text for text in request.form.values()):
        return refused(Deny(Reason.REQUEST_INVALID))
    return None
