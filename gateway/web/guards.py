"""Guards of whole blueprints: who may come in at all."""

from urllib.parse import urlsplit

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from gateway.accounts import Account
from gateway.auditing import acts
from gateway.decision import Deny, Reason
from gateway.web import asking
from gateway.web.refusals import refused, wants_json
from gateway.web.state import state


def signed_in() -> Response | None:
    """Let signed-in people in; send others to sign in and back."""
    if asking.account() is not None:
        return None
    if wants_json() or request.method != "GET":
        return refused(Deny(Reason.ACCOUNT_SIGNED_OUT))
    return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")), 303)


def at_the_desk() -> Response | None:
    """Let admins and auditors in; what an auditor may not do is refused, and written down, by the act itself."""
    turned_away = signed_in()
    if turned_away is not None:
        return turned_away
    decision = acts.admitted(state().runtime, asking.actor(), me())
    return refused(decision) if isinstance(decision, Deny) else None


def me() -> Account:
    """Return the account that a guard has let in."""
    found = asking.account()
    if found is None:
        raise RuntimeError("a view asked who is signed in without a guard before it")
    return found


def local_address(address: str, otherwise: str) -> str:
    """Return an address of this site as it is, and `otherwise` for anything that could lead elsewhere."""
    parts = urlsplit(address)
    local = (
        address.startswith("/")
        and not address.startswith(("//", "/\\"))
        and not parts.scheme
        and not parts.netloc
    )
    return address if local and "\\" not in address else otherwise
