"""Reports of copies as they come over the wire: strict, bound to their reader, and answered with what follows."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.runtime import Runtime
from gateway.sharing.issuing import Issued
from tests.served import PASSWORD, WITHHELD
from tests.test_gift_links import BASE, PERSON, PREVIEW, Clock, app, clock, fetch, given, read, runtime

__all__ = ["app", "clock", "given", "runtime"]

SLUG = "the-tide-book"
COPIES = f"/articles/{SLUG}/copies"
PAGE_DATA = re.compile(r"<article-copy ([^>]+)>", re.DOTALL)


def data_of(page: TestResponse) -> dict[str, str]:
    """Read what an article's page hands to its script."""
    found = PAGE_DATA.search(page.text)
    assert found is not None, page.text
    return dict(re.findall(r'data-([a-z-]+)="([^"]*)"', found[1]))


def send(
    client: FlaskClient, nonce: str, *, number: int = 1, agent: str = PERSON, **changed: object
) -> TestResponse:
    """Send a report as the page's script does."""
    form = {
        "nonce": nonce,
        "id": f"{number:032x}",
        "sequence": number,
        "kind": "copy",
        "characters": 100,
    } | changed
    headers = {"User-Agent": agent, "Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
    sent = {name: value for name, value in form.items() if value is not None}
    return client.post(COPIES, base_url=BASE, data=sent, headers=headers)


def rows(runtime: Runtime) -> int:
    """Count what was kept."""
    with runtime.database.reading() as connection:
        return int(connection.exec_driver_sql("SELECT COUNT(*) FROM copied").scalar_one())


@pytest.fixture
def friend(app: Flask, given: Issued) -> tuple[FlaskClient, str]:
    """Yield a friend who reads by the gift, and the stamp on the friend's page."""
    client = app.test_client()
    page = read(client, given.token)
    assert WITHHELD in page.text
    return client, data_of(page)["nonce"]


def test_the_page_says_the_figures_that_the_server_enforces(
    friend: tuple[FlaskClient, str], runtime: Runtime
) -> None:
    client, _ = friend
    told = data_of(fetch(client, "GET", f"/articles/{SLUG}"))
    limits = runtime.policies.in_force(runtime.clock()).policy.copying
    assert (int(told["untouched-below"]), int(told["passage"])) == (limits.untouched_below, limits.passage)
    assert told["url"] == COPIES
    with runtime.database.reading() as connection:
        assert (
            int(told["characters"])
            == connection.exec_driver_sql("SELECT characters FROM article").scalar_one()
        )


def test_a_report_counts_once_however_often_it_is_sent(
    friend: tuple[FlaskClient, str], runtime: Runtime
) -> None:
    for _ in range(3):
        answer = send(*friend)
        assert (answer.status_code, answer.json) == (200, {"closed": None})
    assert rows(runtime) == 1


def test_past_the_total_the_page_is_429_and_says_until_when_and_what_next(
    friend: tuple[FlaskClient, str], clock: Clock
) -> None:
    client, nonce = friend
    clock.now = clock.now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    with_total = [send(client, nonce, number=number).json for number in (1, 2)]
    assert with_total[0] == {"closed": None}
    assert with_total[1] is not None
    assert with_total[1]["closed"]["said"].startswith("The text opens again on ")
    closed = fetch(client, "GET", f"/articles/{SLUG}")
    assert (closed.status_code, closed.headers["Retry-After"]) == (429, str(24 * 3600))
    assert "copy:total_reached" in closed.text
    assert WITHHELD not in closed.text
    assert f"/licence?article={SLUG}" in closed.text
    assert "mailto:" in closed.text
    clock.pass_by(hours=24)
    assert WITHHELD in fetch(client, "GET", f"/articles/{SLUG}").text


def test_a_closed_text_stays_closed_by_every_address(friend: tuple[FlaskClient, str], given: Issued) -> None:
    client, nonce = friend
    for number in (1, 2):
        send(client, nonce, number=number)
    for address in (f"/articles/{SLUG}", f"/articles/{SLUG}?own=1", f"/g/{given.token}"):
        assert WITHHELD not in fetch(client, "GET", address, follow_redirects=True).text
    assert WITHHELD not in read(client, given.token).text


@pytest.mark.parametrize(
    "characters",
    [
        "-1",
        "1000000000000",
        "999999999",
        "NaN",
        "nan",
        "Infinity",
        "1e3",
        "1.5",
        "12 ",
        "+12",
        "0x10",
        "٣",
        "",
        "x",
        None,
    ],
)
def test_a_length_that_is_none_counts_nothing(
    friend: tuple[FlaskClient, str], runtime: Runtime, characters: str | None
) -> None:
    answer = send(*friend, characters=characters)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert rows(runtime) == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"id": None},
        {"id": "1"},
        {"id": "g" * 32},
        {"id": "A" * 32},
        {"id": "0" * 33},
        {"sequence": None},
        {"sequence": "-1"},
        {"sequence": "1.0"},
        {"sequence": "1" * 400},
        {"kind": None},
        {"kind": "cut"},
    ],
)
def test_a_report_that_is_not_whole_counts_nothing(
    friend: tuple[FlaskClient, str], runtime: Runtime, changed: dict[str, str | None]
) -> None:
    assert send(*friend, **changed).status_code == 400
    assert rows(runtime) == 0


