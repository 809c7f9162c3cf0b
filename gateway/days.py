"""Days in the publisher's zone: which day holds an instant, and spans of days with the span before each."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.period import first_instant

ONE = timedelta(days=1)
# Past this many days a row for each says less than a row for each month.
BY_MONTH_PAST = 92
EARLIEST = datetime.min.replace(tzinfo=UTC)


def day_of(at: datetime, zone: str) -> date:
    """Find the day that holds the aware instant `at` in the IANA zone `zone`.

    A day starts at its first instant, as a month does: the first of two midnights counts, and where midnight does not
    exist, the moment the clock jumps over it.
    """
    found = at.astimezone(ZoneInfo(zone)).date()
    return found + ONE if at >= first_instant(zone, found + ONE) else found


class Days:
    """Finds the day of one instant after another, each in the zone that held at it.

    `zones` are the zones of the policies, each with the instant from which on it held, in order; what was before the
    first was in the first. Where the zone changes the day that began in the old one goes on in the new, so that day is
    longer or shorter than others, or a few hours of it are counted to the day before or after.
    """

    def __init__(self, zones: Sequence[tuple[datetime, str]]) -> None:
        if not zones:
            raise ValueError("days want a zone")
        self._begins = [begins for begins, _ in zones]
        self._zones = [zone for _, zone in zones]
        # The day that was found last, and from when to when it is the answer: most come right after one another.
        self._day, self._since, self._until = date.min, EARLIEST, EARLIEST

    def of(self, at: datetime) -> date:
        """Find the day that holds an aware instant."""
        if not self._since <= at < self._until:
            self._find(at)
        return self._day

    def _find(self, at: datetime) -> None:
        number = max(bisect_right(self._begins, at) - 1, 0)
        zone = self._zones[number]
        self._day = day_of(at, zone)
        self._since = first_instant(zone, self._day)
        if number:
            self._since = max(self._since, self._begins[number])
        self._until = first_instant(zone, self._day + ONE)
        if number + 1 < len(self._begins):
            self._until = min(self._until, self._begins[number + 1])


@dataclass(frozen=True, slots=True)
class Span:
    """Some days in a row, both ends among them; raises ValueError where it ends before it begins."""

    since: date
    until: date

    def __post_init__(self) -> None:
        if self.until < self.since:
            raise ValueError(f"a span ends no earlier than it begins, got {self.since} to {self.until}")

    @property
    def days(self) -> int:
        """Count the days."""
        return (self.until - self.since).days + 1

    @property
    def before(self) -> "Span":
        """The span that this one is held against: for whole months as many whole months, else as many days."""
        last = self.since - ONE
        if self.since.day == 1 and (self.until + ONE).day == 1:
            return Span(_months_later(self.since, -self._months), last)
        return Span(self.since - self.days * ONE, last)

    @property
    def by_month(self) -> bool:
        """Tell whether it is so long that it is shown month by month."""
        return self.days > BY_MONTH_PAST

    def each_day(self) -> Iterator[date]:
        """Yield every day."""
        return (self.since + number * ONE for number in range(self.days))

    def buckets(self) -> list["Span"]:
        """Divide it into what one row shows: days, or months where it is long, the first and last as far as they go."""
        if not self.by_month:
            return [Span(day, day) for day in self.each_day()]
        return list(self.each_month())

    def each_month(self) -> Iterator["Span"]:
        """Yield it month by month, the first and last as far as they go."""
        since = self.since
        while since <= self.until:
            following = _months_later(since.replace(day=1), 1)
            yield Span(since, min(self.until, following - ONE))
            since = following

    @property
    def is_month(self) -> bool:
        """Tell whether it is one whole calendar month."""
        return self.since.day == 1 and self.until == _months_later(self.since, 1) - ONE

    @property
    def _months(self) -> int:
        later, sooner = self.until, self.since
        return (later.year - sooner.year) * 12 + later.month - sooner.month + 1


def month_span(year: int, month: int) -> Span:
    """Return a calendar month; raises ValueError for one that no calendar has."""
    first = date(year, month, 1)
    return Span(first, _months_later(first, 1) - ONE)


def months_back(first: date, number: int) -> list[date]:
    """List the first days of some months before a month, oldest first."""
    return [_months_later(first, -each) for each in range(number, 0, -1)]


def _months_later(first: date, number: int) -> date:
    years, month = divmod(first.year * 12 + first.month - 1 + number, 12)
    return date(years, month + 1, 1)
