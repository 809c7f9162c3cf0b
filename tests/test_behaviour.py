"""What openings say by how they behave."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.behaviour import AT_ONCE, SILENT_AFTER, Behaviour, behaviour_of

ISSUED = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
NOW = ISSUED + timedelta(hours=1)


def after(**span: float) -> datetime:
    return ISSUED + timedelta(**span)


def test_a_gift_that_nobody_opened_says_nothing() -> None:
    assert behaviour_of(ISSUED, [], None, NOW) == Behaviour()


def test_an_opening_within_seconds_of_the_issue_is_told_apart() -> None:
    unread = [after(seconds=4), after(seconds=29.9), after(seconds=30)]
    assert behaviour_of(ISSUED, unread, None, NOW) == Behaviour(at_once=2, silent=1)


def test_a_later_opening_is_silent_only_after_ten_minutes() -> None:
    opened = [after(minutes=50), after(minutes=50, seconds=1)]
    assert behaviour_of(ISSUED, opened, None, NOW) == Behaviour(silent=1)


def test_a_reading_that_was_opened_at_once_is_doubtful_and_a_later_one_is_not() -> None:
    assert behaviour_of(ISSUED, [], after(seconds=3), NOW).doubtful
    assert not behaviour_of(ISSUED, [], after(seconds=31), NOW).doubtful


@given(
    st.lists(st.timedeltas(timedelta(), timedelta(days=90)), max_size=30),
    st.timedeltas(timedelta(), timedelta(days=90)),
)
def test_no_opening_is_counted_twice_and_silence_only_grows(
    spans: list[timedelta], passed: timedelta
) -> None:
    opened = [ISSUED + span for span in spans]
    now = ISSUED + max([passed, *spans])
    seen = behaviour_of(ISSUED, opened, None, now)
    later = behaviour_of(ISSUED, opened, None, now + SILENT_AFTER)
    assert seen.at_once == later.at_once == sum(span < AT_ONCE for span in spans)
    assert seen.silent <= later.silent == len(spans) - later.at_once
