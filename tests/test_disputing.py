"""“That was not me”: a giver objects to what a rule found, once each time, and the desk has a case of it."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from gateway.app import build_app
from gateway.auditing import acts, casework, ruling
from gateway.auditing.queue import case_story
from gateway.case import Kind
from gateway.decision import Deny, Permit, Reason
from gateway.keeping.people import erase_person, export_person, find_person
from gateway.keeping.queue import queue_firings
from gateway.ledger import OPERATOR, account_actor, spelled_instant
from gateway.settings import Settings
from gateway.sharing.disputing import dispute, objection_to
from gateway.sharing.issuing import Issued
from gateway.store import firings, freezing
from tests.house import House
from tests.test_queue import fire, staff, story, waiting
from tests.test_rules_pages import ask, field, signed_in

WORDS = "I sent it to my sister.\r\nShe put it on a board.\u202e"


@pytest.fixture
def app(house: House) -> Flask:
    """Yield the whole app on a fresh database, with the test's clock."""
    return build_app(house.runtime, Settings(var=house.folder))


def froze(house: House, giver: int) -> Issued:
    """Let a rule have frozen a link of somebody's."""
    issued = house.gift(giver, house.article())
    freeze_again(house, issued)
    return issued


def freeze_again(house: House, issued: Issued) -> None:
    """Let a rule freeze a link."""
    with house.runtime.database.transaction() as connection:
        freezing.freeze_gift(
            connection, issued.gift.id, house.clock.now, "rule:link-networks-hard", until=None
        )
    fire(house, f"gift:{issued.gift.reference}")


def say(house: House, giver: int, issued: Issued, words: str = "") -> Permit | Deny:
    """Say that it was not me."""
    return dispute(house.runtime, account_actor(giver), giver, issued.gift.reference, words)


def test_a_giver_objects_once_for_each_freeze_and_the_desk_reads_what_they_wrote(house: House) -> None:
    admin, giver = staff(house, "ines"), house.subscriber()
    issued = froze(house, giver)
    paused = house.clock.now
    house.clock.forward(hours=1)
    assert say(house, giver, issued, WORDS) == Permit()
    assert say(house, giver, issued, "Again.") == Deny(Reason.DISPUTE_SENT)
    (line,) = waiting(house, admin, kind=Kind.DISPUTE).lines
    assert (line.evidence.words, line.case.account_id) == (
        "I sent it to my sister.\nShe put it on a board.",
        giver,
    )
    since = spelled_instant(paused)
    assert line.evidence.figures == {"ground": "freeze", "rule": "link-networks-hard", "since": since}
    assert line.evidence.at == paused + timedelta(hours=1)
    actor, reference = account_actor(admin.id), issued.gift.reference
    casework.close_case(house.runtime, actor, admin, line.case.id, "Let go.")
    acts.thaw_gift(house.runtime, actor, admin, reference, "Let go.")
    refusal = say(house, giver, issued)
    assert isinstance(refusal, Deny)
    assert refusal.reason is Reason.DISPUTE_NONE
    house.clock.forward(hours=1)
    freeze_again(house, issued)
    assert say(house, giver, issued, "Once more.") == Permit()
    assert [each.reason for each in house.entries("gift:dispute_refused")] == ["dispute:none", "dispute:sent"]
    assert len(house.entries("gift:disputed")) == 2


def test_a_giver_whom_a_rule_flagged_objects_on_a_gift_that_was_there_and_once(house: House) -> None:
    giver = house.subscriber()
    first, second = house.gift(giver, house.article()), house.gift(giver, house.article())
    house.clock.forward(hours=1)
    fire(house, f"account:{giver}")
    later = house.gift(giver, house.article())
    assert objection_to(house.runtime, later.gift) is None
    found = objection_to(house.runtime, first.gift)
    assert found is not None
    assert (found.ground.flag, found.ground.rule, found.sent) == (True, "subscriber-leaks-soft", False)
    assert say(house, giver, later) == Deny(Reason.DISPUTE_NONE)
    assert say(house, giver, first) == Permit()
    assert say(house, giver, second) == Deny(Reason.DISPUTE_SENT)
    with house.runtime.database.reading() as connection:
        (flag,) = firings.list_flags(connection, f"account:{giver}", house.clock.now.replace(year=2025))
    admin = staff(house, "ines")
    ruling.lift(house.runtime, account_actor(admin.id), admin, flag.id, "Looked at.")
    assert objection_to(house.runtime, first.gift) is None


@pytest.mark.parametrize("why", ["nothing happened", "the desk froze it", "a rule only noted it"])
def test_where_no_rule_holds_anything_against_the_giver_there_is_nothing_to_object_to(
    house: House, why: str
) -> None:
    admin, giver = staff(house, "ines"), house.subscriber()
    issued = house.gift(giver, house.article())
    if why == "the desk froze it":
        acts.freeze_gift(house.runtime, account_actor(admin.id), admin, issued.gift.reference, "rules")
    if why == "a rule only noted it":
        fire(house, f"gift:{issued.gift.reference}", then="log")
    assert say(house, giver, issued) == Deny(Reason.DISPUTE_NONE)


