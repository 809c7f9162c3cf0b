"""The desk's search field and its lists: what is typed or pasted leads to its page, and a link stands in no address."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.app import build_app
from gateway.keys import digest
from gateway.settings import Settings
from gateway.store import firings
from tests.house import House
from tests.test_rules_pages import ask, field, signed_in

DEVICE = digest(b"phone")[:8].hex()


@pytest.fixture
def app(house: House) -> Flask:
    """Yield the whole app on a fresh database, with the test's clock."""
    return build_app(house.runtime, Settings(var=house.folder))


@pytest.fixture
def auditor(house: House, app: Flask) -> FlaskClient:
    """Yield the browser of an auditor, who may look at all."""
    return signed_in(house, app, "auditor")


def search(client: FlaskClient, typed: str) -> tuple[int, str, str]:
    """Send the search field; returns the status, where it leads and the page."""
    token = field(ask(client, "GET", "/admin/log"), "csrf_token")
    answer = ask(client, "POST", "/admin/search", data={"csrf_token": token, "q": typed})
    return answer.status_code, answer.headers.get("Location", ""), answer.text


def test_a_pasted_link_leads_to_its_gift_and_stands_in_no_address(house: House, auditor: FlaskClient) -> None:
    issued = house.gift(house.subscriber(), house.article())
    page = f"/admin/gifts/{issued.gift.reference}"
    for typed in (
        f"https://news.example/g/{issued.token}",
        f"Look: https://elsewhere.example/g/{issued.token}?utm_source=mail (from Anna)",
        f"/g/{issued.token}",
        f"{issued.token}",
        issued.gift.reference,
        f"{issued.gift.reference[:4]}-{issued.gift.reference[4:].lower()}",
        f"gift:{issued.gift.reference}",
    ):
        assert search(auditor, typed)[:2] == (303, page), typed


def test_a_link_whose_key_was_thrown_away_still_leads_to_its_gift(house: House, auditor: FlaskClient) -> None:
    issued = house.gift(house.subscriber(), house.article())
    old = house.runtime.keys.signer.newest
    house.runtime.keys.rotate()
    house.runtime.keys.retire(old)
    typed = f"https://news.example/g/{issued.token}"
    assert search(auditor, typed)[:2] == (303, f"/admin/gifts/{issued.gift.reference}")


def test_a_forged_a_cut_and_a_foreign_link_get_a_clear_answer_that_does_not_repeat_them(
    house: House, auditor: FlaskClient
) -> None:
    token = house.gift(house.subscriber(), house.article()).token or ""
    forged = token[:-1] + ("A" if token[-1] != "A" else "B")
    for typed in (forged, f"https://news.example/g/{forged}", f"/g/{token[:40]}", token[:50], "https://x.example/g/",
                  f"https://news.example/g/{'A' * 22}.{'B' * 43}", f"https://news.example/g/{token}x"):  # fmt: skip
        status, where, page = search(auditor, typed)
        assert (status, where, "That is not a gift link of ours" in page) == (404, "", True), typed
        assert token[:22] not in page


def test_a_damaged_link_is_named_as_such_and_stands_in_no_address(auditor: FlaskClient) -> None:
    left, right = "AZgwX3jJcJ-Kf0a8n3TbJw", "2uHc0m6rVx9yPq4sLd8eTz1kNfWbGoYiRjXa7vCt5E"
    for typed in (left + right, f"{left} {right}", f"{left},{right}", f"https://news.example/g{left}", right,
                  f"news.example%2Fg%2F{left}%2E{right}", f"gift:{left}{right}", f"gift:{right}", right[3:24],
                  f"{left}\n.{right}", f"{left}.{right[:5]} {right[5:]}"):  # fmt: skip
        status, where, page = search(auditor, typed)
        assert (status, where, "That link is damaged" in page) == (404, "", True), typed
        assert left[4:20] not in page
        assert right[4:20] not in page
        seen = ask(auditor, "GET", f"/admin/search?q={typed.replace('%', '%25')}")
        assert (seen.status_code, seen.headers["Location"]) == (303, "/admin/search"), typed


def test_names_and_numbers_are_not_taken_for_links(house: House, auditor: FlaskClient) -> None:
    for typed in (
        "Bundesverfassungsgerichtspräsident",
        "a-harbour-keeps-its-figures-in-ink-and-will-not",
        "Anne-Sophie-Charlotte Müller-Lüdenscheidt",
        "0123456789abcdef0123456789abcdef",
        "THE-TIDE-BOOK-OF-THE-NORTHERN-COAST",
    ):
        assert search(auditor, typed)[0] == 303, typed
    assert house.value("SELECT count(*) FROM article") == 0


def test_a_link_as_it_comes_out_of_a_mail_is_found(house: House, auditor: FlaskClient) -> None:
    issued = house.gift(house.subscriber(), house.article())
    token = issued.token or ""
    for typed in (
        f"see https://news.example/g/{token}.",
        f"<https://news.example/g/{token}>,",
        f"https://news.example/g/{token[:30]}\r\n {token[30:]}",
    ):
        status, where, _ = search(auditor, typed)
        assert (status, where) == (303, f"/admin/gifts/{issued.gift.reference}"), typed


