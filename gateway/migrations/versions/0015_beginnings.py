"""Keep with each log its first checkpoint, in which the holder of a sealing key names the log before."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the note; a log that was begun before has none."""
    op.add_column("sealed_log", sa.Column("note", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("sealed_log", "note")