@pytest.mark.parametrize("nonce", ["", "x", "1:c1:0000000000000000.1.x", "ü", "a" * 5_000])
def test_a_report_without_our_stamp_counts_nothing(
    friend: tuple[FlaskClient, str], runtime: Runtime, nonce: str
) -> None:
    client, ours = friend
    assert send(client, nonce).status_code == 403
    assert send(client, ours[:-2] + ("A" if ours[-2] != "A" else "B") + ours[-1]).status_code == 403
    assert rows(runtime) == 0


def test_a_report_from_another_site_counts_nothing(friend: tuple[FlaskClient, str], runtime: Runtime) -> None:
    client, nonce = friend
    form = {"nonce": nonce, "id": "0" * 32, "sequence": "1", "kind": "copy", "characters": "100"}
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": BASE},
        {"Origin": "https://elsewhere.example"},
    ):
        answer = client.post(COPIES, base_url=BASE, data=form, headers={"User-Agent": PERSON, **headers})
        assert answer.status_code == 403
    assert rows(runtime) == 0


def test_a_report_counts_for_nobody_but_the_pages_reader(
    app: Flask, friend: tuple[FlaskClient, str], given: Issued, runtime: Runtime
) -> None:
    _, nonce = friend
    other = app.test_client()
    assert WITHHELD in read(other, given.token).text
    assert send(other, nonce).status_code == 404
    assert send(app.test_client(), nonce).status_code == 404
    assert rows(runtime) == 0


def test_a_machine_reports_nothing(friend: tuple[FlaskClient, str], runtime: Runtime) -> None:
    assert send(*friend, agent=PREVIEW).status_code == 404
    assert rows(runtime) == 0


def test_a_page_of_one_article_reports_nothing_of_another(
    friend: tuple[FlaskClient, str], runtime: Runtime
) -> None:
    client, nonce = friend
    form = {"nonce": nonce, "id": "0" * 32, "sequence": "1", "kind": "copy", "characters": "100"}
    headers = {"User-Agent": PERSON, "Sec-Fetch-Site": "same-origin"}
    for slug in ("no-such", quote("ü/..", safe="")):
        assert (
            client.post(f"/articles/{slug}/copies", base_url=BASE, data=form, headers=headers).status_code
            == 404
        )
    assert rows(runtime) == 0


@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "application/octet-stream", "multipart/form-data"]
)
def test_another_kind_of_body_counts_nothing(
    friend: tuple[FlaskClient, str], runtime: Runtime, kind: str
) -> None:
    client, nonce = friend
    body = f'{{"nonce": "{nonce}", "characters": NaN}}'.encode() + bytes(range(256))
    headers = {"User-Agent": PERSON, "Sec-Fetch-Site": "same-origin", "Content-Type": kind}
    assert 400 <= client.post(COPIES, base_url=BASE, data=body, headers=headers).status_code < 500
    assert fetch(client, "GET", COPIES).status_code == 405
    assert rows(runtime) == 0


def test_a_subscriber_is_shut_out_of_what_they_copied_and_sent_to_the_share_dialog(
    app: Flask,
) -> None:
    subscriber = sign_in(app, "sub@example.com")
    nonce = data_of(fetch(subscriber, "GET", f"/articles/{SLUG}"))["nonce"]
    for number in (1, 2):
        send(subscriber, nonce, number=number)
    closed = fetch(subscriber, "GET", f"/articles/{SLUG}")
    assert closed.status_code == 429
    assert f'href="/articles/{SLUG}/share"' in closed.text
    assert fetch(subscriber, "GET", f"/articles/{SLUG}/share").status_code == 200
    admin = sign_in(app, "admin@example.com")
    nonce = data_of(fetch(admin, "GET", f"/articles/{SLUG}"))["nonce"]
    for number in (1, 2):
        send(admin, nonce, number=number)
    assert WITHHELD in fetch(admin, "GET", f"/articles/{SLUG}").text


def test_a_free_article_asks_for_no_reports(app: Flask, runtime: Runtime) -> None:
    with runtime.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE article SET free = true, revision = revision + 1")
    told = data_of(fetch(app.test_client(), "GET", f"/articles/{SLUG}"))
    assert (told["url"], told["nonce"]) == ("", "")


def sign_in(app: Flask, email: str) -> FlaskClient:
    """Sign somebody in."""
    client = app.test_client()
    headers = {"User-Agent": PERSON, "Origin": BASE}
    answer = client.post(
        "/sign-in", base_url=BASE, data={"email": email, "password": PASSWORD}, headers=headers
    )
    assert answer.status_code == 303
    return client
