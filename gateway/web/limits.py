"""Request limits: how often anybody may try to sign in, or ask for a licence. They stop bursts, and count no gifts.

Nothing about issuing, opening or reading is limited here. While the store of the limits is away, each process
counts for itself against stricter figures, so that a limit is never absent.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, Final
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request
from flask_limiter import Limit, Limiter, RequestLimit

from gateway import limiting
from gateway.decision import Deny, Reason
from gateway.runtime import Runtime
from gateway.settings import Settings
from gateway.web import asking
from gateway.web.refusals import refused
from gateway.web.state import state

View = Callable[..., Any]

EXTENSION: Final = "gateway-limits"
BY_NETWORK: Final = "10 per 1 minute"
BY_EMAIL: Final = "5 per 15 minutes"
# A reporter's whole office may ask from one network; one person has little reason to ask four times in an hour.
LICENCE_BY_NETWORK: Final = "10 per 1 hour"
LICENCE_BY_EMAIL: Final = "3 per 1 hour"
# Each process counts these alone, so five of them together still allow no more than the figures above.
AWAY_BY_NETWORK: Final = "2 per 1 minute"
AWAY_BY_EMAIL: Final = "1 per 15 minutes"
# Valkey speaks the protocol of Redis, and one client library is enough.
SCHEMES: Final = {"valkey": "redis", "valkeys": "rediss", "unix": "redis+unix"}
# A store that hangs must not hold the request for longer than this.
STORE_SECONDS: Final = 1.0

_limited_views: dict[View, tuple[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Limits:
    """One app's limiter, and its views behind it."""

    limiter: Limiter
    guarded: dict[View, View]


def sign_in_limit(view: View) -> View:
    """Limit a view by the network it is asked from and by the e-mail address that is tried, a success included."""
    return _limited(view, BY_NETWORK, BY_EMAIL)


def licence_limit(view: View) -> View:
    """Limit a view by the network and the e-mail address that a licence is asked from."""
    return _limited(view, LICENCE_BY_NETWORK, LICENCE_BY_EMAIL)


def _limited(view: View, by_network: str, by_email: str) -> View:
    _limited_views[view] = (by_network, by_email)

    @wraps(view)
    def limited(*args: Any, **kwargs: Any) -> Any:
        return _limits().guarded[view](*args, **kwargs)

    return limited


def install(app: Flask, settings: Settings, runtime: Runtime) -> None:
    """Give `app` its limiter, over the database or over the server that the settings name."""
    uri, options = _store(settings, runtime)
    # The limiter's own annotation knows texts only, but it takes limits with keys of their own too.
    stricter: Any = [Limit(AWAY_BY_NETWORK, key_function=_network), Limit(AWAY_BY_EMAIL, key_function=_email)]
    limiter = Limiter(
        _network,
        strategy="moving-window",
        storage_uri=uri,
        storage_options=options,
        in_memory_fallback=stricter,
        on_breach=_too_fast,
        key_prefix="gateway",
    )
    # The limiter would look at every request, and with its store away limit every route: only these are its matter.
    app.extensions["limiter"] = {limiter}
    limiter.init_app(app)
    guarded = {
        view: limiter.limit(by_network)(limiter.limit(by_email, key_func=_email)(view))
        for view, (by_network, by_email) in _limited_views.items()
    }
    app.extensions[EXTENSION] = Limits(limiter, guarded)


def store_answers() -> bool:
    """Tell whether the store of this app's limits answers."""
    return bool(_limits().limiter.storage.check())


def _store(settings: Settings, runtime: Runtime) -> tuple[str, dict[str, Any]]:
    if not settings.limits_url:
        return f"{limiting.SCHEME}://", {"database": runtime.database, "clock": runtime.clock}
    scheme = urlsplit(settings.limits_url).scheme
    address = settings.limits_url.replace(scheme, SCHEMES.get(scheme, scheme), 1)
    return address, {"socket_timeout": STORE_SECONDS, "socket_connect_timeout": STORE_SECONDS}


def _too_fast(breached: RequestLimit) -> Response:
    now = state().runtime.clock()
    window = timedelta(seconds=breached.limit.get_expiry())
    # Another store than the database has a clock of its own, so the answer is kept within the window.
    ends = datetime.fromtimestamp(breached.window.reset_time, UTC)
    reason = Reason.SIGN_IN_TOO_FAST if request.blueprint == "accounts" else Reason.REQUEST_TOO_FAST
    return refused(Deny(reason, until=min(max(ends, now + timedelta(seconds=1)), now + window)))


def _network() -> str:
    return f"network-{asking.network().hex()}"


def _email() -> str:
    # As the view reads it, so that no spelling of an address has a limit of its own.
    address = request.form.get("email", "")[:254].strip().lower()
    return f"email-{hmac.digest(state().digest_key, address.encode(), 'sha256')[:16].hex()}"


def _limits() -> Limits:
    found: Limits = current_app.extensions[EXTENSION]
    return found