def test_a_link_in_the_address_of_the_search_is_not_looked_for(house: House, auditor: FlaskClient) -> None:
    token = house.gift(house.subscriber(), house.article()).token
    page = ask(auditor, "GET", f"/admin/search?q=https://news.example/g/{token}")
    assert (page.status_code, page.headers["Location"]) == (303, "/admin/search")


def test_people_articles_and_what_happened_lead_to_their_pages(house: House, auditor: FlaskClient) -> None:
    giver, article = house.subscriber(), house.article()
    house.claim(house.gift(giver, article))
    slug = house.value("SELECT slug FROM article")
    with house.runtime.database.transaction() as connection:
        values = {
            "metric": "articles",
            "by_whom": "reader",
            "who": "reader:x",
            "then": "log",
            "mode": "monitor",
        }
        firings.add_firing(connection, rule="an-old-rule", count=1, at=house.clock.now, level=0, **values)
    network = "0123456789abcdef" * 2
    for typed, where in {
        "Sub1@Example.com ": f"/admin/accounts/{giver}",
        f"account:{giver}": f"/admin/accounts/{giver}",
        slug: f"/admin/articles/{article}",
        "tide-book": f"/admin/articles/{article}",
        f"https://news.example/articles/{slug}?from=mail": f"/admin/articles/{article}",
        f"article:{article}": f"/admin/articles/{article}",
        "quota:spent": "/admin/log?reason=quota:spent",
        "gift:revoked": "/admin/log?event=gift:revoked",
        "2026-03-10": "/admin/log?since=2026-03-10&until=2026-03-10",
        f"reader:{DEVICE}": f"/admin/log?actor=reader:{DEVICE}",
        DEVICE: f"/admin/log?actor=reader:{DEVICE}",
        network: f"/admin/networks/{network}",
        "an-old-rule": "/admin/rules/an-old-rule",
        "Sam": "/admin/search?q=Sam",
        "100%": "/admin/search?q=100%25",
        "x" * 500: f"/admin/search?q={'x' * 200}",
    }.items():
        assert search(auditor, typed)[:2] == (303, where), typed


def test_a_word_that_may_be_several_things_lists_them(house: House, auditor: FlaskClient) -> None:
    for number in range(12):
        house.subscriber()
        house.article(f"tide-{number}")
    page = ask(auditor, "GET", "/admin/search?q=sam").text
    assert (page.count("Sam "), 'href="/admin/accounts?q=sam"' in page) == (10, True)
    page = ask(auditor, "GET", "/admin/search?q=ABOUT").text
    assert len(re.findall(r'href="/admin/articles/\d+"', page)) == 10
    assert 'href="/admin/articles?q=ABOUT"' in page
    assert "Nothing is called that" in ask(auditor, "GET", "/admin/search?q=%25").text


def test_articles_gifts_and_rules_in_force_go_back_page_by_page(house: House, auditor: FlaskClient) -> None:
    giver, article = house.subscriber("premium"), house.article()
    for number in range(54):
        house.article(f"tide-{number}")
    with house.runtime.database.transaction() as connection:
        for number in range(120):
            # Those that no rule says any more stand between, and fill no page.
            rule = "network-forged" if number % 2 else "reader-articles-hard"
            held = {"metric": "articles", "by_whom": "reader", "then": "block", "mode": "enforce", "level": 0}
            firings.add_firing(
                connection, rule=rule, who=f"reader:{number:016x}", count=25, at=house.clock.now, **held
            )
    for _ in range(20):
        house.clock.forward(minutes=1)
        house.gift(giver, article)
    for start, pattern, pages in (
        ("/admin/articles", r'href="/admin/articles/(\d+)"', [50, 5]),
        ("/admin/rules", r'action="/admin/rules/(\d+)/lift"|<code>reader:([0-9a-f]+)<', [50, 10]),
        (f"/admin/gifts?account={giver}&state=open", r'href="/admin/gifts/(\w+)"', [20]),
    ):
        seen: list[str] = []
        address = start
        for number in pages:
            page = ask(auditor, "GET", address)
            assert page.status_code == 200
            found = ["".join(each) for each in re.findall(pattern, page.text)]
            assert len(found) == number, address
            seen += found
            older = re.search(r'class="button" href="([^"]*before=[^"]+)"', page.text)
            if older is not None:
                address = older[1].replace("&amp;", "&")
        assert (len(set(seen)), older) == (sum(pages), None)


