"""What is given of a copy, what counts, and the minute at which a text that was copied too much opens again."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.passage import (
    TOTAL_PER,
    CopyLimits,
    Extent,
    Given,
    Taken,
    counted_since,
    longest_selection,
    reopens_at,
    sum_taken,
)

LIMITS = CopyLimits.model_validate({"untouched_below": 60, "passage": 500, "total": "article"})
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)

spans = st.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=30))
taken = st.builds(
    lambda span, characters, printed: Taken(NOON + span, characters, printed),
    spans,
    st.integers(0, 5_000),
    st.booleans(),
)
histories = st.lists(taken, max_size=12).map(lambda found: sorted(found, key=lambda each: each.at))


def test_a_name_is_left_alone_a_passage_goes_whole_and_more_is_cut() -> None:
    assert LIMITS.given(59) == Given(Extent.UNTOUCHED, 59)
    assert LIMITS.given(60) == Given(Extent.WHOLE, 60)
    assert LIMITS.given(500) == Given(Extent.WHOLE, 500)
    assert LIMITS.given(501) == Given(Extent.EXCERPT, 500, over=True)


def test_past_the_total_only_what_is_never_touched_is_given() -> None:
    assert LIMITS.given(59, closed=True) == Given(Extent.UNTOUCHED, 0)
    for length in (60, 500, 501):
        assert LIMITS.given(length, closed=True) == Given(Extent.NOTHING, 0, over=True)


def test_a_print_is_whole_however_long_the_text() -> None:
    assert LIMITS.printed(9_000) == Given(Extent.WHOLE, 9_000)
    assert LIMITS.printed(9_000, closed=True) == Given(Extent.WHOLE, 0, over=True)


@given(
    below=st.integers(0, 10_000),
    more=st.integers(0, 10_000),
    length=st.integers(0, 100_000),
    closed=st.booleans(),
)
def test_no_copy_gives_more_than_was_asked_for_or_than_a_passage(
    below: int, more: int, length: int, *, closed: bool
) -> None:
    limits = CopyLimits.model_validate(
        {"untouched_below": below, "passage": below + more, "total": "article"}
    )
    found = limits.given(length, closed=closed)
    assert 0 <= found.characters <= min(length, limits.passage)
    assert found.over == (length >= below and (closed or length > limits.passage))


def test_a_passage_out_of_what_was_printed_is_not_taken_twice() -> None:
    assert sum_taken([]) == 0
    assert sum_taken([Taken(NOON, 3_000, printed=True), Taken(NOON, 3_000, printed=True)]) == 3_000
    assert sum_taken([Taken(NOON, 3_000, printed=True), Taken(NOON, 200)]) == 3_000
    assert sum_taken([Taken(NOON, 2_000), Taken(NOON, 2_000), Taken(NOON, 3_000, printed=True)]) == 4_000


def test_a_text_opens_again_when_the_first_copy_that_is_too_much_is_a_day_old() -> None:
    copies = [Taken(NOON + timedelta(hours=hour), 400) for hour in range(4)]
    assert reopens_at(copies, 1_600) is None
    assert reopens_at(copies, 1_599) == NOON + timedelta(hours=24)
    assert reopens_at(copies, 1_000) == NOON + timedelta(hours=25)
    assert reopens_at(copies, 399) == NOON + timedelta(hours=27)


def test_the_hour_that_is_told_is_a_whole_minute() -> None:
    late = [Taken(NOON + timedelta(seconds=1), 2)]
    assert reopens_at(late, 1) == NOON + timedelta(hours=24, minutes=1)
    assert reopens_at([Taken(NOON, 2)], 1) == NOON + timedelta(hours=24)


@given(histories, st.integers(0, 8_000))
def test_at_the_minute_that_is_told_the_text_is_open_and_before_it_is_not(
    history: list[Taken], total: int
) -> None:
    now = NOON + timedelta(hours=30)

    def still_counts(at: datetime) -> list[Taken]:
        return [each for each in history if each.at > counted_since(at)]

    until = reopens_at(still_counts(now), total)
    assert (until is None) == (sum_taken(still_counts(now)) <= total)
    if until is not None:
        assert now < until <= now + TOTAL_PER + timedelta(minutes=1)
        assert sum_taken(still_counts(until)) <= total
        assert sum_taken(still_counts(until - timedelta(microseconds=1))) > total


@given(st.integers(0, 1_000_000))
def test_every_honest_selection_can_be_reported(characters: int) -> None:
    assert longest_selection(characters) > characters
