"""Find the refusals of an event by an index of their own, also where there are none."""

from alembic import op
from sqlalchemy import text

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NAME = "ix_entry_refused_event"
# Said otherwise than in ix_entry_denied, so that PostgreSQL does not take that one instead.
ROWS = text("outcome <> 'permit'")


def upgrade() -> None:
    """Make the index."""
    op.create_index(NAME, "entry", ["event", "id"], sqlite_where=ROWS, postgresql_where=ROWS)


def downgrade() -> None:
    """Take it back."""
    op.drop_index(NAME, "entry")
