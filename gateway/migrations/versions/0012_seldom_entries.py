"""Find what others than persons did by an index, since few entries are of them."""

from alembic import op
from sqlalchemy import text

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NAME = "ix_entry_visitor"
ROWS = text("visitor <> '' AND visitor <> 'person'")


def upgrade() -> None:
    """Make the index."""
    op.create_index(NAME, "entry", ["visitor", "id"], sqlite_where=ROWS, postgresql_where=ROWS)


def downgrade() -> None:
    """Drop it."""
    op.drop_index(NAME, "entry")
