"""The policy room: what is in force in plain words, another one checked, compared, replayed, proposed and decided."""

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from gateway.app import build_app
from gateway.keeping.policies import propose_policy
from gateway.ledger import OPERATOR
from gateway.settings import Settings
from gateway.store import accounts, proposals
from tests.people import Person, signed_in
from tests.served import Site
from tests.test_gift_links import Clock

ADA, OLGA, BOB = 2, 3, 4
FT = (Path(__file__).parents[1] / "policies" / "ft.toml").read_text("utf-8")
FIVE = FT.replace("gifts = 10\n", "gifts = 5\n")
ROOM, NEW = "/admin/policy", "/admin/policy/new"


@pytest.fixture
def clock(site: Site) -> Clock:
    """Yield the site's clock, which the test moves."""
    owned = Clock(site.runtime.clock())
    object.__setattr__(site.runtime, "clock", owned)
    return owned


@pytest.fixture
def open_desk(site: Site, clock: Clock, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Flask]:
    """Yield a function that opens the desk of a site that has an auditor and a second admin too."""
    assert site.runtime.clock is clock
    with site.runtime.database.transaction() as connection:
        for name, role in (("Olga", "auditor"), ("Bob", "admin")):
            email = f"{name.lower()}@example.com"
            accounts.add_account(connection, email=email, name=name, role=role, created_at=clock.now)

    def opened(**settings: bool) -> Flask:
        return build_app(site.runtime, Settings(var=tmp_path_factory.mktemp("var"), **settings))

    return opened


@pytest.fixture
def sign_in(open_desk: Callable[..., Flask], site: Site) -> Callable[[int], Person]:
    """Yield a function that signs an account in."""
    return partial(signed_in, open_desk(), site)


def proposed(person: Person, **form: str) -> int:
    """Propose a policy; returns the proposal's number."""
    sent = {"step": "propose", "text": FIVE, "name": "five.toml", "when": "soon", "reason": "Fewer"} | form
    answer = person.act(NEW, **sent)
    assert answer.status_code == 303, answer.text
    found = re.search(r"/proposals/(\d+)", answer.headers["Location"])
    assert found is not None
    return int(found[1])


def digest_on(person: Person, number: int) -> str:
    """Read the digest that the form of the approval carries."""
    found = re.search(r'name="digest" value="([0-9a-f]{64})"', person.see(f"{ROOM}/proposals/{number}").text)
    assert found is not None
    return found[1]


def test_a_version_for_the_calendars_last_second_can_be_looked_at(
    sign_in: Callable[[int], Person], site: Site
) -> None:
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    propose_policy(site.runtime, OPERATOR, FIVE, name="five.toml", at=last)
    olga = sign_in(OLGA)
    for page in (ROOM, f"{ROOM}/versions/2"):
        answer = olga.see(page)
        assert answer.status_code == 200
        assert "31 December 9999" in answer.text or "31 Dec 9999" in answer.text


def test_the_room_says_every_figure_in_both_languages(sign_in: Callable[[int], Person]) -> None:
    olga = sign_in(OLGA)
    english, german = olga.see(f"{ROOM}?lang=en").text, olga.see(f"{ROOM}?lang=de").text
    for sentence in (
        "Standard (plan standard): 10 gifts in a calendar month.",
        "A gift link works for 90 days from the moment it is made.",
        "Months begin and end by the clocks of Europe/London.",
        "More than 24 articles for one device, counted over 1 day: shut out for 1 day.",
    ):
        assert sentence in english
    assert "Standard (Tarif standard): 10 Geschenke im Kalendermonat." in german
    assert "Mehr als 24 Artikel bei einem Gerät, gezählt über 1 Tag: ausgesperrt für 1 Tag." in german
    for text in (english, german):
        assert text.count("<li>") > 40
        assert "%(" not in text
    # An auditor sees all and is offered nothing to do.
    assert NEW not in english


