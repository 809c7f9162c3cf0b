"""The headers of every answer: what a page may load, who may keep it, what is said to crawlers."""

import secrets
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.datastructures import Headers

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


class Answer(Response):
    """Flask's response, whose everyday headers are added as it goes out, unlooked at: they are ours.

    What says 200 goes out as it is; of anything else werkzeug corrects the headers in a copy.
    """

    everyday: Sequence[tuple[str, str]] = ()

    def get_wsgi_headers(self, environ: dict[str, Any]) -> Headers:
        """Return the headers that are this answer's own."""
        return self.headers if self.status_code == HTTPStatus.OK else super().get_wsgi_headers(environ)

    def get_wsgi_response(
        self, environ: dict[str, Any]
    ) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """Return the body, the status and every header."""
        body, status, own = super().get_wsgi_response(environ)
        return body, status, [*own, *self.everyday]


def install(app: Flask, *, secure: bool) -> None:
    """Put the headers on every answer of `app`; `secure` adds Strict-Transport-Security."""
    app.response_class = Answer
    named = EVERYWHERE | ({"Strict-Transport-Security": STRICT_TRANSPORT} if secure else {})
    everywhere = [(name.lower(), name, value) for name, value in named.items()]

    @app.after_request
    def put_headers(response: Answer) -> Answer:
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
        response.everyday = ours
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
