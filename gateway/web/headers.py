"""The headers of every answer: what a page may load, who may keep it, what is said to crawlers."""

import secrets

from flask import Flask, Response, g, request

from gateway.web.state import itself

EVERYWHERE = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), interest-cohort=()",
    # The W3C's TDM reservation protocol: mining text or data here needs a licence.
    "TDM-Reservation": "1",
}
# Two years, as browsers' preload lists ask.
STRICT_TRANSPORT = "max-age=63072000; includeSubDomains"


def install(app: Flask, *, secure: bool) -> None:
    """Put the headers on every answer of `app`; `secure` adds Strict-Transport-Security."""
    named = EVERYWHERE | ({"Strict-Transport-Security": STRICT_TRANSPORT} if secure else {})
    everywhere = [(name.lower(), name, value) for name, value in named.items()]

    @app.after_request
    def put_headers(response: Response) -> Response:
        headers, asked = response.headers, itself(request)
        if asked.endpoint == "static":
            headers["Cache-Control"] = (
                "public, max-age=31536000, immutable" if "v" in asked.args else "no-cache"
            )
            headers["X-Content-Type-Options"] = "nosniff"
            return response
        # A view may have said one of these otherwise; looking once is cheaper than asking for each.
        said = {name.lower() for name, _ in headers}
        ours = [(name, value) for low, name, value in everywhere if low not in said]
        ours.append(("Content-Security-Policy", content_policy(nonce())))
        if asked.path.startswith("/g/") or asked.path == "/g":
            headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        for name, value in ours:
            headers.add(name, value)
        return response


def nonce() -> str:
    """Return this answer's nonce, drawn when it is first asked for."""
    noted = itself(g)
    if "csp_nonce" not in noted:
        noted.csp_nonce = secrets.token_urlsafe(16)
    return str(noted.csp_nonce)


def content_policy(nonce: str) -> str:
    """Spell the content security policy: our own files only, pictures from where articles have them."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' https: data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "manifest-src 'self'"
    )
