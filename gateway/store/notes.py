"""Reports of the notes that givers write on gifts."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from gateway.models import note_report


def count_note_report(connection: Connection, gift_id: int, now: datetime) -> int:
    """Count one more report of a gift's note; returns how many there are."""
    dialect_insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[connection.dialect.name]
    first = dialect_insert(note_report).values(gift_id=gift_id, first_at=now, last_at=now, count=1)
    again = first.on_conflict_do_update(
        index_elements=["gift_id"], set_={"count": note_report.c.count + 1, "last_at": now}
    )
    return int(connection.execute(again.returning(note_report.c.count)).scalar_one())
