"""Instants in SQLite, which keeps them as text: written as SQLAlchemy writes them, and read back as they were."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import DateTime
from sqlalchemy.dialects import postgresql, sqlite

from gateway.models import Instant

SQLITE = sqlite.dialect()
OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(datetime(1900, 1, 2), datetime(2999, 12, 30), timezones=OFFSETS)  # noqa: DTZ001


@given(INSTANTS)
@example(datetime(2026, 1, 1, tzinfo=UTC))
def test_an_instant_is_the_text_that_sqlalchemy_makes_of_its_naive_utc_and_is_read_back(
    instant: datetime,
) -> None:
    write, read = Instant().bind_processor(SQLITE), Instant().result_processor(SQLITE, None)
    by_sqlalchemy = DateTime().dialect_impl(SQLITE).bind_processor(SQLITE)
    assert by_sqlalchemy is not None
    text = write(instant)
    assert text == by_sqlalchemy(instant.astimezone(UTC).replace(tzinfo=None))
    assert read(text) == instant
    assert read(text).tzinfo is UTC


@given(INSTANTS, INSTANTS)
def test_texts_sort_as_instants_do(one: datetime, other: datetime) -> None:
    write = Instant().bind_processor(SQLITE)
    assert (write(one) < write(other)) == (one < other)


def test_what_somebody_wrote_by_hand_with_a_zone_is_read_as_it_says() -> None:
    read = Instant().result_processor(SQLITE, None)
    assert read("2031-11-12 09:00:00+01:00") == datetime(2031, 11, 12, 8, tzinfo=UTC)
    assert read("2031-11-12 09:00:00") == datetime(2031, 11, 12, 9, tzinfo=UTC)


def test_nothing_stays_nothing() -> None:
    assert Instant().bind_processor(SQLITE)(None) is None
    assert Instant().result_processor(SQLITE, None)(None) is None


@pytest.mark.parametrize("dialect", [SQLITE, postgresql.dialect()])
def test_a_naive_instant_is_refused(dialect: object) -> None:
    with pytest.raises(ValueError, match="an instant must be aware, got the naive 2026-01-01T00:00:00"):
        Instant().bind_processor(dialect)(datetime(2026, 1, 1))  # noqa: DTZ001
