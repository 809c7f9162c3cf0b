"""Asking for a licence, from the form to the desk: kept once, bounded, answered with a number, moved on with a reason."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import expect
from werkzeug.test import TestResponse

from gateway.runtime import Runtime
from tests.browser import NewPerson, assert_accessible
from tests.served import PASSWORD, Site
from tests.test_copying_reports import sign_in
from tests.test_gift_links import BASE, PERSON, app, clock, fetch, nonce_in, runtime

__all__ = ["app", "clock", "runtime"]

SLUG = "the-tide-book"
FORM = {
    "article": SLUG, "purpose": "teaching", "characters": "1097", "name": "Mira Ode", "email": "mira@school.example",
    "text": "Thirty pupils.\n\nOne term.",
}  # fmt: skip


def ask(
    client: FlaskClient, *, nonce: str | None = None, address: str = "192.0.2.7", **changed: Any
) -> TestResponse:
    """Fill the form in and send it."""
    stamp = nonce_in(fetch(client, "GET", "/licence")) if nonce is None else nonce
    return client.post(
        "/licence",
        base_url=BASE,
        data={"nonce": stamp, **FORM, **changed},
        headers={"User-Agent": PERSON, "Sec-Fetch-Site": "same-origin", "Accept-Language": "en"},
        environ_base={"REMOTE_ADDR": address},
    )


def kept(runtime: Runtime, column: str = "COUNT(*)") -> Any:
    """Ask for one value of what was kept."""
    with runtime.database.reading() as connection:
        return connection.exec_driver_sql(f"SELECT {column} FROM licence_request").scalar()


def test_the_form_comes_filled_with_what_was_copied(app: Flask) -> None:
    page = fetch(app.test_client(), "GET", f"/licence?article={SLUG}&characters=1097").text
    assert "The tide book" in page
    assert f'name="article" value="{SLUG}"' in page
    assert re.search(r'name="characters"[^>]*value="1097"', page)
    mine = fetch(sign_in(app, "sub@example.com"), "GET", "/licence").text
    assert 'value="Sam Giver"' in mine


def test_the_form_says_nothing_of_an_article_that_nobody_may_see(app: Flask, runtime: Runtime) -> None:
    with runtime.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE article SET withdrawn_at = imported_at, headline = 'Hidden'")
    assert "Hidden" not in fetch(app.test_client(), "GET", f"/licence?article={SLUG}").text


@pytest.mark.parametrize(
    "query",
    ["article=%07", "article=" + "a" * 9_000, "characters=NaN", "characters=-1", "characters=%D9%A3x"],
)
def test_whatever_the_address_says_the_form_is_shown(app: Flask, query: str) -> None:
    assert fetch(app.test_client(), "GET", f"/licence?{query}").status_code == 200


def test_a_request_is_acknowledged_by_a_number_that_tells_nothing_of_who_asked(
    app: Flask, runtime: Runtime
) -> None:
    client = app.test_client()
    answer = ask(client)
    assert answer.status_code == 303
    number = kept(runtime, "number")
    assert answer.headers["Location"] == f"/licence/{number}"
    page = fetch(client, "GET", f"/licence/{number.lower()}")
    assert number in page.text
    assert "The tide book" in page.text
    assert "Mira" not in page.text
    assert "school.example" not in page.text
    assert fetch(client, "GET", "/licence/ZZZZZZZZ").status_code == 404
    assert kept(runtime, "characters") == 1097


def test_a_double_click_asks_once_and_another_wish_is_another_request(app: Flask, runtime: Runtime) -> None:
    client = app.test_client()
    stamp = nonce_in(fetch(client, "GET", "/licence"))
    first, second = ask(client, nonce=stamp), ask(client, nonce=stamp)
    assert first.headers["Location"] == second.headers["Location"]
    assert kept(runtime) == 1
    assert ask(client, nonce=stamp, text="For two terms.").headers["Location"] != first.headers["Location"]
    assert kept(runtime) == 2


def test_a_mistake_is_named_at_its_field_and_nothing_typed_is_lost(app: Flask, runtime: Runtime) -> None:
    answer = ask(app.test_client(), email="mira@", characters="many")
    assert answer.status_code == 422
    assert 'id="wrong-email"' in answer.text
    assert 'id="wrong-characters"' in answer.text
    assert 'id="wrong-name"' not in answer.text
    assert "Thirty pupils." in answer.text
    assert kept(runtime) == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "Mira\r\nBcc: all@example.org"},
        {"name": "\x07Mira\x1b[31m"},
        {"text": "\x1b" * 100 + "x"},
        {"about": "tide\u2028book\u200e"},
    ],
)
def test_control_characters_are_taken_out(app: Flask, runtime: Runtime, changed: dict[str, str]) -> None:
    assert ask(app.test_client(), **changed).status_code == 303
    for column in ("name", "text", "about"):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\u2028\u200e]", kept(runtime, column))


@pytest.mark.parametrize(
    "changed",
    [
        {"text": "t" * 2_001},
        {"name": "n" * 121},
        {"purpose": "x"},
        {"email": "a@b"},
        {"characters": "1" * 500},
    ],
)
def test_what_is_too_much_is_refused_and_not_cut(
    app: Flask, runtime: Runtime, changed: dict[str, str]
) -> None:
    assert ask(app.test_client(), **changed).status_code == 422
    assert kept(runtime) == 0


def test_a_form_that_is_not_ours_asks_nothing(app: Flask, runtime: Runtime) -> None:
    client = app.test_client()
    assert ask(client, nonce="x").status_code == 403
    stamp = nonce_in(fetch(client, "GET", "/licence"))
    foreign = client.post(
        "/licence", base_url=BASE, data={"nonce": stamp, **FORM}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert foreign.status_code == 403
    assert kept(runtime) == 0


@pytest.mark.usefixtures("clock")
def test_a_network_asks_ten_times_an_hour_and_an_address_three_times(app: Flask) -> None:
    client = app.test_client()
    stamp = nonce_in(fetch(client, "GET", "/licence"))
    answers = [ask(client, nonce=stamp, text=str(number)).status_code for number in range(4)]
    assert answers == [303, 303, 303, 429]
    others = [ask(client, nonce=stamp, email=f"m{number}@school.example").status_code for number in range(8)]
    assert others.count(303) == 7
    refused = ask(client, nonce=stamp, email="other@school.example")
    assert refused.status_code == 429
    assert "request:too_fast" in refused.text
    assert int(refused.headers["Retry-After"]) > 0
    assert ask(client, nonce=stamp, email="other@school.example", address="198.51.100.1").status_code == 303


def test_the_desk_lists_requests_and_an_admin_moves_them_on_with_a_reason(
    app: Flask, runtime: Runtime
) -> None:
    ask(app.test_client())
    number = kept(runtime, "number")
    admin = sign_in(app, "admin@example.com")
    listed = fetch(admin, "GET", "/admin/licences?state=new").text
    assert number in listed
    assert "No mail server is set" in listed
    assert number not in fetch(admin, "GET", "/admin/licences?state=closed").text
    page = fetch(admin, "GET", f"/admin/licences/{number}")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token is not None
    sent = {"csrf_token": token[1], "state": "answered"}
    assert fetch(admin, "POST", f"/admin/licences/{number}/state", data=sent).status_code == 422
    moved = fetch(
        admin, "POST", f"/admin/licences/{number}/state", data={**sent, "reason": "An offer was sent."}
    )
    assert moved.status_code == 303
    assert kept(runtime, "state") == "answered"
    story = fetch(admin, "GET", f"/admin/licences/{number}").text
    assert "An offer was sent." in story
    assert "licence:state_changed" in story
    assert f"/admin/licences/{number}" in fetch(admin, "GET", f"/admin/log?subject=licence:{number}").text
    wrong = {**sent, "state": "lost", "reason": "x"}
    assert fetch(admin, "POST", f"/admin/licences/{number}/state", data=wrong).status_code == 400
    assert fetch(admin, "GET", "/admin/licences/ZZZZZZZZ").status_code == 404
    assert fetch(admin, "GET", f"/admin/licences?before={10**30}").status_code == 200


def test_an_auditor_sees_requests_and_moves_none(app: Flask, runtime: Runtime) -> None:
    ask(app.test_client())
    number = kept(runtime, "number")
    auditor = sign_in(app, "admin@example.com")
    with runtime.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE account SET role = 'auditor' WHERE role = 'admin'")
    page = fetch(auditor, "GET", f"/admin/licences/{number}").text
    assert "Mira Ode" in page
    assert f"/admin/licences/{number}/state" not in page
    token = re.search(r'name="csrf_token" value="([^"]+)"', fetch(auditor, "GET", "/account").text)
    assert token is not None
    sent = {"csrf_token": token[1], "state": "closed", "reason": "x"}
    assert fetch(auditor, "POST", f"/admin/licences/{number}/state", data=sent).status_code == 403
    assert kept(runtime, "state") == "new"


def test_nobody_else_sees_requests(app: Flask, runtime: Runtime) -> None:
    ask(app.test_client())
    number = kept(runtime, "number")
    for address in ("/admin/licences", f"/admin/licences/{number}"):
        assert fetch(app.test_client(), "GET", address).status_code == 303
        assert fetch(sign_in(app, "sub@example.com"), "GET", address).status_code == 403


def test_a_mark_from_paper_is_found_in_the_log_however_it_is_typed(app: Flask) -> None:
    admin = sign_in(app, "admin@example.com")
    for typed in ("K7QD2M4X", "k7qd2m4x", "K7QD 2M4X"):
        page = fetch(admin, "GET", "/admin/log", query_string={"subject": typed})
        assert page.status_code == 200
        assert f'value="{typed}"' in page.text


@pytest.mark.browser
def test_from_a_long_copy_to_the_number(new_person: NewPerson, site: Site) -> None:
    with site.runtime.database.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE article SET revision = revision + 1, characters = 900, body_html = '<p>' || "
            + " || ".join(["'The curve goes on through the winter. '"] * 24)
            + " || '</p>'"
        )
    page = new_person()
    page.goto(f"{site.url}/sign-in")
    page.get_by_label("E-mail").fill("sub@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.goto(f"{site.url}/articles/{site.slug}")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.prose'))")
    with page.expect_response(re.compile("/copies$")) as reported:
        page.keyboard.press("Control+c")
    assert reported.value.json() == {"closed": None}
    page.locator(".copy-note").get_by_role("link", name="Ask for a licence").click()
    expect(page.get_by_label("How much of it")).to_have_value(re.compile("^9[0-9]{2}$"))
    page.get_by_label("What for").select_option("teaching")
    assert_accessible(page)
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_role("heading", name="We have your request")).to_be_visible()
    assert_accessible(page)
    with site.runtime.database.reading() as connection:
        number = connection.exec_driver_sql("SELECT number FROM licence_request").scalar_one()
    expect(page.get_by_text(number)).to_be_visible()
