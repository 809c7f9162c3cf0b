"""What an admin does at the desk: with a reason that is kept whole, meant where it is for good, undone where it can be."""

import json
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from gateway import models
from gateway.app import build_app
from gateway.settings import Settings
from gateway.store import firings, freezing
from gateway.store.accounts import change_account
from tests.house import House
from tests.test_rules_pages import ask, field, signed_in

LONG = "The office of the publisher wrote to us about it on Monday. " * 5 + "So."
SURE = {"confirm": "1"}


@pytest.fixture
def app(house: House) -> Flask:
    """Yield the whole app on a fresh database, with the test's clock."""
    return build_app(house.runtime, Settings(var=house.folder))


@pytest.fixture
def admin(house: House, app: Flask) -> FlaskClient:
    """Yield the browser of an admin."""
    return signed_in(house, app, "admin")


def act(client: FlaskClient, address: str, **form: str) -> tuple[int, str]:
    """Send a form of the desk; returns the status and the page."""
    token = field(ask(client, "GET", "/account"), "csrf_token")
    answer = ask(client, "POST", address, data={"csrf_token": token, **form})
    return answer.status_code, answer.text


def told(house: House, event: str) -> dict[str, object]:
    """Read what the newest entry of an event tells."""
    found: dict[str, object] = json.loads(house.entries(event)[0].detail)
    return found


def test_a_reason_that_is_too_long_is_refused_and_kept_in_its_form(house: House, admin: FlaskClient) -> None:
    giver = house.subscriber()
    gift = house.gift(giver, house.article()).gift
    status, page = act(admin, f"/admin/gifts/{gift.reference}/freeze", reason=LONG, act="freeze")
    assert status == 422
    assert "The reason is too long." in page
    assert "The limit is 280." in page
    assert f"{LONG}</textarea>" in page
    assert page.count(LONG) == 1
    refused = {"act": "gift:frozen", "length": len(LONG), "limit": 280}
    assert told(house, "account:act_refused") == refused
    assert not house.entries("gift:frozen")
    assert act(admin, f"/admin/gifts/{gift.reference}/freeze", reason="x" * 280)[0] == 303
    assert told(house, "gift:frozen")["because"] == "x" * 280


def test_credits_that_are_refused_keep_their_number_and_reason(house: House, admin: FlaskClient) -> None:
    giver = house.subscriber()
    form = {"credits": "1001", "reason": "A circle", "act": "grant", "idempotency_key": "k"}
    status, page = act(admin, f"/admin/accounts/{giver}/grant", **form)
    assert (status, 'value="1001"' in page, "A circle</textarea>" in page) == (422, True, True)


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/admin/gifts/{gift}/revoke", {}),
        ("/admin/gifts/{gift}/replace", {}),
        ("/admin/gifts/{gift}/give-back", {}),
        ("/admin/accounts/{giver}/sign-out", {}),
        ("/admin/accounts/sign-out", {}),
        ("/admin/articles/{article}/rights", {"change": "not_giftable"}),
        ("/admin/articles/{article}/rights", {"change": "withdraw"}),
    ],
)
def test_what_cannot_be_undone_wants_the_box_to_be_ticked(
    house: House, admin: FlaskClient, address: str, form: dict[str, str]
) -> None:
    giver, article = house.subscriber(), house.article()
    gift = house.gift(giver, article).gift.reference
    before = len(house.entries())
    where = address.format(giver=giver, article=article, gift=gift)
    status, page = act(admin, where, reason="In haste", **form)
    assert (status, "It was not confirmed" in page) == (422, True)
    assert [entry.reason for entry in house.entries()[:-before]] == ["act:unconfirmed"]


def test_extra_credits_are_taken_back_as_far_as_they_are_not_spent(house: House, admin: FlaskClient) -> None:
    giver, article = house.subscriber(), house.article()
    desk = f"/admin/accounts/{giver}"
    assert act(admin, f"{desk}/grant", idempotency_key="a", credits="5", reason="A circle")[0] == 303
    for _ in range(12):
        house.clock.forward(minutes=1)
        house.gift(giver, article)
    assert "3 extra credits of this month are not spent." in ask(admin, "GET", desk).text
    status, page = act(
        admin, f"{desk}/take-back", idempotency_key="b", credits="4", reason="Too many", act="take-back"
    )
    assert (status, "The limit is 3." in page, "Too many</textarea>" in page) == (409, True, True)
    assert act(admin, f"{desk}/take-back", idempotency_key="b", credits="3", reason="Too many")[0] == 303
    assert told(house, "credit:taken_back") == {
        "because": "Too many",
        "credits": 3,
        "granted": 2,
        "period": "2026-03",
    }
    assert "are not spent" not in ask(admin, "GET", desk).text
    assert act(admin, f"{desk}/take-back", idempotency_key="c", credits="1", reason="More")[0] == 409
    assert house.value("SELECT granted FROM allowance") == 2