def test_gifts_are_filtered_by_state_and_day(house: House, auditor: FlaskClient) -> None:
    giver, article = house.subscriber(), house.article()
    references = {}
    for state, change in {
        "open": "label = label",
        "frozen": "frozen_at = issued_at",
        "read_up": "read_up_at = issued_at, confirmed = readers",
        "revoked": "revoked_at = issued_at, frozen_at = issued_at",
    }.items():
        references[state] = house.gift(giver, article).gift.reference
        with house.runtime.database.transaction() as connection:
            connection.exec_driver_sql(f"UPDATE gift SET {change} WHERE reference = '{references[state]}'")
        house.clock.forward(days=1)
    for state, reference in references.items():
        page = ask(auditor, "GET", f"/admin/gifts?state={state}").text
        assert re.findall(r'href="/admin/gifts/(\w+)"', page) == [reference], state
    days = {"since=2026-03-11": 3, "until=2026-03-11": 2, "since=2026-03-11T12:01&until=2026-03-13": 2}
    for query, number in days.items():
        assert ask(auditor, "GET", f"/admin/gifts?{query}").text.count('"><code>') == number, query
    house.clock.forward(days=90)
    page = ask(auditor, "GET", f"/admin/gifts?state=expired&article={article}").text
    assert page.count('"><code>') == 3
    for wrong in ("state=lost", "account=x", "since=yesterday", "article=0"):
        assert ask(auditor, "GET", f"/admin/gifts?{wrong}").status_code == 400


def test_the_log_is_filtered_by_rule_and_by_minute(house: House, auditor: FlaskClient) -> None:
    giver, article = house.subscriber(), house.article()
    with house.runtime.database.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO entry (at, actor, event, subject, outcome, rule) "
            "SELECT at, 'gateway', 'rule:fired', 'reader', 'permit', 'some-rule' FROM entry LIMIT 1"
        )
    house.clock.forward(minutes=5)
    house.gift(giver, article)
    seen = {
        "rule=some-rule": ["rule:fired"],
        "event=gift:issued&since=2026-03-10T12:05": ["gift:issued"],
        "event=gift:issued&until=2026-03-10T12:05": [],
        "event=gift:issued&until=2026-03-10T12:06": ["gift:issued"],
    }
    for query, events in seen.items():
        page = ask(auditor, "GET", f"/admin/log?{query}").text
        assert re.findall(r"<td><code>(\w+:\w+)</code></td>", page) == events, query


def test_every_look_at_entries_is_an_entry_and_the_same_look_within_a_minute_is_one(
    house: House, auditor: FlaskClient
) -> None:
    giver, article = house.subscriber(), house.article()
    gift = house.gift(giver, article).gift
    own = house.value("SELECT id FROM account WHERE role = 'auditor'")
    ask(auditor, "GET", "/admin/log?reason=quota:spent&actor=account:1&since=2026-03-01")
    for _ in range(3):
        ask(auditor, "GET", f"/admin/gifts/{gift.reference}")
    ask(auditor, "GET", f"/admin/accounts/{giver}")
    ask(auditor, "GET", f"/admin/articles/{article}")
    house.clock.forward(seconds=61)
    ask(auditor, "GET", f"/admin/gifts/{gift.reference}")
    looks = house.entries("log:read")[::-1]
    assert {(each.actor, each.subject) for each in looks} == {(f"account:{own}", "log")}
    assert [each.detail for each in looks] == [
        '{"filter":"actor=account:1&reason=quota:spent&since=2026-03-01T00:00:00.000000Z","view":"log"}',
        f'{{"filter":"subject=gift:{gift.reference}","view":"gift"}}',
        f'{{"filter":"subject=account:{giver}","view":"account"}}',
        f'{{"filter":"subject=article:{article}","view":"article"}}',
        f'{{"filter":"subject=gift:{gift.reference}","view":"gift"}}',
    ]


def test_looks_stand_in_the_log_only_where_they_are_asked_for(house: House, auditor: FlaskClient) -> None:
    ask(auditor, "GET", "/admin/log")
    own = house.value("SELECT id FROM account WHERE role = 'auditor'")
    shown = {"": 0, "event=log:read": 1, f"actor=account:{own}": 1, "subject=log": 1}
    for query, number in shown.items():
        house.clock.forward(minutes=2)
        page = ask(auditor, "GET", f"/admin/log?{query}").text
        assert bool(number) == ("<td><code>log:read</code></td>" in page), query


def test_a_reader_that_is_looked_for_stands_beside_the_entry_and_can_be_erased(
    house: House, auditor: FlaskClient, tmp_path: Path
) -> None:
    assert tmp_path.is_dir()
    for _ in range(2):
        ask(auditor, "GET", f"/admin/log?actor=reader:{DEVICE}&subject=network:{'0f' * 16}")
    # The sealed entry says no name, so that two such looks may be at two people: each is an entry.
    looks = house.entries("log:read")
    assert [each.detail for each in looks] == ['{"filter":"actor=reader&subject=network","view":"log"}'] * 2
    beside = "SELECT count(*) FROM entry_person WHERE field = 'sought_actor' AND value = '" + DEVICE + "'"
    assert house.value(beside) == 2
    assert house.value("SELECT count(*) FROM entry_person WHERE field = 'sought_subject'") == 2
