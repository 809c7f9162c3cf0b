"""The desk's stories: how far a gift and an article went, what a network did, what a rule says and did."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.app import build_app
from gateway.guard import By, Metric
from gateway.policy import parse
from gateway.settings import Settings
from gateway.store import firings
from gateway.web.rulewords import METRICS, WHOM, rule_in_words, span
from tests.house import POLICY, House
from tests.test_rules_pages import ask, signed_in

NETWORK, OTHER = "0f" * 16, "1e" * 16


@pytest.fixture
def app(house: House) -> Flask:
    """Yield the whole app on a fresh database, with the test's clock."""
    return build_app(house.runtime, Settings(var=house.folder))


@pytest.fixture
def auditor(house: House, app: Flask) -> FlaskClient:
    """Yield the browser of an auditor, who may look at all."""
    return signed_in(house, app, "auditor")


def text_of(page: str) -> str:
    """Return a page's words, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def do(house: House, *statements: str) -> None:
    """Write rows as requests would have."""
    with house.runtime.database.transaction() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def blob(house: House, name: str) -> str:
    """Spell a network's name as the database takes bytes."""
    return f"'\\x{name}'" if house.runtime.database.dialect == "postgresql" else f"x'{name}'"


def test_a_gifts_story_tells_from_which_networks_it_was_opened(house: House, auditor: FlaskClient) -> None:
    issued = house.gift(house.subscriber(), house.article())
    for device in ("phone", "desk", "tablet"):
        house.claim(issued, device)
        house.clock.forward(minutes=1)
    network, other = blob(house, NETWORK), blob(house, OTHER)
    do(
        house,
        f"UPDATE claim SET network = {network}",
        "UPDATE claim SET confirmed_at = claimed_at WHERE id = 1",
        f"INSERT INTO arrival (gift_id, network, last_at, turned_away_at) SELECT 1, {other}, claimed_at, claimed_at FROM claim WHERE id = 3",
    )
    page = ask(auditor, "GET", f"/admin/gifts/{issued.gift.reference}").text
    told = text_of(page)
    assert f"{NETWORK[:12]}… 3 1 10 Mar 2026" in told
    assert f"{OTHER[:12]}… 0 0 –" in told
    assert "turned away" in told
    assert page.count(f'href="/admin/networks/{NETWORK}"') == 4
    assert re.findall(r'scope="row" class="number">(\d)<', page) == ["1", "2", "3"]


def test_an_articles_story_tells_who_shared_it_how_far_it_went_and_what_was_copied(
    house: House, auditor: FlaskClient
) -> None:
    givers, article = [house.subscriber() for _ in range(2)], house.article()
    issued = [house.gift(givers[0], article), house.gift(givers[0], article), house.gift(givers[1], article)]
    for number, each in enumerate(issued):
        house.claim(each, f"phone {number}")
    network = blob(house, NETWORK)
    do(
        house,
        f"UPDATE claim SET network = {network} WHERE id < 3",
        f"UPDATE claim SET network = {blob(house, OTHER)} WHERE id = 3",
        "UPDATE gift SET confirmed = 1, unconfirmed = 0 WHERE id = 2",
        *(
            "INSERT INTO copied (report_id, page, sequence, account_id, article_id, network, at, characters, over, printed) "
            f"SELECT {network}, {blob(house, '0f' * 8)}, {n}, {givers[n]}, {article}, {network}, claimed_at, {400 + n}, "
            f"{'true' if n else 'false'}, false FROM claim WHERE id = 1"
            for n in range(2)
        ),
    )
    page = ask(auditor, "GET", f"/admin/articles/{article}").text
    told = text_of(page)
    assert "Gifts 3, by 2 givers" in told
    assert "Devices that opened one 3, from 2 networks Read 1" in told
    assert "Copied 2 times, 801 characters in all, 1 over a passage, 0 printed, last on" in told
    assert "Who gave it most" in told
    assert re.findall(r'<a href="/admin/accounts/(\d+)">Sam', page) == [str(each) for each in givers]
    assert page.count('href="/admin/gifts/') == 3