def test_a_form_of_credits_that_is_sent_twice_counts_once(house: House, admin: FlaskClient) -> None:
    giver = house.subscriber()
    desk = f"/admin/accounts/{giver}"
    key = field(ask(admin, "GET", desk), "idempotency_key")
    form = {"credits": "5", "reason": "A circle", "idempotency_key": key}
    for _ in range(2):
        assert act(admin, f"{desk}/grant", **form)[0] == 303
    assert house.value("SELECT granted FROM allowance") == 5
    assert len(house.entries("credit:granted")) == 1
    for other in (form | {"credits": "6"}, form | {"reason": "Another"}):
        assert act(admin, f"{desk}/grant", **other)[0] == 422
    assert act(admin, f"{desk}/take-back", **form)[0] == 422
    assert house.entries("account:act_refused")[0].reason == "idempotency:reused"
    assert act(admin, f"/admin/accounts/{house.subscriber()}/grant", **form)[0] == 422
    taken = {"credits": "2", "reason": "Too many", "idempotency_key": "other"}
    for _ in range(2):
        assert act(admin, f"{desk}/take-back", **taken)[0] == 303
    assert house.value("SELECT granted FROM allowance") == 3
    assert act(admin, f"{desk}/grant", credits="1", reason="No key")[0] == 400


def test_an_act_that_was_done_already_says_so_and_writes_no_second_entry(
    house: House, admin: FlaskClient
) -> None:
    gift = house.gift(house.subscriber(), house.article()).gift
    desk = f"/admin/gifts/{gift.reference}"
    assert act(admin, f"{desk}/thaw", reason="By mistake")[0] == 409
    for what, event in (("freeze", "gift:frozen"), ("thaw", "gift:thawed")):
        assert act(admin, f"{desk}/{what}", reason="It leaks")[0] == 303
        status, page = act(admin, f"{desk}/{what}", reason="It leaks", act=what)
        assert (status, "It is so already" in page) == (409, True)
        assert len(house.entries(event)) == 1
        refusal = house.entries("account:act_refused")[0]
        assert (refusal.reason, refusal.subject) == ("act:already", f"gift:{gift.reference}")


def test_rights_and_suspensions_that_are_so_already_change_nothing(house: House, admin: FlaskClient) -> None:
    giver, article = house.subscriber(), house.article()
    rights, desk = f"/admin/articles/{article}/rights", f"/admin/accounts/{giver}"
    words: dict[str, str] = {"reason": "The first"}
    for address, form, event in (
        (rights, {"change": "withdraw", **SURE}, "article:rights_changed"),
        (rights, {"change": "restore"}, "article:rights_changed"),
        (rights, {"change": "not_giftable", **SURE}, "article:rights_changed"),
        (rights, {"change": "giftable"}, "article:rights_changed"),
        (f"{desk}/suspend", {}, "account:suspended"),
        (f"{desk}/unsuspend", {}, "account:unsuspended"),
    ):
        before = len(house.entries(event))
        assert act(admin, address, **words, **form)[0] == 303
        because = house.value(f"SELECT suspended_because FROM account WHERE id = {giver}")
        assert act(admin, address, reason="The second", **form)[0] == 409
        assert len(house.entries(event)) == before + 1
        assert house.entries("account:act_refused")[0].reason == "act:already"
        assert house.value(f"SELECT suspended_because FROM account WHERE id = {giver}") == because
    assert act(admin, "/admin/restore/confirm", **words)[0] == 409
    assert not house.entries("restore:confirmed")


def test_an_article_that_is_to_be_withdrawn_later_is_withdrawn_now(house: House, admin: FlaskClient) -> None:
    article = house.article()
    with house.runtime.database.transaction() as connection:
        later = house.clock.now + timedelta(days=1)
        connection.execute(update(models.article).values(withdrawn_at=later, withdrawn_because="Stated"))
    assert 'value="withdraw"' in ask(admin, "GET", f"/admin/articles/{article}").text
    form = {"change": "withdraw", "reason": "A court's order", **SURE}
    assert act(admin, f"/admin/articles/{article}/rights", **form)[0] == 303
    assert told(house, "article:rights_changed") == {"withdrawn": 1, "because": "A court's order"}
    assert 'value="withdraw"' not in ask(admin, "GET", f"/admin/articles/{article}").text


