"""Remember which gift another one renewed."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

KEY = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    """Add the column."""
    op.add_column("gift", Column("renews", KEY))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("gift", "renews")
