"""Request limits: how often anybody may try to sign in, or ask for a licence. They stop bursts, and count no gifts.

Nothing about issuing, opening or reading is limited here. While the store of the limits is away, each process
counts for itself against stricter figures, so that a limit is never absent.
"""

import hmac
import logging
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
# Valkey speaks the protocol of Redis, and one client library is enough.
SCHEMES: Final = {"valkey": "redis", "valkeys": "rediss", "unix": "redis+unix"}
# A store that hangs must not hold the request for longer than this.
STORE_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Figures:
    """How often a view may be asked by one network and for one e-mail address, and how often with the store away.

    Each process counts the latter alone, so five of them together still allow no more than the former.
    """

    by_network: str
    by_email: str
    away_by_network: str
    away_by_email: str


SIGN_IN: Final = Figures("10 per 1 minute", "5 per 15 minutes", "2 per 1 minute", "1 per 15 minutes")
# A reporter's whole office may ask from one network; one person has little reason to ask four times in an hour.
LICENCE: Final = Figures("10 per 1 hour", "3 per 1 hour", "2 per 1 hour", "1 per 2 hours")

_limited_views: dict[View, Figures] = {}


class _Limiter(Limiter):
    """Flask-Limiter's, which counts by itself also for the requests that find the store away at the same time.

    It lets the first of them count in this process and fails the others, whose fault came after that was decided.
    """

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:  # noqa: FBT001, FBT002  # As it is there.
        try:
            super()._check_request_limit(callable_name, in_middleware)
        except self.storage.base_exceptions:
            self.context.seen_limits.clear()
            super()._check_request_limit(callable_name, in_middleware)


@dataclass(frozen=True, slots=True)
class Limits:
    """One app's limiters, one for each view since each has figures of its own, and the views behind them."""

    limiters: tuple[Limiter, ...]
    guarded: dict[View, View]


def sign_in_limit(view: View) -> View:
    """Limit a view by the network it is asked from and by the e-mail address that is tried, a success included."""
    return _limited(view, SIGN_IN)


def licence_limit(view: View) -> View:
    """Limit a view by the network and the e-mail address that a licence is asked from."""
    return _limited(view, LICENCE)


def _limited(view: View, figures: Figures) -> View:
    _limited_views[view] = figures

    @wraps(view)
    def limited(*args: Any, **kwargs: Any) -> Any:
        return _limits().guarded[view](*args, **kwargs)

    return limited


def install(app: Flask, settings: Settings, runtime: Runtime) -> None:
    """Give `app` its limiters, over the database or over the server that the settings name."""
    logging.getLogger("flask-limiter").addFilter(_is_no_breach)
    limiters = {view: _limiter(figures, settings, runtime) for view, figures in _limited_views.items()}
    # A limiter would look at every request, and with its store away limit every route: only its view is its matter.
    app.extensions["limiter"] = set(limiters.values())
    guarded = {}
    for view, limiter in limiters.items():
        limiter.init_app(app)
        figures = _limited_views[view]
        by_email = limiter.limit(figures.by_email, key_func=_email)(view)
        guarded[view] = limiter.limit(figures.by_network)(by_email)
    app.extensions[EXTENSION] = Limits(tuple(limiters.values()), guarded)


def _limiter(figures: Figures, settings: Settings, runtime: Runtime) -> Limiter:
    uri, options = _store(settings, runtime)
    # The limiter's own annotation knows texts only, but it takes limits with keys of their own too.
    stricter: Any = [
        Limit(figures.away_by_network, key_function=_network),
        Limit(figures.away_by_email, key_function=_email),
    ]
    return _Limiter(
        _network,
        strategy="moving-window",
        storage_uri=uri,
        storage_options=options,
        in_memory_fallback=stricter,
        on_breach=_too_fast,
        key_prefix="gateway",
    )


def _is_no_breach(record: logging.LogRecord) -> bool:
    # Whoever is refused gets a line as every answer does; a second one would only fill the log twice as fast.
    return not str(record.msg).startswith("ratelimit ")


def store_answers() -> bool:
    """Tell whether the store of this app's limits answers."""
    return bool(_limits().limiters[0].storage.check())


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