def test_a_policy_goes_from_one_admin_over_another_into_force(
    sign_in: Callable[[int], Person], site: Site, clock: Clock
) -> None:
    ada, bob, olga = sign_in(ADA), sign_in(BOB), sign_in(OLGA)
    looked = ada.act(NEW, step="check", text=FIVE, name="five.toml", days="30").text
    assert "Standard (plan standard): 5 gifts in a calendar month." in looked
    assert "<dt><code>plans.standard.gifts</code></dt>" in looked
    assert "Nothing happened in these days that a policy decides." in looked
    number = proposed(ada)
    page = f"{ROOM}/proposals/{number}"
    digest = digest_on(bob, number)
    assert 'name="digest"' not in ada.see(page).text
    assert 'name="reason"' not in olga.see(page).text
    assert ada.act(f"{page}/approve", reason="I say so", digest=digest).status_code == 403
    assert olga.act(f"{page}/approve", reason="I say so", digest=digest).status_code == 403
    assert bob.act(f"{page}/approve", reason="Agreed", digest="0" * 64).status_code == 409
    assert bob.act(f"{page}/approve", reason="", digest=digest).status_code == 422
    assert bob.act(f"{page}/approve", reason="Agreed", digest=digest).status_code == 303
    assert bob.act(f"{page}/reject", reason="No, rather not").status_code == 409
    clock.pass_by(seconds=5)
    assert site.runtime.policies.in_force(clock.now).policy.plans["standard"].gifts == 5
    assert "Version 2 has applied since" in olga.see(ROOM).text
    assert "5 gifts in a calendar month" in olga.see(f"{ROOM}/versions/2").text
    assert "10 gifts in a calendar month" in olga.see(f"{ROOM}/versions/1").text
    assert "Bob (account:4)" in olga.see(page).text
    with site.runtime.database.transaction() as connection:
        accounts.change_account(connection, ADA, name="Ada Lovelace")
    for named in (ROOM, page, f"{ROOM}/versions/2"):
        assert f"Ada Lovelace (account:{ADA})" in olga.see(named).text
    with site.runtime.database.transaction() as connection:
        accounts.change_account(connection, ADA, name="")
    assert f">account:{ADA}</a>" in olga.see(page).text


def test_what_is_wrong_is_named_as_the_command_names_it_and_nothing_typed_is_lost(
    sign_in: Callable[[int], Person],
) -> None:
    ada = sign_in(ADA)
    wrong = FT.replace("gifts = 10\n", "gifts = true  # <mine>\n")
    form = {"step": "propose", "text": wrong, "when": "at", "at": "2127-05-01T10:00", "reason": "Why & what"}
    page = ada.act(NEW, **form)
    assert page.status_code == 422
    assert "<code>plans.standard.gifts</code></td><td>true</td><td>a whole number</td>" in page.text
    for kept in ("gifts = true  # &lt;mine&gt;",):
        assert kept in page.text
    assert ada.see(f"{ROOM}").text.count("Proposal ") == 0
    no_toml = ada.act(NEW, step="check", text="gifts =")
    assert (no_toml.status_code, "gifts =" in no_toml.text) == (422, True)


def test_a_file_takes_the_place_of_the_text(sign_in: Callable[[int], Person]) -> None:
    ada = sign_in(ADA)

    def upload(data: bytes) -> str:
        sent: dict[str, Any] = {"file": (io.BytesIO(data), "policies/five.toml")}
        return ada.act(NEW, step="check", text="typed before", **sent).text

    assert 'name="name" value="five.toml"' in (page := upload(FIVE.encode("utf-8-sig")))
    assert "5 gifts in a calendar month" in page
    page = upload(b"\xff\xfe")
    assert "a byte at 0 that is not UTF-8" in page
    assert "typed before" in page


