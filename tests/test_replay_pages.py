"""Replays beside the server, as the desk shows them: asked for, followed, stopped, and what they came to."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from gateway.keeping.replays import work_off
from gateway.simulating import comparing
from gateway.store import simulations
from tests.people import Person
from tests.served import Site
from tests.test_gift_links import Clock
from tests.test_policy_room import ADA, BOB, FIVE, NEW, OLGA, ROOM, clock, open_desk, proposed, sign_in

__all__ = ["clock", "open_desk", "sign_in"]
REPLAYS = f"{ROOM}/replays"


@pytest.fixture(autouse=True)
def _long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every replay take longer than a page may."""
    monkeypatch.setattr(comparing, "SHORT", -1)


def asked(person: Person, **form: str) -> str:
    """Ask for a replay of what is typed; returns the address of its page."""
    answer = person.act(NEW, step="simulate", text=FIVE, name="five.toml", days="7", **form)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"]).partition("?")[0]


def test_what_is_too_long_for_a_page_is_asked_for_and_its_page_says_what_it_came_to(
    sign_in: Callable[[int], Person], site: Site
) -> None:
    ada, olga = sign_in(ADA), sign_in(OLGA)
    looked = ada.act(NEW, step="check", text=FIVE, name="five.toml", days="7").text
    assert "longer than a page may" in looked
    assert 'value="simulate"' in looked
    page = asked(ada)
    waiting = olga.see(page).text
    assert "It waits to be begun" in waiting
    assert "No process does the jobs at present" in waiting
    assert f"{REPLAYS}/" not in "".join(re.findall(r'action="[^"]*"', waiting))
    assert "<progress" in waiting
    assert work_off(site.runtime) == 1
    done = olga.see(page).text
    assert "<progress" not in done
    assert "Nothing would have been decided otherwise." in done
    assert 'href="/admin/policy/versions/1"' in done
    assert re.search(r"<dt>Entries read</dt><dd>\d+ ", done)
    assert f'<a href="{page}"' in olga.see(ROOM).text
    begun = ada.see(f"{NEW}?simulation={page.rpartition('/')[2]}").text
    assert "gifts = 5" in begun


def test_a_proposal_is_replayed_beside_the_server_and_lists_its_replays(
    sign_in: Callable[[int], Person], site: Site
) -> None:
    ada, bob, olga = sign_in(ADA), sign_in(BOB), sign_in(OLGA)
    number = proposed(ada)
    proposal = f"{ROOM}/proposals/{number}"
    assert "Replay them beside the server" in bob.see(f"{proposal}?days=30").text
    assert "Replay them beside the server" not in olga.see(f"{proposal}?days=30").text
    answer = bob.act(REPLAYS, proposal=str(number), days="30")
    assert answer.status_code == 303
    page = answer.headers["Location"].partition("?")[0]
    assert "Replays of this text" in olga.see(proposal).text
    assert f'href="{page}"' in olga.see(proposal).text
    assert bob.act(REPLAYS, proposal="99", days="30").status_code == 404
    assert olga.act(REPLAYS, proposal=str(number), days="30").status_code == 403
    with site.runtime.database.reading() as connection:
        one = simulations.find_open(connection)
    assert one is not None
    assert (one.days, one.asked_by, one.text) == (30, f"account:{BOB}", FIVE)


def test_a_number_of_days_that_is_not_offered_is_refused(
    sign_in: Callable[[int], Person], site: Site
) -> None:
    ada, bob = sign_in(ADA), sign_in(BOB)
    number = proposed(ada)
    for days in ("", "0", "8", "-7", "x", "99999999999999999999"):
        typed = ada.act(NEW, step="simulate", text=FIVE, name="five.toml", days=days)
        assert (typed.status_code, "gifts = 5" in typed.text) == (400, True), days
        assert bob.act(REPLAYS, proposal=str(number), days=days).status_code == 400, days
    with site.runtime.database.reading() as connection:
        assert simulations.find_open(connection) is None


def test_one_at_a_time_and_an_admin_stops_it(sign_in: Callable[[int], Person], site: Site) -> None:
    ada, olga = sign_in(ADA), sign_in(OLGA)
    page = asked(ada)
    second = ada.act(NEW, step="simulate", text=FIVE, name="five.toml", days="30")
    assert second.status_code == 409
    assert "Another replay is under way" in second.text
    assert "gifts = 5" in second.text
    once_more = ada.act(REPLAYS, replay=page.rpartition("/")[2])
    assert once_more.status_code == 409
    assert "Another replay is under way" in once_more.text
    assert f'action="{page}/stop"' in once_more.text
    assert olga.act(f"{page}/stop").status_code == 403
    assert ada.act(f"{page}/stop").status_code == 303
    assert "An admin stopped it" in ada.see(page).text
    assert ada.act(f"{page}/stop").status_code == 409
    assert ada.act(f"{REPLAYS}/99/stop").status_code == 404
    assert ada.see(f"{REPLAYS}/99").status_code == 404
    again = ada.act(REPLAYS, replay=page.rpartition("/")[2])
    assert again.status_code == 303
    assert again.headers["Location"].partition("?")[0] != page
    assert work_off(site.runtime) == 1


def test_a_page_looks_again_by_itself_only_where_that_is_wished_and_until_it_ended(
    sign_in: Callable[[int], Person], site: Site
) -> None:
    ada = sign_in(ADA)
    page = asked(ada)
    assert "Refresh" not in ada.see(page).headers
    assert ada.see(f"{page}?watch=1").headers["Refresh"] == "10"
    assert work_off(site.runtime) == 1
    assert "Refresh" not in ada.see(f"{page}?watch=1").headers


def test_a_page_says_how_far_it_is_and_what_was_broken_off(
    sign_in: Callable[[int], Person], site: Site, clock: Clock
) -> None:
    ada = sign_in(ADA)
    page = asked(ada)
    number = int(page.rpartition("/")[2])
    with site.runtime.database.transaction() as connection:
        simulations.begin_simulation(connection, number, clock.now)
        simulations.begin_simulation(connection, number, clock.now + timedelta(seconds=1))
        simulations.note_progress(connection, number, 42)
    seen = ada.see(page).text
    assert "42% of the time is replayed." in seen
    assert "It was broken off before and begun anew." in seen
    assert "under way, 42%" in ada.see(ROOM).text
    for state, words in (("failed", "It ended with a fault"), ("given_up", "It was begun three times")):
        with site.runtime.database.transaction() as connection:
            connection.exec_driver_sql(f"UPDATE simulation SET state = '{state}', ended_at = asked_at")
        assert words in ada.see(page).text


def test_a_text_that_is_no_policy_is_shown_what_is_wrong(sign_in: Callable[[int], Person]) -> None:
    answer = sign_in(ADA).act(NEW, step="simulate", text="gifts = 5", name="five.toml", days="7")
    assert answer.status_code == 422
    assert "This is no policy yet" in answer.text
