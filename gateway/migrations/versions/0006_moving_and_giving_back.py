"""Let a reading move to another browser or be given back, and remember which gifts' openers are forgotten."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    UniqueConstraint,
    text,
)

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = DateTime(timezone=True)
KEY = BigInteger().with_variant(Integer, "sqlite")
REMEMBERED = text("forgotten_at IS NULL")
REVOKED = text("forgotten_at IS NULL AND revoked_at IS NOT NULL")
BY_GIVER = text("by_giver")


def upgrade() -> None:
    """Make the tables, the column and its indexes."""
    op.add_column("gift", Column("forgotten_at", INSTANT))
    op.create_index(
        "ix_gift_expired", "gift", ["expires_at"], sqlite_where=REMEMBERED, postgresql_where=REMEMBERED
    )
    op.create_index("ix_gift_revoked", "gift", ["revoked_at"], sqlite_where=REVOKED, postgresql_where=REVOKED)
    op.create_table(
        "transfer",
        _claim(),
        Column("digest", LargeBinary(32)),
        Column("expires_at", INSTANT, nullable=False),
        Column("moves", Integer, nullable=False, server_default="0"),
        UniqueConstraint("digest", name="uq_transfer_digest"),
    )
    op.create_table(
        "given_back",
        _claim(),
        Column("gift_id", KEY, ForeignKey("gift.id", name="fk_given_back_gift_id_gift"), nullable=False),
        Column("by_giver", Boolean, nullable=False),
        Column("at", INSTANT, nullable=False),
    )
    op.create_index(
        "uq_given_back_giver",
        "given_back",
        ["gift_id"],
        unique=True,
        sqlite_where=BY_GIVER,
        postgresql_where=BY_GIVER,
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("given_back")
    op.drop_table("transfer")
    op.drop_index("ix_gift_revoked", "gift")
    op.drop_index("ix_gift_expired", "gift")
    op.drop_column("gift", "forgotten_at")


def _claim() -> Column[int]:
    """Spell the key that both tables take from the claim they are about."""
    return Column(
        "claim_id",
        KEY,
        ForeignKey("claim.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
