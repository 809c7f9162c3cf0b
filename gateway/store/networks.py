"""The monthly salts under which networks are named; without its salt a name leads back to nobody."""

import secrets
from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.models import network_salt


def list_salts(connection: Connection) -> dict[str, bytes]:
    """List the salts by month, such as "2026-11"."""
    return {row[0]: row[1] for row in connection.execute(select(network_salt.c.month, network_salt.c.secret))}


def add_salt(connection: Connection, month: str) -> None:
    """Draw the salt of a month, unless another process drew it first."""
    insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[connection.dialect.name]
    row = {"month": month, "secret": secrets.token_bytes(32)}
    connection.execute(insert(network_salt).on_conflict_do_nothing(), row)


def drop_salts(connection: Connection, before: str) -> int:
    """Destroy the salts of the months before one; returns how many."""
    return connection.execute(delete(network_salt).where(network_salt.c.month < before)).rowcount
