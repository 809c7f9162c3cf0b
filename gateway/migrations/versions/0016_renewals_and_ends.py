"""Remember which gift another one renewed and which forms of the desk were sent, and find articles that ended."""

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Integer, LargeBinary, String, text

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

KEY = BigInteger().with_variant(Integer, "sqlite")
EXPIRES = text("expires_at IS NOT NULL")
WITHDRAWN = text("withdrawn_at IS NOT NULL")


def upgrade() -> None:
    """Add the column, the indexes and the table."""
    op.create_table(
        "act_key",
        Column(
            "account_id",
            KEY,
            ForeignKey("account.id", name="fk_act_key_account_id_account"),
            primary_key=True,
        ),
        Column("key", String(200), primary_key=True),
        Column("digest", LargeBinary(32), nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_act_key_created_at", "act_key", ["created_at"])
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
    op.drop_table("act_key")
    op.drop_index("ix_article_withdrawn", "article")
    op.drop_index("ix_article_expires", "article")
    op.drop_column("gift", "renews")
