"""Who asks: the visitor's class, the device, the account signed in, and whether a form came from our own page."""

import re
import secrets
from typing import cast
from urllib.parse import urlsplit

from flask import Flask, g, request
from werkzeug.wrappers import Response

from gateway.accounts import Account
from gateway.accounts.signing import find_signed_in
from gateway.keys import digest
from gateway.ledger import Actor
from gateway.reading.visit import Visit
from gateway.stamp import PageStamp
from gateway.visitor import AGENT_LENGTH, Shape, Visitor, classify
from gateway.web.state import itself, state

DEVICE = re.compile(r"[A-Za-z0-9_-]{22}")
SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
DEVICE_SECONDS = 90 * 24 * 3600
NAMED = (Visitor.AI_CRAWLER, Visitor.SCANNER)
PURPOSES = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ")


def install(app: Flask) -> None:
    """Number every request of `app`, so that its log lines and entries can be found together."""

    @app.before_request
    def number_it() -> None:
        g.request_id = secrets.token_hex(8)


def visitor() -> Visitor:
    """Tell who is at the door, by what the request says of itself."""
    noted = itself(g)
    if "visitor" not in noted:
        # The environment's own names: asking for a header that is absent costs several times as much otherwise.
        asked = itself(request)
        said = asked.environ
        told = classify(
            Shape(
                agent=said.get("HTTP_USER_AGENT", ""),
                method=asked.method,
                purpose=" ".join([said[name] for name in PURPOSES if name in said]),
                fetch_mode=said.get("HTTP_SEC_FETCH_MODE", ""),
                fetch_dest=said.get("HTTP_SEC_FETCH_DEST", ""),
                fetch_site=said.get("HTTP_SEC_FETCH_SITE", ""),
                ranged="HTTP_RANGE" in said,
            )
        )
        scanners = state().scanners
        # Where it comes from says more than what it says of itself, unless it says the worst.
        noted.listed = bool(scanners) and told not in NAMED and scanners.hold(asked.remote_addr or "")
        noted.visitor = Visitor.SCANNER if noted.listed else told
    return cast(Visitor, noted.visitor)


def listed() -> bool:
    """Tell whether this visitor is taken for a scanner only by the network it comes from."""
    visitor()
    return cast(bool, g.listed)


def account() -> Account | None:
    """Find the account signed in by this request's cookie; asks the database once, and only where there is one."""
    noted = itself(g)
    if "account" not in noted:
        secret = itself(request).cookies.get(cookie_name("sign_in"), "")
        found = find_signed_in(state().runtime, secret) if SECRET.fullmatch(secret) else None
        noted.account, noted.session_id = found or (None, 0)
    return cast("Account | None", noted.account)


def leave_unknown() -> None:
    """Answer this request as to nobody in particular: the database is not asked who it is, and it gets no line.

    That is for links we never signed and for the trap, which are counted elsewhere.
    """
    g.account, g.session_id, g.nobody = None, 0, True


def session_id() -> int:
    """Return the number of the session signed in; 0 for none."""
    account()
    return cast(int, g.session_id)


def device() -> bytes | None:
    """Return the digest of this device's cookie, where it is one of ours."""
    secret = itself(request).cookies.get(cookie_name("device"), "")
    return digest(secret.encode()) if DEVICE.fullmatch(secret) else None


def new_device() -> tuple[str, bytes]:
    """Draw a device's secret, and its digest."""
    secret = secrets.token_urlsafe(16)
    return secret, digest(secret.encode())


def keep_device(response: Response, secret: str) -> None:
    """Let the browser keep a device's secret."""
    response.set_cookie(
        cookie_name("device"),
        secret,
        max_age=DEVICE_SECONDS,
        httponly=True,
        secure=state().settings.secure,
        samesite="Lax",
    )


def drop_device(response: Response) -> None:
    """Let the browser forget the device's secret; said as it was set, or the browser would keep it."""
    response.delete_cookie(
        cookie_name("device"), httponly=True, secure=state().settings.secure, samesite="Lax"
    )


def visit(*, device_digest: bytes | None = None) -> Visit:
    """Describe this request's visitor to a use case of reading.

    Only a person's GET or POST brings its device along: who says that it is a machine, or asks for the head
    alone, is shown what everybody may see.
    """
    who, asked = visitor(), itself(request)
    mine = device_digest or (device() if not who.is_machine and asked.method != "HEAD" else None)
    agent = asked.environ.get("HTTP_USER_AGENT", "")[:AGENT_LENGTH]
    return Visit(mine, account(), who.value, networks, itself(g).request_id, agent)


def actor() -> Actor:
    """Name who acts, for the log."""
    found = account()
    return Actor("reader" if found is None else f"account:{found.id}", visitor().value, g.request_id)


def networks() -> tuple[bytes, ...]:
    """Name the network this request came from, under this month's key and the last one's; no address is kept."""
    if "networks" not in g:
        runtime = state().runtime
        g.networks = runtime.networks.names(request.remote_addr or "", runtime.clock())
    return cast("tuple[bytes, ...]", g.networks)


def network() -> bytes:
    """Name the network this request came from, under this month's key."""
    return networks()[0]


def stamped(by: PageStamp, subject: str) -> bool:
    """Tell whether this form carries our stamp for a subject."""
    stamp = by.verify(request.form.get("nonce", ""))
    return stamp is not None and stamp[0] == subject


def from_our_page(*, stamped: bool) -> bool:
    """Tell whether a form without a session came from our own page.

    By Sec-Fetch-Site where the browser sends it, else by a matching Origin, else by the stamp on the page.
    `Origin: null` alone neither passes nor fails: a no-referrer page sends it.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    if origin is not None and origin != "null":
        ours = urlsplit(state().settings.base_url)
        return origin in (f"{ours.scheme}://{ours.netloc}", request.host_url.rstrip("/"))
    return stamped


def cookie_name(name: str) -> str:
    """Name a cookie; over TLS the browser itself holds it to this host."""
    return f"__Host-{name}" if state().settings.secure else name
