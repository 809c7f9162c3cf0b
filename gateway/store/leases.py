"""Leases: which of several machines does a work that only one may do."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.models import lease

# Held by the process that does the jobs; the desk looks whether there is one.
JOBS = "jobs"


def take_lease(connection: Connection, name: str, holder: str, *, now: datetime, until: datetime) -> bool:
    """Take a lease that is free, or ran out by `now`, or renew one's own; False while another holds it.

    The look and the taking are one statement, so no two holders can both have it.
    """
    dialect_insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[connection.dialect.name]
    statement = dialect_insert(lease).values(name=name, holder=holder, until=until)
    taken = statement.on_conflict_do_update(
        index_elements=["name"],
        set_={"holder": holder, "until": until},
        where=(lease.c.holder == holder) | (lease.c.until <= now),
    ).returning(lease.c.name)
    return connection.execute(taken).first() is not None


def release_lease(connection: Connection, name: str, holder: str) -> None:
    """Give one's own lease up, so that another need not wait until it runs out."""
    connection.execute(delete(lease).where(lease.c.name == name, lease.c.holder == holder))


def find_holder(connection: Connection, name: str, now: datetime) -> tuple[str, datetime] | None:
    """Find who holds a lease at `now`, and until when."""
    statement = select(lease.c.holder, lease.c.until).where(lease.c.name == name, lease.c.until > now)
    row = connection.execute(statement).first()
    return None if row is None else (row[0], row[1])
