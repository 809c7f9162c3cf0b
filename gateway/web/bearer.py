"""Who may use the API: a server by its bearer token, or a person's browser by its session and a CSRF token."""

from typing import Final

from flask import Blueprint, current_app, g, request
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response

from gateway.accounts.bearing import READ, WRITE, admit_bearer
from gateway.decision import Deny, Reason
from gateway.web import asking
from gateway.web.refusals import refused
from gateway.web.state import state

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
SCHEME: Final = "bearer"


def guard(bp: Blueprint) -> None:
    """Let nobody into a blueprint but who is known, and no unsafe request without proof of its origin."""
    bp.record_once(_take_over_csrf)
    bp.before_request(_turn_away)


def _take_over_csrf(setup: BlueprintSetupState) -> None:
    # A bearer token needs no CSRF token, which the app would ask of every form; here it is asked of cookies only.
    setup.app.extensions["csrf"].exempt(setup.blueprint)


def _turn_away() -> Response | None:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    # Another scheme is somebody else's, such as a proxy's password in front of a trial installation.
    if scheme.lower() == SCHEME:
        return _by_token(secret.strip())
    if asking.account() is None:
        return _challenged(Deny(Reason.ACCOUNT_SIGNED_OUT), "Bearer")
    if request.method not in SAFE:
        current_app.extensions["csrf"].protect()
    return None


def _by_token(secret: str) -> Response | None:
    scope = READ if request.method in SAFE else WRITE
    answer = admit_bearer(
        state().runtime, secret, scope, visitor=asking.visitor().value, request_id=g.request_id
    )
    if isinstance(answer, Deny):
        error = 'error="invalid_token"'
        if answer.reason is Reason.TOKEN_SCOPE:
            error = f'error="insufficient_scope", scope="{scope}"'
        return _challenged(answer, f"Bearer {error}")
    # From here on the token's account is who asks, whatever cookies came along.
    g.account, g.session_id = answer, 0
    return None


def _challenged(deny: Deny, challenge: str) -> Response:
    response = refused(deny)
    response.headers["WWW-Authenticate"] = challenge
    return response
