"""Months in every zone, and what is left of one."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import period
from gateway.period import Allowance, Month, instants_of, month_of

ZONES = sorted(available_timezones())
FIRST, LAST = 2024, 2032
INSTANTS = st.integers(
    int(datetime(FIRST, 1, 2, tzinfo=UTC).timestamp()), int(datetime(LAST, 12, 30, tzinfo=UTC).timestamp())
).map(lambda second: datetime.fromtimestamp(second, UTC))
MOMENT = timedelta(microseconds=1)


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def months_of(zone: str) -> list[Month]:
    return [
        month_of(datetime(year, month, 15, 12, tzinfo=ZoneInfo(zone)), zone)
        for year in range(FIRST, LAST + 1)
        for month in range(1, 13)
    ]


def first_instant_by_search(zone: str, expected: datetime, year: int, month: int) -> datetime:
    """Walk the minutes of three days in their order, until the clock first shows the month's first day."""
    place = ZoneInfo(zone)
    instant = expected - timedelta(hours=36)
    while (local := instant.astimezone(place)).day != 1 or (local.year, local.month) != (year, month):
        instant += timedelta(minutes=1)
    return instant


def test_months_tile_the_years_in_every_zone() -> None:
    assert len(ZONES) > 400
    for zone in ZONES:
        months = months_of(zone)
        assert [month.key for month in months] == [
            f"{year}-{month:02}" for year in range(FIRST, LAST + 1) for month in range(1, 13)
        ]
        for month, following in pairwise(months):
            assert month.renews_at == following.starts_at, (zone, month)


def test_each_month_begins_with_its_first_local_day_in_every_zone() -> None:
    for zone in ZONES:
        place = ZoneInfo(zone)
        for month in months_of(zone):
            begun = month.starts_at.astimezone(place)
            before = (month.starts_at - timedelta(seconds=1)).astimezone(place)
            assert f"{begun:%Y-%m-%d}" == f"{month.key}-01", (zone, month)
            assert f"{before:%Y-%m}" < month.key, (zone, month)


def test_each_instant_around_a_change_belongs_to_one_month_in_every_zone() -> None:
    for zone in ZONES:
        for month in months_of(zone):
            assert month_of(month.starts_at, zone) == month, zone
            assert month_of(month.renews_at - MOMENT, zone) == month, zone
            assert month_of(month.starts_at - MOMENT, zone).renews_at == month.starts_at, zone


def test_where_a_clock_changes_near_a_month_start_a_plain_search_finds_the_same_instant() -> None:
    searched = 0
    for zone in ZONES:
        place = ZoneInfo(zone)
        for month in months_of(zone):
            year, number = map(int, month.key.split("-"))
            nearby = {
                (month.starts_at + timedelta(hours=hours)).astimezone(place).utcoffset()
                for hours in (-30, 30)
            }
            if len(nearby) > 1:
                searched += 1
                assert first_instant_by_search(zone, month.starts_at, year, number) == month.starts_at, zone
    assert searched > 100


def test_the_first_of_two_midnights_counts() -> None:
    # Cuba sets its clocks back from one o'clock to midnight on 1 November 2026.
    assert month_of(utc(2026, 11, 1, 4, 30), "America/Havana").starts_at == utc(2026, 11, 1, 4)
    assert month_of(utc(2026, 11, 1, 5, 0), "America/Havana").key == "2026-11"
    assert month_of(utc(2026, 11, 1, 3, 59, 59), "America/Havana").key == "2026-10"


def test_the_old_day_shown_again_belongs_to_the_new_month() -> None:
    # Newfoundland set its clocks back from 00:01 on 1 November 2009 to 23:01 on 31 October.
    again = utc(2009, 11, 1, 3, 0)
    assert again.astimezone(ZoneInfo("America/St_Johns")).day == 31
    month = month_of(again, "America/St_Johns")
    assert (month.key, month.starts_at) == ("2009-11", utc(2009, 11, 1, 2, 30))
    assert month_of(utc(2009, 11, 1, 2, 29, 59), "America/St_Johns").renews_at == month.starts_at


def test_where_midnight_does_not_exist_the_jump_begins_the_month() -> None:
    # Paraguay's clocks jumped from midnight to one o'clock on 1 October 2017.
    month = month_of(utc(2017, 10, 1, 12), "America/Asuncion")
    assert month.starts_at == utc(2017, 10, 1, 4)
    assert month.starts_at.astimezone(ZoneInfo("America/Asuncion")).hour == 1
    assert month_of(utc(2017, 10, 1, 3, 59, 59), "America/Asuncion").key == "2017-09"


