"""Keep how much was copied, never what, and who asked for a licence."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = DateTime(timezone=True)
KEY = BigInteger().with_variant(Integer, "sqlite")
INDEXES = {
    "ix_copied_device_article": ["device", "article_id", "at", "printed", "characters"],
    "ix_copied_account_article": ["account_id", "article_id", "at", "printed", "characters"],
    "ix_copied_device": ["device", "at", "characters", "over"],
    "ix_copied_account": ["account_id", "at", "characters", "over"],
    "ix_copied_network": ["network", "at", "characters", "over"],
    "ix_copied_article": ["article_id", "at", "characters", "over"],
    "ix_copied_at": ["at"],
}
UNSENT = text("mailed_at IS NULL")


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "copied",
        Column("id", KEY, primary_key=True),
        Column("report_id", LargeBinary(16), nullable=False),
        Column("page", LargeBinary(8), nullable=False),
        Column("sequence", Integer, nullable=False),
        Column("device", LargeBinary(32)),
        Column("account_id", KEY, ForeignKey("account.id")),
        Column("article_id", KEY, ForeignKey("article.id"), nullable=False),
        Column("network", LargeBinary(16), nullable=False),
        Column("at", INSTANT, nullable=False),
        Column("characters", Integer, nullable=False),
        Column("over", Boolean, nullable=False),
        Column("printed", Boolean, nullable=False),
        UniqueConstraint("device", "report_id"),
        UniqueConstraint("account_id", "report_id"),
        UniqueConstraint("page", "sequence"),
        CheckConstraint("(device IS NULL) <> (account_id IS NULL)", name="ck_copied_one_reader"),
    )
    for name, columns in INDEXES.items():
        op.create_index(name, "copied", columns)
    op.create_table(
        "licence_request",
        Column("id", KEY, primary_key=True),
        Column("number", String(8), nullable=False),
        Column("digest", LargeBinary(32), nullable=False),
        Column("at", INSTANT, nullable=False),
        Column("article_id", KEY, ForeignKey("article.id")),
        Column("about", String(300), nullable=False, server_default=""),
        Column("characters", Integer),
        Column("purpose", String(24), nullable=False),
        Column("name", String(120), nullable=False),
        Column("email", String(254), nullable=False),
        Column("text", Text, nullable=False),
        Column("language", String(8), nullable=False),
        Column("state", String(16), nullable=False),
        Column("state_at", INSTANT, nullable=False),
        Column("mailed_at", INSTANT),
        Column("mail_due_at", INSTANT, nullable=False),
        Column("mail_tries", Integer, nullable=False, server_default="0"),
        Column("mail_fault", String(200), nullable=False, server_default=""),
        UniqueConstraint("number"),
        UniqueConstraint("digest"),
    )
    op.create_index("ix_licence_request_state", "licence_request", ["state", "id"])
    op.create_index(
        "ix_licence_request_unsent",
        "licence_request",
        ["mail_due_at"],
        sqlite_where=UNSENT,
        postgresql_where=UNSENT,
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("licence_request")
    op.drop_table("copied")
