"""Keep the cases of the desk's queue, each piece of their evidence once."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INSTANT = DateTime(timezone=True)
KEY = BigInteger().with_variant(Integer, "sqlite")
OPEN = text("closed_at IS NULL")
CLOSED = text("closed_at IS NOT NULL")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "desk_case",
        Column("id", KEY, primary_key=True),
        Column("kind", String(16), nullable=False),
        Column("subject", String(80), nullable=False),
        Column("account_id", KEY, ForeignKey("account.id")),
        Column("opened_at", INSTANT, nullable=False),
        Column("pieces", Integer, nullable=False),
        Column("owner_id", KEY, ForeignKey("account.id")),
        Column("owned_at", INSTANT),
        Column("closed_at", INSTANT),
        Column("closed_by", String(100), nullable=False, server_default=""),
        Column("closing_reason", Text, nullable=False, server_default=""),
    )
    op.create_index("ix_desk_case_account_id", "desk_case", ["account_id"])
    op.create_index(
        "uq_desk_case_open",
        "desk_case",
        ["kind", "subject"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    for name, columns, where in (
        ("ix_desk_case_open", ["kind", "id"], OPEN),
        ("ix_desk_case_owner", ["owner_id", "id"], OPEN),
        ("ix_desk_case_closed", ["kind", "id"], CLOSED),
    ):
        op.create_index(name, "desk_case", columns, sqlite_where=where, postgresql_where=where)
    op.create_index("ix_desk_case_closed_at", "desk_case", ["closed_at"])
    op.create_table(
        "case_evidence",
        Column("id", KEY, primary_key=True),
        Column("case_id", KEY, ForeignKey("desk_case.id"), nullable=False),
        Column("kind", String(16), nullable=False),
        Column("origin", String(120), nullable=False),
        Column("at", INSTANT, nullable=False),
        Column("figures", Text, nullable=False),
        Column("words", Text, nullable=False, server_default=""),
        UniqueConstraint("kind", "origin"),
    )
    op.create_index("ix_case_evidence_case_id", "case_evidence", ["case_id", "id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("case_evidence")
    op.drop_table("desk_case")