def test_a_networks_story_tells_what_it_did_under_its_monthly_name(
    house: House, auditor: FlaskClient
) -> None:
    giver, article = house.subscriber("premium"), house.article()
    for number in range(2):
        house.claim(house.gift(giver, article), f"phone {number}")
    network = blob(house, NETWORK)
    do(
        house,
        f"UPDATE claim SET network = {network}",
        f"INSERT INTO forged (network, minute, count) SELECT {network}, claimed_at, 40 FROM claim WHERE id = 1",
        f"INSERT INTO trap (network, minute, count) SELECT {network}, claimed_at, 2 FROM claim WHERE id = 1",
    )
    with house.runtime.database.transaction() as connection:
        firings.add_firing(
            connection, rule="network-forged", metric="forged_tokens", by_whom="network", who=f"network:{NETWORK}",
            then="block", mode="enforce", count=40, at=house.clock.now, until=house.clock.now + timedelta(hours=1), level=0,
        )  # fmt: skip
    page = ask(auditor, "GET", f"/admin/networks/{NETWORK}").text
    told = text_of(page)
    for says in ("Opened gifts 2 times", "Tried links that we never signed 40 times", "Went where only programs go 2 times",
                 "Was given articles –", "network-forged refused"):  # fmt: skip
        assert says in told, says
    assert page.count('href="/admin/gifts/') == 2
    assert house.entries("log:read")[0].detail == '{"filter":"subject=network","view":"network"}'
    unknown = ask(auditor, "GET", f"/admin/networks/{OTHER}")
    assert (unknown.status_code, "Nothing is known of this network" in unknown.text) == (404, True)
    assert ask(auditor, "GET", "/admin/networks/xyz").status_code == 404


def test_a_rules_story_says_it_in_words_and_tells_its_firings_over_time(
    house: House, auditor: FlaskClient
) -> None:
    with house.runtime.database.transaction() as connection:
        for number in range(55):
            firings.add_firing(
                connection, rule="reader-articles-hard", metric="articles", by_whom="reader",
                who=f"reader:{number:016x}", then="block", mode="enforce", count=25,
                at=house.clock.now - timedelta(days=number % 3), level=0,
            )  # fmt: skip
        firings.add_firing(
            connection, rule="long-gone", metric="articles", by_whom="reader", who="reader:0", then="log",
            mode="monitor", count=1, at=house.clock.now - timedelta(days=60), level=0,
        )  # fmt: skip
    page = ask(auditor, "GET", "/admin/rules/reader-articles-hard").text
    told = text_of(page)
    assert "It counts different articles that were delivered, for each device, over the last" in told
    assert "more of it is refused." in told
    assert re.findall(r'<tr><th scope="row">([\d-]+)</th><td class="number">(\d+)', page) == [
        ("2026-03-08", "18"), ("2026-03-09", "18"), ("2026-03-10", "19"),
    ]  # fmt: skip
    assert page.count("<code>reader:") == 50
    older = re.search(r'class="button" href="([^"]*before=\d+)"', page)
    assert older is not None
    assert ask(auditor, "GET", older[1]).text.count("<code>reader:") == 5
    gone = ask(auditor, "GET", "/admin/rules/long-gone").text
    assert "no longer in the policy" in gone
    assert "Not once." in gone
    assert ask(auditor, "GET", "/admin/rules/never-was").status_code == 404


def test_every_rule_that_a_policy_may_have_is_said_in_words(app: Flask) -> None:
    assert (set(METRICS), set(WHOM)) == (set(Metric), set(By))
    with app.test_request_context("/"):
        for rule in parse(POLICY.read_text("utf-8"), name="ft.toml").rules:
            told = " ".join(rule_in_words(rule))
            assert span(rule.per) in told
            assert f"{rule.over:,}" in told


def test_a_time_is_said_in_its_largest_whole_unit(app: Flask) -> None:
    with app.test_request_context("/"):
        spans = (timedelta(days=1), timedelta(hours=36), timedelta(minutes=90), timedelta(days=30))
        assert [span(each) for each in spans] == ["1 day", "36 hours", "90 minutes", "30 days"]
