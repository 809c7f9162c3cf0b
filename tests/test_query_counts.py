"""How many statements each flow asks of the database, to the very number, on both databases.

A number that rises is a slower page; whoever changes one here says why. Who is signed in costs one more, for the
session.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from gateway.accounts.tokens import add_token
from gateway.app import build_app
from gateway.ledger import OPERATOR, account_actor
from gateway.settings import Settings
from gateway.sharing.issuing import Issued, Wish, issue_gift
from tests.people import signed_in
from tests.served import PASSWORD, WITHHELD, Site
from tests.test_gift_links import BASE, Clock, confirm_nonce_in, fetch, nonce_in

ARTICLE = "/articles/the-tide-book"
STATEMENTS = {
    "forged token": 0,
    "card": 1,
    "reading by gift": 1,
    "teaser": 1,
    "reading as subscriber, the first time": 5,
    "reading as subscriber": 2,
    "claim": 9,
    "first serving": 9,
    "confirm": 7,
    "confirm again": 3,
    "dialog": 6,
    "issue": 13,
    "issue handed back": 10,
    "issue retried": 7,
    "issue over the API": 16,
    "My gifts": 7,
    # Two of each look whether the log is sealed.
    "overview": 14,
    "log": 9,
}
# PostgreSQL lets several write at once, so whom bulk rules count is held by locks, taken in a statement of their own;
# and it writes an entry and what is personal in it in one statement where SQLite takes two.
ON_POSTGRESQL = {
    "confirm": 6,
    "reading as subscriber, the first time": 6,
}


class Count:
    """The statements that one thread sent, but for the word by which SQLite begins a transaction."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self.said: list[str] = []

    def note(self, _connection: Any, _cursor: Any, statement: str, *_about: Any) -> None:
        """Take one down; SQLAlchemy tells of each."""
        if threading.get_ident() == self._thread and statement != "BEGIN IMMEDIATE":
            self.said.append(" ".join(statement.split()))

    def __str__(self) -> str:
        return "\n".join([str(len(self.said)), *self.said])


@pytest.fixture
def clock(site: Site) -> Clock:
    """Yield the site's clock, which the test moves."""
    owned = Clock(site.runtime.clock())
    object.__setattr__(site.runtime, "clock", owned)
    return owned


