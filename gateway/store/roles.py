"""The gateway's role on PostgreSQL: all that it does, and on the log nothing but adding to it."""

from sqlalchemy import Connection, text

from gateway.models import metadata

# What only grows; a personal value may go, and so may what was sealed from the outbox.
GROWS = frozenset({"entry", "leaf", "node", "checkpoint", "sealed_log", "log_stop"})
# What only the tables' owner writes: a month of the log is put away by nobody else.
STANDS = frozenset({"archived", "log_part"})
GROWS_AND_LOSES = frozenset({"entry_person", "outbox"})


def allow(connection: Connection, role: str) -> None:
    """Let a role, made where it is not there, do what the gateway does and nothing else in this schema."""
    quoted = connection.dialect.identifier_preparer.quote_identifier(role)
    if (
        connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).first()
        is None
    ):
        connection.execute(text(f"CREATE ROLE {quoted} NOLOGIN"))
    schema = connection.dialect.identifier_preparer.quote_identifier(
        connection.execute(text("SELECT current_schema()")).scalar_one()
    )
    for statement in (
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {quoted}",
        f"GRANT USAGE ON SCHEMA {schema} TO {quoted}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {quoted}",
        f"GRANT SELECT ON alembic_version TO {quoted}",
        f"GRANT SELECT ON entry_rest, entry_person_rest TO {quoted}",
        f"GRANT EXECUTE ON FUNCTION make_log_month(text) TO {quoted}",
        *(f'GRANT {_rights(table)} ON "{table}" TO {quoted}' for table in metadata.tables),
    ):
        connection.execute(text(statement))


def _rights(table: str) -> str:
    if table in STANDS:
        return "SELECT"
    if table in GROWS:
        return "SELECT, INSERT"
    if table in GROWS_AND_LOSES:
        return "SELECT, INSERT, DELETE"
    return "SELECT, INSERT, UPDATE, DELETE"
