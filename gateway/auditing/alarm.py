"""Whether the log is sealed as it should be: an alarm at the desk and at /readyz, since nobody's act waits for the sealer."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.runtime import Runtime
from gateway.store import sealing

# An entry is sealed within five seconds; several times that means that nobody seals.
LATE_AFTER = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class SealAlarm:
    """What is wrong with the sealing, and since when: the log was stopped because of something, or is only late ("")."""

    since: datetime
    because: str = ""


def find_seal_alarm(connection: Connection, now: datetime) -> SealAlarm | None:
    """Find out, within a connection of the caller's, whether the log was stopped or is sealed late."""
    state = sealing.find_log(connection)
    if state is not None and state.stopped_at is not None:
        return SealAlarm(state.stopped_at, state.stopped_because or "")
    oldest = sealing.find_oldest_waiting(connection)
    return SealAlarm(oldest) if oldest is not None and now - oldest >= LATE_AFTER else None


def seal_alarm(runtime: Runtime) -> SealAlarm | None:
    """Find out whether the log was stopped or is sealed late."""
    with runtime.database.reading() as connection:
        return find_seal_alarm(connection, runtime.clock())
