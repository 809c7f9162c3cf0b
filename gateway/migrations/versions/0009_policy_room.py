"""Keep proposals of a policy until another admin has decided, and let a version be withdrawn before it applies."""

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, Integer, String, Text

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INSTANT = DateTime(timezone=True)
KEY = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    """Make the table and the column."""
    op.add_column("policy_version", Column("withdrawn_at", INSTANT))
    op.create_table(
        "policy_proposal",
        Column("id", KEY, primary_key=True),
        Column("name", Text, nullable=False),
        Column("text", Text, nullable=False),
        Column("digest", String(64), nullable=False),
        Column("because", Text, nullable=False),
        Column("base", Integer, nullable=False),
        Column("takes_effect_at", INSTANT),
        Column("proposed_at", INSTANT, nullable=False),
        Column("proposed_by", String(100), nullable=False),
        Column("state", String(12), nullable=False),
        Column("version", Integer),
        Column("decided_at", INSTANT),
        Column("decided_by", String(100)),
        Column("decided_because", Text, nullable=False, server_default=""),
    )
    op.create_index("ix_policy_proposal_state", "policy_proposal", ["state", "id"])


def downgrade() -> None:
    """Drop both."""
    op.drop_table("policy_proposal")
    op.drop_column("policy_version", "withdrawn_at")
