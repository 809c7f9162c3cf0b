"""Make every table of the first release, and let nobody change a line of the log."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = DateTime(timezone=True)
KEY = BigInteger().with_variant(Integer, "sqlite")
TABLES = (
    "account",
    "session",
    "api_token",
    "allowance",
    "article",
    "picture",
    "gift",
    "claim",
    "idempotency",
    "policy_version",
    "entry",
    "repeat",
    "forged",
    "card_view",
    "note_report",
    "lease",
    "limit_hit",
    "restoration",
)
# Whoever may write to the database could still drop these triggers; the sealed tree is there to show that.
REFUSALS = {
    "sqlite": (
        """
        CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
        BEGIN SELECT RAISE(ABORT, 'an entry of the log is never changed'); END
        """,
        """
        CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry
        BEGIN SELECT RAISE(ABORT, 'an entry of the log is never deleted'); END
        """,
        # INSERT OR REPLACE deletes without asking the trigger before.
        """
        CREATE TRIGGER entry_is_never_replaced BEFORE INSERT ON entry
        WHEN EXISTS (SELECT 1 FROM entry WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'an entry of the log is never replaced'); END
        """,
    ),
    "postgresql": (
        """
        CREATE FUNCTION refuse_to_change_the_log() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'an entry of the log is never changed or deleted'; END $$
        """,
        """
        CREATE TRIGGER entry_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON entry
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_the_log()
        """,
    ),
}


def upgrade() -> None:
    """Make the tables, their indexes and the triggers of the log."""
    _make_tables()
    for statement in REFUSALS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Drop everything."""
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_to_change_the_log()")


