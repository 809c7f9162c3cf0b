"""The desk: what admins and auditors see, what an admin may do, with what reason, and that each act is an entry."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from gateway.app import build_app
from gateway.decision import Deny
from gateway.ledger import account_actor
from gateway.settings import Settings
from gateway.sharing.issuing import Issued, Wish, issue_gift
from gateway.store import accounts, articles
from gateway.store.entries import EntryFilter, StoredEntry, list_entries
from tests.people import Person, signed_in
from tests.served import WITHHELD, Site
from tests.test_gift_links import Clock, claim, fetch, read

SAM, ADA, OLGA, BOB = 1, 2, 3, 4
DESK = ("/admin/log", "/admin/accounts", "/admin/accounts/1", "/admin/articles/1")
SURE = {"confirm": "1"}
ACTS = [
    ("/admin/gifts/{gift}/revoke", SURE),
    ("/admin/gifts/{gift}/freeze", {}),
    ("/admin/gifts/{gift}/thaw", {}),
    ("/admin/gifts/{gift}/replace", SURE),
    ("/admin/gifts/{gift}/give-back", SURE),
    ("/admin/accounts/1/suspend", {"freeze_links": "1"}),
    ("/admin/accounts/1/unsuspend", {}),
    ("/admin/accounts/1/grant", {"credits": "3", "idempotency_key": "k"}),
    ("/admin/accounts/1/take-back", {"credits": "3", "idempotency_key": "k"}),
    ("/admin/accounts/1/sign-out", SURE),
    ("/admin/accounts/sign-out", SURE),
    ("/admin/articles/1/rights", {"change": "not_giftable"} | SURE),
    ("/admin/articles/1/rights", {"change": "giftable"}),
    ("/admin/articles/1/rights", {"change": "withdraw"} | SURE),
    ("/admin/articles/1/rights", {"change": "restore"}),
    ("/admin/restore/confirm", {}),
]


@pytest.fixture
def clock(site: Site) -> Clock:
    """Yield the site's clock, which the test moves."""
    owned = Clock(site.runtime.clock())
    object.__setattr__(site.runtime, "clock", owned)
    return owned


