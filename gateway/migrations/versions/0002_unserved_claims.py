"""Find the few claims that may still lapse without looking at all the others."""

from alembic import op
from sqlalchemy import text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UNSERVED = text("served_at IS NULL AND confirmed_at IS NULL AND lapsed_at IS NULL")


def upgrade() -> None:
    """Make the index."""
    op.create_index(
        "ix_claim_unserved", "claim", ["claimed_at"], sqlite_where=UNSERVED, postgresql_where=UNSERVED
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_claim_unserved", "claim")
