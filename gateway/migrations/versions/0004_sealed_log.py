"""Seal the log: an outbox, the Merkle tree's leaves and nodes, checkpoints, and personal values beside the entries."""

import hashlib
import json
import secrets

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Text,
    text,
)

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = BigInteger().with_variant(Integer, "sqlite")
INSTANT = DateTime(timezone=True)
ROWS_AT_ONCE = 1000
SEALED = {
    "leaf": ("position",),
    "node": ("level", "number"),
    "checkpoint": ("log_id", "size"),
    "sealed_log": ("id",),
    "log_stop": ("log_id",),
}
TABLES = ("entry_person", "outbox", "leaf", "node", "checkpoint", "log_stop", "sealed_log")

QUEUE = {
    "sqlite": (
        """
        CREATE TRIGGER entry_is_to_be_sealed AFTER INSERT ON entry
        BEGIN INSERT INTO outbox (entry_id) VALUES (NEW.id); END
        """,
    ),
    "postgresql": (
        """
        CREATE FUNCTION queue_for_sealing() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO outbox (entry_id) VALUES (NEW.id); RETURN NULL; END $$
        """,
        """
        CREATE TRIGGER entry_is_to_be_sealed AFTER INSERT ON entry
        FOR EACH ROW EXECUTE FUNCTION queue_for_sealing()
        """,
    ),
}
# As 0001 made them: what an entry says of a reader's device moves beside it once, here.
REFUSE_CHANGE = {
    "sqlite": """
        CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
        BEGIN SELECT RAISE(ABORT, 'an entry of the log is never changed'); END
        """,
    "postgresql": """
        CREATE TRIGGER entry_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON entry
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_the_log()
        """,
}


def upgrade() -> None:
    """Make the tables, queue every entry there is, and let nobody change what is sealed."""
    _make_tables()
    _move_names_beside()
    op.execute("INSERT INTO outbox (entry_id) SELECT id FROM entry")
    dialect = op.get_bind().dialect.name
    for statement in QUEUE[dialect]:
        op.execute(statement)
    for table in SEALED:
        for statement in _refusals(dialect, table):
            op.execute(statement)


def downgrade() -> None:
    """Drop what was sealed, and name readers in the entries again."""
    dialect = op.get_bind().dialect.name
    if dialect == "postgresql":
        op.execute("DROP TRIGGER entry_is_to_be_sealed ON entry")
        op.execute("DROP FUNCTION queue_for_sealing()")
    else:
        op.execute("DROP TRIGGER entry_is_to_be_sealed")
    _allow_change()
    for column, field in (("actor", "device"), ("subject", "subject")):
        beside = f"FROM entry_person WHERE entry_id = entry.id AND field = '{field}'"
        named = f"UPDATE entry SET {column} = {column} || ':' || (SELECT value {beside})"  # noqa: S608
        op.execute(f"{named} WHERE EXISTS (SELECT 1 {beside})")
    op.execute(REFUSE_CHANGE[dialect])
    for table in TABLES:
        op.drop_table(table)
    op.drop_column("entry", "personal")
    op.drop_column("entry", "rule")


def _make_tables() -> None:
    op.add_column("entry", Column("rule", String(64), nullable=False, server_default=""))
    op.add_column("entry", Column("personal", Text(), nullable=False, server_default="{}"))
    op.create_table(
        "entry_person",
        Column("entry_id", KEY, primary_key=True, autoincrement=False),
        Column("field", String(16), primary_key=True),
        Column("salt", LargeBinary(16), nullable=False),
        Column("value", Text(), nullable=False),
    )
    op.create_index("ix_entry_person_field_value", "entry_person", ["field", "value", "entry_id"])
    op.create_table("outbox", Column("entry_id", KEY, primary_key=True, autoincrement=False))
    op.create_table(
        "leaf",
        Column("position", KEY, primary_key=True, autoincrement=False),
        Column("entry_id", KEY, nullable=False, unique=True),
        Column("hash", LargeBinary(32), nullable=False),
    )
    op.create_table(
        "node",
        Column("level", Integer(), primary_key=True, autoincrement=False),
        Column("number", KEY, primary_key=True, autoincrement=False),
        Column("hash", LargeBinary(32), nullable=False),
    )
    op.create_table(
        "sealed_log",
        Column("id", KEY, primary_key=True),
        Column("origin", String(200), nullable=False, unique=True),
        Column("begun_at", INSTANT, nullable=False),
        Column("kept", KEY, nullable=False),
    )
    op.create_table(
        "checkpoint",
        Column("log_id", KEY, ForeignKey("sealed_log.id"), primary_key=True, autoincrement=False),
        Column("size", KEY, primary_key=True, autoincrement=False),
        Column("root", LargeBinary(32), nullable=False),
        Column("made_at", INSTANT, nullable=False),
    )
    op.create_table(
        "log_stop",
        Column("log_id", KEY, ForeignKey("sealed_log.id"), primary_key=True, autoincrement=False),
        Column("at", INSTANT, nullable=False),
        Column("because", Text(), nullable=False),
    )


def _move_names_beside() -> None:
    """Move what names a reader or a network out of the entries, where it could never be erased again."""
    connection = op.get_bind()
    _allow_change()
    some = text(
        "SELECT id, actor, subject FROM entry WHERE actor LIKE 'reader:%' OR subject LIKE 'reader:%' "
        "OR subject LIKE 'network:%' ORDER BY id LIMIT :rows"
    )
    while rows := connection.execute(some, {"rows": ROWS_AT_ONCE}).all():
        beside, changed = [], []
        for entry_id, actor, subject in rows:
            hashes, names = {}, {}
            for field, name in (("device", actor), ("subject", subject)):
                kind, _, value = name.partition(":")
                names[field] = kind if kind in ("reader", "network") else name
                if names[field] != name:
                    salt = secrets.token_bytes(16)
                    hashes[field] = hashlib.sha256(salt + value.encode()).hexdigest()
                    beside.append({"entry_id": entry_id, "field": field, "salt": salt, "value": value})
            personal = json.dumps(hashes, sort_keys=True, separators=(",", ":"))
            changed.append({"entry_id": entry_id, "personal": personal, **names})
        connection.execute(
            text(
                "INSERT INTO entry_person (entry_id, field, salt, value) VALUES (:entry_id, :field, :salt, :value)"
            ),
            beside,
        )
        connection.execute(
            text(
                "UPDATE entry SET actor = :device, subject = :subject, personal = :personal WHERE id = :entry_id"
            ),
            changed,
        )
    op.execute(REFUSE_CHANGE[connection.dialect.name])


def _allow_change() -> None:
    on_table = " ON entry" if op.get_bind().dialect.name == "postgresql" else ""
    op.execute(f"DROP TRIGGER entry_is_never_changed{on_table}")


def _refusals(dialect: str, table: str) -> tuple[str, ...]:
    if dialect == "postgresql":
        when = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        what = "FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_the_log()"
        return (f"CREATE TRIGGER {table}_is_never_changed {when} {what}",)
    same = " AND ".join(f"{key} = NEW.{key}" for key in SEALED[table])
    # INSERT OR REPLACE deletes without asking the trigger before.
    found = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - The names are written above.
    raised = f"BEGIN SELECT RAISE(ABORT, 'an entry of the log is never changed: {table}'); END"
    return (
        f"CREATE TRIGGER {table}_is_never_changed BEFORE UPDATE ON {table} {raised}",
        f"CREATE TRIGGER {table}_is_never_deleted BEFORE DELETE ON {table} {raised}",
        f"CREATE TRIGGER {table}_is_never_replaced BEFORE INSERT ON {table} {found} {raised}",
    )
