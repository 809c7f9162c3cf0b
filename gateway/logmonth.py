"""The log's months, in UTC: an entry's number begins with its month, so that a month can be put away as one piece."""

from datetime import UTC, datetime

# A number is the month, such as 202605, and one of these; together far below what RFC 8785 can spell.
NUMBERS_A_MONTH = 1_000_000_000


def first_number(at: datetime) -> int:
    """Return the number that an instant's month, in UTC, begins with; the month has NUMBERS_A_MONTH of them."""
    at = at.astimezone(UTC)
    return (at.year * 100 + at.month) * NUMBERS_A_MONTH


def numbers_of(month: str) -> tuple[int, int]:
    """Return the numbers of a month such as 2026-05, from the first to before the next month's."""
    first = int(month.replace("-", "")) * NUMBERS_A_MONTH
    return first, first + NUMBERS_A_MONTH


def month_of(at: datetime) -> str:
    """Name an instant's month in UTC, as in 2026-05."""
    return f"{at.astimezone(UTC):%Y-%m}"


def month_begins(month: str) -> datetime:
    """Return the first instant of a month such as 2026-05; raises ValueError for what is none."""
    return datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)


def next_month(month: str) -> str:
    """Name the month after a month."""
    return months_ahead(month_begins(month), 1)[1]


def months_ahead(now: datetime, ahead: int) -> list[str]:
    """Name the month of an instant, in UTC, and so many after it, as in 2026-05."""
    now = now.astimezone(UTC)
    first = now.year * 12 + now.month - 1
    return [f"{each // 12:04}-{each % 12 + 1:02}" for each in range(first, first + ahead + 1)]
