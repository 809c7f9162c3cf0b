"""Find what others than persons did by an index, since few entries are of them, and an article's networks in one alone."""

from alembic import op
from sqlalchemy import text

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NAME = "ix_entry_visitor"
OPENED = "ix_claim_article"
ROWS = text("visitor <> '' AND visitor <> 'person'")


def upgrade() -> None:
    """Make the index of entries, and let that of claims hold where they came from."""
    op.create_index(NAME, "entry", ["visitor", "id"], sqlite_where=ROWS, postgresql_where=ROWS)
    op.drop_index(OPENED, "claim")
    op.create_index(OPENED, "claim", ["article_id", "claimed_at", "network"])


def downgrade() -> None:
    """Take both back."""
    op.drop_index(OPENED, "claim")
    op.create_index(OPENED, "claim", ["article_id", "claimed_at"])
    op.drop_index(NAME, "entry")
