"""Days of a zone and spans of them: the same days as the log's filter, also where a clock or the zone is changed."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.days import ONE, Days, Span, day_of, month_span
from gateway.period import first_instant, month_of

# Havana's clock jumps over midnight and goes back over it; Lord Howe's by half an hour; Apia left a day out.
ZONES = ("Europe/London", "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "UTC")
INSTANTS = st.datetimes(
    datetime(1990, 1, 2),  # noqa: DTZ001  # The strategy wants them without a zone.
    datetime(2037, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
DAYS = st.dates(date(1990, 1, 1), date(2037, 1, 1))


@given(INSTANTS, st.sampled_from(ZONES))
def test_a_day_holds_the_instants_from_its_first_to_the_next_days_first(at: datetime, zone: str) -> None:
    day = day_of(at, zone)
    assert first_instant(zone, day) <= at < first_instant(zone, day + ONE)


@given(INSTANTS, st.sampled_from(ZONES))
def test_a_day_lies_in_the_month_that_holds_the_instant(at: datetime, zone: str) -> None:
    assert f"{day_of(at, zone):%Y-%m}" == month_of(at, zone).key


@given(st.lists(INSTANTS, min_size=1, max_size=20), st.sampled_from(ZONES), st.sampled_from(ZONES), INSTANTS)
def test_one_instant_after_another_is_found_as_each_alone(
    instants: list[datetime], first: str, second: str, changed: datetime
) -> None:
    days = Days(
        [(datetime(2000, 1, 1, tzinfo=UTC), first), (max(changed, datetime(2000, 1, 2, tzinfo=UTC)), second)]
    )
    for at in instants:
        zone = first if at < max(changed, datetime(2000, 1, 2, tzinfo=UTC)) else second
        assert days.of(at) == day_of(at, zone)


def test_a_day_that_is_shown_twice_counts_from_its_first_midnight() -> None:
    # Havana, 1 November 2026: at one in the night the clock goes back to midnight.
    havana = ZoneInfo("America/Havana")
    for fold in (0, 1):
        assert day_of(datetime(2026, 11, 1, 0, 30, fold=fold, tzinfo=havana), "America/Havana") == date(
            2026, 11, 1
        )


@given(DAYS, st.integers(0, 500))
def test_the_span_before_is_as_long_and_ends_where_this_begins(since: date, length: int) -> None:
    span = Span(since, since + length * ONE)
    before = span.before
    assert before.until + ONE == span.since
    whole_months = span.since.day == 1 and (span.until + ONE).day == 1
    assert before.days == span.days or whole_months
    assert not whole_months or (before.since.day == 1 and before.since < span.since)


@given(DAYS, st.integers(0, 900))
def test_what_a_span_is_divided_into_is_the_span(since: date, length: int) -> None:
    span = Span(since, since + length * ONE)
    for parts in (span.buckets(), list(span.each_month())):
        assert [day for part in parts for day in part.each_day()] == list(span.each_day())


@pytest.mark.parametrize(
    ("span", "before"),
    [
        (month_span(2026, 3), month_span(2026, 2)),
        (month_span(2026, 1), month_span(2025, 12)),
        (Span(date(2026, 1, 1), date(2026, 6, 30)), Span(date(2025, 7, 1), date(2025, 12, 31))),
        (Span(date(2026, 3, 2), date(2026, 3, 8)), Span(date(2026, 2, 23), date(2026, 3, 1))),
    ],
)
def test_whole_months_are_held_against_whole_months(span: Span, before: Span) -> None:
    assert span.before == before


def test_a_span_that_ends_before_it_begins_is_none() -> None:
    with pytest.raises(ValueError, match="no earlier"):
        Span(date(2026, 3, 2), date(2026, 3, 1))


def test_days_want_a_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        Days([])
    assert Days([(datetime(2026, 1, 1, tzinfo=UTC), "UTC")]).of(
        datetime(2026, 1, 1, tzinfo=UTC) - timedelta(days=3)
    ) == date(2025, 12, 29)
