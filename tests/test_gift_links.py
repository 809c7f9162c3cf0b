"""What a gift link answers, to whom, on both databases; and what it never changes."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert
from werkzeug.test import TestResponse

from gateway.app import build_app
from gateway.ledger import account_actor
from gateway.models import picture
from gateway.runtime import Runtime
from gateway.settings import Settings
from gateway.sharing.issuing import Issued, Wish, issue_gift
from gateway.sharing.revoking import Revoked, revoke_gift
from gateway.store import freezing
from tests.served import WITHHELD, Site

BASE = "http://127.0.0.1:8000"
PERSON = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
PREVIEW = "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"
ACTOR = account_actor(1)


class Clock:
    """A clock that the test moves."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)


@pytest.fixture
def clock(site: Site) -> Clock:
    """Yield a clock that starts at the present, in the site's runtime."""
    owned = Clock(site.runtime.clock())
    object.__setattr__(site.runtime, "clock", owned)
    return owned


@pytest.fixture
def runtime(site: Site, clock: Clock) -> Runtime:
    """Yield the site's runtime, whose clock the test owns."""
    assert site.runtime.clock is clock
    return site.runtime


@pytest.fixture
def app(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """Yield an app around the runtime."""
    return build_app(runtime, Settings(var=tmp_path_factory.mktemp("var")))


@pytest.fixture
def given(runtime: Runtime) -> Issued:
    """Yield a gift of the article."""
    issued = issue_gift(runtime, ACTOR, Wish(1, 1, "first", note="For your harbour"))
    assert isinstance(issued, Issued)
    return issued


def fetch(
    client: FlaskClient,
    method: str,
    address: str,
    *,
    agent: str = PERSON,
    base: str = BASE,
    **options: object,
) -> TestResponse:
    """Ask as one visitor."""
    headers = {"User-Agent": agent, "Accept": "text/html", "Accept-Language": "en"}
    return client.open(address, method=method, base_url=base, headers=headers, **options)  # type: ignore[arg-type]


def nonce_in(page: TestResponse) -> str:
    """Find the stamp on a page."""
    found = re.search(r'name="nonce" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


def confirm_nonce_in(page: TestResponse) -> str:
    """Find the stamp that the page's script sends."""
    found = re.search(r'<reading-confirm[^>]* data-nonce="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


def claim(client: FlaskClient, token: str | None, **form: str) -> TestResponse:
    """Open a link's card and take the gift up."""
    card = fetch(client, "GET", f"/g/{token}")
    if card.status_code != 200:
        return card
    return fetch(client, "POST", f"/g/{token}", data={"nonce": nonce_in(card), **form})


def read(client: FlaskClient, token: str | None) -> TestResponse:
    """Take a gift up and go on to the article."""
    taken = claim(client, token)
    return fetch(client, "GET", taken.headers["Location"]) if taken.status_code == 303 else taken


def confirm(client: FlaskClient, page: TestResponse) -> int:
    """Report, as the page's script does, that a person reads."""
    form = {"nonce": confirm_nonce_in(page)}
    return fetch(client, "POST", "/articles/the-tide-book/confirm", data=form).status_code


def counts(runtime: Runtime) -> tuple[int, int]:
    """Count a gift's confirmed and unconfirmed devices."""
    with runtime.database.reading() as connection:
        row = connection.exec_driver_sql("SELECT confirmed, unconfirmed FROM gift ORDER BY id LIMIT 1").one()
        return row[0], row[1]


def test_opening_a_card_changes_nothing_and_shows_no_text(
    app: Flask, runtime: Runtime, given: Issued
) -> None:
    before = _everything(runtime)
    for method in ("GET", "HEAD", "GET"):
        for agent in (PERSON, PREVIEW, ""):
            card = fetch(app.test_client(), method, f"/g/{given.token}", agent=agent)
            assert card.status_code == 200
            assert WITHHELD not in card.text
            assert not card.headers.getlist("Set-Cookie")
    assert _everything(runtime) == before


def test_a_card_carries_its_preview_and_no_token_but_its_own(app: Flask, given: Issued) -> None:
    card = fetch(app.test_client(), "GET", f"/g/{given.token}", agent=PREVIEW).text
    assert f'property="og:url" content="{BASE}/g/{given.token}"' in card
    assert f'rel="canonical" href="{BASE}/articles/the-tide-book"' in card
    assert '"isAccessibleForFree": false' in card.replace("&#34;", '"')
    assert "For your harbour" not in "".join(re.findall(r"<meta[^>]*>", card))


def test_a_reading_counts_once_after_three_seconds(
    app: Flask, runtime: Runtime, given: Issued, clock: Clock
) -> None:
    friend = app.test_client()
    page = read(friend, given.token)
    assert WITHHELD in page.text
    assert counts(runtime) == (0, 1)
    assert confirm(friend, page) == 425
    clock.pass_by(seconds=3)
    assert [confirm(friend, page) for _ in range(3)] == [204, 204, 204]
    assert counts(runtime) == (1, 0)
    assert WITHHELD in fetch(friend, "GET", f"/g/{given.token}", follow_redirects=True).text
    assert counts(runtime) == (1, 0)


def test_a_machine_gets_the_card_and_cannot_claim(app: Flask, runtime: Runtime, given: Issued) -> None:
    machine = app.test_client()
    card = fetch(machine, "GET", f"/g/{given.token}", agent=PREVIEW)
    assert f'action="/g/{given.token}"' not in card.text
    headers = {"User-Agent": PREVIEW, "Origin": BASE}
    taken = machine.post(f"/g/{given.token}", base_url=BASE, headers=headers)
    assert taken.status_code == 403
    assert counts(runtime) == (0, 0)


def test_a_browser_that_kept_no_cookie_is_told_so_and_takes_no_place(
    app: Flask, runtime: Runtime, given: Issued
) -> None:
    forgetful = app.test_client(use_cookies=False)
    page = read(forgetful, given.token)
    assert "cookie" in page.text
    assert WITHHELD not in page.text
    assert counts(runtime) == (0, 0)


def test_at_most_cap_and_bound_devices_get_the_text(
    app: Flask, runtime: Runtime, given: Issued, clock: Clock
) -> None:
    friends = [app.test_client() for _ in range(40)]
    cards = [fetch(friend, "GET", f"/g/{given.token}") for friend in friends]
    clock.pass_by(seconds=1)
    pages = {}
    for number, friend in enumerate(friends):
        taken = fetch(friend, "POST", f"/g/{given.token}", data={"nonce": nonce_in(cards[number])})
        if taken.status_code == 303:
            pages[number] = fetch(friend, "GET", taken.headers["Location"])
    assert len(pages) == 20
    assert counts(runtime) == (0, 20)
    clock.pass_by(seconds=3)
    assert [confirm(friends[number], page) for number, page in pages.items()].count(204) == 10
    assert counts(runtime) == (10, 10)
    late = 0
    for number, friend in enumerate(friends):
        if number not in pages:
            taken = fetch(friend, "POST", f"/g/{given.token}", data={"nonce": nonce_in(cards[number])})
            late += taken.status_code == 303
    assert late == 10
    assert counts(runtime) == (10, 20)
    newcomer = claim(app.test_client(), given.token)
    assert newcomer.status_code == 410
    assert "gift:read_up" in newcomer.text


def test_past_the_bound_only_a_measured_press_is_let_in(
    app: Flask, runtime: Runtime, given: Issued, clock: Clock
) -> None:
    for _ in range(20):
        assert claim(app.test_client(), given.token).status_code == 303
    person = app.test_client()
    card = fetch(person, "GET", f"/g/{given.token}")
    form = {"nonce": nonce_in(card)}
    assert fetch(person, "POST", f"/g/{given.token}", data=form).status_code == 410
    assert fetch(person, "POST", f"/g/{given.token}", data={**form, "pressed": "1"}).status_code == 410
    clock.pass_by(seconds=3)
    assert fetch(person, "POST", f"/g/{given.token}", data=form).status_code == 410
    assert fetch(person, "POST", f"/g/{given.token}", data={**form, "pressed": "1"}).status_code == 303
    assert counts(runtime) == (1, 20)


def test_a_press_past_the_bound_by_a_browser_without_cookies_takes_no_reading(
    app: Flask, runtime: Runtime, given: Issued, clock: Clock
) -> None:
    for _ in range(20):
        assert claim(app.test_client(), given.token).status_code == 303
    forgetful = app.test_client(use_cookies=False)
    card = fetch(forgetful, "GET", f"/g/{given.token}")
    clock.pass_by(seconds=6)
    form = {"nonce": nonce_in(card), "pressed": "1"}
    for _ in range(11):
        taken = fetch(forgetful, "POST", f"/g/{given.token}", data=form)
        assert taken.status_code == 303
        assert WITHHELD not in fetch(forgetful, "GET", taken.headers["Location"]).text
        assert counts(runtime) == (0, 20)


def test_a_card_of_before_opens_no_link_that_is_paused(
    app: Flask, runtime: Runtime, given: Issued, clock: Clock
) -> None:
    """Who was shown the card before the last reading counted may read still; not by a link that is shut."""
    late = app.test_client()
    card = fetch(late, "GET", f"/g/{given.token}")
    for _ in range(10):
        friend = app.test_client()
        page = read(friend, given.token)
        clock.pass_by(seconds=4)
        assert confirm(friend, page) == 204
    with runtime.database.transaction() as connection:
        freezing.freeze_gift(connection, given.gift.id, clock(), "rule:link-networks-hard", until=None)
    answer = fetch(late, "POST", f"/g/{given.token}", data={"nonce": nonce_in(card)})
    assert answer.status_code == 410
    assert counts(runtime) == (10, 0)


def test_a_claim_that_never_fetched_the_text_leaves_the_bound(
    app: Flask, given: Issued, clock: Clock
) -> None:
    for _ in range(20):
        claim(app.test_client(), given.token)
    assert claim(app.test_client(), given.token).status_code == 410
    clock.pass_by(minutes=10)
    assert WITHHELD in read(app.test_client(), given.token).text


SHUT_BY = {
    "revoked": "gift:revoked",
    "expired": "gift:expired",
    "withdrawn": "article:withdrawn",
    "embargoed": "article:embargoed",
    "not giftable": "article:not_giftable",
}


@pytest.mark.parametrize("what", SHUT_BY)
def test_a_shut_gift_says_why(app: Flask, runtime: Runtime, given: Issued, clock: Clock, what: str) -> None:
    reader = app.test_client()
    assert WITHHELD in read(reader, given.token).text
    _shut(runtime, given, clock, what)
    for client in (reader, app.test_client()):
        shut = fetch(client, "GET", f"/g/{given.token}")
        assert (shut.status_code, SHUT_BY[what] in shut.text) == (410, True)
        assert claim(client, given.token).status_code == 410
    assert WITHHELD not in fetch(reader, "GET", "/articles/the-tide-book").text


def test_an_article_that_became_free_sends_the_link_on(app: Flask, runtime: Runtime, given: Issued) -> None:
    with runtime.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE article SET free = true, revision = revision + 1")
    moved = fetch(app.test_client(), "GET", f"/g/{given.token}")
    assert (moved.status_code, moved.headers["Location"]) == (301, "/articles/the-tide-book")


def test_a_credit_comes_back_only_where_nobody_was_served(
    app: Flask, runtime: Runtime, given: Issued
) -> None:
    assert claim(app.test_client(), given.token).status_code == 303
    unserved = revoke_gift(runtime, ACTOR, given.gift.reference, because="test")
    assert isinstance(unserved, Revoked)
    assert unserved.credit_returned
    again = issue_gift(runtime, ACTOR, Wish(1, 1, "second"))
    assert isinstance(again, Issued)
    assert again.allowance.used == 1
    assert WITHHELD in read(app.test_client(), again.token).text
    served = revoke_gift(runtime, ACTOR, again.gift.reference, because="test")
    assert isinstance(served, Revoked)
    assert not served.credit_returned


def test_a_foreign_form_takes_nothing_up(app: Flask, runtime: Runtime, given: Issued) -> None:
    for headers in (
        {},
        {"Origin": "null"},
        {"Origin": "https://elsewhere.example"},
        {"Sec-Fetch-Site": "cross-site", "Origin": BASE},
    ):
        foreign = app.test_client().post(
            f"/g/{given.token}", base_url=BASE, headers={"User-Agent": PERSON, **headers}
        )
        assert foreign.status_code == 403
    assert counts(runtime) == (0, 0)
    for headers in ({"Origin": BASE}, {"Sec-Fetch-Site": "same-origin", "Origin": "null"}):
        ours = app.test_client().post(
            f"/g/{given.token}", base_url=BASE, headers={"User-Agent": PERSON, **headers}
        )
        assert ours.status_code == 303


@pytest.mark.parametrize("base", [BASE, "https://news.example"])
def test_every_answer_under_g_is_a_good_capability_url(
    runtime: Runtime, given: Issued, clock: Clock, tmp_path: Path, base: str
) -> None:
    """Point by point, the W3C TAG's "Good Practices for Capability URLs", but for robots.txt."""
    app = build_app(runtime, Settings(var=tmp_path, base_url=base))
    client, card = app.test_client(), f"/g/{given.token}"
    for wanted, answer in _every_answer(app, runtime, given, clock, base):
        headers, said = answer.headers, (answer.request.method, answer.request.path, wanted)
        assert answer.status_code == wanted, said
        assert headers["Referrer-Policy"] == "no-referrer", said
        assert "no-store" in headers["Cache-Control"], said
        assert "noindex" in headers["X-Robots-Tag"], said
        assert "script-src 'nonce-" in headers["Content-Security-Policy"], said
        # Only the card itself is led to once more: after its note was reported, or to press the button again.
        location = headers.get("Location") or ""
        assert location.partition("?")[0] == card or "/g/" not in location, said
        outside = re.findall(r'(?:src|href)="(https?://[^"]+)"', answer.text)
        assert [address for address in outside if not address.startswith(base)] == [], said
        assert ("Strict-Transport-Security" in headers) == base.startswith("https"), said
        for cookie in headers.getlist("Set-Cookie"):
            assert ("Secure" in cookie) == base.startswith("https"), said
            assert str(given.token) not in cookie, said
    assert "/g/" not in fetch(client, "GET", "/robots.txt", base=base).text
    assert len(given.token or "") <= 72


def test_who_serves_a_cards_picture_is_not_told_the_link(app: Flask, runtime: Runtime, given: Issued) -> None:
    """A picture may lie with another host, which learns that somebody looked and never at what."""
    address = "https://pictures.example/harbour.jpg"
    with runtime.database.transaction() as connection:
        values: dict[str, object] = dict.fromkeys(
            ("alt", "caption", "credit", "copyright_holder", "usage_terms"), ""
        )
        values |= {"article_id": 1, "position": 0, "href": address, "travels": True}
        connection.execute(insert(picture), values)
        connection.exec_driver_sql("UPDATE article SET revision = revision + 1")
    card = fetch(app.test_client(), "GET", f"/g/{given.token}")
    assert f'src="{address}"' in card.text
    assert card.headers["Referrer-Policy"] == "no-referrer"
    assert "referrer" not in card.text


def _every_answer(
    app: Flask, runtime: Runtime, given: Issued, clock: Clock, base: str
) -> Iterator[tuple[int, TestResponse]]:
    """Ask for everything that can be had under /g/, and say which status it has."""
    card = f"/g/{given.token}"
    client = app.test_client()

    def ask(method: str, address: str = card, **options: Any) -> TestResponse:
        return fetch(client, method, address, base=base, **options)

    yield 200, ask("GET")
    yield 200, ask("HEAD")
    yield 403, ask("GET", agent="GPTBot/1.2 (+https://openai.com/gptbot)")
    yield 403, ask("POST")
    yield 405, ask("PUT")
    yield 404, ask("GET", "/g/not-one-of-ours")
    yield 404, ask("GET", "/g/")
    yield 404, ask("POST", f"/g/{given.token}x", data={"nonce": nonce_in(ask("GET"))})
    yield 303, ask("POST", f"{card}/report", data={"nonce": nonce_in(ask("GET"))})
    yield 303, ask("POST", data={"nonce": nonce_in(ask("GET"))})
    with runtime.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE article SET free = TRUE, revision = revision + 1")
    yield 301, ask("GET")
    with runtime.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE article SET free = FALSE, revision = revision + 1")
    yield 303, ask("GET")
    client = app.test_client()
    with runtime.database.transaction() as connection:
        freezing.freeze_gift(connection, given.gift.id, clock.now, "It spreads")
    yield 410, ask("GET")
    with runtime.database.transaction() as connection:
        freezing.thaw_gifts(connection, given.gift.account_id, clock.now)
    for what, back in (
        ("not giftable", "giftable = TRUE"),
        ("embargoed", "embargo_until = NULL"),
        ("withdrawn", "withdrawn_at = NULL"),
        ("revoked", "giftable = TRUE"),
    ):
        _shut(runtime, given, clock, what)
        yield 410, ask("GET")
        with runtime.database.transaction() as connection:
            connection.exec_driver_sql(f"UPDATE article SET {back}, revision = revision + 1")


def _shut(runtime: Runtime, given: Issued, clock: Clock, what: str) -> None:
    if what == "revoked":
        revoke_gift(runtime, ACTOR, given.gift.reference, because="test")
    elif what == "expired":
        clock.pass_by(days=90)
    else:
        columns = {
            "withdrawn": "withdrawn_at = imported_at",
            "embargoed": "embargo_until = (SELECT expires_at FROM gift)",
            "not giftable": "giftable = false",
        }
        with runtime.database.transaction() as connection:
            connection.exec_driver_sql(f"UPDATE article SET {columns[what]}")


def _everything(runtime: Runtime) -> list[object]:
    with runtime.database.reading() as connection:
        return [
            connection.exec_driver_sql(f"SELECT * FROM {table} ORDER BY 1").all()
            for table in ("gift", "claim", "allowance", "entry", "article")
        ]
