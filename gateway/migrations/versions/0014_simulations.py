"""Keep what admins asked to be replayed under another policy, how far that is, and what it came to."""

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, Integer, String, Text, text

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INSTANT = DateTime(timezone=True)
KEY = BigInteger().with_variant(Integer, "sqlite")
OPEN = text("ended_at IS NULL")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "simulation",
        Column("id", KEY, primary_key=True),
        Column("name", Text, nullable=False),
        Column("text", Text, nullable=False),
        Column("digest", String(64), nullable=False),
        Column("days", Integer, nullable=False),
        Column("asked_at", INSTANT, nullable=False),
        Column("asked_by", String(100), nullable=False),
        Column("state", String(12), nullable=False),
        Column("begun", Integer, nullable=False, server_default="0"),
        Column("begun_at", INSTANT),
        Column("percent", Integer, nullable=False, server_default="0"),
        Column("ended_at", INSTANT),
        Column("result", Text, nullable=False, server_default=""),
    )
    op.create_index("ix_simulation_digest", "simulation", ["digest", "id"])
    op.create_index("ix_simulation_open", "simulation", ["id"], sqlite_where=OPEN, postgresql_where=OPEN)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("simulation")