def test_somebody_elses_gift_is_unknown_and_a_long_text_is_refused_whole(house: House) -> None:
    giver, other = house.subscriber(), house.subscriber()
    issued = froze(house, giver)
    assert say(house, other, issued) == Deny(Reason.GIFT_UNKNOWN)
    long = say(house, giver, issued, "x" * 501)
    assert isinstance(long, Deny)
    assert (long.reason, dict(long.detail)) == (Reason.DISPUTE_TOO_LONG, {"length": 501, "limit": 500})
    assert house.value("SELECT COUNT(*) FROM desk_case") == 0
    assert say(house, giver, issued, "x" * 500) == Permit()


def test_an_objection_is_told_to_its_giver_and_goes_with_them(house: House) -> None:
    admin, giver = staff(house, "ines"), house.subscriber()
    issued = froze(house, giver)
    say(house, giver, issued, "It was my sister.")
    person = find_person(house.runtime, f"account:{giver}")
    (case,) = export_person(house.runtime, OPERATOR, person)["cases"]
    assert case["words"] == "It was my sister."
    erase_person(house.runtime, OPERATOR, person, because="was asked to")
    assert story(house, admin).evidence[0].words == ""


def test_a_pause_that_is_over_is_nothing_to_object_to(house: House) -> None:
    giver = house.subscriber()
    issued, until = house.gift(giver, house.article()), house.clock.now + timedelta(hours=1)
    with house.runtime.database.transaction() as connection:
        freezing.freeze_gift(
            connection, issued.gift.id, house.clock.now, "rule:link-networks-hard", until=until
        )
    house.clock.forward(hours=1)
    assert say(house, giver, issued) == Deny(Reason.DISPUTE_NONE)


def test_the_replacement_ends_what_can_be_objected_to(house: House) -> None:
    admin, giver = staff(house, "ines"), house.subscriber()
    issued = froze(house, giver)
    actor = account_actor(admin.id)
    new = ruling.replace_gift(
        house.runtime, actor, admin, issued.gift.reference, acts.Word("Not theirs.", confirmed=True)
    )
    assert not isinstance(new, Deny)
    assert say(house, giver, issued) == Deny(Reason.DISPUTE_NONE)


def test_the_gifts_page_offers_it_and_says_what_became_of_it(house: House, app: Flask) -> None:
    sam = signed_in(house, app, "subscriber", "standard")
    giver = int(house.value("SELECT MAX(id) FROM account"))
    issued = froze(house, giver)
    address = f"/gifts/{issued.gift.reference}"
    page = ask(sam, "GET", address)
    assert "The rule link-networks-hard paused this link" in page.text
    assert f'href="{address}#not-me"' in ask(sam, "GET", "/gifts").text
    form = {"csrf_token": field(page, "csrf_token"), "words": "x" * 501}
    wrong = ask(sam, "POST", f"{address}/dispute", data=form)
    assert wrong.status_code == 422
    assert "x" * 501 in wrong.text
    done = ask(sam, "POST", f"{address}/dispute", data=form | {"words": "It was <my> sister."})
    assert (done.status_code, done.headers["Location"]) == (303, f"{address}?done=disputed#not-me")
    told = ask(sam, "GET", address)
    assert "You told us, and a person will look at it." in told.text
    assert re.search(r"<textarea[^>]*words", told.text) is None
    assert ask(sam, "POST", f"{address}/dispute", data=form).status_code == 422
    admin = signed_in(house, app, "admin")
    desk = ask(admin, "GET", "/admin/queue/1")
    assert "It was &lt;my&gt; sister." in desk.text
    assert f'href="/admin/gifts/{issued.gift.reference}"' in desk.text
    found = staff(house, "otto")
    casework.close_case(house.runtime, account_actor(found.id), found, 1, "Not theirs.")
    assert "A person has looked at it" in ask(sam, "GET", address).text


def test_a_case_of_the_link_and_one_of_the_dispute_stand_beside_each_other(house: House) -> None:
    admin, giver = staff(house, "ines"), house.subscriber()
    issued = froze(house, giver)
    queue_firings(house.runtime, house.clock.now)
    say(house, giver, issued)
    assert {line.case.kind for line in waiting(house, admin).lines} == {Kind.SPREADING_LINK, Kind.DISPUTE}
    assert not isinstance(case_story(house.runtime, account_actor(admin.id), admin, 1), Deny)


def test_the_case_says_when_the_giver_objected_and_since_when_to_what_in_the_zone_of_the_policy(
    house: House, app: Flask
) -> None:
    giver = house.subscriber()
    issued = froze(house, giver)
    paused = house.clock.now
    house.clock.forward(hours=3)
    say(house, giver, issued)
    page = ask(signed_in(house, app, "admin"), "GET", "/admin/queue/1").text
    evidence = page.partition('id="evidence-name"')[2].partition("</section>")[0]
    for instant in (paused, house.clock.now):
        assert f"{instant:%Y-%m-%dT%H:%M:%S}Z" in evidence
    assert evidence.count("Greenwich Mean Time") + evidence.count("British Summer Time") == 2
    assert "The rule paused the link on" in evidence
