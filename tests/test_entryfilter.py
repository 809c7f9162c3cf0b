"""What a filter of the log finds, and that an index finds it: the database says itself how it would go about it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, text

from gateway.ledger import Event, Outcome
from gateway.logmonth import first_number
from gateway.models import entry
from gateway.store.engine import Database, open_database
from gateway.store.entries import EntryFilter, list_entries

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
ENTRIES = 20_000


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Yield a log in which half the entries are sign-ins, never refused, and a fifth are refused claims."""
    found = open_database(database_url)
    with found.transaction() as connection:
        connection.execute(insert(entry), [_row(number) for number in range(ENTRIES)])
        connection.execute(text("ANALYZE"))
    yield found
    found.close()


def _row(number: int) -> dict[str, object]:
    claim = number % 5 == 1
    name = Event.CLAIM_REFUSED if claim else Event.SIGNED_IN if number % 2 else Event.CLAIM_MADE
    return {
        "id": first_number(AT) + number + 1,
        "at": AT + timedelta(seconds=number),
        "actor": "reader" if claim else "account:1",
        "event": name.value,
        "subject": "account:1",
        "outcome": (Outcome.DENY if claim else Outcome.PERMIT).value,
        "reason": "gift:expired" if claim else "",
    }


def _plan(connection: Connection, wanted: EntryFilter) -> str:
    """Say how the database goes about finding a page of a filter."""
    asked: list[tuple[str, Any]] = []

    def note(*about: Any) -> None:
        asked.append(about[2:4])

    event.listen(connection.engine, "before_cursor_execute", note)
    list_entries(connection, wanted, limit=51)
    event.remove(connection.engine, "before_cursor_execute", note)
    ((statement, values),) = asked
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN ANALYZE"
    return "\n".join(str(row[-1]) for row in connection.exec_driver_sql(f"{explain} {statement}", values))


def test_refusals_of_an_event_that_is_never_refused_are_found_by_their_own_index(database: Database) -> None:
    with database.reading() as connection:
        plan = _plan(connection, EntryFilter(event=Event.SIGNED_IN, outcome=Outcome.DENY))
        # PostgreSQL names the indexes of a partition after its columns, so what was gone through in vain is looked at.
        by_itself = "ix_entry_refused_event" in plan or "Rows Removed by Filter" not in plan
    assert by_itself, plan
    assert "SCAN entry" not in plan
    assert "Seq Scan on entry_2026_03" not in plan


def test_nobody_looks_for_refusals_that_were_permitted(database: Database) -> None:
    wanted = EntryFilter(event=Event.CLAIM_REFUSED, outcome=Outcome.PERMIT)
    with database.reading() as connection:
        if connection.dialect.name == "postgresql":
            assert "One-Time Filter: false" in _plan(connection, wanted)
            return
        steps: list[None] = []
        raw: Any = connection.connection.driver_connection
        raw.set_progress_handler(lambda: steps.append(None), 1)
        assert list_entries(connection, wanted, limit=51) == []
        raw.set_progress_handler(None, 1)
    assert len(steps) < ENTRIES // 100


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("name", [Event.SIGNED_IN, Event.CLAIM_REFUSED, Event.CLAIM_MADE])
def test_an_event_and_an_outcome_find_what_is_both(database: Database, name: Event, outcome: Outcome) -> None:
    wanted = EntryFilter(event=name, outcome=outcome)
    with database.reading() as connection:
        found = list_entries(connection, wanted, limit=ENTRIES)
    both = [row for row in map(_row, range(ENTRIES)) if (row["event"], row["outcome"]) == (name, outcome)]
    assert [each.id for each in found] == [row["id"] for row in reversed(both)]
