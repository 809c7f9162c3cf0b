"""The desk's pages of the queue: what is listed, what a case tells, what can be done there and by whom."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from gateway.app import build_app
from gateway.keeping.queue import queue_firings
from gateway.settings import Settings
from tests.house import House
from tests.test_queue import fire, spreading, staff
from tests.test_rules_pages import ask, field, signed_in


@pytest.fixture
def app(house: House) -> Flask:
    """Yield the whole app on a fresh database, with the test's clock."""
    return build_app(house.runtime, Settings(var=house.folder))


@pytest.fixture
def admin(house: House, app: Flask) -> FlaskClient:
    """Yield an admin's browser."""
    return signed_in(house, app, "admin")


def act(client: FlaskClient, address: str, **form: str) -> TestResponse:
    """Send a form of a case's page."""
    stamp = field(ask(client, "GET", "/account"), "csrf_token")
    return ask(client, "POST", address, data=form | {"csrf_token": stamp})


def test_an_empty_queue_says_what_would_stand_there(admin: FlaskClient) -> None:
    page = ask(admin, "GET", "/admin/queue").text
    assert "Nothing waits for you" in page
    assert "links that spread" in page
    spikes = ask(admin, "GET", "/admin/queue?kind=spike").text
    assert "100 or more above three times the mean of the twelve months before" in spikes
    assert "The queue wants a person" not in ask(admin, "GET", "/admin").text


def test_an_alarm_leads_from_the_overview_to_the_case_and_on_to_the_link(
    house: House, admin: FlaskClient
) -> None:
    subject = spreading(house)
    overview = ask(admin, "GET", "/admin").text
    assert 'href="/admin/queue?kind=spreading_link"' in overview
    assert re.search(r'Queue <span class="tag warn">1 ', overview)
    listed = ask(admin, "GET", "/admin/queue?kind=spreading_link").text
    assert "About tide-book" in listed
    assert "Rule link-networks-hard came to 31 networks: link paused" in listed
    page = ask(admin, "GET", "/admin/queue/1").text
    reference = subject.partition(":")[2]
    assert f'href="/admin/gifts/{reference}"' in page
    assert f"/admin/log?rule=link-networks-hard&amp;subject=gift:{reference}" in page
    assert "case:opened" in page


def test_a_case_is_taken_closed_with_a_reason_and_found_among_the_closed(
    house: House, admin: FlaskClient
) -> None:
    spreading(house)
    assert act(admin, "/admin/queue/1/take").headers["Location"] == "/admin/queue/1?done=case_taken"
    assert "Mine (1)" in ask(admin, "GET", "/admin/queue?whose=mine").text
    refused = act(admin, "/admin/queue/1/close", act="close", reason="x" * 281)
    assert refused.status_code == 422
    assert "The reason is too long" in refused.text
    assert "x" * 281 in refused.text
    assert act(admin, "/admin/queue/1/close").status_code == 422
    assert act(admin, "/admin/queue/1/close", reason="One\r\n university.").status_code == 303
    assert "One university." in ask(admin, "GET", "/admin/queue?state=closed").text
    page = ask(admin, "GET", "/admin/queue/1").text
    assert "One university." in page
    assert re.search(r">[^<]+ \(account:\d+\)</a>", page), "who took it is named"
    assert act(admin, "/admin/queue/1/close", reason="Again.").status_code == 409
    assert act(admin, "/admin/queue/1/reopen", reason="It goes on.").status_code == 303


def test_whoever_comes_second_is_told_who_has_it(house: House, admin: FlaskClient) -> None:
    spreading(house)
    act(admin, "/admin/queue/1/take")
    other = staff(house, "otto")
    with house.runtime.database.transaction() as connection:
        connection.exec_driver_sql(f"UPDATE session SET account_id = {other.id}")
    told = act(admin, "/admin/queue/1/take")
    assert told.status_code == 409
    assert "Somebody else has this case" in told.text
    assert '<span class="tag good">Admin</span>' in told.text
    assert act(admin, "/admin/queue/1/hand-over", to=str(other.id)).status_code == 303
    assert act(admin, "/admin/queue/1/give-back").status_code == 303


def test_an_auditor_sees_the_queue_and_is_refused_every_act(house: House, app: Flask) -> None:
    spreading(house)
    auditor = signed_in(house, app, "auditor")
    page = ask(auditor, "GET", "/admin/queue/1")
    assert page.status_code == 200
    assert "/admin/queue/1/" not in page.text
    for name in ("take", "hand-over", "give-back", "close", "reopen"):
        assert act(auditor, f"/admin/queue/1/{name}", reason="Because.", to="1").status_code == 403
    assert len(house.entries("account:act_refused")) == 1  # The same refusal again is counted.


def test_a_subscriber_and_a_stranger_have_no_business_there(house: House, app: Flask) -> None:
    subscriber = signed_in(house, app, "subscriber", "standard")
    assert ask(subscriber, "GET", "/admin/queue").status_code == 403
    assert ask(app.test_client(), "GET", "/admin/queue").status_code == 303
    assert ask(app.test_client(), "POST", "/admin/queue/1/take").status_code in {400, 403}


@pytest.mark.parametrize(
    "query", ["kind=%C3%A9", "kind=spike&whose=theirs", "state=open&past=x", f"past={2**63 - 1}", "past=-1"]
)
def test_whatever_the_address_says_the_queue_is_shown(house: House, admin: FlaskClient, query: str) -> None:
    spreading(house)
    assert ask(admin, "GET", f"/admin/queue?{query}").status_code == 200


def test_a_case_that_is_not_there_is_told(admin: FlaskClient) -> None:
    assert ask(admin, "GET", "/admin/queue/7").status_code == 404
    assert act(admin, "/admin/queue/7/take").status_code == 404


def test_what_the_queue_asks_of_the_database_does_not_grow_with_the_page(
    house: House, admin: FlaskClient
) -> None:
    counts = []
    ask(admin, "GET", "/admin/queue")  # The policy is read once.
    for _ in range(2):
        for _ in range(6):
            fire(house, f"account:{house.subscriber()}")
        queue_firings(house.runtime, house.clock.now)
        said: list[str] = []

        @event.listens_for(house.runtime.database.reader, "before_cursor_execute")
        def note(
            _connection: object, _cursor: object, statement: str, *_about: object, said: list[str] = said
        ) -> None:
            said.append(statement)

        assert ask(admin, "GET", "/admin/queue").text.count('class="kicker"') >= 6
        event.remove(house.runtime.database.reader, "before_cursor_execute", note)
        counts.append(len(said))
    assert counts[0] == counts[1]