@pytest.mark.parametrize(
    ("form", "status", "told"),
    [
        ({"at": "2127-13-01T10:00"}, 422, "That time is not clear"),
        ({"at": "2020-01-01T10:00"}, 422, "That time is over, or too near"),
        # The clocks of Europe/London jump from one to two on this morning, and go back from two to one on that.
        ({"at": "2027-03-28T01:30"}, 422, "That time is not clear"),
        ({"at": "2027-10-31T01:30"}, 422, "The clock shows this time twice"),
        ({"at": "2027-10-31T01:30", "clock": "second"}, 303, ""),
        ({"at": "2027-10-31T01:30", "text": FT}, 422, "That time is not clear"),
        ({"when": "soon", "text": FT}, 422, "Nothing would change"),
        ({"when": "soon", "reason": ""}, 422, "A reason is missing"),
        ({"when": "soon", "text": FIVE + "#" * 66_000}, 422, "The text is too long"),
        ({"step": "check", "text": FIVE + "#" * 66_000}, 422, "The text is too long"),
        ({"when": "bogus"}, 422, "That time is not clear"),
    ],
)
def test_a_proposal_that_cannot_be_is_refused_with_all_that_was_typed(
    sign_in: Callable[[int], Person], form: dict[str, str], status: int, told: str
) -> None:
    ada = sign_in(ADA)
    sent = {"step": "propose", "text": FIVE, "when": "at", "reason": "Because I say so"} | form
    page = ada.act(NEW, **sent)
    assert page.status_code == status
    assert told in page.text
    if status != 303:
        assert f'value="{sent["reason"]}"' in page.text
        assert sent.get("at", "") in page.text


def test_the_second_of_two_alike_times_is_an_hour_later(sign_in: Callable[[int], Person], site: Site) -> None:
    ada = sign_in(ADA)
    for clock in ("first", "second"):
        text = FIVE if clock == "first" else FIVE + "# And an hour later"
        proposed(ada, text=text, when="at", at="2027-10-31T01:30", clock=clock)
    with site.runtime.database.reading() as connection:
        later, earlier = proposals.list_proposals(connection, limit=2)
    assert later.takes_effect_at is not None
    assert earlier.takes_effect_at is not None
    assert later.takes_effect_at - earlier.takes_effect_at == timedelta(hours=1)
    assert earlier.takes_effect_at.isoformat() == "2027-10-31T00:30:00+00:00"


def test_a_plan_in_use_is_dropped_only_with_a_tick(sign_in: Callable[[int], Person]) -> None:
    ada = sign_in(ADA)
    without = FT.replace("[plans.standard]", "[plans.basic]")
    page = ada.act(NEW, step="propose", text=without, when="soon", reason="Renamed")
    assert page.status_code == 422
    assert "1 account has the plan standard, which it lacks." in page.text
    assert 'name="plans_may_go"' in page.text
    assert proposed(ada, text=without, plans_may_go="1") > 0


def test_a_single_admin_waits_a_day_and_withdraws(
    open_desk: Callable[..., Flask], site: Site, clock: Clock
) -> None:
    ada = signed_in(open_desk(single_admin=True), site, ADA)
    number = proposed(ada)
    assert "by the delay of 24 hours" in ada.see(f"{ROOM}/proposals/{number}").text
    assert ada.act(f"{ROOM}/versions/2/withdraw", reason="").status_code == 422
    assert ada.act(f"{ROOM}/versions/2/withdraw", reason="No, after all").status_code == 303
    clock.pass_by(hours=25)
    assert site.runtime.policies.in_force(clock.now).version == 1
    assert ada.act(f"{ROOM}/versions/2/withdraw", reason="Again").status_code == 404


def test_a_proposal_whose_base_changed_says_so_and_is_proposed_again(
    sign_in: Callable[[int], Person], clock: Clock
) -> None:
    ada, bob = sign_in(ADA), sign_in(BOB)
    first, second = proposed(ada), proposed(ada, text=FT.replace("gifts = 10\n", "gifts = 7\n"))
    digest = digest_on(bob, second)
    bob.act(f"{ROOM}/proposals/{first}/approve", reason="Yes", digest=digest_on(bob, first))
    clock.pass_by(minutes=1)
    page = bob.see(f"{ROOM}/proposals/{second}").text
    assert "The policy has changed meanwhile" in page
    assert 'name="digest"' not in page
    late = bob.act(f"{ROOM}/proposals/{second}/approve", reason="Yes", digest=digest)
    assert late.status_code == 409
    assert "gifts = 7" in ada.see(f"{NEW}?proposal={second}").text


def test_what_is_not_there_is_said(sign_in: Callable[[int], Person]) -> None:
    ada = sign_in(ADA)
    for address in (f"{ROOM}/proposals/7", f"{ROOM}/versions/99999999999", f"{NEW}?proposal=9"):
        assert ada.see(address).status_code == 404
    assert ada.see(f"{ROOM}?days=x").status_code == 200
