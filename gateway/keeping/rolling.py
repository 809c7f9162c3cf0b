"""Counting what the log holds: batch by batch as it is sealed, anew where wanted, and against what was counted."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Column, Connection, MetaData, Table

from gateway.days import ONE, Days
from gateway.figures import Row, rows_of
from gateway.ledger import SealedEntry
from gateway.models import rollup
from gateway.runtime import Runtime
from gateway.store import copies, rollups, tree
from gateway.store.rollups import RollupState

LEAVES_AT_ONCE = 5000
TOLD_AT_MOST = 20
Progress = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Difference:
    """One row of which the rollups say something else than the entries do."""

    row: Row
    counted: int
    entries: int


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: how many leaves it went through, and the first differences."""

    leaves: int
    differences: tuple[Difference, ...]


class Counting:
    """Counts entries into rows, each on the day that it was for the publisher when it was written."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def count_sealed(self, connection: Connection, entries: Sequence[SealedEntry], start: int) -> bool:
        """Count what is being sealed from a position on, in the transaction that seals it.

        Returns False, and counts nothing, where something before it is not counted yet; `catch_up` then does both.
        """
        state = rollups.find_state(connection, held=True)
        if state.leaves != start:
            return False
        rollups.add_counts(connection, self._counted(connection, entries, state.since))
        rollups.put_state(connection, RollupState(start + len(entries), state.since))
        return True

    def catch_up(self, *, limit: int = LEAVES_AT_ONCE) -> int:
        """Count sealed leaves that are not counted yet, in a transaction of its own; returns how many."""
        with self._runtime.database.transaction() as connection:
            state = rollups.find_state(connection, held=True)
            found, entries = rollups.list_leaves(connection, state.leaves, limit=limit)
            if found:
                rollups.add_counts(connection, self._counted(connection, entries, state.since))
                rollups.put_state(connection, RollupState(state.leaves + found, state.since))
            return found

    def expected(self, connection: Connection, table: Table, state: RollupState, progress: Progress) -> None:
        """Count every leaf that is counted once more, into a table beside the rollups."""
        at = 0
        while at < state.leaves:
            limit = min(LEAVES_AT_ONCE, state.leaves - at)
            found, entries = rollups.list_leaves(connection, at, limit=limit)
            if not found:
                break
            rollups.add_counts(connection, self._counted(connection, entries, state.since), table=table)
            at += found
            progress(at)

    def days(self, connection: Connection) -> Days:
        """Return what tells the publisher's day of an instant, in the zone of the policy in force at it."""
        return Days(self._runtime.policies.zones_within(connection))

    def _counted(
        self, connection: Connection, entries: Sequence[SealedEntry], since: date | None
    ) -> Counter[Row]:
        names = {each.subject[5:] for each in entries if each.subject.startswith("gift:")}
        gifts = rollups.find_gifts(connection, names)
        days, counts = self.days(connection), Counter[Row]()
        for each in entries:
            counts.update(rows_of(each, gifts.get(each.subject[5:]), days.of(each.at)))
        return counts if since is None else Counter({row: n for row, n in counts.items() if row.day >= since})


def rebuild(runtime: Runtime, progress: Progress) -> int:
    """Count the whole log anew; returns how many leaves were counted.

    Where older entries were put away, what was counted of their days stays as it is. While it goes on the log is
    sealed as ever, and the desk says that the figures are being counted.
    """
    counting, done = Counting(runtime), 0
    with runtime.database.transaction() as connection:
        rollups.find_state(connection, held=True)
        since = _counted_from(connection, counting)
        rollups.drop_counted(connection, since)
        rollups.put_state(connection, RollupState(0, since))
    while found := counting.catch_up():
        done += found
        progress(done)
    return done


def _counted_from(connection: Connection, counting: Counting) -> date | None:
    """Find the first day of which every entry is still there; None for all days."""
    if not rollups.lacks_oldest(connection):
        return None
    oldest = rollups.find_oldest_instant(connection)
    return date.max if oldest is None else counting.days(connection).of(oldest) + ONE


def check(runtime: Runtime, progress: Progress) -> Checked:
    """Count the log beside the rollups and hold one against the other, both as they stood at one instant.

    Days of which entries were put away are left out: what was counted of them stays, and nothing can tell it anew.
    """
    with _beside(runtime) as (connection, table):
        state, counting = rollups.find_state(connection), Counting(runtime)
        whole_from = _counted_from(connection, counting)
        if whole_from is not None:
            since = whole_from if state.since is None else max(state.since, whole_from)
            state = RollupState(state.leaves, since)
        counting.expected(connection, table, state, progress)
        found = rollups.differences(connection, table, state.since, limit=TOLD_AT_MOST)
    return Checked(state.leaves, tuple(Difference(*each) for each in found))


def count_leaves(runtime: Runtime) -> int:
    """Count the leaves of the log, for a progress bar."""
    with runtime.database.reading() as connection:
        return tree.count_leaves(connection)


@contextmanager
def _beside(runtime: Runtime) -> Iterator[tuple[Connection, Table]]:
    """Yield a snapshot of the database with an empty table of the rollups' shape that only it sees."""
    columns = [Column(each.name, each.type, primary_key=each.primary_key) for each in rollup.columns]
    table = Table("rollup_expected", MetaData(), *columns, prefixes=["TEMPORARY"])
    with copies.snapshot(runtime.database, temporary=True) as connection:
        table.create(connection)
        yield connection, table