def _make_tables() -> None:
    op.create_table(
        "account",
        Column("id", KEY, primary_key=True),
        Column("email", String(254), nullable=False, unique=True),
        Column("name", String(200), nullable=False),
        Column("role", String(16), nullable=False),
        Column("plan", String(64)),
        Column("password_hash", String(256)),
        Column("created_at", INSTANT, nullable=False),
        Column("suspended_at", INSTANT),
        Column("suspended_because", Text()),
    )
    op.create_table(
        "session",
        Column("id", KEY, primary_key=True),
        Column("digest", LargeBinary(32), nullable=False, unique=True),
        Column("account_id", KEY, ForeignKey("account.id"), nullable=False),
        Column("created_at", INSTANT, nullable=False),
        Column("expires_at", INSTANT, nullable=False),
        Column("revoked_at", INSTANT),
        Column("agent", String(200), nullable=False, server_default=""),
    )
    op.create_index("ix_session_account_id", "session", ["account_id"])
    op.create_table(
        "api_token",
        Column("id", KEY, primary_key=True),
        Column("digest", LargeBinary(32), nullable=False, unique=True),
        Column("account_id", KEY, ForeignKey("account.id"), nullable=False),
        Column("name", String(100), nullable=False),
        Column("scopes", String(200), nullable=False),
        Column("created_at", INSTANT, nullable=False),
        Column("expires_at", INSTANT),
        Column("revoked_at", INSTANT),
    )
    op.create_index("ix_api_token_account_id", "api_token", ["account_id"])
    op.create_table(
        "allowance",
        Column("account_id", KEY, ForeignKey("account.id"), primary_key=True),
        Column("period", String(7), primary_key=True),
        Column("used", Integer(), nullable=False),
        Column("granted", Integer(), nullable=False, server_default="0"),
    )
    op.create_table(
        "article",
        Column("id", KEY, primary_key=True),
        Column("source", String(32), nullable=False),
        Column("source_id", String(500), nullable=False),
        Column("source_version", Integer(), nullable=False),
        Column("digest", LargeBinary(32), nullable=False),
        Column("revision", Integer(), nullable=False, server_default="1"),
        Column("slug", String(120), nullable=False, unique=True),
        Column("language", String(35), nullable=False),
        Column("section", String(100), nullable=False),
        Column("headline", Text(), nullable=False),
        Column("standfirst", Text(), nullable=False),
        Column("byline", Text(), nullable=False),
        Column("body_html", Text(), nullable=False),
        Column("first_paragraph", Text(), nullable=False),
        Column("characters", Integer(), nullable=False),
        Column("published_at", INSTANT),
        Column("updated_at", INSTANT),
        Column("imported_at", INSTANT, nullable=False),
        Column("giftable", Boolean(), nullable=False),
        Column("not_giftable_because", Text(), nullable=False, server_default=""),
        Column("free", Boolean(), nullable=False, server_default=false()),
        Column("embargo_until", INSTANT),
        Column("expires_at", INSTANT),
        Column("withdrawn_at", INSTANT),
        Column("withdrawn_because", Text(), nullable=False, server_default=""),
        Column("copyright_holder", Text(), nullable=False),
        Column("copyright_notice", Text(), nullable=False),
        UniqueConstraint("source", "source_id"),
    )
    op.create_index("ix_article_published_at", "article", ["published_at", "id"])
    op.create_table(
        "picture",
        Column("article_id", KEY, ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
        Column("position", Integer(), primary_key=True),
        Column("href", Text(), nullable=False),
        Column("alt", Text(), nullable=False),
        Column("caption", Text(), nullable=False),
        Column("credit", Text(), nullable=False),
        Column("copyright_holder", Text(), nullable=False),
        Column("usage_terms", Text(), nullable=False),
        Column("travels", Boolean()),
        Column("width", Integer()),
        Column("height", Integer()),
    )
    op.create_table(
        "gift",
        Column("id", KEY, primary_key=True),
        Column("capability", LargeBinary(16), nullable=False, unique=True),
        Column("reference", String(8), nullable=False, unique=True),
        Column("key_id", String(16), nullable=False),
        Column("account_id", KEY, ForeignKey("account.id"), nullable=False),
        Column("article_id", KEY, ForeignKey("article.id"), nullable=False),
        Column("issued_at", INSTANT, nullable=False),
        Column("expires_at", INSTANT, nullable=False),
        Column("readers", Integer()),
        Column("unconfirmed_bound", Integer(), nullable=False),
        Column("policy_version", Integer(), nullable=False),
        Column("period", String(7), nullable=False),
        Column("credit_returned_at", INSTANT),
        Column("label", String(100), nullable=False, server_default=""),
        Column("note", String(280), nullable=False, server_default=""),
        Column("giver_shown", Boolean(), nullable=False),
        Column("confirmed", Integer(), nullable=False, server_default="0"),
        Column("unconfirmed", Integer(), nullable=False, server_default="0"),
        Column("served_at", INSTANT),
        Column("read_up_at", INSTANT),
        Column("revoked_at", INSTANT),
        Column("revoked_because", Text(), nullable=False, server_default=""),
        Column("frozen_at", INSTANT),
        Column("frozen_because", Text(), nullable=False, server_default=""),
    )
    op.create_index("ix_gift_account", "gift", ["account_id", "id"])
    op.create_index("ix_gift_account_article", "gift", ["account_id", "article_id", "id"])
    op.create_index("ix_gift_article", "gift", ["article_id", "id"])
    op.create_index("ix_gift_key", "gift", ["key_id", "expires_at"])
    op.create_table(
        "claim",
        Column("id", KEY, primary_key=True),
        Column("gift_id", KEY, ForeignKey("gift.id"), nullable=False),
        Column("article_id", KEY, ForeignKey("article.id"), nullable=False),
        Column("device", LargeBinary(32), nullable=False),
        Column("claimed_at", INSTANT, nullable=False),
        Column("served_at", INSTANT),
        Column("confirmed_at", INSTANT),
        Column("lapsed_at", INSTANT),
        UniqueConstraint("gift_id", "device"),
    )
    op.create_index("ix_claim_device_article", "claim", ["device", "article_id"])
    op.create_table(
        "idempotency",
        Column("account_id", KEY, ForeignKey("account.id"), primary_key=True),
        Column("key", String(200), primary_key=True),
        Column("digest", LargeBinary(32), nullable=False),
        Column("gift_id", KEY, ForeignKey("gift.id"), nullable=False),
        Column("fresh", Boolean(), nullable=False),
        Column("created_at", INSTANT, nullable=False),
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"])
    op.create_table(
        "policy_version",
        Column("version", Integer(), primary_key=True, autoincrement=False),
        Column("name", Text(), nullable=False),
        Column("text", Text(), nullable=False),
        Column("digest", String(64), nullable=False),
        Column("takes_effect_at", INSTANT, nullable=False),
        Column("proposed_at", INSTANT, nullable=False),
        Column("proposed_by", String(100), nullable=False),
    )
    op.create_index("ix_policy_version_takes_effect_at", "policy_version", ["takes_effect_at"])
    op.create_table(
        "entry",
        Column("id", KEY, primary_key=True),
        Column("at", INSTANT, nullable=False),
        Column("actor", String(100), nullable=False),
        Column("event", String(40), nullable=False),
        Column("subject", String(100), nullable=False),
        Column("outcome", String(8), nullable=False),
        Column("reason", String(64), nullable=False, server_default=""),
        Column("visitor", String(16), nullable=False, server_default=""),
        Column("request_id", String(64), nullable=False, server_default=""),
        Column("detail", Text(), nullable=False, server_default="{}"),
    )
    op.create_index("ix_entry_actor", "entry", ["actor", "id"])
    op.create_index("ix_entry_at", "entry", ["at"])
    op.create_index("ix_entry_event", "entry", ["event", "id"])
    op.create_index(
        "ix_entry_reason",
        "entry",
        ["reason", "id"],
        sqlite_where=text("reason <> ''"),
        postgresql_where=text("reason <> ''"),
    )
    op.create_index("ix_entry_subject", "entry", ["subject", "id"])
    op.create_table(
        "repeat",
        Column("entry_id", KEY, ForeignKey("entry.id"), primary_key=True, autoincrement=False),
        Column("actor", String(100), nullable=False),
        Column("subject", String(100), nullable=False),
        Column("reason", String(64), nullable=False),
        Column("started_at", INSTANT, nullable=False),
        Column("count", Integer(), nullable=False),
    )
    op.create_index("ix_repeat_actor_subject_reason", "repeat", ["actor", "subject", "reason", "started_at"])
    op.create_table(
        "forged",
        Column("network", LargeBinary(16), primary_key=True),
        Column("minute", INSTANT, primary_key=True),
        Column("count", Integer(), nullable=False),
    )
    op.create_table(
        "card_view",
        Column("gift_id", KEY, ForeignKey("gift.id"), primary_key=True),
        Column("day", Date(), primary_key=True),
        Column("visitor", String(16), primary_key=True),
        Column("views", Integer(), nullable=False),
    )
    op.create_table(
        "note_report",
        Column("gift_id", KEY, ForeignKey("gift.id"), primary_key=True, autoincrement=False),
        Column("first_at", INSTANT, nullable=False),
        Column("last_at", INSTANT, nullable=False),
        Column("count", Integer(), nullable=False),
    )
    op.create_table(
        "lease",
        Column("name", String(40), primary_key=True),
        Column("holder", String(64), nullable=False),
        Column("until", INSTANT, nullable=False),
    )
    op.create_table(
        "limit_hit",
        Column("id", KEY, primary_key=True),
        Column("key", String(200), nullable=False),
        Column("at", INSTANT, nullable=False),
        Column("expires_at", INSTANT, nullable=False),
    )
    op.create_index("ix_limit_hit_expires_at", "limit_hit", ["expires_at"])
    op.create_index("ix_limit_hit_key", "limit_hit", ["key", "at"])
    op.create_table(
        "restoration",
        Column("id", KEY, primary_key=True),
        Column("restored_at", INSTANT, nullable=False),
        Column("backup_made_at", INSTANT, nullable=False),
        Column("confirmed_at", INSTANT),
        Column("confirmed_by", String(100)),
    )
