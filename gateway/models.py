"""The tables: what the gateway keeps, one `Table` a noun, every instant aware UTC."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant; SQLite, which has no such type, keeps it as naive UTC text that sorts.

    That text is written and read in one step each: rows are full of instants, and SQLAlchemy's two steps take four
    times as long.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _aware(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def bind_processor(self, dialect: Dialect) -> Any:
        return _as_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        return _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"an instant must be aware, got the naive {value.isoformat()}")
    return value


def _as_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    return _aware(value).astimezone(UTC).isoformat(" ", "microseconds").removesuffix("+00:00")


def _from_text(value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        return datetime.fromisoformat(f"{value}+00:00")
    except ValueError:  # Somebody wrote it by hand, with a zone.
        return datetime.fromisoformat(value).astimezone(UTC)


# SQLite numbers rows by itself only where the key is exactly INTEGER.
Key = BigInteger().with_variant(Integer, "sqlite")

account = Table(
    "account",
    metadata,
    Column("id", Key, primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("role", String(16), nullable=False),
    Column("plan", String(64)),
    Column("password_hash", String(256)),
    Column("created_at", Instant, nullable=False),
    Column("suspended_at", Instant),
    Column("suspended_because", Text),
)

session = Table(
    "session",
    metadata,
    Column("id", Key, primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("account_id", Key, ForeignKey("account.id"), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("agent", String(200), nullable=False, server_default=""),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", Key, primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("account_id", Key, ForeignKey("account.id"), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("scopes", String(200), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
)

allowance = Table(
    "allowance",
    metadata,
    Column("account_id", Key, ForeignKey("account.id"), primary_key=True),
    Column("period", String(7), primary_key=True),
    Column("used", Integer, nullable=False),
    Column("granted", Integer, nullable=False, server_default="0"),
    Index("ix_allowance_period", "period"),
)

_EXPIRES = text("expires_at IS NOT NULL")
_WITHDRAWN = text("withdrawn_at IS NOT NULL")

article = Table(
    "article",
    metadata,
    Column("id", Key, primary_key=True),
    Column("source", String(32), nullable=False),
    Column("source_id", String(500), nullable=False),
    Column("source_version", Integer, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("slug", String(120), nullable=False, unique=True),
    Column("language", String(35), nullable=False),
    Column("section", String(100), nullable=False),
    Column("headline", Text, nullable=False),
    Column("standfirst", Text, nullable=False),
    Column("byline", Text, nullable=False),
    Column("body_html", Text, nullable=False),
    Column("first_paragraph", Text, nullable=False),
    Column("characters", Integer, nullable=False),
    Column("published_at", Instant),
    Column("updated_at", Instant),
    Column("imported_at", Instant, nullable=False),
    Column("giftable", Boolean, nullable=False),
    Column("not_giftable_because", Text, nullable=False, server_default=""),
    Column("free", Boolean, nullable=False, server_default=false()),
    Column("embargo_until", Instant),
    Column("expires_at", Instant),
    Column("withdrawn_at", Instant),
    Column("withdrawn_because", Text, nullable=False, server_default=""),
    Column("copyright_holder", Text, nullable=False),
    Column("copyright_notice", Text, nullable=False),
    UniqueConstraint("source", "source_id"),
    Index("ix_article_published_at", "published_at", "id"),
    Index("ix_article_expires", "expires_at", sqlite_where=_EXPIRES, postgresql_where=_EXPIRES),
    Index("ix_article_withdrawn", "withdrawn_at", sqlite_where=_WITHDRAWN, postgresql_where=_WITHDRAWN),
)

picture = Table(
    "picture",
    metadata,
    Column("article_id", Key, ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("href", Text, nullable=False),
    Column("alt", Text, nullable=False),
    Column("caption", Text, nullable=False),
    Column("credit", Text, nullable=False),
    Column("copyright_holder", Text, nullable=False),
    Column("usage_terms", Text, nullable=False),
    Column("travels", Boolean),
    Column("width", Integer),
    Column("height", Integer),
)

_REMEMBERED = text("forgotten_at IS NULL")
_SHUT = text("revoked_at IS NOT NULL")
_FROZEN = text("frozen_at IS NOT NULL")
_READ_UP = text("read_up_at IS NOT NULL")
_REPLACING = text("replaces IS NOT NULL")
_REVOKED = text("forgotten_at IS NULL AND revoked_at IS NOT NULL")

gift = Table(
    "gift",
    metadata,
    Column("id", Key, primary_key=True),
    Column("capability", LargeBinary(16), nullable=False, unique=True),
    Column("reference", String(8), nullable=False, unique=True),
    Column("key_id", String(16), nullable=False),
    Column("account_id", Key, ForeignKey("account.id"), nullable=False),
    Column("article_id", Key, ForeignKey("article.id"), nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("readers", Integer),
    Column("unconfirmed_bound", Integer, nullable=False),
    Column("policy_version", Integer, nullable=False),
    Column("period", String(7), nullable=False),
    Column("credit_returned_at", Instant),
    Column("label", String(100), nullable=False, server_default=""),
    Column("note", String(280), nullable=False, server_default=""),
    Column("giver_shown", Boolean, nullable=False),
    Column("confirmed", Integer, nullable=False, server_default="0"),
    Column("unconfirmed", Integer, nullable=False, server_default="0"),
    Column("served_at", Instant),
    Column("read_up_at", Instant),
    Column("revoked_at", Instant),
    Column("revoked_because", Text, nullable=False, server_default=""),
    Column("frozen_at", Instant),
    Column("frozen_because", Text, nullable=False, server_default=""),
    Column("frozen_until", Instant),
    Column("replaces", Key),
    Column("renews", Key),
    Column("forgotten_at", Instant),
    # As they were when it was given, so that what is counted by them stays what it was.
    Column("plan", String(64), nullable=False, server_default=""),
    Column("section", String(100), nullable=False, server_default=""),
    Index("ix_gift_account_article", "account_id", "article_id", "id"),
    Index("ix_gift_account", "account_id", "id"),
    Index("ix_gift_article", "article_id", "id"),
    Index("ix_gift_key", "key_id"),
    Index("ix_gift_replaces", "replaces", unique=True, sqlite_where=_REPLACING, postgresql_where=_REPLACING),
    # Only gifts whose openers are still remembered stand in these two, for the job that forgets them.
    Index("ix_gift_expired", "expires_at", sqlite_where=_REMEMBERED, postgresql_where=_REMEMBERED),
    Index("ix_gift_revoked", "revoked_at", sqlite_where=_REVOKED, postgresql_where=_REVOKED),
    Index("ix_gift_issued", "issued_at"),
    # What the desk lists of all gifts is few of them.
    Index("ix_gift_shut", "id", sqlite_where=_SHUT, postgresql_where=_SHUT),
    Index("ix_gift_frozen", "id", sqlite_where=_FROZEN, postgresql_where=_FROZEN),
    Index("ix_gift_read_up", "id", sqlite_where=_READ_UP, postgresql_where=_READ_UP),
)

_UNSERVED = text("served_at IS NULL AND confirmed_at IS NULL AND lapsed_at IS NULL")

claim = Table(
    "claim",
    metadata,
    Column("id", Key, primary_key=True),
    Column("gift_id", Key, ForeignKey("gift.id"), nullable=False),
    Column("article_id", Key, ForeignKey("article.id"), nullable=False),
    Column("device", LargeBinary(32), nullable=False),
    Column("claimed_at", Instant, nullable=False),
    Column("served_at", Instant),
    Column("confirmed_at", Instant),
    Column("lapsed_at", Instant),
    Column("network", LargeBinary(16)),
    UniqueConstraint("gift_id", "device"),
    Index("ix_claim_device_article", "device", "article_id"),
    # The network stands in it so that the desk counts an article's networks without a look at each claim.
    Index("ix_claim_article", "article_id", "claimed_at", "network"),
    # What a rule counts of a network stands in it, so that a claim there looks at no other claim.
    Index("ix_claim_network", "network", "claimed_at", "article_id", "confirmed_at"),
    # Only the few claims that may still lapse stand in it, for the job that looks for them.
    Index("ix_claim_unserved", "claimed_at", sqlite_where=_UNSERVED, postgresql_where=_UNSERVED),
)

transfer = Table(
    "transfer",
    metadata,
    Column(
        "claim_id", Key, ForeignKey("claim.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    Column("digest", LargeBinary(32), unique=True),
    Column("expires_at", Instant, nullable=False),
    Column("moves", Integer, nullable=False, server_default="0"),
)

_BY_GIVER = text("by_giver")

given_back = Table(
    "given_back",
    metadata,
    Column(
        "claim_id", Key, ForeignKey("claim.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    Column("gift_id", Key, ForeignKey("gift.id"), nullable=False),
    Column("by_giver", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    # A giver gives back once for each gift, whoever asks at the same time.
    Index("uq_given_back_giver", "gift_id", unique=True, sqlite_where=_BY_GIVER, postgresql_where=_BY_GIVER),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("account_id", Key, ForeignKey("account.id"), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("digest", LargeBinary(32), nullable=False),
    Column("gift_id", Key, ForeignKey("gift.id"), nullable=False),
    Column("fresh", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False, index=True),
)

act_key = Table(
    "act_key",
    metadata,
    Column("account_id", Key, ForeignKey("account.id"), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("digest", LargeBinary(32), nullable=False),
    Column("created_at", Instant, nullable=False, index=True),
)

policy_version = Table(
    "policy_version",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("takes_effect_at", Instant, nullable=False, index=True),
    Column("proposed_at", Instant, nullable=False),
    Column("proposed_by", String(100), nullable=False),
    Column("withdrawn_at", Instant),
)

policy_proposal = Table(
    "policy_proposal",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("because", Text, nullable=False),
    Column("base", Integer, nullable=False),
    Column("takes_effect_at", Instant),
    Column("proposed_at", Instant, nullable=False),
    Column("proposed_by", String(100), nullable=False),
    Column("state", String(12), nullable=False),
    Column("version", Integer),
    Column("decided_at", Instant),
    Column("decided_by", String(100)),
    Column("decided_because", Text, nullable=False, server_default=""),
    Index("ix_policy_proposal_state", "state", "id"),
)

_UNENDED = text("ended_at IS NULL")

simulation = Table(
    "simulation",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("days", Integer, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("asked_by", String(100), nullable=False),
    Column("state", String(12), nullable=False),
    Column("begun", Integer, nullable=False, server_default="0"),
    Column("begun_at", Instant),
    Column("percent", Integer, nullable=False, server_default="0"),
    Column("ended_at", Instant),
    # What it came to, in numbers alone: gateway.simulating.kept.
    Column("result", Text, nullable=False, server_default=""),
    Index("ix_simulation_digest", "digest", "id"),
    Index("ix_simulation_open", "id", sqlite_where=_UNENDED, postgresql_where=_UNENDED),
)

_DENIED = text("outcome = 'deny'")
_NOT_PERMITTED = text("outcome <> 'permit'")
_REASONED = text("reason <> ''")
_RULED = text("rule <> ''")
_NO_PERSON = text("visitor <> '' AND visitor <> 'person'")

entry = Table(
    "entry",
    metadata,
    Column("id", Key, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("actor", String(100), nullable=False),
    Column("event", String(40), nullable=False),
    Column("subject", String(100), nullable=False),
    Column("outcome", String(8), nullable=False),
    Column("reason", String(64), nullable=False, server_default=""),
    Column("visitor", String(16), nullable=False, server_default=""),
    Column("request_id", String(64), nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default="{}"),
    Column("rule", String(64), nullable=False, server_default=""),
    Column("personal", Text, nullable=False, server_default="{}"),
    Index("ix_entry_subject", "subject", "id"),
    Index("ix_entry_actor", "actor", "id"),
    Index("ix_entry_event", "event", "id"),
    Index(
        "ix_entry_reason",
        "reason",
        "id",
        sqlite_where=text("reason <> ''"),
        postgresql_where=text("reason <> ''"),
    ),
    Index("ix_entry_denied", "id", sqlite_where=_DENIED, postgresql_where=_DENIED),
    Index(
        "ix_entry_refused_event",
        "event",
        "id",
        sqlite_where=_NOT_PERMITTED,
        postgresql_where=_NOT_PERMITTED,
    ),
    Index("ix_entry_visitor", "visitor", "id", sqlite_where=_NO_PERSON, postgresql_where=_NO_PERSON),
    Index(
        "ix_entry_reason_event", "reason", "event", "id", sqlite_where=_REASONED, postgresql_where=_REASONED
    ),
    Index("ix_entry_rule_event", "rule", "event", "id", sqlite_where=_RULED, postgresql_where=_RULED),
    Index("ix_entry_rule", "rule", "id", sqlite_where=_RULED, postgresql_where=_RULED),
)

# The tables of the sealed log refer to entries without a foreign key: one looks its row up at every insert, and one to
# the entries would keep old months of them from being put away.
entry_person = Table(
    "entry_person",
    metadata,
    Column("entry_id", Key, primary_key=True, autoincrement=False),
    Column("field", String(16), primary_key=True),
    Column("salt", LargeBinary(16), nullable=False),
    Column("value", Text, nullable=False),
    Index("ix_entry_person_field_value", "field", "value", "entry_id"),
)

outbox = Table("outbox", metadata, Column("entry_id", Key, primary_key=True, autoincrement=False))

leaf = Table(
    "leaf",
    metadata,
    Column("position", Key, primary_key=True, autoincrement=False),
    Column("entry_id", Key, nullable=False, unique=True),
    Column("hash", LargeBinary(32), nullable=False),
)

node = Table(
    "node",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", Key, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(32), nullable=False),
)

sealed_log = Table(
    "sealed_log",
    metadata,
    Column("id", Key, primary_key=True),
    Column("origin", String(200), nullable=False, unique=True),
    Column("begun_at", Instant, nullable=False),
    Column("kept", Key, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("log_id", Key, ForeignKey("sealed_log.id"), primary_key=True, autoincrement=False),
    Column("size", Key, primary_key=True, autoincrement=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("made_at", Instant, nullable=False),
)

log_stop = Table(
    "log_stop",
    metadata,
    Column("log_id", Key, ForeignKey("sealed_log.id"), primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("because", Text, nullable=False),
)

# Which numbers are of which month where a number does not tell so itself: entries that were there before it did.
log_part = Table(
    "log_part",
    metadata,
    Column("from_number", Key, primary_key=True, autoincrement=False),
    Column("to_number", Key, nullable=False),
    Column("month", String(7), nullable=False),
)

# What was put away: the numbers from the first to before the second, and the places in the tree that its file covers.
archived = Table(
    "archived",
    metadata,
    Column("from_number", Key, primary_key=True, autoincrement=False),
    Column("to_number", Key, nullable=False),
    Column("month", String(7), nullable=False),
    Column("at", Instant, nullable=False),
    Column("entries", Key, nullable=False),
    Column("first", Key, nullable=False),
    Column("stop", Key, nullable=False),
    Column("file", String(200), nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),
)

NAMED = "actor LIKE 'reader:%' OR subject LIKE 'reader:%' OR subject LIKE 'network:%'"

repeat = Table(
    "repeat",
    metadata,
    Column("entry_id", Key, primary_key=True, autoincrement=False),
    Column("actor", String(100), nullable=False),
    Column("subject", String(100), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("count", Integer, nullable=False),
    Index("ix_repeat_actor_subject_reason", "actor", "subject", "reason", "started_at"),
    # Only counters that still name a device or a network stand in it, for the job that takes the names out.
    Index("ix_repeat_named", "started_at", sqlite_where=text(NAMED), postgresql_where=text(NAMED)),
)

delivery = Table(
    "delivery",
    metadata,
    # The device's digest, or an account's number in eight bytes.
    Column("who", LargeBinary(32), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("article_id", Key, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("network", LargeBinary(16)),
    Index("ix_delivery_network", "network", "at"),
    Index("ix_delivery_day", "day"),
)

arrival = Table(
    "arrival",
    metadata,
    Column("gift_id", Key, ForeignKey("gift.id"), primary_key=True, autoincrement=False),
    Column("network", LargeBinary(16), primary_key=True),
    Column("last_at", Instant, nullable=False, index=True),
    Column("turned_away_at", Instant),
)

_HOLDING = text("lifted_at IS NULL AND mode = 'enforce' AND \"then\" <> 'log'")

firing = Table(
    "firing",
    metadata,
    Column("id", Key, primary_key=True),
    Column("rule", String(63), nullable=False),
    Column("metric", String(24), nullable=False),
    Column("by_whom", String(12), nullable=False),
    Column("who", String(80), nullable=False),
    Column("then", String(12), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("count", Integer, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("until", Instant),
    Column("level", Integer, nullable=False),
    Column("lifted_at", Instant),
    Column("lifted_by", String(100)),
    Column("lifted_because", Text, nullable=False, server_default=""),
    Index("ix_firing_who", "who", "at"),
    # Every worker asks each second which networks guess at links.
    Index("ix_firing_metric", "metric", "until"),
    Index("ix_firing_rule", "rule", "id"),
    Index("ix_firing_holding", "id", sqlite_where=_HOLDING, postgresql_where=_HOLDING),
)

network_salt = Table(
    "network_salt",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("secret", LargeBinary(32), nullable=False),
)

trap = Table(
    "trap",
    metadata,
    Column("network", LargeBinary(16), primary_key=True),
    Column("minute", Instant, primary_key=True),
    Column("count", Integer, nullable=False),
)

forged = Table(
    "forged",
    metadata,
    Column("network", LargeBinary(16), primary_key=True),
    Column("minute", Instant, primary_key=True),
    Column("count", Integer, nullable=False),
)

card_view = Table(
    "card_view",
    metadata,
    Column("gift_id", Key, ForeignKey("gift.id"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("visitor", String(16), primary_key=True),
    Column("views", Integer, nullable=False),
)

note_report = Table(
    "note_report",
    metadata,
    Column("gift_id", Key, ForeignKey("gift.id"), primary_key=True, autoincrement=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("count", Integer, nullable=False),
)

lease = Table(
    "lease",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("until", Instant, nullable=False),
)

limit_hit = Table(
    "limit_hit",
    metadata,
    Column("id", Key, primary_key=True),
    Column("key", String(200), nullable=False),
    Column("at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Index("ix_limit_hit_key", "key", "at"),
)

restoration = Table(
    "restoration",
    metadata,
    Column("id", Key, primary_key=True),
    Column("restored_at", Instant, nullable=False),
    Column("backup_made_at", Instant, nullable=False),
    Column("confirmed_at", Instant),
    Column("confirmed_by", String(100)),
)

copied = Table(
    "copied",
    metadata,
    Column("id", Key, primary_key=True),
    Column("report_id", LargeBinary(16), nullable=False),
    Column("page", LargeBinary(8), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("device", LargeBinary(32)),
    Column("account_id", Key, ForeignKey("account.id")),
    Column("article_id", Key, ForeignKey("article.id"), nullable=False),
    Column("network", LargeBinary(16), nullable=False),
    Column("at", Instant, nullable=False),
    Column("characters", Integer, nullable=False),
    Column("over", Boolean, nullable=False),
    Column("printed", Boolean, nullable=False),
    UniqueConstraint("device", "report_id"),
    UniqueConstraint("account_id", "report_id"),
    UniqueConstraint("page", "sequence"),
    CheckConstraint("(device IS NULL) <> (account_id IS NULL)", name="ck_copied_one_reader"),
    # What a reading asks for stands in the first two whole; the others are for the bulk rules.
    Index("ix_copied_device_article", "device", "article_id", "at", "printed", "characters"),
    Index("ix_copied_account_article", "account_id", "article_id", "at", "printed", "characters"),
    Index("ix_copied_device", "device", "at", "characters", "over"),
    Index("ix_copied_account", "account_id", "at", "characters", "over"),
    Index("ix_copied_network", "network", "at", "characters", "over"),
    Index("ix_copied_article", "article_id", "at", "characters", "over"),
    Index("ix_copied_at", "at"),
)

rollup = Table(
    "rollup",
    metadata,
    Column("split", String(16), primary_key=True),
    Column("figure", String(16), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("count", Key, nullable=False),
)

# One row: how many leaves of the log are counted, and from which day on, where older entries were put away.
rollup_state = Table(
    "rollup_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("leaves", Key, nullable=False),
    Column("since", Date),
)

usage = Table(
    "usage",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("metric", String(32), primary_key=True),
    Column("article_id", Key, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column("count", Key, nullable=False),
)

# Who did what last, for a day: by this a double click is known, and what is counted once an hour.
usage_seen = Table(
    "usage_seen",
    metadata,
    Column("who", LargeBinary(16), primary_key=True),
    Column("article_id", Key, primary_key=True, autoincrement=False),
    Column("metric", String(32), primary_key=True),
    Column("last_at", Instant, nullable=False, index=True),
    Column("hour", Instant),
)

subscribe_click = Table(
    "subscribe_click",
    metadata,
    Column("who", LargeBinary(16), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("subject", String(100), primary_key=True),
)

_UNSENT = text("mailed_at IS NULL")

licence_request = Table(
    "licence_request",
    metadata,
    Column("id", Key, primary_key=True),
    Column("number", String(8), nullable=False, unique=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("at", Instant, nullable=False),
    Column("article_id", Key, ForeignKey("article.id")),
    Column("about", String(300), nullable=False, server_default=""),
    Column("characters", Integer),
    Column("purpose", String(24), nullable=False),
    Column("name", String(120), nullable=False),
    Column("email", String(254), nullable=False),
    Column("text", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("state", String(16), nullable=False),
    Column("state_at", Instant, nullable=False),
    Column("mailed_at", Instant),
    Column("mail_due_at", Instant, nullable=False),
    Column("mail_tries", Integer, nullable=False, server_default="0"),
    Column("mail_fault", String(200), nullable=False, server_default=""),
    Index("ix_licence_request_state", "state", "id"),
    Index("ix_licence_request_unsent", "mail_due_at", sqlite_where=_UNSENT, postgresql_where=_UNSENT),
)

_OPEN = text("closed_at IS NULL")
_CLOSED = text("closed_at IS NOT NULL")

desk_case = Table(
    "desk_case",
    metadata,
    Column("id", Key, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("account_id", Key, ForeignKey("account.id"), index=True),
    Column("opened_at", Instant, nullable=False),
    Column("pieces", Integer, nullable=False),
    Column("owner_id", Key, ForeignKey("account.id")),
    Column("owned_at", Instant),
    Column("closed_at", Instant),
    Column("closed_by", String(100), nullable=False, server_default=""),
    Column("closing_reason", Text, nullable=False, server_default=""),
    Index("uq_desk_case_open", "kind", "subject", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    # The desk asks for what is open or what is closed, of a kind, of an owner, or of all.
    Index("ix_desk_case_open", "kind", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("ix_desk_case_owner", "owner_id", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("ix_desk_case_closed", "kind", "id", sqlite_where=_CLOSED, postgresql_where=_CLOSED),
    Index("ix_desk_case_closed_at", "closed_at"),
)

case_evidence = Table(
    "case_evidence",
    metadata,
    Column("id", Key, primary_key=True),
    Column("case_id", Key, ForeignKey("desk_case.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("origin", String(120), nullable=False),
    Column("at", Instant, nullable=False),
    Column("figures", Text, nullable=False),
    Column("words", Text, nullable=False, server_default=""),
    UniqueConstraint("kind", "origin"),
    Index("ix_case_evidence_case_id", "case_id", "id"),
)
