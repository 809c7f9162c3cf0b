"""Let the index of a network's claims hold what a rule counts of them: which article it was, and whether it was read."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

NAME = "ix_claim_network"


def upgrade() -> None:
    """Make the index anew with both."""
    op.drop_index(NAME, "claim")
    op.create_index(NAME, "claim", ["network", "claimed_at", "article_id", "confirmed_at"])


def downgrade() -> None:
    """Make it as it was."""
    op.drop_index(NAME, "claim")
    op.create_index(NAME, "claim", ["network", "claimed_at"])
