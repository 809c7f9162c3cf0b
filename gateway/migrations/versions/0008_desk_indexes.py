"""Find the desk's pages by an index: refused entries, entries and firings of a rule, gifts that were shut."""

from alembic import op
from sqlalchemy import text

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# By name: the table, the columns, and which rows stand in it.
INDEXES = {
    "ix_entry_denied": ("entry", ["id"], "outcome = 'deny'"),
    "ix_entry_reason_event": ("entry", ["reason", "event", "id"], "reason <> ''"),
    "ix_entry_rule": ("entry", ["rule", "id"], "rule <> ''"),
    "ix_entry_rule_event": ("entry", ["rule", "event", "id"], "rule <> ''"),
    "ix_firing_rule": ("firing", ["rule", "id"], None),
    "ix_firing_holding": (
        "firing",
        ["id"],
        "lifted_at IS NULL AND mode = 'enforce' AND \"then\" <> 'log'",
    ),
    "ix_gift_issued": ("gift", ["issued_at"], None),
    "ix_gift_shut": ("gift", ["id"], "revoked_at IS NOT NULL"),
    "ix_gift_frozen": ("gift", ["id"], "frozen_at IS NOT NULL"),
    "ix_gift_read_up": ("gift", ["id"], "read_up_at IS NOT NULL"),
}


def upgrade() -> None:
    """Make the indexes."""
    for name, (table, columns, rows) in INDEXES.items():
        where = None if rows is None else text(rows)
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Drop them."""
    for name, (table, _, _) in INDEXES.items():
        op.drop_index(name, table)
