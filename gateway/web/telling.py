"""Times and numbers as people of a language read them; the zone of a time is always named."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent
from markupsafe import Markup, escape

from gateway.web.speech import spoken

# British forms for English: the gateway speaks of days before months, and of hours up to 24.
LOCALES: Final[Mapping[str, str]] = {"en": "en_GB", "de": "de_DE"}
MOMENT: Final[Mapping[str, str]] = {
    "en": "d MMMM y 'at' HH:mm '('zzzz')'",
    "de": "d. MMMM y 'um' HH:mm 'Uhr' '('zzzz')'",
}
DAY: Final[Mapping[str, str]] = {"en": "d MMMM y", "de": "d. MMMM y"}
LONG_DAY: Final[Mapping[str, str]] = {"en": "EEEE d MMMM y", "de": "EEEE, d. MMMM y"}
STAMP: Final[Mapping[str, str]] = {"en": "d MMM y, HH:mm:ss", "de": "dd.MM.y, HH:mm:ss"}
# The clock within these patterns, longest first.
CLOCKS: Final = ("HH:mm:ss", "HH:mm")
_CLOCK: Final = "@"
_DAY_LENGTH: Final = len("2026-01-31")
MONTH: Final[Mapping[str, str]] = {"en": "MMMM y", "de": "MMMM y"}


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _time_element(value: datetime, pattern: str, language: str, zone: str, *, short_zone: bool) -> Markup:
    # Written in one go and from a few texts, since every gift has an end of its own; what is around is escaped.
    local, zone = _local(value, zone)
    written = local.isoformat(timespec="seconds")
    day, clock = written[:_DAY_LENGTH], written[_DAY_LENGTH + 1 :][: _clock_length(pattern)]
    around = _around_a_days_clocks(day, pattern, language, zone, short_zone)
    if around is None:
        hour = local, local.utcoffset()
        around = _around_clock(day, hour, pattern, language, zone, short_zone=short_zone)
    machine = value.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00")
    return Markup(f'<time datetime="{machine}Z">{around[0]}{clock}{around[1]}</time>')  # noqa: S704


@lru_cache(maxsize=4096)
def _around_a_days_clocks(
    day: str,
    pattern: str,
    language: str,
    zone: str,
    short_zone: bool,  # noqa: FBT001  # A name would cost each page more than the rest of the call.
) -> tuple[str, str] | None:
    """Write what stands before and after any hour of a day; None for a day on which clocks are changed.

    On such a day noon's name for the zone need not be the instant's.
    """
    if _changes_clocks(day, zone):
        return None
    return _around_clock(day, None, pattern, language, zone, short_zone=short_zone)


def _local(value: datetime, zone: str) -> tuple[datetime, str]:
    """Tell the time in a zone, and which one it is: UTC for the calendar's first and last hours, which others lack."""
    try:
        return value.astimezone(_zone(zone)), zone
    except OverflowError:
        return value.astimezone(UTC), "UTC"


@cache
def _clock_length(pattern: str) -> int:
    return next((len(clock) for clock in CLOCKS if clock in pattern), 0)


def _changes_clocks(day: str, zone: str) -> bool:
    begins = datetime.fromisoformat(day).replace(tzinfo=_zone(zone))
    # The later of two last seconds, where the clocks are put back at midnight.
    ends = begins.replace(hour=23, minute=59, second=59, fold=1)
    return begins.utcoffset() != ends.utcoffset()


@lru_cache(maxsize=4096)
def _around_clock(
    day: str,
    hour: tuple[datetime, timedelta | None] | None,
    pattern: str,
    language: str,
    zone: str,
    *,
    short_zone: bool,
) -> tuple[str, str]:
    """Write what stands before and after hours and minutes, which is the same for a whole day without a change.

    On a day with one, the hour says which it is; with its offset, since an hour that comes twice equals itself.
    """
    local = hour[0] if hour else datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=_zone(zone))
    for clock in CLOCKS:
        pattern = pattern.replace(clock, f"'{_CLOCK}'")
    text = format_datetime(local, pattern, tzinfo=_zone(zone), locale=LOCALES[language])
    if short_zone:
        name = local.tzname() or ""
        text = f"{text} UTC{name}" if name[:1] in "+-" else f"{text} {name}"
    before, _, after = text.partition(_CLOCK)
    return str(escape(before)), str(escape(after))


def moment(value: datetime | Markup, zone: str | None = None) -> Markup:
    """Write an instant in full, to the minute, with the name of its zone, as a `time` element.

    What is written already stays as it is.
    """
    if isinstance(value, Markup):
        return value
    now = spoken()
    return _time_element(value, MOMENT[now.language], now.language, zone or now.zone, short_zone=False)


def stamp(value: datetime, zone: str | None = None) -> Markup:
    """Write an instant briefly, to the second, with the zone's abbreviation, for lists and logs."""
    now = spoken()
    return _time_element(value, STAMP[now.language], now.language, zone or now.zone, short_zone=True)


def day(value: datetime, zone: str | None = None) -> Markup:
    """Write the day of an instant in the publisher's zone; every page names that zone in its footer."""
    now = spoken()
    return _time_element(value, DAY[now.language], now.language, zone or now.zone, short_zone=False)


def long_day(value: datetime, zone: str | None = None) -> Markup:
    """Write the day of an instant with its weekday, for the front page."""
    now = spoken()
    return _time_element(value, LONG_DAY[now.language], now.language, zone or now.zone, short_zone=False)


@lru_cache(maxsize=4096)
def _date(value: date, language: str) -> Markup:
    text = format_date(value, DAY[language], locale=LOCALES[language])
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), text)


def calendar_day(value: date) -> Markup:
    """Write a day of the calendar, which belongs to no zone, as a `time` element."""
    return _date(value, spoken().language)


@lru_cache(maxsize=512)
def _month(value: date, language: str) -> str:
    return format_date(value, MONTH[language], locale=LOCALES[language])


def month(value: date) -> str:
    """Write a calendar month by its first day."""
    return _month(value, spoken().language)


@lru_cache(maxsize=4096)
def _number(value: float, language: str) -> str:
    return format_decimal(value, locale=LOCALES[language])


def number(value: float) -> str:
    """Write a number with the language's separators, a fraction to three places."""
    return _number(value, spoken().language)


def percent(value: int) -> str:
    """Write whole hundredths with the language's sign for them."""
    return format_percent(value / 100, locale=LOCALES[spoken().language])


def zone_name(zone: str | None = None) -> str:
    """Name a zone as people read it: `Europe/London`, with the underscores of its identifier as spaces."""
    return (zone or spoken().zone).replace("_", " ")