def test_a_month_may_follow_a_day_that_was_left_out() -> None:
    # Kiritimati had no 31 December 1994.
    month = month_of(utc(1995, 1, 10), "Pacific/Kiritimati")
    assert month.starts_at == utc(1994, 12, 31, 10)
    assert month_of(month.starts_at - MOMENT, "Pacific/Kiritimati").key == "1994-12"


@pytest.mark.parametrize(("year", "days"), [(2024, 29), (2025, 28), (2028, 29), (2032, 29), (2100, 28)])
def test_february_has_its_length(year: int, days: int) -> None:
    month = month_of(utc(year, 2, 10), "Europe/London")
    assert month.renews_at - month.starts_at == timedelta(days=days)


def test_a_summer_month_in_london_begins_an_hour_before_utc_does() -> None:
    month = month_of(utc(2026, 6, 30, 23, 30), "Europe/London")
    assert month == Month("2026-07", utc(2026, 6, 30, 23), utc(2026, 7, 31, 23), "Europe/London")


@given(instant=INSTANTS, zone=st.sampled_from(ZONES))
def test_every_instant_lies_in_the_month_found_for_it(instant: datetime, zone: str) -> None:
    month = month_of(instant, zone)
    assert month.starts_at <= instant < month.renews_at
    assert month.starts_at.tzinfo is month.renews_at.tzinfo is UTC
    assert timedelta(days=27) < month.renews_at - month.starts_at < timedelta(days=32)


@given(instant=INSTANTS, shown_in=st.sampled_from(ZONES))
def test_the_zone_an_instant_is_written_in_does_not_matter(instant: datetime, shown_in: str) -> None:
    assert month_of(instant.astimezone(ZoneInfo(shown_in)), "Europe/London") == month_of(
        instant, "Europe/London"
    )


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        month_of(utc(2026, 11, 1).replace(tzinfo=None), "Europe/London")


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        month_of(utc(2026, 11, 1), "Europe/Lundon")


def test_a_month_is_worked_out_once() -> None:
    month_of(utc(2026, 11, 5), "Europe/London")
    before = period._month.cache_info()
    for day in range(1, 29):
        month_of(utc(2026, 11, day), "Europe/London")
    assert period._month.cache_info().misses == before.misses


def allowance(limit: int, used: int, granted: int = 0) -> Allowance:
    return Allowance(limit, used, utc(2026, 12, 1), "Europe/London", granted)


def test_an_allowance_counts_what_is_left() -> None:
    assert allowance(10, 3).remaining == 7
    assert allowance(10, 10).remaining == 0
    assert allowance(0, 0).remaining == 0


def test_a_smaller_plan_in_mid_month_leaves_nothing_and_never_less() -> None:
    assert allowance(20, 15).remaining == 5
    assert allowance(10, 15).remaining == 0


def test_a_larger_plan_in_mid_month_counts_what_was_given_before() -> None:
    assert allowance(10, 10).remaining == 0
    assert allowance(20, 10).remaining == 10


def test_what_was_granted_is_part_of_the_limit() -> None:
    assert allowance(10 + 2, 10, granted=2).remaining == 2


@given(
    plan=st.integers(0, 50), later=st.integers(0, 50), granted=st.integers(0, 50), used=st.integers(0, 150)
)
def test_a_change_of_plan_moves_what_is_left_by_no_more_than_the_change(
    plan: int, later: int, granted: int, used: int
) -> None:
    before = allowance(plan + granted, used, granted).remaining
    after = allowance(later + granted, used, granted).remaining
    assert 0 <= after <= later + granted
    assert abs(after - before) <= abs(later - plan)
    assert (after - before) * (later - plan) >= 0


@pytest.mark.parametrize(("limit", "used", "granted"), [(-1, 0, 0), (10, -1, 0), (10, 0, -1), (10, 0, 11)])
def test_an_allowance_that_cannot_be_is_refused(limit: int, used: int, granted: int) -> None:
    with pytest.raises(ValueError, match="allowance"):
        allowance(limit, used, granted)


@pytest.mark.parametrize(
    ("local", "instants"),
    [
        ("2027-03-28T00:59", ["2027-03-28T00:59:00+00:00"]),
        ("2027-03-28T01:30", []),
        ("2027-03-28T02:00", ["2027-03-28T01:00:00+00:00"]),
        ("2027-10-31T01:30", ["2027-10-31T00:30:00+00:00", "2027-10-31T01:30:00+00:00"]),
        ("2027-10-31T02:00", ["2027-10-31T02:00:00+00:00"]),
    ],
)
def test_a_local_time_is_one_instant_none_or_two(local: str, instants: list[str]) -> None:
    assert [
        each.isoformat() for each in instants_of(datetime.fromisoformat(local), "Europe/London")
    ] == instants
