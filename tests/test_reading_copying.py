"""Counting copies: once each, in a total, for one's own reading only; on both databases."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from gateway.decision import Deny, Reason
from gateway.keys import digest
from gateway.reading.claiming import Press, claim_gift
from gateway.reading.copying import REPORTS_KEPT, CopyPage, Counted, Report, report_copy
from gateway.reading.serving import Reading, Teaser, read_article
from gateway.reading.shelf import Shelf
from gateway.reading.visit import Visit
from gateway.store import accounts
from gateway.store.copied import Reader, add_copy
from gateway.store.transfers import move_claim
from tests.house import House

PHONE = Visit(digest(b"phone"))
NETWORK = bytes(16)
SLUG = "about-tide-book"
LONG = 5_000
PASSAGE = 500


@pytest.fixture
def length(house: House) -> int:
    """Read a gift on a phone; yields how long the article is, which is more than two passages and less than three."""
    issued = house.gift(house.subscriber(), house.article())
    with house.runtime.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE article SET characters = 1400")
    house.claim(issued)
    assert isinstance(read(house), Reading)
    return 1400


def read(house: House, visit: Visit = PHONE) -> object:
    """Ask for the article."""
    return read_article(house.runtime, Shelf(), SLUG, visit)


def page(number: int = 1, **whose: int | None) -> CopyPage:
    """Make what a page's stamp says; of the phone's claim unless told otherwise."""
    return CopyPage(1, number.to_bytes(8, "big"), **({"claim_id": 1} | whose))


def copy(
    house: House,
    number: int,
    characters: int = PASSAGE,
    *,
    visit: Visit = PHONE,
    shown: CopyPage | None = None,
    **more: bool,
) -> Counted | Deny:
    """Report the `number`th copy of a page."""
    report = Report(number.to_bytes(16, "big"), number, characters, **more)
    return report_copy(house.runtime, SLUG, shown or page(), report, visit, network=NETWORK)


def rows(house: House) -> int:
    """Count what was kept."""
    return int(house.value("SELECT COUNT(*) FROM copied"))


def reason(answer: object) -> Reason | None:
    """Tell why something was refused."""
    if isinstance(answer, Teaser):
        answer = answer.ended
    return answer.reason if isinstance(answer, Deny) else None


@pytest.mark.usefixtures("length")
def test_the_text_closes_past_the_total_and_opens_at_the_minute_that_was_told(house: House) -> None:
    assert copy(house, 1) == copy(house, 2) == Counted()
    assert isinstance(read(house), Reading), "two passages are less than the article"
    closed = copy(house, 3)
    assert closed == Counted(until=house.clock.now + timedelta(hours=24))
    refused = read(house)
    assert isinstance(refused, Teaser)
    assert refused.ended is not None
    assert (refused.ended.reason, refused.ended.until) == (Reason.COPY_TOTAL, closed.until)
    assert refused.ended.detail == {"limit": 1400}
    house.clock.now = closed.until - timedelta(microseconds=1)
    assert reason(read(house)) is Reason.COPY_TOTAL
    house.clock.now = closed.until
    assert isinstance(read(house), Reading)


@pytest.mark.usefixtures("length")
def test_a_closing_and_its_refusals_are_in_the_log_and_no_copy_is(house: House) -> None:
    for number in range(1, 6):
        copy(house, number)
    read(house)
    read(house)
    told = [
        (each.event, each.subject[:5], each.outcome, each.reason, each.repeats)
        for each in house.entries()[:2]
    ]
    assert told == [
        ("reading:refused", "gift:", "deny", "copy:total_reached", 1),
        ("copy:closed", "gift:", "permit", "", 0),
    ]
    assert len(house.entries("copy:closed")) == 1


@pytest.mark.usefixtures("length")
def test_attempts_on_a_closed_text_feed_the_rules_and_do_not_move_its_hour(house: House) -> None:
    for number in (1, 2, 3):
        closed = copy(house, number)
    house.clock.forward(hours=1)
    assert copy(house, 4) == copy(house, 5, LONG) == copy(house, 6, printed=True) == closed
    assert house.value("SELECT COUNT(*) FROM copied WHERE characters = 0") == 3
    assert house.value("SELECT COUNT(*) FROM copied WHERE over = true") == 3
    assert copy(house, 7, 59) == closed
    assert rows(house) == 6, "a name is never touched"


@pytest.mark.usefixtures("length")
def test_who_goes_on_trying_is_stopped_by_a_bulk_rule_for_other_articles_too(house: House) -> None:
    other = house.gift(1, house.article("other"))
    for number in range(1, 22):
        answer = copy(house, number, LONG)
    assert house.value("SELECT COUNT(*) FROM copied WHERE over = true") == 21
    assert [each.event for each in house.entries() if each.event.startswith("rule:")] != []
    assert isinstance(answer, Counted)
    refused = claim_gift(house.runtime, other.gift.capability, PHONE, Press(house.clock.now))
    assert reason(refused) is Reason.RULE_BLOCKED
    assert house.value("SELECT COUNT(*) FROM claim") == 1


@pytest.mark.usefixtures("length")
def test_of_a_long_copy_what_was_given_counts_and_that_it_was_long(house: House) -> None:
    copy(house, 1, LONG)
    assert house.value("SELECT characters FROM copied WHERE over = true") == PASSAGE


@pytest.mark.usefixtures("length")
def test_a_print_counts_the_whole_text_whatever_its_report_says(house: House, length: int) -> None:
    assert copy(house, 1, 7, printed=True) == Counted()
    assert house.value("SELECT characters FROM copied WHERE printed = true") == length
    assert isinstance(read(house), Reading)


@pytest.mark.usefixtures("length")
def test_printing_twice_and_quoting_from_it_closes_nothing(house: House) -> None:
    assert copy(house, 1, printed=True) == copy(house, 2, printed=True) == copy(house, 3) == Counted()
    assert isinstance(read(house), Reading)


@pytest.mark.usefixtures("length")
def test_a_report_that_comes_again_counts_once_and_answers_the_same(house: House) -> None:
    for number in (1, 2, 3):
        first = copy(house, number)
    assert copy(house, 3) == first
    assert copy(house, 1, LONG) == first
    assert rows(house) == 3


@pytest.mark.usefixtures("length")
def test_each_number_of_a_page_counts_once(house: House) -> None:
    copy(house, 2)
    other_id = Report(bytes([9]) * 16, 2, PASSAGE)
    answer = report_copy(house.runtime, SLUG, page(), other_id, PHONE, network=NETWORK)
    assert reason(answer) is Reason.COPY_REUSED
    assert copy(house, 1) == Counted(), "a report that was held up on its way counts all the same"
    assert report_copy(house.runtime, SLUG, page(2), other_id, PHONE, network=NETWORK) == Counted(
        until=house.clock.now + timedelta(hours=24)
    )
    assert rows(house) == 3


@pytest.mark.usefixtures("length")
def test_nobody_reports_for_anothers_reading(house: House) -> None:
    stranger = Visit(digest(b"stranger"))
    other = house.subscriber()
    with house.runtime.database.reading() as connection:
        account = accounts.find_account(connection, other)
    assert account is not None
    for visit, shown in (
        (stranger, page()),
        (Visit(), page()),
        (PHONE, page(claim_id=None)),
        (PHONE, page(claim_id=99)),
        (PHONE, page(claim_id=None, account_id=1)),
        (Visit(account=account), page(claim_id=None, account_id=1)),
        (PHONE, replace(page(), article_id=2)),
    ):
        assert reason(copy(house, 1, visit=visit, shown=shown)) is Reason.CLAIM_UNKNOWN
    assert rows(house) == 0


def test_who_was_never_served_the_text_reports_nothing(house: House) -> None:
    house.claim(house.gift(house.subscriber(), house.article()))
    assert reason(copy(house, 1)) is Reason.CLAIM_UNKNOWN


def test_a_length_no_selection_can_have_counts_nothing(house: House, length: int) -> None:
    assert copy(house, 1, 2 * length + 4_000) == Counted()
    assert reason(copy(house, 2, 2 * length + 4_001)) is Reason.COPY_INVALID
    assert rows(house) == 1


@pytest.mark.usefixtures("length")
def test_a_free_text_closes_for_nobody(house: House) -> None:
    with house.runtime.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE article SET free = true")
    assert copy(house, 1) == Counted()
    assert rows(house) == 0


@pytest.mark.usefixtures("length")
@pytest.mark.parametrize(("role", "closes"), [("subscriber", True), ("auditor", True), ("admin", False)])
def test_subscribers_are_shut_out_too_and_admins_are_not(house: House, role: str, *, closes: bool) -> None:
    with house.runtime.database.transaction() as connection:
        connection.exec_driver_sql(f"UPDATE account SET role = '{role}'")
        account = accounts.find_account(connection, 1)
    visit, shown = Visit(account=account), page(claim_id=None, account_id=1)
    for number in (1, 2, 3):
        answer = copy(house, number, visit=visit, shown=shown)
    assert rows(house) == 3
    assert (answer != Counted()) == closes
    assert (reason(read(house, visit)) is Reason.COPY_TOTAL) == closes
    assert isinstance(read(house), Reading), "the phone is another reader"
    assert [each.subject for each in house.entries("copy:closed")] == ["article:1"] * closes


@pytest.mark.usefixtures("length")
def test_one_article_closes_and_another_stays_open(house: House) -> None:
    house.claim(house.gift(1, house.article("other")))
    for number in (1, 2, 3):
        copy(house, number)
    assert reason(read(house)) is Reason.COPY_TOTAL
    assert isinstance(read_article(house.runtime, Shelf(), "about-other", PHONE), Reading)


@pytest.mark.usefixtures("length")
def test_what_was_copied_goes_along_when_the_reading_moves_to_another_browser(house: House) -> None:
    for number in (1, 2, 3):
        copy(house, number)
    tablet = Visit(digest(b"tablet"))
    with house.runtime.database.transaction() as connection:
        move_claim(connection, 1, 1, tablet.device or b"")
    assert reason(read(house, tablet)) is Reason.COPY_TOTAL


@pytest.mark.usefixtures("length")
def test_nothing_fills_the_table_without_end(house: House) -> None:
    with house.runtime.database.transaction() as connection:
        for number in range(REPORTS_KEPT):
            add_copy(
                connection, Reader(PHONE.device), report_id=number.to_bytes(16, "big"), page=bytes(8),
                sequence=number, article_id=1, network=NETWORK, at=house.clock.now, characters=1, over=False,
                printed=False,
            )  # fmt: skip
    answer = copy(house, REPORTS_KEPT + 1)
    assert reason(answer) is Reason.REQUEST_TOO_FAST
    assert rows(house) == REPORTS_KEPT
    house.clock.forward(hours=25)
    assert copy(house, REPORTS_KEPT + 1) == Counted()


@pytest.mark.usefixtures("length")
@pytest.mark.parametrize("printed", ["never", "first", "last"])
def test_a_text_closes_to_who_copies_it_letter_by_letter(house: House, printed: str) -> None:
    with house.runtime.database.transaction() as connection:
        for number in range(REPORTS_KEPT - 2):
            add_copy(
                connection, Reader(PHONE.device), report_id=number.to_bytes(16, "big"), page=bytes(8),
                sequence=number, article_id=1, network=NETWORK, at=house.clock.now, characters=1, over=False,
                printed=False,
            )  # fmt: skip
    whole = 1400 if printed == "first" else 1
    assert copy(house, REPORTS_KEPT, whole, printed=printed == "first") == Counted()
    answer = copy(house, REPORTS_KEPT + 1, 1400 if printed == "last" else 1, printed=printed == "last")
    assert isinstance(answer, Counted)
    assert answer.until is not None
    assert reason(read(house)) is Reason.COPY_TOTAL


@pytest.mark.usefixtures("length")
def test_what_is_too_short_to_be_touched_counts(house: House) -> None:
    assert copy(house, 1, 59) == Counted()
    assert house.value("SELECT SUM(characters) FROM copied") == 59


def test_reports_at_once_close_the_text_once_and_count_each_once(
    database_url: str, open_house: Callable[..., House]
) -> None:
    house = open_house(database_url)
    house.claim(house.gift(house.subscriber(), house.article()))
    read(house)
    with house.runtime.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE article SET characters = 1400")
    start, answers = threading.Barrier(8), []

    def send(number: int) -> None:
        start.wait()
        answers.append(copy(house, 1 + number % 4, shown=page(1)))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert all(isinstance(each, Counted) for each in answers)
    assert rows(house) == 4
    assert len(house.entries("copy:closed")) == 1


@pytest.mark.usefixtures("length")
def test_a_reading_is_still_one_query_by_an_index(house: House) -> None:
    copy(house, 1)
    shelf = Shelf()
    read_article(house.runtime, shelf, SLUG, PHONE)
    asked: list[tuple[str, Any]] = []
    engine = house.runtime.database.reader

    def note(*about: Any) -> None:
        asked.append(about[2:4])

    event.listen(engine, "before_cursor_execute", note)
    assert isinstance(read_article(house.runtime, shelf, SLUG, PHONE), Reading)
    event.remove(engine, "before_cursor_execute", note)
    ((statement, values),) = [each for each in asked if "claim" in each[0]]
    assert [each for each, _ in asked if "copied" in each] == [statement]
    if house.runtime.database.dialect == "sqlite":
        with house.runtime.database.reading() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
        assert "COVERING INDEX ix_copied_device_article" in str(plan)
