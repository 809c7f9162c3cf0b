"""Keep what the desk counts: rollups over the sealed log, usage as COUNTER counts it, and a gift's plan and section."""

from alembic import op
from sqlalchemy import BigInteger, Column, Date, DateTime, ForeignKey, Integer, LargeBinary, String

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KEY = BigInteger().with_variant(Integer, "sqlite")
INSTANT = DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables; what is sealed already is counted by the sealer, as far as it has not been."""
    op.add_column("gift", Column("plan", String(64), nullable=False, server_default=""))
    op.add_column("gift", Column("section", String(100), nullable=False, server_default=""))
    # Of a gift that was given before, the best that is known is what its giver and its article are now.
    op.execute(
        "UPDATE gift SET plan = COALESCE((SELECT plan FROM account WHERE account.id = gift.account_id), ''), "
        "section = COALESCE((SELECT section FROM article WHERE article.id = gift.article_id), '')"
    )
    op.create_index("ix_allowance_period", "allowance", ["period"])
    op.create_table(
        "rollup",
        Column("split", String(16), primary_key=True),
        Column("figure", String(16), primary_key=True),
        Column("day", Date, primary_key=True),
        Column("name", String(100), primary_key=True),
        Column("count", KEY, nullable=False),
    )
    op.create_table(
        "rollup_state",
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("leaves", KEY, nullable=False),
        Column("since", Date),
    )
    op.create_table(
        "usage",
        Column("month", String(7), primary_key=True),
        Column("metric", String(32), primary_key=True),
        Column(
            "article_id",
            KEY,
            ForeignKey("article.id", name="fk_usage_article_id_article"),
            primary_key=True,
            autoincrement=False,
        ),
        Column("count", KEY, nullable=False),
    )
    op.create_table(
        "usage_seen",
        Column("who", LargeBinary(16), primary_key=True),
        Column("article_id", KEY, primary_key=True, autoincrement=False),
        Column("metric", String(32), primary_key=True),
        Column("last_at", INSTANT, nullable=False),
        Column("hour", INSTANT),
    )
    op.create_index("ix_usage_seen_last_at", "usage_seen", ["last_at"])
    op.create_table(
        "subscribe_click",
        Column("who", LargeBinary(16), primary_key=True),
        Column("day", Date, primary_key=True),
        Column("subject", String(100), primary_key=True),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("subscribe_click", "usage_seen", "usage", "rollup_state", "rollup"):
        op.drop_table(table)
    op.drop_index("ix_allowance_period", "allowance")
    op.drop_column("gift", "section")
    op.drop_column("gift", "plan")
