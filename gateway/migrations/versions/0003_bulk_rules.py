"""Keep what bulk rules count, and every time that one of them fired."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Text,
)

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = DateTime(timezone=True)
KEY = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    """Make the tables, and the columns that gifts and claims lack."""
    # No foreign key: SQLite would copy the whole table for it, and drop the old one under its claims.
    op.add_column("gift", Column("frozen_until", INSTANT))
    op.add_column("gift", Column("replaces", KEY))
    op.create_index("ix_gift_replaces", "gift", ["replaces"], unique=True)
    op.add_column("claim", Column("network", LargeBinary(16)))
    op.create_index("ix_claim_article", "claim", ["article_id", "claimed_at"])
    op.create_index("ix_claim_network", "claim", ["network", "claimed_at"])
    _make_counts()
    _make_firings()


def downgrade() -> None:
    """Take them away again."""
    for table in ("trap", "network_salt", "firing", "arrival", "delivery"):
        op.drop_table(table)
    op.drop_index("ix_claim_network", "claim")
    op.drop_index("ix_claim_article", "claim")
    op.drop_column("claim", "network")
    op.drop_index("ix_gift_replaces", "gift")
    op.drop_column("gift", "replaces")
    op.drop_column("gift", "frozen_until")


def _make_counts() -> None:
    op.create_table(
        "delivery",
        Column("who", LargeBinary(32), primary_key=True),
        Column("day", Date(), primary_key=True),
        Column("article_id", KEY, ForeignKey("article.id"), primary_key=True, autoincrement=False),
        Column("at", INSTANT, nullable=False),
        Column("network", LargeBinary(16)),
    )
    op.create_index("ix_delivery_network", "delivery", ["network", "at"])
    op.create_index("ix_delivery_day", "delivery", ["day"])
    op.create_table(
        "arrival",
        Column("gift_id", KEY, ForeignKey("gift.id"), primary_key=True, autoincrement=False),
        Column("network", LargeBinary(16), primary_key=True),
        Column("last_at", INSTANT, nullable=False),
        Column("turned_away_at", INSTANT),
    )
    op.create_index("ix_arrival_last_at", "arrival", ["last_at"])
    op.create_table(
        "trap",
        Column("network", LargeBinary(16), primary_key=True),
        Column("minute", INSTANT, primary_key=True),
        Column("count", Integer(), nullable=False),
    )
    op.create_table(
        "network_salt",
        Column("month", String(7), primary_key=True),
        Column("secret", LargeBinary(32), nullable=False),
    )


def _make_firings() -> None:
    op.create_table(
        "firing",
        Column("id", KEY, primary_key=True),
        Column("rule", String(63), nullable=False),
        Column("metric", String(24), nullable=False),
        Column("by_whom", String(12), nullable=False),
        Column("who", String(80), nullable=False),
        Column("then", String(12), nullable=False),
        Column("mode", String(8), nullable=False),
        Column("count", Integer(), nullable=False),
        Column("at", INSTANT, nullable=False),
        Column("until", INSTANT),
        Column("level", Integer(), nullable=False),
        Column("lifted_at", INSTANT),
        Column("lifted_by", String(100)),
        Column("lifted_because", Text(), nullable=False, server_default=""),
    )
    op.create_index("ix_firing_who", "firing", ["who", "at"])
    op.create_index("ix_firing_at", "firing", ["at"])
    op.create_index("ix_firing_metric", "firing", ["metric", "until"])