def test_a_link_is_frozen_anew_when_its_first_freeze_is_over(house: House, admin: FlaskClient) -> None:
    gift = house.gift(house.subscriber(), house.article()).gift
    with house.runtime.database.transaction() as connection:
        until = house.clock.now + timedelta(hours=1)
        freezing.freeze_gift(connection, gift.id, house.clock.now, "rule:x", until=until)
    assert act(admin, f"/admin/gifts/{gift.reference}/freeze", reason="It leaks")[0] == 409
    house.clock.forward(hours=1)
    assert act(admin, f"/admin/gifts/{gift.reference}/freeze", reason="It leaks")[0] == 303
    assert told(house, "gift:frozen")["because"] == "It leaks"


def test_one_account_is_signed_out_and_then_everybody(house: House, app: Flask, admin: FlaskClient) -> None:
    sub = signed_in(house, app, "subscriber", "standard")
    number = house.value("SELECT id FROM account WHERE role = 'subscriber'")
    assert act(admin, f"/admin/accounts/{number}/sign-out", reason="A lost phone", **SURE)[0] == 303
    assert ask(sub, "GET", "/gifts").status_code == 303
    assert ask(admin, "GET", "/admin/log").status_code == 200
    assert told(house, "session:all_ended") == {"because": "A lost phone", "sessions": 1}
    other = signed_in(house, app, "auditor")
    assert act(admin, "/admin/accounts/sign-out", reason="Cookies leaked", **SURE)[0] == 303
    assert [ask(each, "GET", "/admin/log").status_code for each in (admin, other)] == [303, 303]
    assert told(house, "session:everyone_ended") == {"because": "Cookies leaked", "sessions": 2}


def test_an_admin_may_sign_themselves_out_everywhere(house: House, admin: FlaskClient) -> None:
    own = house.value("SELECT id FROM account")
    page = ask(admin, "GET", f"/admin/accounts/{own}").text
    assert f"/admin/accounts/{own}/sign-out" in page
    assert f"/admin/accounts/{own}/suspend" not in page
    assert act(admin, f"/admin/accounts/{own}/sign-out", reason="A lost phone", **SURE)[0] == 303
    assert ask(admin, "GET", "/admin/log").status_code == 303


def test_the_reading_that_is_chosen_is_the_one_given_back(house: House, admin: FlaskClient) -> None:
    giver, article = house.subscriber(), house.article()
    issued = house.gift(giver, article)
    claims = [house.claim(issued, name) for name in ("phone", "desk")]
    assert len(claims) == 2
    with house.runtime.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE claim SET served_at = claimed_at, confirmed_at = claimed_at")
        connection.exec_driver_sql("UPDATE gift SET confirmed = 2, unconfirmed = 0")
    address = f"/admin/gifts/{issued.gift.reference}"
    numbers = re.findall(r'<option value="(\d+)"', ask(admin, "GET", address).text)
    assert len(numbers) == 2
    form = {"reason": "A scanner of Acme", "claim": numbers[1], **SURE}
    assert act(admin, f"{address}/give-back", **form)[0] == 303
    assert told(house, "reading:given_back")["claim"] == int(numbers[1])
    assert re.findall(r'<option value="(\d+)"', ask(admin, "GET", address).text) == numbers[:1]
    for chosen, says in ((numbers[1], "It is so already"), ("999", "That reading does not count")):
        status, page = act(admin, f"{address}/give-back", **(form | {"claim": chosen}))
        assert (status, says in page) == (409, True)
    assert house.value("SELECT confirmed FROM gift") == 1


def test_nobody_lifts_what_a_rule_did_to_a_link_of_their_own(house: House, admin: FlaskClient) -> None:
    own = house.value("SELECT id FROM account")
    with house.runtime.database.transaction() as connection:
        change_account(connection, own, plan="standard")
    gift = house.gift(own, house.article()).gift
    with house.runtime.database.transaction() as connection:
        firings.add_firing(
            connection,
            rule="link-networks",
            metric="networks",
            by_whom="link",
            who=f"gift:{gift.reference}",
            then="freeze",
            mode="enforce",
            count=9,
            at=house.clock.now,
            level=0,
        )
    status, page = act(admin, "/admin/rules/1/lift", reason="It was me")
    assert (status, "This is your own" in page) == (403, True)
    assert house.entries("account:act_refused")[0].reason == "account:own"
    assert "/freeze" not in ask(admin, "GET", f"/admin/gifts/{gift.reference}").text
