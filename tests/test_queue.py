"""The desk's queue: what opens a case, exactly once; who may do what about it; and what closes one."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from gateway.auditing import acts, casework, licences
from gateway.auditing.queue import CaseStory, QueuePage, case_story, count_waiting, look_at_queue
from gateway.case import CaseAct, Kind, Standing
from gateway.decision import Deny, Permit, Reason
from gateway.figures import Figure, Split
from gateway.guard import By, Metric, Mode, Then
from gateway.keeping import queue
from gateway.keeping.jobs import JobsRunner
from gateway.keeping.retention import forget_counted
from gateway.ledger import Actor, account_actor
from gateway.licence import Wish
from gateway.models import rollup
from gateway.reading.licensing import ask_for_licence
from gateway.reading.opening import report_note
from gateway.reading.visit import Visit
from gateway.store import accounts, firings, people
from gateway.store.accounts import Account
from tests.house import House

WISH = Wish(
    "teaching", "Mira Ode", "mira@school.example", "Thirty pupils.", slug="about-tide-book", characters="900"
)
VISIT = Visit(b"d" * 32)


def staff(house: House, name: str, role: str = "admin") -> Account:
    """Add somebody of the desk."""
    with house.runtime.database.transaction() as connection:
        number = accounts.add_account(
            connection,
            email=f"{name}@ledger.example",
            name=name.title(),
            role=role,
            plan=None,
            created_at=house.clock.now,
        )
        found = accounts.find_account(connection, number)
    assert found is not None
    return found


def fire(house: House, who: str, **changed: Any) -> None:
    """Let a rule have fired on somebody."""
    subscriber = who.startswith("account:")
    values = {
        "rule": "subscriber-leaks-soft" if subscriber else "link-networks-hard",
        "metric": (Metric.SPREAD_LINKS if subscriber else Metric.NETWORKS).value,
        "by_whom": (By.SUBSCRIBER if subscriber else By.LINK).value,
        "who": who,
        "then": (Then.LOG if subscriber else Then.FREEZE).value,
        "mode": Mode.ENFORCE.value,
        "count": 31,
        "at": house.clock.now,
        "until": None,
        "level": 0,
    }
    with house.runtime.database.transaction() as connection:
        firings.add_firing(connection, **(values | changed))


def counted(house: House, split: Split, name: str, month: date, count: int) -> None:
    """Let something have been counted in a month."""
    row = {"split": split, "figure": Figure.CLAIMED, "day": month, "name": name, "count": count}
    with house.runtime.database.transaction() as connection:
        connection.execute(insert(rollup), row)


def waiting(house: House, admin: Account, **asked: Any) -> QueuePage:
    """Look at the queue."""
    return look_at_queue(house.runtime, admin, **asked)


def story(house: House, admin: Account, number: int = 1) -> CaseStory:
    """Look at a case."""
    found = case_story(house.runtime, account_actor(admin.id), admin, number)
    assert isinstance(found, CaseStory), found
    return found


def spreading(house: House) -> str:
    """Let a link spread and the queue be filled; returns whose case it is, as the log names it."""
    issued = house.gift(house.subscriber(), house.article())
    subject = f"gift:{issued.gift.reference}"
    fire(house, subject)
    queue.queue_firings(house.runtime, house.clock.now)
    return subject


def test_a_link_that_spreads_opens_one_case_however_often_the_job_runs(house: House) -> None:
    admin, subject = staff(house, "ines"), spreading(house)
    assert queue.queue_firings(house.runtime, house.clock.now) == 0
    (line,) = waiting(house, admin).lines
    assert (line.case.kind, line.case.subject, line.case.pieces) == (Kind.SPREADING_LINK, subject, 1)
    giver = house.value("SELECT account_id FROM gift")
    assert (line.name, line.case.account_id) == ("About tide-book", giver)
    assert dict(line.evidence.figures) | {"firing": 0} == {
        "rule": "link-networks-hard", "metric": "networks", "then": "freeze", "count": 31, "firing": 0,
    }  # fmt: skip
    (opened,) = house.entries("case:opened")
    assert (opened.actor, opened.subject) == ("gateway", "case:1")


def test_more_about_the_same_link_goes_into_the_open_case_and_after_it_is_closed_into_a_new_one(
    house: House,
) -> None:
    admin, subject = staff(house, "ines"), spreading(house)
    house.clock.forward(hours=2)
    fire(house, subject, then="log")
    assert queue.queue_firings(house.runtime, house.clock.now) == 1
    assert [each.evidence.figures["then"] for each in waiting(house, admin).lines] == ["log"]
    assert len(story(house, admin).evidence) == 2
    actor = account_actor(admin.id)
    assert casework.close_case(house.runtime, actor, admin, 1, "One university.") == Permit()
    assert queue.queue_firings(house.runtime, house.clock.now) == 0
    assert waiting(house, admin).lines == ()
    fire(house, subject)
    assert queue.queue_firings(house.runtime, house.clock.now) == 1
    (line,) = waiting(house, admin).lines
    assert (line.case.id > 1, line.case.pieces) == (True, 1)


@pytest.mark.parametrize(
    "changed",
    [
        {"mode": "monitor"},
        {"metric": "articles", "by_whom": "reader"},
        {"lifted_at": "now"},
        {"at": "long ago"},
    ],
)
def test_what_is_only_watched_lifted_old_or_no_matter_of_links_opens_nothing(
    house: House, changed: dict[str, Any]
) -> None:
    instants = {"now": house.clock.now, "long ago": house.clock.now - timedelta(days=31)}
    issued = house.gift(house.subscriber(), house.article())
    fire(
        house,
        f"gift:{issued.gift.reference}",
        **{name: instants.get(value, value) for name, value in changed.items()},
    )
    assert queue.queue_firings(house.runtime, house.clock.now) == 0


def test_a_giver_whose_links_keep_spreading_is_a_case_of_their_account(house: House) -> None:
    admin, giver = staff(house, "ines"), house.subscriber()
    fire(house, f"account:{giver}")
    queue.queue_firings(house.runtime, house.clock.now)
    (line,) = waiting(house, admin, kind=Kind.LEAKER).lines
    assert (line.name, line.case.account_id) == ("Sam 1", giver)


def test_two_processes_at_once_open_what_there_is_once(
    database_url: str, open_house: Callable[..., House]
) -> None:
    houses = [open_house(database_url) for _ in range(4)]
    first = houses[0]
    giver, article = first.subscriber("premium"), first.article()
    names = [f"gift:{first.gift(giver, article).gift.reference}" for _ in range(6)]
    for name in names:
        fire(first, name)
        fire(first, name, then="log")
    start, faults = threading.Barrier(len(houses)), []

    def fill(house: House) -> None:
        start.wait()
        try:
            # Without the lease, as where one process lost it in the middle of a job.
            queue.queue_firings(house.runtime, house.clock.now)
        except Exception as fault:  # noqa: BLE001 - whatever it is, the test tells it.
            faults.append(fault)

    threads = [threading.Thread(target=fill, args=(house,)) for house in houses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert first.value("SELECT COUNT(*) FROM desk_case") == len(names)
    assert first.value("SELECT COUNT(*) FROM case_evidence") == 2 * len(names)
    assert first.value("SELECT SUM(pieces) FROM desk_case") == 2 * len(names)
    assert len(first.entries("case:opened")) == len(names)
    assert len(first.entries("case:added_to")) == len(names)


def test_spikes_of_this_month_and_the_last_are_cases_with_mean_and_bound(house: House) -> None:
    admin, article = staff(house, "ines"), house.article()
    giver = house.subscriber()
    counted(house, Split.ARTICLE_MONTH, str(article), date(2026, 1, 1), 24)
    counted(
        house, Split.ARTICLE_MONTH, str(article), date(2026, 2, 1), 106
    )  # 100 + 3 * 24 / 12, to the very one.
    counted(house, Split.GIVER_MONTH, str(giver), date(2026, 3, 1), 99)
    assert queue.queue_spikes(house.runtime, house.clock.now) == 1
    assert queue.queue_spikes(house.runtime, house.clock.now) == 0
    (line,) = waiting(house, admin).lines
    assert (line.case.kind, line.case.subject) == (Kind.SPIKE, f"article:{article}")
    assert line.evidence.figures == {"figure": "claimed", "month": "2026-02", "count": 106, "before": 24}
    assert line.evidence.origin == f"spike:2026-02:claimed:article:{article}"


def test_a_reported_note_opens_a_case_at_once_and_only_the_first_time(house: House) -> None:
    admin = staff(house, "ines")
    issued = house.gift(house.subscriber(), house.article(), note="Read page three.")
    for _ in range(2):
        assert report_note(house.runtime, issued.gift.capability, VISIT)
    (line,) = waiting(house, admin).lines
    assert (line.case.kind, line.case.subject) == (Kind.REPORTED_NOTE, f"gift:{issued.gift.reference}")
    found = story(house, admin).gift
    assert found is not None
    assert found.note == "Read page three."


def test_the_case_of_a_licence_request_closes_and_opens_with_the_request_and_in_no_other_way(
    house: House,
) -> None:
    admin = staff(house, "ines")
    house.article()
    number = ask_for_licence(house.runtime, WISH, VISIT, form="one", language="en")
    assert isinstance(number, str)
    actor = account_actor(admin.id)
    refusal = casework.close_case(house.runtime, actor, admin, 1, "Because.")
    assert isinstance(refusal, Deny)
    assert refusal.reason is Reason.CASE_FOLLOWS
    licences.move_request(house.runtime, actor, admin, number, "Offer sent.", state="answered")
    case = story(house, admin).line.case
    assert (case.standing, case.closing_reason, case.closed_by) == (
        Standing.CLOSED,
        "Offer sent.",
        actor.name,
    )
    licences.move_request(house.runtime, actor, admin, number, "They took it.", state="closed")
    assert story(house, admin).line.case.closing_reason == "Offer sent."
    licences.move_request(house.runtime, actor, admin, number, "They ask again.", state="new")
    assert story(house, admin).line.case.standing is Standing.OPEN
    assert [each.event for each in story(house, admin).entries] == [
        "case:opened",
        "account:act_refused",
        "case:closed",
        "case:reopened",
    ]


def test_requests_from_before_the_queue_come_into_it_while_they_wait(house: House) -> None:
    admin = staff(house, "ines")
    house.article()
    numbers = [
        ask_for_licence(house.runtime, WISH, VISIT, form=form, language="en") for form in ("one", "two")
    ]
    with house.runtime.database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM case_evidence")
        connection.exec_driver_sql("DELETE FROM desk_case")
    actor = account_actor(admin.id)
    licences.move_request(house.runtime, actor, admin, str(numbers[0]), "Sent.", state="answered")
    assert queue.queue_requests(house.runtime, house.clock.now) == 1
    assert queue.queue_requests(house.runtime, house.clock.now) == 0
    assert [each.case.subject for each in waiting(house, admin).lines] == [f"licence:{numbers[1]}"]


def test_the_jobs_fill_the_queue(house: House) -> None:
    admin = staff(house, "ines")
    issued = house.gift(house.subscriber(), house.article())
    fire(house, f"gift:{issued.gift.reference}")
    assert JobsRunner(house.runtime).take_turn()
    assert len(waiting(house, admin).lines) == count_waiting(house.runtime) == 1


def test_of_admins_who_take_a_case_at_once_one_gets_it_and_the_others_are_told(
    database_url: str, open_house: Callable[..., House]
) -> None:
    houses = [open_house(database_url) for _ in range(4)]
    admins = [staff(houses[0], f"admin{number}") for number in range(4)]
    spreading(houses[0])
    start, answers = threading.Barrier(4), {}

    def take(house: House, admin: Account) -> None:
        start.wait()
        answers[admin.id] = casework.take_case(house.runtime, account_actor(admin.id), admin, 1)

    threads = [threading.Thread(target=take, args=each) for each in zip(houses, admins, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    owner = story(houses[0], admins[0]).line.case.owner_id
    assert [admin for admin, answer in answers.items() if answer == Permit()] == [owner]
    refused = [answer.reason for answer in answers.values() if isinstance(answer, Deny)]
    assert refused == [Reason.CASE_TAKEN] * 3
    assert len(houses[0].entries("case:taken")) == 1
    written = houses[0].entries("account:act_refused")
    assert {(each.actor, each.subject, each.reason) for each in written} == {
        (f"account:{admin.id}", "case:1", "case:taken") for admin in admins if admin.id != owner
    }


def test_a_case_is_handed_over_given_back_closed_and_opened_again_each_with_its_entry(house: House) -> None:
    one, other, auditor = staff(house, "ines"), staff(house, "otto"), staff(house, "tom", "auditor")
    spreading(house)
    mine, theirs = account_actor(one.id), account_actor(other.id)
    assert casework.take_case(house.runtime, mine, one, 1) == Permit()
    assert casework.take_case(house.runtime, mine, one, 1) == Permit()
    for heir in (auditor.id, one.id, 999):
        answer = casework.hand_over(house.runtime, mine, one, 1, to=heir)
        assert answer == Deny(Reason.CASE_OWNER_UNFIT)
    assert casework.hand_over(house.runtime, mine, one, 1, to=other.id) == Permit()
    assert isinstance(casework.give_back(house.runtime, mine, one, 1), Deny)
    assert casework.give_back(house.runtime, theirs, other, 1) == Permit()
    assert casework.close_case(house.runtime, mine, one, 1, "One university.") == Permit()
    closed = casework.close_case(house.runtime, mine, one, 1, "Again.")
    assert closed == Deny(Reason.CASE_CLOSED, since=house.clock.now)
    assert casework.reopen_case(house.runtime, theirs, other, 1, "It goes on.") == Permit()
    case = story(house, one).line.case
    assert (case.standing, case.owner_id, case.closing_reason) == (Standing.OPEN, None, "")
    assert [each.reason or each.event for each in story(house, one).entries] == [
        "case:opened", "case:taken", "case:owner_unfit", "case:handed_over", "case:taken", "case:given_back",
        "case:closed", "case:closed", "case:reopened",
    ]  # fmt: skip


def test_a_case_is_not_handed_to_an_admin_who_was_erased(house: House) -> None:
    one, gone = staff(house, "ines"), staff(house, "otto")
    spreading(house)
    assert casework.take_case(house.runtime, account_actor(one.id), one, 1) == Permit()
    assert story(house, one).admins == ((gone.id, gone.name),)
    with house.runtime.database.transaction() as connection:
        people.erase_account(connection, gone.id)
    assert story(house, one).admins == ()
    answer = casework.hand_over(house.runtime, account_actor(one.id), one, 1, to=gone.id)
    assert answer == Deny(Reason.CASE_OWNER_UNFIT)


def test_a_closed_case_is_not_opened_beside_another_about_the_same(house: House) -> None:
    admin, subject = staff(house, "ines"), spreading(house)
    actor = account_actor(admin.id)
    casework.close_case(house.runtime, actor, admin, 1, "One university.")
    fire(house, subject)
    queue.queue_firings(house.runtime, house.clock.now)
    assert casework.reopen_case(house.runtime, actor, admin, 1, "It goes on.") == Deny(Reason.CASE_OPEN_AGAIN)
    assert [each.reason or each.event for each in house.entries()[:2]] == ["case:open_again", "case:opened"]


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 281])
def test_a_case_is_closed_with_a_reason_that_is_kept_whole_or_not_at_all(house: House, reason: str) -> None:
    admin = staff(house, "ines")
    spreading(house)
    actor = account_actor(admin.id)
    refusal = casework.close_case(house.runtime, actor, admin, 1, reason)
    assert isinstance(refusal, Deny)
    assert refusal.reason is (Reason.REASON_TOO_LONG if reason.strip() else Reason.REASON_MISSING)
    assert house.entries()[0].event == "account:act_refused"
    assert casework.close_case(house.runtime, actor, admin, 1, "x" * 280) == Permit()
    assert story(house, admin).line.case.closing_reason == "x" * 280


def test_auditors_see_and_do_nothing_and_nobody_acts_on_a_case_about_themselves(house: House) -> None:
    auditor, admin = staff(house, "tom", "auditor"), staff(house, "ines")
    fire(house, f"account:{admin.id}")
    queue.queue_firings(house.runtime, house.clock.now)
    for account, reason in ((auditor, Reason.ACCOUNT_FORBIDDEN), (admin, Reason.ACCOUNT_OWN)):
        actor = account_actor(account.id)
        assert story(house, account).acts == ()
        for act in (
            casework.take_case(house.runtime, actor, account, 1),
            casework.close_case(house.runtime, actor, account, 1, "Because."),
            casework.hand_over(house.runtime, actor, account, 1, to=admin.id),
        ):
            assert isinstance(act, Deny)
            assert act.reason is reason
    other = staff(house, "otto")
    casework.take_case(house.runtime, account_actor(other.id), other, 1)
    told = casework.hand_over(house.runtime, account_actor(other.id), other, 1, to=admin.id)
    assert told == Deny(Reason.CASE_OWNER_UNFIT)
    assert CaseAct.HAND_OVER not in story(house, other).acts


def test_pages_go_on_after_their_last_case_and_narrow_by_kind_and_owner(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.auditing.queue.PAGE", 2)
    admin = staff(house, "ines")
    givers = [house.subscriber() for _ in range(5)]
    for giver in givers:
        fire(house, f"account:{giver}")
    queue.queue_firings(house.runtime, house.clock.now)
    casework.take_case(house.runtime, account_actor(admin.id), admin, 3)
    first = waiting(house, admin)
    second = waiting(house, admin, past=first.past)
    third = waiting(house, admin, past=second.past)
    assert [[line.case.id for line in page.lines] for page in (first, second, third)] == [[1, 2], [3, 4], [5]]
    assert third.past is None
    assert [line.case.id for line in waiting(house, admin, whose="mine").lines] == [3]
    assert [line.case.id for line in waiting(house, admin, whose="nobody", past=2).lines] == [4, 5]
    assert waiting(house, admin, kind=Kind.SPIKE).lines == ()
    assert (dict(first.waiting.all), dict(first.waiting.mine)) == ({Kind.LEAKER: 5}, {Kind.LEAKER: 1})
    for number in (1, 2, 4):
        casework.close_case(house.runtime, account_actor(admin.id), admin, number, "Seen.")
    closed = waiting(house, admin, closed=True)
    assert [line.case.id for line in closed.lines] == [4, 2]
    assert [line.case.id for line in waiting(house, admin, closed=True, past=closed.past).lines] == [1]


def test_closed_cases_are_forgotten_with_the_entries_and_open_ones_are_kept(house: House) -> None:
    admin = staff(house, "ines")
    spreading(house)
    fire(house, f"account:{house.subscriber()}")
    queue.queue_firings(house.runtime, house.clock.now)
    casework.close_case(house.runtime, account_actor(admin.id), admin, 1, "Seen.")
    house.clock.forward(days=1)
    assert forget_counted(house.runtime, house.clock.now) == 0
    house.clock.forward(days=4000)
    assert forget_counted(house.runtime, house.clock.now) >= 1
    assert (
        house.value("SELECT COUNT(*) FROM desk_case")
        == house.value("SELECT COUNT(*) FROM case_evidence")
        == 1
    )
    assert '"cases":1' in house.entries("retention:applied")[0].detail


def test_thawing_the_link_leaves_the_case_to_whoever_closes_it(house: House) -> None:
    admin, subject = staff(house, "ines"), spreading(house)
    actor: Actor = account_actor(admin.id)
    reference = subject.partition(":")[2]
    acts.freeze_gift(house.runtime, actor, admin, reference, "Looking.")
    acts.thaw_gift(house.runtime, actor, admin, reference, "One university.")
    assert count_waiting(house.runtime) == 1