@pytest.fixture
def app(site: Site, clock: Clock, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """Yield an app that has read the policy and the article's text once, as one that serves has."""
    assert site.runtime.clock is clock
    app = build_app(site.runtime, Settings(var=tmp_path_factory.mktemp("var")))
    assert WITHHELD not in fetch(app.test_client(), "GET", ARTICLE).text
    return app


@pytest.fixture
def given(site: Site, clock: Clock) -> Issued:
    """Yield a gift of the article."""
    issued = issue_gift(site.runtime, account_actor(1), Wish(1, 1, "first"))
    assert isinstance(issued, Issued)
    assert issued.gift.issued_at == clock.now
    return issued


@pytest.fixture
def subscriber(app: Flask) -> FlaskClient:
    """Yield a browser in which the giver is signed in."""
    client = app.test_client()
    form = {"email": "sub@example.com", "password": PASSWORD}
    client.post("/sign-in", base_url=BASE, data=form, headers={"Sec-Fetch-Site": "same-origin"})
    return client


@contextmanager
def costs(site: Site, flow: str) -> Iterator[None]:
    """Fail unless what is done within sends the flow's number of statements."""
    count = Count()
    engines = (site.runtime.database.reader, site.runtime.database.writer)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", count.note)
    try:
        yield
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", count.note)
    elsewhere = ON_POSTGRESQL if site.runtime.database.dialect == "postgresql" else {}
    wanted = elsewhere.get(flow, STATEMENTS[flow])
    assert len(count.said) == wanted, f"{flow}: not {wanted} but {count}"


def taken_up(app: Flask, given: Issued) -> tuple[FlaskClient, str]:
    """Take a gift up in a new browser; returns it and where it is sent."""
    friend = app.test_client()
    card = fetch(friend, "GET", f"/g/{given.token}")
    claimed = fetch(friend, "POST", f"/g/{given.token}", data={"nonce": nonce_in(card)})
    return friend, claimed.headers["Location"]


def wish(page: TestResponse, **form: str) -> dict[str, str]:
    """Fill in the form of the share dialog."""
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    return {"kind": "gift", **hidden, **form}


def test_a_forged_token_asks_nothing(app: Flask, site: Site, given: Issued, subscriber: FlaskClient) -> None:
    token = given.token or ""
    for client in (app.test_client(), subscriber):
        for forged in ("x" * 43, token[:-1], token + "A", token.swapcase(), "nobody"):
            with costs(site, "forged token"):
                for method in ("GET", "HEAD", "POST"):
                    assert fetch(client, method, f"/g/{forged}").status_code == 404


def test_a_card_asks_once(app: Flask, site: Site, given: Issued) -> None:
    stranger = app.test_client()
    friend, _ = taken_up(app, given)
    for client, status in ((stranger, 200), (friend, 303)):
        with costs(site, "card"):
            assert fetch(client, "GET", f"/g/{given.token}").status_code == status


def test_reading_by_gift_asks_once(app: Flask, site: Site, given: Issued) -> None:
    friend, where = taken_up(app, given)
    fetch(friend, "GET", where)
    with costs(site, "reading by gift"):
        assert WITHHELD in fetch(friend, "GET", ARTICLE).text


def test_a_stranger_costs_one_and_a_subscriber_a_session_more(
    app: Flask, site: Site, subscriber: FlaskClient
) -> None:
    with costs(site, "teaser"):
        assert WITHHELD not in fetch(app.test_client(), "GET", ARTICLE).text
    for flow in ("reading as subscriber, the first time", "reading as subscriber"):
        with costs(site, flow):
            assert WITHHELD in fetch(subscriber, "GET", ARTICLE).text


def test_taking_up_serving_first_and_confirming(app: Flask, site: Site, given: Issued, clock: Clock) -> None:
    friend = app.test_client()
    card = fetch(friend, "GET", f"/g/{given.token}")
    with costs(site, "claim"):
        claimed = fetch(friend, "POST", f"/g/{given.token}", data={"nonce": nonce_in(card)})
    assert claimed.status_code == 303
    with costs(site, "first serving"):
        page = fetch(friend, "GET", claimed.headers["Location"])
    assert WITHHELD in page.text
    clock.pass_by(seconds=3)
    for flow in ("confirm", "confirm again"):
        with costs(site, flow):
            form = {"nonce": confirm_nonce_in(page)}
            assert fetch(friend, "POST", f"{ARTICLE}/confirm", data=form).status_code == 204


def test_the_dialog_asks_for_the_number_and_what_is_open(site: Site, subscriber: FlaskClient) -> None:
    with costs(site, "dialog"):
        page = fetch(subscriber, "GET", f"{ARTICLE}/share?part=dialog")
    assert "10" in page.text


def test_issuing_handing_back_and_retrying(site: Site, subscriber: FlaskClient) -> None:
    dialog = fetch(subscriber, "GET", f"{ARTICLE}/share")
    first, second = wish(dialog), wish(dialog, idempotency_key="another")
    for form, flow in ((first, "issue"), (second, "issue handed back"), (first, "issue retried")):
        with costs(site, flow):
            page = fetch(subscriber, "POST", f"{ARTICLE}/share", data=form)
        assert "/g/" in page.text


def test_issuing_over_the_api(app: Flask, site: Site) -> None:
    secret = add_token(site.runtime, OPERATOR, 1, name="test", scopes=("gifts:read", "gifts:write"))
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "a-key"}
    client = app.test_client()
    with costs(site, "issue over the API"):
        answer = client.post("/api/v1/gifts", base_url=BASE, json={"article_id": 1}, headers=headers)
    assert answer.status_code == 201


@pytest.mark.parametrize("count", [1, 10])
def test_my_gifts_asks_as_often_for_ten_as_for_one(site: Site, subscriber: FlaskClient, count: int) -> None:
    for number in range(count):
        issue_gift(site.runtime, account_actor(1), Wish(1, 1, f"key-{number}", separate=True))
    with costs(site, "My gifts"):
        page = fetch(subscriber, "GET", "/gifts")
    assert page.text.count("The tide book") >= count


@pytest.mark.parametrize(("flow", "address"), [("overview", "/admin"), ("log", "/admin/log")])
def test_the_pages_of_the_desk_ask_as_often_however_much_happened(
    app: Flask, site: Site, flow: str, address: str
) -> None:
    admin = signed_in(app, site, 2)
    with costs(site, flow):
        assert admin.see(address).status_code == 200
