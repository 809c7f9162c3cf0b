"""Signing in and out, and one's own account."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gateway.accounts import signing
from gateway.decision import Deny, Reason
from gateway.period import Allowance
from gateway.sharing.credits import allowance_of
from gateway.web import asking
from gateway.web.guards import local_address, me, signed_in
from gateway.web.limits import sign_in_limit
from gateway.web.refusals import refused, status_of
from gateway.web.state import state

bp = Blueprint("accounts", __name__)


@bp.get("/sign-in")
def sign_in() -> Response:
    """Ask who it is."""
    address = local_address(request.args.get("next", ""), "")
    if asking.account() is not None:
        return redirect(address or url_for("reader.front"), 303)
    return _sign_in_page(address)


@bp.post("/sign-in")
@sign_in_limit
def sign_in_now() -> Response:
    """Sign a person in."""
    form = request.form
    address = local_address(form.get("next", ""), "")
    stamp = state().confirm_stamp.verify(form.get("nonce", ""))
    if not asking.from_our_page(stamped=stamp is not None and stamp[0] == "sign-in"):
        return refused(Deny(Reason.CLAIM_FOREIGN))
    answer = signing.sign_in(
        state().runtime,
        form.get("email", "")[:254],
        form.get("password", "")[:1000],
        agent=request.headers.get("User-Agent", ""),
        actor=asking.actor(),
    )
    if isinstance(answer, Deny):
        return _sign_in_page(address, answer, form.get("email", ""))
    home = url_for("subscriber.gifts") if answer.account.role == "subscriber" else url_for("admin.log")
    response = redirect(address or home, 303)
    response.set_cookie(
        asking.cookie_name("sign_in"),
        answer.secret,
        expires=answer.expires_at,
        httponly=True,
        secure=state().settings.secure,
        samesite="Lax",
    )
    return response


@bp.post("/sign-out")
def sign_out() -> Response:
    """Sign this browser out."""
    account = asking.account()
    if account is not None:
        signing.end_session(state().runtime, asking.actor(), account.id, asking.session_id())
    response = redirect(url_for("reader.front"), 303)
    response.delete_cookie(
        asking.cookie_name("sign_in"), secure=state().settings.secure, samesite="Lax", httponly=True
    )
    return response


@bp.get("/account")
def account() -> Response:
    """Show one's own account and where it is signed in."""
    if (turned_away := signed_in()) is not None:
        return turned_away
    allowance = allowance_of(state().runtime, me().id)
    sessions = [
        {
            "id": each.id,
            "started_at": each.created_at,
            "browser": each.agent,
            "current": each.id == asking.session_id(),
        }
        for each in signing.list_sessions(state().runtime, me().id)
    ]
    text = render_template(
        "accounts/account.html",
        allowance=allowance if isinstance(allowance, Allowance) else None,
        sessions=sessions,
        section="account",
    )
    return make_response(text)


@bp.post("/account/sessions/<row:session_id>/end")
def end_session(session_id: int) -> Response:
    """Sign another browser out."""
    if (turned_away := signed_in()) is not None:
        return turned_away
    signing.end_session(state().runtime, asking.actor(), me().id, session_id)
    return redirect(url_for("accounts.account", done="signed_out_elsewhere"), 303)


def _sign_in_page(address: str, error: Deny | None = None, email: str = "") -> Response:
    now = state().runtime.clock()
    text = render_template(
        "accounts/sign_in.html",
        error=error,
        email=email,
        next=address,
        nonce=state().confirm_stamp.sign("sign-in", now),
    )
    return make_response(text, 200 if error is None else status_of(error))
