"""What people see of the bulk rules: a card that waits, a page that says which rule and until when, the desk's list."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.app import build_app
from gateway.keys import digest
from gateway.ledger import GATEWAY
from gateway.settings import Settings
from gateway.sharing.issuing import Issued
from gateway.sharing.revoking import BY_GIVER, revoke_gift
from gateway.store import accounts
from tests.house import House

PERSON = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
BASE = "http://127.0.0.1:8000"


@pytest.fixture
def app(house: House) -> Flask:
    """Yield the whole app on a fresh database, with the test's clock."""
    return build_app(house.runtime, Settings(var=house.folder))


def ask(client: FlaskClient, method: str, path: str, **options: object) -> TestResponse:
    headers = {"User-Agent": PERSON, "Accept": "text/html", "Accept-Language": "en"}
    return client.open(path, method=method, base_url=BASE, headers=headers, **options)  # type: ignore[arg-type]


def field(page: TestResponse, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


def open_link(client: FlaskClient, issued: Issued) -> TestResponse:
    """Open a link as a browser with script does, which sends the card's form at once."""
    card = ask(client, "GET", f"/g/{issued.token}")
    taken = ask(client, "POST", f"/g/{issued.token}", data={"nonce": field(card, "nonce")})
    return ask(client, "GET", taken.headers["Location"]) if taken.status_code == 303 else taken


def signed_in(house: House, app: Flask, role: str, plan: str | None = None) -> FlaskClient:
    """Bring somebody whose browser is signed in."""
    secret = f"{role:x<43}"
    with house.runtime.database.transaction() as connection:
        number = accounts.add_account(
            connection,
            email=f"{role}@example.com",
            name=role.title(),
            role=role,
            plan=plan,
            created_at=house.clock.now,
        )
        accounts.add_session(
            connection,
            digest=digest(secret.encode()),
            account_id=number,
            created_at=house.clock.now,
            expires_at=house.clock.now.replace(year=2027),
            agent="a browser",
        )
    client = app.test_client()
    client.set_cookie("sign_in", secret, domain="127.0.0.1")
    return client


def gifts(house: House, number: int) -> list[Issued]:
    givers = [house.subscriber("premium") for _ in range(2)]
    return [house.gift(givers[n // 20], house.article(f"tide-{n}")) for n in range(number)]


def test_a_challenged_claim_shows_the_card_again_and_the_button_works_without_script(
    house: House, app: Flask
) -> None:
    client, issued = app.test_client(), gifts(house, 13)
    for each in issued[:12]:
        assert open_link(client, each).status_code == 200
    asked = open_link(client, issued[12])
    assert (asked.status_code, asked.headers["Retry-After"]) == (429, "3")
    assert 'data-auto="no"' in asked.text
    assert "The second is for those who may read" not in asked.text
    form = {"nonce": field(asked, "nonce"), "pressed": ""}
    assert ask(client, "POST", f"/g/{issued[12].token}", data=form).status_code == 429
    house.clock.forward(seconds=3)
    assert ask(client, "POST", f"/g/{issued[12].token}", data=form).status_code == 303


def test_a_block_says_which_rule_until_when_and_whom_to_write_to(house: House, app: Flask) -> None:
    client, issued = app.test_client(), gifts(house, 26)
    for each in issued:
        card = ask(client, "GET", f"/g/{each.token}")
        house.clock.forward(seconds=4)
        form = {"nonce": field(card, "nonce"), "pressed": "1"}
        taken = ask(client, "POST", f"/g/{each.token}", data=form)
        if taken.status_code == 303:
            assert ask(client, "GET", taken.headers["Location"]).status_code == 200
    assert taken.status_code == 429
    assert int(taken.headers["Retry-After"]) > 23 * 3600
    assert (
        "The rule is called reader-articles-hard." in taken.text or "network-unconfirmed-hard" in taken.text
    )
    assert "11 March 2026 at " in taken.text
    assert 'href="mailto:licensing@ft.com"' in taken.text
    assert "Code: rule:blocked" in taken.text
    (refusal, *_) = house.entries("claim:refused")
    assert (refusal.reason, refusal.outcome) == ("rule:blocked", "deny")
    assert '"rule":"' in refusal.detail


def test_a_subscriber_who_opens_very_much_waits_three_seconds_and_goes_on(house: House, app: Flask) -> None:
    client = signed_in(house, app, "subscriber", "standard")
    for n in range(51):
        house.article(f"tide-{n}")
        page = ask(client, "GET", f"/articles/about-tide-{n}")
    assert (page.status_code, page.headers["Retry-After"]) == (429, "3")
    form = {"nonce": field(page, "nonce")}
    assert ask(client, "POST", "/articles/about-tide-50/go-on", data=form).status_code == 429
    house.clock.forward(seconds=3)
    gone_on = ask(client, "POST", "/articles/about-tide-50/go-on", data=form)
    assert gone_on.status_code == 303
    assert "The second is for those who may read" in ask(client, "GET", gone_on.headers["Location"]).text
    forged = ask(client, "POST", "/articles/about-tide-49/go-on", data=form)
    assert forged.status_code == 403


def test_guessing_is_answered_with_429_and_a_real_link_still_opens(house: House, app: Flask) -> None:
    client = app.test_client()
    for n in range(61):
        assert ask(client, "GET", f"/g/{n:066}").status_code == 404
    house.runtime.tally.flush()
    house.runtime.policies.forget()
    ask(client, "GET", "/")
    guessed = ask(client, "GET", f"/g/{62:066}")
    assert guessed.status_code == 429
    assert "The rule is called network-forged-hard." in guessed.text
    assert int(guessed.headers["Retry-After"]) >= 15 * 60
    assert open_link(client, gifts(house, 1)[0]).status_code == 200


def test_no_person_and_no_screen_reader_meets_the_trap(house: House, app: Flask) -> None:
    client, issued = app.test_client(), gifts(house, 1)[0]
    for page in (ask(client, "GET", f"/g/{issued.token}"), ask(client, "GET", "/articles/about-tide-0")):
        (link,) = re.findall(r'<a [^>]*href="/full-text"[^>]*>', page.text)
        assert " hidden " in link
        assert 'rel="nofollow"' in link
    assert "Disallow: /full-text" in ask(client, "GET", "/robots.txt").text
    assert ask(client, "GET", "/full-text").status_code == 403
    house.runtime.tally.flush()
    assert house.value("SELECT sum(count) FROM trap") == 1


def test_a_page_elsewhere_that_shows_the_trap_as_a_picture_traps_nobody(house: House, app: Flask) -> None:
    for site, counted in (("cross-site", 0), ("same-site", 0), ("same-origin", 1), ("none", 2)):
        app.test_client().get("/full-text", headers={"User-Agent": PERSON, "Sec-Fetch-Site": site})
        house.runtime.tally.flush()
        assert house.value("SELECT coalesce(sum(count), 0) FROM trap") == counted


def test_the_wait_for_one_card_is_no_wait_for_another(house: House, app: Flask) -> None:
    client, issued = app.test_client(), gifts(house, 14)
    for each in issued[:12]:
        assert open_link(client, each).status_code == 200
    waited = {"nonce": field(open_link(client, issued[12]), "nonce"), "pressed": "1"}
    assert open_link(client, issued[13]).status_code == 429
    house.clock.forward(seconds=3)
    headers = {"User-Agent": PERSON, "Sec-Fetch-Site": "same-origin"}
    other = client.post(f"/g/{issued[13].token}", base_url=BASE, headers=headers, data=waited)
    assert other.status_code == 429
    own = client.post(f"/g/{issued[12].token}", base_url=BASE, headers=headers, data=waited)
    assert own.status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "application/json"},
        {"Accept": "text/plain"},
        {"Accept": "*/*", "Range": "bytes=0-99999"},
        {"Accept": "text/html", "Range": "bytes=900-"},
    ],
)
def test_a_robot_gets_no_more_by_another_accept_or_by_range_than_a_page_gives(
    house: House, app: Flask, headers: dict[str, str]
) -> None:
    given = gifts(house, 1)[0]
    for path in (
        "/articles/about-tide-0",
        f"/g/{given.token}",
        "/full-text",
        "/api/v1/articles/about-tide-0",
    ):
        answer = app.test_client().get(path, base_url=BASE, headers={"User-Agent": PERSON, **headers})
        assert "The second is for those who may read" not in answer.text


def test_a_blocked_sign_in_gets_no_text_by_another_accept_or_by_range(house: House, app: Flask) -> None:
    client = signed_in(house, app, "subscriber", "standard")
    for n in range(51):
        house.article(f"tide-{n}")
        ask(client, "GET", f"/articles/about-tide-{n}")
    for more in ({"Accept": "application/json"}, {"Range": "bytes=0-99999"}, {"Accept": "text/plain"}):
        answer = client.get("/articles/about-tide-50", base_url=BASE, headers={"User-Agent": PERSON, **more})
        assert answer.status_code == 429
        assert "The second is for those who may read" not in answer.text


def blocked_device(house: House, app: Flask) -> list[Issued]:
    """Let one device be stopped by a rule; returns the gifts, the last of which it did not get."""
    client, issued = app.test_client(), gifts(house, 25)
    for each in issued:
        card = ask(client, "GET", f"/g/{each.token}")
        house.clock.forward(seconds=4)
        taken = ask(client, "POST", f"/g/{each.token}", data={"nonce": field(card, "nonce"), "pressed": "1"})
        if taken.status_code == 303:
            ask(client, "GET", taken.headers["Location"])
    return issued


def test_the_desk_lists_what_holds_and_an_admin_lifts_it_with_a_reason(house: House, app: Flask) -> None:
    blocked_device(house, app)
    desk = signed_in(house, app, "admin")
    page = ask(desk, "GET", "/admin/rules")
    assert page.status_code == 200
    assert "reader-articles-soft" in page.text
    number = re.search(r'action="/admin/rules/(\d+)/lift"', page.text)
    assert number is not None
    token = {"csrf_token": field(page, "csrf_token")}
    empty = ask(desk, "POST", f"/admin/rules/{number[1]}/lift", data={**token, "reason": " "})
    assert empty.status_code == 422
    lifted = ask(desk, "POST", f"/admin/rules/{number[1]}/lift", data={**token, "reason": "a library"})
    assert lifted.status_code == 303
    assert f"/rules/{number[1]}/lift" not in ask(desk, "GET", "/admin/rules").text
    assert '"because":"a library"' in house.entries("rule:lifted")[0].detail
    again = ask(desk, "POST", f"/admin/rules/{number[1]}/lift", data={**token, "reason": "a library"})
    assert (again.status_code, "It is so already" in again.text) == (409, True)
    assert len(house.entries("rule:lifted")) == 1


def test_the_rules_are_told_in_the_readers_language(house: House, app: Flask) -> None:
    blocked_device(house, app)
    desk = signed_in(house, app, "admin")
    text = re.sub(r"<[^>]+>", "\n", ask(desk, "GET", "/admin/rules?lang=de").text)
    assert {"1 Tag", "1 Stunde", "abgelehnt"} <= set(map(str.strip, text.splitlines()))
    assert not re.search(r"\b(hours?|minutes?|days?|freeze|block|challenge|log|monitor|enforce)\n", text)


def test_the_log_says_in_the_readers_language_who_withdrew(house: House, app: Flask) -> None:
    issued = house.gift(house.subscriber(), house.article())
    revoke_gift(house.runtime, GATEWAY, issued.gift.reference, because=BY_GIVER)
    desk = signed_in(house, app, "admin")
    assert "von der schenkenden Person zurückgezogen" in ask(desk, "GET", "/admin/log?lang=de").text
    assert "withdrawn by its giver" in ask(desk, "GET", "/admin/log?lang=en").text


def test_an_auditor_sees_the_rules_and_lifts_none(house: House, app: Flask) -> None:
    blocked_device(house, app)
    desk = signed_in(house, app, "auditor")
    page = ask(desk, "GET", "/admin/rules")
    assert "reader-articles-soft" in page.text
    assert "/lift" not in page.text
    log = ask(desk, "GET", "/account")
    token = {"csrf_token": field(log, "csrf_token"), "reason": "I may not"}
    assert ask(desk, "POST", "/admin/rules/1/lift", data=token).status_code == 403
    assert house.entries("rule:lifted") == []
    assert house.entries("account:act_refused")[0].reason == "account:forbidden"


def test_the_giver_of_a_link_that_spread_sees_why_and_gets_a_new_one(house: House, app: Flask) -> None:
    giver = signed_in(house, app, "subscriber", "standard")
    account_id = house.value("SELECT id FROM account WHERE email = 'subscriber@example.com'")
    issued = house.gift(account_id, house.article())
    with house.runtime.database.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE gift SET frozen_at = issued_at, frozen_because = 'rule:link-networks-hard', confirmed = 10"
        )
    assert "Very many networks tried this link" in ask(giver, "GET", "/gifts").text
    desk = signed_in(house, app, "admin")
    page = ask(desk, "GET", f"/admin/gifts/{issued.gift.reference}")
    form = {"csrf_token": field(page, "csrf_token"), "reason": "posted by a stranger", "confirm": "1"}
    done = ask(desk, "POST", f"/admin/gifts/{issued.gift.reference}/replace", data=form)
    assert done.status_code == 303
    assert ask(desk, "POST", f"/admin/gifts/{issued.gift.reference}/replace", data=form).status_code == 409
    mine = ask(giver, "GET", "/gifts").text
    assert mine.count("/g/") >= 1
    assert house.value("SELECT used FROM allowance") == 1
    assert house.value("SELECT count(*) FROM gift") == 2
