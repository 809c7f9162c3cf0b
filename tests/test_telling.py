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


def test_a_stamp_names_its_zone_to_the_second() -> None:
    speak(Speech("en", NullTranslations(), "Europe/London"))
    assert "25 Oct 2026, 01:59:59 BST<" in telling.stamp(datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC))
    assert "25 Oct 2026, 01:59:59 GMT<" in telling.stamp(datetime(2026, 10, 25, 1, 59, 59, tzinfo=UTC))


def test_what_is_written_already_stays_as_it_is() -> None:
    written = telling.moment(datetime(2026, 1, 1, tzinfo=UTC), "Europe/Berlin")
    assert telling.moment(written) is written
