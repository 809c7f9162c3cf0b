"""People in browsers without a window: signed in by a session's row, since a password takes its time to check."""

import re
import secrets
from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.accounts.signing import SESSION_LIFE
from gateway.keys import digest
from gateway.store import accounts
from tests.served import Site
from tests.test_gift_links import fetch


@dataclass
class Person:
    """Somebody signed in, in a browser of their own."""

    client: FlaskClient

    def see(self, address: str) -> TestResponse:
        """Open a page."""
        return fetch(self.client, "GET", address)

    def act(self, address: str, *, csrf: bool = True, **form: str) -> TestResponse:
        """Send a form, with the CSRF token of one's own pages."""
        if csrf:
            found = re.search(r'name="csrf_token" value="([^"]+)"', self.see("/account").text)
            assert found is not None
            form["csrf_token"] = found[1]
        return fetch(self.client, "POST", address, data=form)


def signed_in(app: Flask, site: Site, account_id: int) -> Person:
    """Sign an account in."""
    client, secret, now = app.test_client(), secrets.token_urlsafe(32), site.runtime.clock()
    with site.runtime.database.transaction() as connection:
        accounts.add_session(
            connection,
            digest=digest(secret.encode()),
            account_id=account_id,
            created_at=now,
            expires_at=now + SESSION_LIFE,
        )
    client.set_cookie("sign_in", secret, domain="127.0.0.1")
    return Person(client)
