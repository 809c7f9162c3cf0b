"""What a gift's openings say by how they behave; it is told to people and never refuses anybody anything."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

AT_ONCE = timedelta(seconds=30)
"""Before this nobody has yet received, found and opened a message; mail scanners look within seconds."""

SILENT_AFTER = timedelta(minutes=10)
"""Whoever has not moved by then reads elsewhere, reads without script, or is no person."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a gift's unread openings came: `at_once` after the issue, `silent` later without a sign of a person.

    The rest of them may still become readings. `doubtful` says that a reading that counts was opened at once too.
    """

    at_once: int = 0
    silent: int = 0
    doubtful: bool = False


def behaviour_of(
    issued_at: datetime, unread: Iterable[datetime], first_read: datetime | None, now: datetime
) -> Behaviour:
    """Sort a gift's openings that were never confirmed, and look at the first one that was."""
    at_once = silent = 0
    for opened_at in unread:
        if opened_at - issued_at < AT_ONCE:
            at_once += 1
        elif now - opened_at >= SILENT_AFTER:
            silent += 1
    return Behaviour(at_once, silent, first_read is not None and first_read - issued_at < AT_ONCE)
