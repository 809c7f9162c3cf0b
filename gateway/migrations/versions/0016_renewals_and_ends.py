"""Remember which gift another one renewed, and find the articles whose end has come."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, text

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

KEY = BigInteger().with_variant(Integer, "sqlite")
EXPIRES = text("expires_at IS NOT NULL")
WITHDRAWN = text("withdrawn_at IS NOT NULL")


def upgrade() -> None:
    """Add the column and the indexes."""
    op.add_column("gift", Column("renews", KEY))
    op.create_index(
        "ix_article_expires", "article", ["expires_at"], sqlite_where=EXPIRES, postgresql_where=EXPIRES
    )
    op.create_index(
        "ix_article_withdrawn",
        "article",
        ["withdrawn_at"],
        sqlite_where=WITHDRAWN,
        postgresql_where=WITHDRAWN,
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_article_withdrawn", "article")
    op.drop_index("ix_article_expires", "article")
    op.drop_column("gift", "renews")
