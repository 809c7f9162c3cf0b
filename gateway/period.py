"""Calendar months in the publisher's zone, and what is left of a month's gifts."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Month:
    """One calendar month of one zone: `starts_at` belongs to it, `renews_at` to the next; both aware UTC.

    `key` is the year and month as "2026-11"; allowances are kept under it.
    """

    key: str
    starts_at: datetime
    renews_at: datetime
    zone: str


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a subscriber may still give in a month.

    `limit` is all there is: the plan's number and what an admin granted for the month, added up; `granted` says
    how much of it was granted. `used` may lie above `limit` after a change to a smaller plan.
    """

    limit: int
    used: int
    renews_at: datetime
    zone: str
    granted: int = 0

    def __post_init__(self) -> None:
        if self.used < 0 or not 0 <= self.granted <= self.limit:
            raise ValueError(
                f"an allowance needs used >= 0 and 0 <= granted <= limit, "
                f"got used {self.used}, granted {self.granted}, limit {self.limit}"
            )

    @property
    def remaining(self) -> int:
        """Count the credits left, never below zero."""
        return max(0, self.limit - self.used)


def month_of(now: datetime, zone: str) -> Month:
    """Find the calendar month that holds the aware instant `now` in the IANA zone `zone`.

    A month starts at the first instant of its first local day: the first of two midnights counts, and where
    midnight does not exist, the moment the clock jumps over it. Raises ValueError for a naive `now` and
    zoneinfo.ZoneInfoNotFoundError for an unknown zone.
    """
    if now.tzinfo is None:
        raise ValueError(f"an instant must be aware, got the naive {now.isoformat()}")
    local = now.astimezone(ZoneInfo(zone))
    month = _month(zone, local.year, local.month)
    # Where a clock goes back over midnight, the last minutes of the old day are shown again after the new
    # month has begun; the instant decides then, not the date on the clock.
    if now >= month.renews_at:
        return _month(zone, *_following(local.year, local.month))
    return month


def instants_of(local: datetime, zone: str) -> tuple[datetime, ...]:
    """Find the instants, in UTC, at which clocks in a zone show the naive time `local`.

    There is one, but none where the clock jumps over that time and two where it shows it twice.
    """
    place = ZoneInfo(zone)
    meant = {local.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return tuple(sorted(each for each in meant if each.astimezone(place).replace(tzinfo=None) == local))


@lru_cache(maxsize=4096)
def _month(zone: str, year: int, month: int) -> Month:
    return Month(
        key=f"{year:04}-{month:02}",
        starts_at=first_instant(zone, date(year, month, 1)),
        renews_at=first_instant(zone, date(*_following(year, month), 1)),
        zone=zone,
    )


def _following(year: int, month: int) -> tuple[int, int]:
    return (year + 1, 1) if month == 12 else (year, month + 1)


def first_instant(zone: str, day: date) -> datetime:
    """Find the first instant of a day in an IANA zone, as aware UTC.

    The first of two midnights counts, and where midnight does not exist, the moment the clock jumps over it.
    """
    place = ZoneInfo(zone)
    midnight = datetime(day.year, day.month, day.day, tzinfo=place)
    earliest = midnight.astimezone(UTC)
    # Two instants of one zone are compared by what its clock shows, which is what is asked here.
    if earliest.astimezone(place) == midnight:
        return earliest
    # Midnight lies in a gap. Read with the offset before the jump it comes out after the jump, read with the
    # offset after it, before the jump: the jump itself is found between the two.
    before = midnight.replace(fold=1).astimezone(UTC)
    after = earliest
    while after - before > _SECOND:
        middle = before + (after - before) // (2 * _SECOND) * _SECOND
        if middle.astimezone(place) < midnight:
            before = middle
        else:
            after = middle
    return after
