"""Times as people read them: what is kept of one hour's writing is right for every instant of it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from babel.dates import format_datetime
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import escape

from gateway.web import telling
from gateway.web.speech import LANGUAGES, PLAIN, NullTranslations, Speech, speak

ZONES = sorted(available_timezones())
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2032, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - Its bounds must be naive.
# Lord Howe's clock goes back by half an hour, so an hour there has two names for its zone.
HALF_HOUR = datetime(2026, 4, 4, 14, 59, 59, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _plain_afterwards() -> Iterator[None]:
    yield
    speak(PLAIN)


@given(INSTANTS, st.sampled_from(ZONES), st.sampled_from(sorted(LANGUAGES)))
@example(HALF_HOUR, "Australia/Lord_Howe", "en")
@example(HALF_HOUR + timedelta(minutes=20), "Australia/Lord_Howe", "en")
@example(HALF_HOUR + timedelta(minutes=40), "Australia/Lord_Howe", "en")
def test_an_instant_is_written_as_the_locale_writes_it(instant: datetime, zone: str, language: str) -> None:
    speak(Speech(language, NullTranslations(), zone))
    for write, pattern in ((telling.moment, telling.MOMENT), (telling.long_day, telling.LONG_DAY)):
        expected = format_datetime(
            instant, pattern[language], tzinfo=ZoneInfo(zone), locale=telling.LOCALES[language]
        )
        machine = instant.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert write(instant) == f'<time datetime="{machine}">{escape(expected)}</time>'


@pytest.mark.parametrize("zone", ["UTC", "Europe/London", "America/New_York", "Pacific/Kiritimati"])
@pytest.mark.parametrize("instant", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_the_first_and_the_last_instant_of_the_calendar_can_be_written(instant: datetime, zone: str) -> None:
    speak(Speech("en", NullTranslations(), zone))
    machine = instant.isoformat(timespec="seconds").replace("+00:00", "Z")
    for write in (telling.moment, telling.stamp, telling.day, telling.long_day):
        assert f'datetime="{machine}"' in write(instant)
    try:
        instant.astimezone(ZoneInfo(zone))
    except OverflowError:
        assert "(Coordinated Universal Time)" in telling.moment(instant), "the zone has no such hour"


@pytest.mark.parametrize(
    ("instant", "zone"),
    [
        # Put back at midnight to 23:00, so that the day's last hour comes twice; put forward at midnight to 1:00.
        (datetime(2024, 10, 26, 23, 30, tzinfo=UTC), "America/Nuuk"),
        (datetime(2024, 10, 27, 0, 30, tzinfo=UTC), "America/Nuuk"),
        (datetime(2026, 4, 23, 22, 30, tzinfo=UTC), "Africa/Cairo"),
        (datetime(2026, 10, 29, 20, 30, tzinfo=UTC), "Africa/Cairo"),
        (datetime(2026, 10, 29, 21, 30, tzinfo=UTC), "Africa/Cairo"),
    ],
)
def test_an_hour_that_midnight_doubles_or_leaves_out_is_named_as_it_is(instant: datetime, zone: str) -> None:
    speak(Speech("en", NullTranslations(), zone))
    expected = format_datetime(instant, telling.MOMENT["en"], tzinfo=ZoneInfo(zone), locale="en_GB")
    assert str(escape(expected)) in telling.moment(instant)


def test_a_stamp_names_its_zone_to_the_second() -> None:
    speak(Speech("en", NullTranslations(), "Europe/London"))
    assert "25 Oct 2026, 01:59:59 BST<" in telling.stamp(datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC))
    assert "25 Oct 2026, 01:59:59 GMT<" in telling.stamp(datetime(2026, 10, 25, 1, 59, 59, tzinfo=UTC))


def test_what_is_written_already_stays_as_it_is() -> None:
    written = telling.moment(datetime(2026, 1, 1, tzinfo=UTC), "Europe/Berlin")
    assert telling.moment(written) is written