@pytest.fixture
def app(site: Site, clock: Clock, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """Yield an app of a site that has an auditor and a second admin too."""
    assert site.runtime.clock is clock
    with site.runtime.database.transaction() as connection:
        for name, role in (("Olga", "auditor"), ("Bob", "admin")):
            email = f"{name.lower()}@example.com"
            accounts.add_account(connection, email=email, name=name, role=role, created_at=clock.now)
    return build_app(site.runtime, Settings(var=tmp_path_factory.mktemp("var")))


@pytest.fixture
def sign_in(app: Flask, site: Site) -> Callable[[int], Person]:
    """Yield a function that signs an account in."""
    return partial(signed_in, app, site)


@pytest.fixture
def admin(sign_in: Callable[[int], Person]) -> Person:
    """Yield Ada, who is an admin."""
    return sign_in(ADA)


@pytest.fixture
def auditor(sign_in: Callable[[int], Person]) -> Person:
    """Yield Olga, who sees all and changes nothing."""
    return sign_in(OLGA)


@pytest.fixture
def given(site: Site, app: Flask) -> Issued:
    """Yield a gift that Sam gave."""
    assert app.testing is False
    return give(site, "first")


def give(site: Site, key: str) -> Issued:
    """Give Sam's one article once more."""
    issued = issue_gift(
        site.runtime, account_actor(SAM), Wish(SAM, 1, key, True, "Aunt Ada", "For your harbour")
    )
    assert isinstance(issued, Issued), issued
    return issued


def entries(site: Site, **wanted: Any) -> list[StoredEntry]:
    """Read the log, newest first."""
    with site.runtime.database.reading() as connection:
        return list_entries(connection, EntryFilter(**wanted), limit=500)


def acts(given: Issued) -> list[tuple[str, dict[str, str]]]:
    """List every act of the desk: where its form goes, and what is in it beside the reason."""
    return [(address.format(gift=given.gift.reference), form) for address, form in ACTS]


def refusal(site: Site, clock: Clock) -> tuple[str, str, str]:
    """Return who was refused what and why just now, and let the minute pass in which a repeat would be counted."""
    line = entries(site)[0]
    assert (line.at, line.outcome) == (clock.now, "deny")
    clock.pass_by(minutes=2)
    return line.actor, line.event, line.reason


def rows(page: TestResponse) -> list[str]:
    """Return the events of a page's table of entries."""
    return re.findall(r"<tr class=\"(?:permit|deny)\">.*?<code>([^<]+)</code>", page.text, re.DOTALL)


def changeable(site: Site) -> list[object]:
    """Read all that an act of the desk may change, but for the log."""
    with site.runtime.database.reading() as connection:
        return [
            connection.exec_driver_sql(f"SELECT * FROM {table} ORDER BY 1, 2").all()
            for table in ("gift", "allowance", "account", "article", "restoration", "session", "given_back")
        ]


def test_the_log_is_filtered(app: Flask, site: Site, auditor: Person, given: Issued) -> None:
    linked = Wish(SAM, 1, "linked", note="see www.example.com")
    assert isinstance(issue_gift(site.runtime, account_actor(SAM), linked), Deny)
    read(app.test_client(), given.token)
    story, day = f"subject=gift:{given.gift.reference}", timedelta(days=1)
    today = site.runtime.clock().astimezone(ZoneInfo("Europe/London")).date()
    for query, events in (
        ("event=gift:issued", {"gift:issued"}),
        ("outcome=deny", {"gift:refused"}),
        ("reason=note:has_link", {"gift:refused"}),
        ("actor=account:1", {"gift:issued", "gift:refused"}),
        (story, {"gift:issued", "claim:made", "reading:served"}),
        (f"{story}&event=claim:made", {"claim:made"}),
        (f"since={today}&event=gift:issued", {"gift:issued"}),
        (f"until={today}&event=gift:issued", {"gift:issued"}),
        (f"since={today + day}", set()),
        (f"until={today - day}", set()),
    ):
        page = auditor.see(f"/admin/log?{query}")
        assert (page.status_code, set(rows(page))) == (200, events), query


@pytest.mark.parametrize("asked", ["until=9999-12-31", "since=9999-12-31", "since=0001-01-01"])
def test_a_day_at_the_calendars_edge_is_refused(auditor: Person, asked: str) -> None:
    assert auditor.see(f"/admin/log?{asked}").status_code == 400


def test_a_filter_that_is_no_day_is_refused_and_shows_the_form_again(auditor: Person) -> None:
    page = auditor.see("/admin/log?since=yesterday&event=gift:issued")
    assert page.status_code == 400
    assert 'value="yesterday"' in page.text


def test_the_log_goes_back_page_by_page(site: Site, auditor: Person) -> None:
    for number in range(60):
        issue_gift(site.runtime, account_actor(SAM), Wish(SAM, 1, f"key-{number}"))
    first = auditor.see("/admin/log")
    older = re.search(r'href="(/admin/log\?[^"]*before=[^"]+)"', first.text)
    assert older is not None
    second = auditor.see(older[1].replace("&amp;", "&"))
    numbers = [re.findall(r">#(\d+)<", page.text) for page in (first, second)]
    assert len(numbers[0]) == 50
    assert [int(each) for each in numbers[0] + numbers[1]] == [entry.id for entry in entries(site)]


def test_a_refusal_that_comes_again_is_counted_in_its_line(site: Site, auditor: Person) -> None:
    for _ in range(4):
        issue_gift(site.runtime, account_actor(SAM), Wish(SAM, 1, "key", note="www.example.com"))
    page = auditor.see("/admin/log?outcome=deny")
    assert rows(page) == ["gift:refused"]
    assert "and 3 times again" in page.text


def test_a_gifts_story_is_told_whole_but_for_its_label_and_link(
    app: Flask, admin: Person, given: Issued
) -> None:
    assert WITHHELD in read(app.test_client(), given.token).text
    admin.act(f"/admin/gifts/{given.gift.reference}/freeze", reason="It leaks")
    page = admin.see(f"/admin/gifts/{given.gift.reference}")
    timeline = page.text.partition('class="timeline"')[2]
    steps = re.findall(r"<code>(\w+:\w+)</code>", timeline)
    assert steps == ["gift:issued", "claim:made", "reading:served", "gift:frozen"]
    assert "It leaks" in page.text
    assert "For your harbour" in page.text
    assert "Aunt Ada" not in page.text
    assert (given.token or "") not in page.text


def test_accounts_are_found_by_name_and_address(site: Site, admin: Person) -> None:
    give(site, "first")
    everybody = admin.see("/admin/accounts").text
    assert '<td class="number">1 / 10</td>' in everybody
    assert all(name in everybody for name in ("Sam Giver", "Ada Admin", "Olga", "Bob"))
    for wanted in ("giver", "SUB@", "sub@example"):
        found = admin.see(f"/admin/accounts?q={wanted}").text
        assert ("Sam Giver" in found, "Olga" in found) == (True, False)
    assert "No account matches" in admin.see("/admin/accounts?q=100%25").text


def test_an_accounts_gifts_and_months_are_shown(site: Site, admin: Person) -> None:
    references = [give(site, f"key-{number}").gift.reference for number in range(3)]
    page = admin.see("/admin/accounts/1").text
    assert all(f"/admin/gifts/{reference}" in page for reference in references)
    assert re.findall(r'class="number">(\d+)</td>', page)[:4] == ["10", "0", "3", "0"]


def test_an_accounts_gifts_go_back_page_by_page(site: Site, admin: Person, clock: Clock) -> None:
    admin.act("/admin/accounts/1/grant", idempotency_key="k", credits="50", reason="A reading circle")
    references = []
    for number in range(55):
        clock.pass_by(seconds=10)
        references.append(give(site, f"key-{number}").gift.reference)
    first = admin.see("/admin/accounts/1")
    older = re.search(r'href="(/admin/accounts/1\?before=[^"]+)"', first.text)
    assert older is not None
    second = admin.see(older[1])
    shown = [re.findall(r'/admin/gifts/(\w+)"><code>', page.text) for page in (first, second)]
    assert (shown[0] + shown[1], len(shown[0])) == (references[::-1], 50)
    assert "<strong>55</strong>" in admin.see("/admin/articles/1").text


def test_an_admin_revokes_a_gift_and_the_credit_comes_back(
    app: Flask, site: Site, admin: Person, given: Issued
) -> None:
    reference = given.gift.reference
    answer = admin.act(f"/admin/gifts/{reference}/revoke", reason="Posted in public", **SURE)
    assert answer.headers["Location"] == f"/admin/gifts/{reference}?done=revoked"
    assert claim(app.test_client(), given.token).status_code == 410
    (line,) = entries(site, event="gift:revoked")
    assert (line.actor, line.subject) == (f"account:{ADA}", f"gift:{reference}")
    assert json.loads(line.detail) == {"account": SAM, "because": "Posted in public"}
    assert [each.subject for each in entries(site, event="credit:returned")] == [f"account:{SAM}"]


def test_a_frozen_gift_is_shut_for_its_readers_too_and_opens_again(
    app: Flask, site: Site, admin: Person, given: Issued
) -> None:
    friend = app.test_client()
    assert WITHHELD in read(friend, given.token).text
    admin.act(f"/admin/gifts/{given.gift.reference}/freeze", reason="It leaks")
    shut = fetch(friend, "GET", "/articles/the-tide-book")
    assert (shut.status_code, "gift:frozen" in shut.text) == (410, True)
    admin.act(f"/admin/gifts/{given.gift.reference}/thaw", reason="It was the office")
    assert WITHHELD in fetch(friend, "GET", "/articles/the-tide-book").text
    assert [entry.event for entry in entries(site, actor=f"account:{ADA}")][:2] == [
        "gift:thawed",
        "gift:frozen",
    ]


@pytest.mark.parametrize("wish", [{}, {"freeze_links": "1"}])
def test_suspending_stops_new_gifts_and_the_links_only_where_it_is_wished(
    app: Flask, site: Site, admin: Person, given: Issued, wish: dict[str, str]
) -> None:
    frozen = bool(wish)
    admin.act("/admin/accounts/1/suspend", reason="Under review", **wish)
    refused = issue_gift(site.runtime, account_actor(SAM), Wish(SAM, 1, "another", True))
    assert isinstance(refused, Deny)
    assert refused.reason == "account:suspended"
    assert claim(app.test_client(), given.token).status_code == (410 if frozen else 303)
    (line,) = entries(site, event="account:suspended")
    assert json.loads(line.detail) == {"because": "Under review", "frozen": int(frozen)}
    assert len(entries(site, event="gift:frozen")) == frozen
    admin.act("/admin/accounts/1/unsuspend", reason="Cleared")
    assert isinstance(issue_gift(site.runtime, account_actor(SAM), Wish(SAM, 1, "another", True)), Issued)
    assert claim(app.test_client(), given.token).status_code == 303
    assert json.loads(entries(site, event="account:unsuspended")[0].detail)["thawed"] == frozen


def test_a_second_suspension_forgets_nothing_of_the_first(
    app: Flask, site: Site, admin: Person, given: Issued, clock: Clock
) -> None:
    admin.act("/admin/accounts/1/suspend", reason="Under review", freeze_links="1")
    clock.pass_by(minutes=1)
    admin.act("/admin/accounts/1/suspend", reason="Still under review")
    admin.act("/admin/accounts/1/unsuspend", reason="Cleared")
    assert claim(app.test_client(), given.token).status_code == 303
    assert len(entries(site, event="gift:thawed")) == 1


def test_a_gift_that_was_frozen_by_itself_stays_so_after_a_suspension(
    app: Flask, admin: Person, given: Issued, clock: Clock
) -> None:
    admin.act(f"/admin/gifts/{given.gift.reference}/freeze", reason="It leaks")
    clock.pass_by(minutes=1)
    admin.act("/admin/accounts/1/suspend", reason="Under review", freeze_links="1")
    admin.act("/admin/accounts/1/unsuspend", reason="Cleared")
    assert claim(app.test_client(), given.token).status_code == 410


def test_extra_credits_count_for_this_month(site: Site, admin: Person) -> None:
    for number in range(10):
        give(site, f"key-{number}")
    assert isinstance(issue_gift(site.runtime, account_actor(SAM), Wish(SAM, 1, "more", True)), Deny)
    admin.act("/admin/accounts/1/grant", idempotency_key="k", credits="2", reason="A reading circle")
    allowance = give(site, "more").allowance
    assert (allowance.limit, allowance.used, allowance.granted) == (12, 11, 2)
    (line,) = entries(site, event="credit:granted")
    told = json.loads(line.detail)
    assert (told["credits"], told["granted"], told["because"]) == (2, 2, "A reading circle")


def test_credits_out_of_range_are_refused_and_written_down(site: Site, admin: Person, clock: Clock) -> None:
    before = changeable(site)
    for credits in ("0", "-1", "1001", "99999999999999999999", "three", ""):
        form = {"credits": credits, "reason": "Because", "idempotency_key": f"k{credits}"}
        assert admin.act("/admin/accounts/1/grant", **form).status_code == 422
        assert refusal(site, clock) == (f"account:{ADA}", "account:act_refused", "credits:out_of_range")
    assert changeable(site) == before


def test_an_article_is_closed_to_gifts_withdrawn_and_brought_back(
    app: Flask, site: Site, admin: Person, given: Issued
) -> None:
    admin.act("/admin/articles/1/rights", change="not_giftable", reason="The agency asked", **SURE)
    assert "article:not_giftable" in fetch(app.test_client(), "GET", f"/g/{given.token}").text
    admin.act("/admin/articles/1/rights", change="giftable", reason="The agency agreed")
    assert isinstance(give(site, "again"), Issued)
    for status in (303, 409):
        answer = admin.act("/admin/articles/1/rights", change="withdraw", reason="A court order", **SURE)
        assert answer.status_code == status
    assert fetch(app.test_client(), "GET", "/articles/the-tide-book").status_code == 410
    page = admin.see("/admin/articles/1").text
    assert 'value="restore"' in page
    for status in (303, 409):
        answer = admin.act("/admin/articles/1/rights", change="restore", reason="It was lifted")
        assert answer.status_code == status
    assert fetch(app.test_client(), "GET", "/articles/the-tide-book").status_code == 200
    assert admin.act("/admin/articles/1/rights", change="giftable", reason="Again").status_code == 409
    changes = [json.loads(entry.detail) for entry in entries(site, event="article:rights_changed")]
    assert [change["because"] for change in changes] == [
        "It was lifted",
        "A court order",
        "The agency agreed",
        "The agency asked",
    ]


def test_an_article_that_is_to_be_withdrawn_can_be_withdrawn_at_once(
    app: Flask, site: Site, admin: Person, given: Issued, clock: Clock
) -> None:
    with site.runtime.database.transaction() as connection:
        later = clock() + timedelta(days=9)
        assert articles.withdraw_article(
            connection, 1, because="Its source says so", now=clock(), since=later
        )
    assert 'value="withdraw"' in admin.see("/admin/articles/1").text
    answer = admin.act("/admin/articles/1/rights", change="withdraw", reason="A court order", **SURE)
    assert answer.status_code == 303
    assert fetch(app.test_client(), "GET", f"/g/{given.token}").status_code == 410
    (entry,) = entries(site, event="article:rights_changed")
    assert json.loads(entry.detail)["because"] == "A court order"


def test_a_second_suspension_is_told_and_changes_nothing(site: Site, admin: Person) -> None:
    assert admin.act("/admin/accounts/1/unsuspend", reason="Nothing to end").status_code == 409
    admin.act("/admin/accounts/1/suspend", reason="Under review")
    before = changeable(site)
    assert admin.act("/admin/accounts/1/suspend", reason="Another reason").status_code == 409
    assert changeable(site) == before


def test_an_act_without_a_reason_is_refused_and_written_down(
    site: Site, admin: Person, given: Issued, clock: Clock
) -> None:
    before = changeable(site)
    for address, form in acts(given):
        page = admin.act(address, reason="   ", **form)
        assert page.status_code == 422, address
        assert refusal(site, clock) == (f"account:{ADA}", "account:act_refused", "reason:missing"), address
    assert changeable(site) == before


def test_an_auditor_changes_nothing_and_the_refusal_is_written_down(
    site: Site, auditor: Person, given: Issued, clock: Clock
) -> None:
    before = changeable(site)
    for address, form in acts(given):
        page = auditor.act(address, reason="I would like to", **form)
        assert (page.status_code, "account:forbidden" in page.text) == (403, True), address
        assert refusal(site, clock) == (f"account:{OLGA}", "account:act_refused", "account:forbidden"), (
            address
        )
    assert changeable(site) == before


def test_an_auditor_sees_every_page_and_no_form_of_an_act(auditor: Person, given: Issued) -> None:
    for address in (*DESK, f"/admin/gifts/{given.gift.reference}"):
        page = auditor.see(address)
        assert page.status_code == 200
        assert 'name="reason" required' not in page.text


def test_nobody_acts_on_their_own_account(site: Site, admin: Person, given: Issued, clock: Clock) -> None:
    before = changeable(site)
    own = [
        (address.replace("/1/", f"/{ADA}/"), form)
        for address, form in acts(given)
        if "accounts" in address and not address.endswith("sign-out")
    ]
    assert len(own) == 4
    for address, form in own:
        assert admin.act(address, reason="I deserve it", **form).status_code == 403
        assert refusal(site, clock) == (f"account:{ADA}", "account:act_refused", "account:own")
    assert changeable(site) == before


def test_an_act_wants_a_csrf_token(site: Site, admin: Person, given: Issued, clock: Clock) -> None:
    before = changeable(site)
    for address, form in acts(given):
        page = admin.act(address, csrf=False, reason="From elsewhere", **form)
        assert page.status_code == 403, address
        found = refusal(site, clock)
        assert found == (f"account:{ADA}", "account:act_refused", "claim:foreign_origin"), address
    assert changeable(site) == before


def test_a_subscriber_and_a_stranger_have_no_business_at_the_desk(
    app: Flask, site: Site, sign_in: Callable[[int], Person], given: Issued, clock: Clock
) -> None:
    sam, stranger = sign_in(SAM), app.test_client()
    before = changeable(site)
    for address in DESK:
        assert sam.see(address).status_code == 403
        assert refusal(site, clock) == (f"account:{SAM}", "account:act_refused", "account:forbidden")
        assert fetch(stranger, "GET", address).headers["Location"].startswith("/sign-in?next=")
    for address, form in acts(given):
        assert sam.act(address, reason="Let me in", **form).status_code == 403
        assert refusal(site, clock) == (f"account:{SAM}", "account:act_refused", "account:forbidden")
        assert fetch(stranger, "POST", address, data=form).status_code == 403
    assert changeable(site) == before


def test_what_is_not_there_is_not_found(admin: Person) -> None:
    for gift, status in (("NOBODYS1", 404), ("A", 404), ("%00", 404)):
        assert admin.see(f"/admin/gifts/{gift}").status_code == status
        assert admin.act(f"/admin/gifts/{gift}/revoke", reason="Because", **SURE).status_code == status
    for number in ("999", "0", str(2**64), "x"):
        assert admin.see(f"/admin/accounts/{number}").status_code == 404
        assert admin.see(f"/admin/articles/{number}").status_code == 404
        for act in ("suspend", "unsuspend", "grant", "take-back", "sign-out"):
            answer = admin.act(f"/admin/accounts/{number}/{act}", reason="Because", credits="1", **SURE)
            assert answer.status_code == 404
        for change in ("withdraw", "restore", "giftable", "not_giftable"):
            answer = admin.act(f"/admin/articles/{number}/rights", reason="Because", change=change, **SURE)
            assert answer.status_code == 404


def test_a_page_that_cannot_be_is_the_first(admin: Person) -> None:
    for number in ("0", "-1", "x", str(2**64), ""):
        for address in ("/admin/log?before=", "/admin/accounts?after=", "/admin/accounts/1?before="):
            assert admin.see(f"{address}{number}").status_code == 200


def test_a_session_that_was_ended_elsewhere_is_over(site: Site, sign_in: Callable[[int], Person]) -> None:
    here, there = sign_in(SAM), sign_in(SAM)
    page = here.see("/account").text
    other = re.search(r'action="(/account/sessions/\d+/end)"', page)
    assert other is not None
    assert page.count('/end"') == 1
    assert here.act(other[1]).status_code == 303
    assert here.see("/gifts").status_code == 200
    assert there.see("/gifts").status_code == 303
    assert entries(site, event="session:ended")


def test_nobody_ends_a_session_of_somebody_else(
    site: Site, clock: Clock, sign_in: Callable[[int], Person]
) -> None:
    sam, ada = sign_in(SAM), sign_in(ADA)
    with site.runtime.database.reading() as connection:
        (of_ada,) = accounts.list_sessions(connection, ADA, clock.now)
    sam.act(f"/account/sessions/{of_ada.id}/end")
    assert ada.see("/account").status_code == 200


def test_a_session_ends_by_itself_after_thirty_days(admin: Person, clock: Clock) -> None:
    clock.pass_by(days=29, hours=23, minutes=59)
    assert admin.see("/admin/log").status_code == 200
    clock.pass_by(minutes=1)
    assert admin.see("/admin/log").status_code == 303


def test_an_admin_who_is_suspended_is_kept_from_the_desk_at_once(
    site: Site, admin: Person, sign_in: Callable[[int], Person], given: Issued
) -> None:
    bob = sign_in(BOB)
    assert bob.see("/admin/log").status_code == 200
    address = f"/admin/gifts/{given.gift.reference}/freeze"
    assert admin.act(f"/admin/accounts/{BOB}/suspend", reason="left the house").status_code == 303
    assert bob.see("/admin/log").status_code == 403
    assert bob.act(address, reason="still here").status_code == 403
    refused = entries(site, event="account:act_refused")
    assert {(line.actor, line.reason) for line in refused} == {(f"account:{BOB}", "account:suspended")}
    assert entries(site, event="gift:frozen") == []


def test_a_reading_that_is_none_is_not_given_back_in_place_of_another(
    app: Flask, site: Site, admin: Person, given: Issued
) -> None:
    read(app.test_client(), given.token)
    address = f"/admin/gifts/{given.gift.reference}/give-back"
    for chosen in ({}, {"claim": ""}, {"claim": "abc"}, {"claim": "0"}, {"claim": "99"}):
        assert admin.act(address, reason="Not a person", **SURE, **chosen).status_code in (404, 409), chosen
    assert entries(site, event="reading:given_back") == []


def test_what_changes_nothing_leaves_no_act_in_the_log(site: Site, admin: Person) -> None:
    for act in ("suspend", "suspend", "unsuspend", "unsuspend"):
        assert admin.act(f"/admin/accounts/{SAM}/{act}", reason="to be sure").status_code in (303, 409)
    assert len(entries(site, event="account:suspended")) == 1
    assert len(entries(site, event="account:unsuspended")) == 1


def test_a_filter_that_nothing_can_match_is_told(admin: Person) -> None:
    for query in ("event=nonsense", "outcome=maybe", "reason=why", "visitor=alien"):
        assert admin.see(f"/admin/log?{query}").status_code == 400, query


def test_a_refused_act_stands_by_what_it_was_tried_on(site: Site, auditor: Person, given: Issued) -> None:
    auditor.act(f"/admin/gifts/{given.gift.reference}/freeze", reason="I would")
    (line,) = entries(site, subject=f"gift:{given.gift.reference}", outcome="deny")
    assert (line.event, line.reason) == ("account:act_refused", "account:forbidden")
