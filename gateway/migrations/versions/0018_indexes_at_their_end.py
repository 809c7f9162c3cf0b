"""Let an issue write two index pages fewer: no place for a gift that replaces none, and keys by nothing but their id.

A new gift's key is the newest one, so its place in that index is the last one and not somewhere among all ends.
"""

from alembic import op
from sqlalchemy import text

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

REPLACING = text("replaces IS NOT NULL")


def upgrade() -> None:
    """Make both anew."""
    op.drop_index("ix_gift_key", "gift")
    op.create_index("ix_gift_key", "gift", ["key_id"])
    op.drop_index("ix_gift_replaces", "gift")
    op.create_index(
        "ix_gift_replaces",
        "gift",
        ["replaces"],
        unique=True,
        sqlite_where=REPLACING,
        postgresql_where=REPLACING,
    )


def downgrade() -> None:
    """Make them as they were."""
    op.drop_index("ix_gift_key", "gift")
    op.create_index("ix_gift_key", "gift", ["key_id", "expires_at"])
    op.drop_index("ix_gift_replaces", "gift")
    op.create_index("ix_gift_replaces", "gift", ["replaces"], unique=True)
