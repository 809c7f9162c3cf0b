"""Let the log be put away by month: an entry's number tells its month, and on PostgreSQL a month is a partition.

An entry that is there already keeps its number, since the number is sealed with it; `log_part` says which of these
numbers are of which month. The function that makes a month's partitions is the tables' owner's, so that the jobs can
call it under a role that may own nothing; all it can do is to make room.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, Integer, LargeBinary, String, text

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KEY = BigInteger().with_variant(Integer, "sqlite")
INSTANT = DateTime(timezone=True)
NUMBERS_A_MONTH = 1_000_000_000
MONTHS_AHEAD = 3
# The partitioned tables, each with the column that says the entry's number.
PARTED = {"entry": "id", "entry_person": "entry_id"}

NAMED = "actor LIKE 'reader:%' OR subject LIKE 'reader:%' OR subject LIKE 'network:%'"
KEEP_SQLITE = """
CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry
WHEN NOT EXISTS (SELECT 1 FROM archived WHERE OLD.id >= from_number AND OLD.id < to_number)
BEGIN SELECT RAISE(ABORT, 'an entry of the log is never deleted'); END
"""
KEEP_SQLITE_BEFORE = """
CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'an entry of the log is never deleted'); END
"""
MAKE_MONTH = """
CREATE FUNCTION make_log_month(month text) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {schema}, pg_temp AS $$
DECLARE
    first bigint;
    part record;
    made integer := 0;
BEGIN
    IF month !~ '^[0-9]{{4}}-(0[1-9]|1[0-2])$' THEN
        RAISE EXCEPTION 'want a month such as 2026-05, got %', month;
    END IF;
    first := replace(month, '-', '')::bigint * {numbers};
    FOR part IN
        SELECT first AS low, first + {numbers} AS high, '' AS tail
        UNION ALL
        SELECT from_number, to_number, '_before' FROM log_part WHERE log_part.month = make_log_month.month
    LOOP
        made := made + make_log_part('entry', 'id', replace(month, '-', '_') || part.tail, part.low, part.high);
        made := made + make_log_part('entry_person', 'entry_id', replace(month, '-', '_') || part.tail, part.low, part.high);
    END LOOP;
    RETURN made;
END $$
"""
MAKE_PART = """
CREATE FUNCTION make_log_part(parent text, number text, tail text, low bigint, high bigint) RETURNS integer
LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
DECLARE
    part text := parent || '_' || tail;
    rest text := parent || '_rest';
    starts timestamptz;
    kept boolean := EXISTS (
        SELECT 1 FROM pg_trigger WHERE tgrelid = to_regclass(parent || '_rest') AND tgname = 'entry_is_never_changed'
    );
BEGIN
    IF to_regclass(part) IS NOT NULL THEN
        RETURN 0;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, parent);
    -- What came in before there was room for it moves, as it is.
    EXECUTE format('INSERT INTO %I SELECT * FROM %I WHERE %I >= $1 AND %I < $2', part, rest, number, number) USING low, high;
    IF kept THEN
        EXECUTE format('ALTER TABLE %I DISABLE TRIGGER entry_is_never_changed', rest);
    END IF;
    EXECUTE format('DELETE FROM %I WHERE %I >= $1 AND %I < $2', rest, number, number) USING low, high;
    IF kept THEN
        EXECUTE format('ALTER TABLE %I ENABLE TRIGGER entry_is_never_changed', rest);
    END IF;
    IF parent = 'entry' AND low >= {numbers} THEN
        -- Lets a question about a span of time pass by every other month, and no entry be numbered wrongly.
        starts := make_timestamptz((low / {numbers} / 100)::integer, (low / {numbers} % 100)::integer, 1, 0, 0, 0, 'UTC');
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I CHECK (at >= %L AND at < %L)', part, part || '_at',
            starts, (starts AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC');
    END IF;
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', parent, part, low, high);
    IF parent = 'entry' THEN
        EXECUTE format('CREATE TRIGGER entry_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_the_log()', part);
    END IF;
    RETURN 1;
END $$
"""


def upgrade() -> None:
    """Make the tables that tell months apart, and on PostgreSQL the log's partitions."""
    dialect = op.get_bind().dialect.name
    _forget_reference(dialect)
    _make_tables(dialect)
    op.create_index(
        "ix_repeat_named", "repeat", ["started_at"], sqlite_where=text(NAMED), postgresql_where=text(NAMED)
    )
    _number_parts()
    if dialect == "sqlite":
        op.execute("DROP TRIGGER entry_is_never_deleted")
        op.execute(KEEP_SQLITE)
        return
    connection = op.get_bind()
    schema = connection.dialect.identifier_preparer.quote_identifier(
        connection.execute(text("SELECT current_schema()")).scalar_one()
    )
    for statement in (MAKE_PART, MAKE_MONTH):
        op.execute(statement.format(schema=schema, numbers=NUMBERS_A_MONTH))
    for function in ("make_log_month(text)", "make_log_part(text, text, text, bigint, bigint)"):
        op.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")
    for table, number in PARTED.items():
        _rebuild(table, f"PARTITION BY RANGE ({number})")
    # Numbers that tell their month are there where this step was taken back once.
    told = (
        f"SELECT DISTINCT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM') FROM entry WHERE id >= {NUMBERS_A_MONTH}"  # noqa: S608
    )
    months = connection.execute(text(f"SELECT month FROM log_part UNION {told}")).scalars().all()  # noqa: S608
    for month in sorted({*months, *_ahead(datetime.now(UTC))}):
        connection.execute(text("SELECT make_log_month(:month)"), {"month": month})


def downgrade() -> None:
    """Put the months together again; what was put away stays away."""
    dialect = op.get_bind().dialect.name
    if dialect == "sqlite":
        op.execute("DROP TRIGGER entry_is_never_deleted")
        op.execute(KEEP_SQLITE_BEFORE)
    else:
        for table in PARTED:
            _rebuild(table, "")
        op.execute("DROP FUNCTION make_log_month(text)")
        op.execute("DROP FUNCTION make_log_part(text, text, text, bigint, bigint)")
    op.drop_index("ix_repeat_named", "repeat")
    op.drop_table("archived")
    op.drop_table("log_part")
    with op.batch_alter_table("repeat") as counters:
        counters.create_foreign_key("fk_repeat_entry_id", "entry", ["entry_id"], ["id"])


def _forget_reference(dialect: str) -> None:
    """Let a counter no longer refer to its entry: that would keep the entry's month from being put away."""
    with op.batch_alter_table("repeat", recreate="always" if dialect == "sqlite" else "never") as counters:
        counters.drop_constraint("fk_repeat_entry_id", type_="foreignkey")


def _make_tables(dialect: str) -> None:
    op.create_table(
        "log_part",
        Column("from_number", KEY, primary_key=True, autoincrement=False),
        Column("to_number", KEY, nullable=False),
        Column("month", String(7), nullable=False),
    )
    op.create_table(
        "archived",
        Column("from_number", KEY, primary_key=True, autoincrement=False),
        Column("to_number", KEY, nullable=False),
        Column("month", String(7), nullable=False),
        Column("at", INSTANT, nullable=False),
        Column("entries", KEY, nullable=False),
        Column("first", KEY, nullable=False),
        Column("stop", KEY, nullable=False),
        Column("file", String(200), nullable=False),
        Column("sha256", LargeBinary(32), nullable=False),
    )
    for table in ("log_part", "archived"):
        for statement in _refusals(dialect, table):
            op.execute(statement)


def _number_parts() -> None:
    """Cut the numbers there are where a month begins: after the last that an earlier month has."""
    connection = op.get_bind()
    month = (
        "strftime('%Y-%m', at)"
        if connection.dialect.name == "sqlite"
        else "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM')"
    )
    query = f"SELECT {month}, max(id) FROM entry WHERE id < {NUMBERS_A_MONTH} GROUP BY 1 ORDER BY 1"  # noqa: S608
    low, rows = 1, []
    for name, last in connection.execute(text(query)).all():
        # A month whose last entry has a smaller number than one of a month before lies in that one's part.
        if last >= low:
            rows.append({"low": low, "high": last + 1, "month": name})
            low = last + 1
    if rows:
        insert = "INSERT INTO log_part (from_number, to_number, month) VALUES (:low, :high, :month)"
        connection.execute(text(insert), rows)


def _rebuild(table: str, how: str) -> None:
    """Make a table anew, parted or whole, with its rows, key, indexes and triggers."""
    connection = op.get_bind()
    key = connection.execute(
        text(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = to_regclass(:t) AND contype = 'p'"
        ),
        {"t": table},
    ).scalar_one()
    indexes = _spelled(
        "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = to_regclass(:t) AND NOT indisprimary",
        table,
    )
    triggers = _spelled(
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = to_regclass(:t) AND NOT tgisinternal",
        table,
    )
    numbered = connection.execute(text(f"SELECT to_regclass('{table}_id_seq') IS NOT NULL")).scalar()
    if numbered:
        op.execute(f"ALTER SEQUENCE {table}_id_seq OWNED BY NONE")
    op.execute(f"ALTER TABLE {table} RENAME TO {table}_as_it_was")
    op.execute(
        f"CREATE TABLE {table} (LIKE {table}_as_it_was INCLUDING DEFAULTS INCLUDING CONSTRAINTS) {how}"
    )
    if how:
        op.execute(f"CREATE TABLE {table}_rest PARTITION OF {table} DEFAULT")
    op.execute(f"INSERT INTO {table} SELECT * FROM {table}_as_it_was")  # noqa: S608
    op.execute(f"DROP TABLE {table}_as_it_was")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT pk_{table} {key}")
    if numbered:
        op.execute(f"ALTER SEQUENCE {table}_id_seq OWNED BY {table}.id")
    for statement in (*indexes, *triggers):
        op.execute(statement.replace(" ON ONLY ", " ON "))
    if how and table == "entry":
        op.execute(
            "CREATE TRIGGER entry_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON entry_rest "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_the_log()"
        )


def _spelled(query: str, table: str) -> Sequence[str]:
    return op.get_bind().execute(text(query), {"t": table}).scalars().all()


def _ahead(now: datetime) -> list[str]:
    first = now.year * 12 + now.month - 1
    return [f"{each // 12:04}-{each % 12 + 1:02}" for each in range(first, first + MONTHS_AHEAD + 1)]


def _refusals(dialect: str, table: str) -> tuple[str, ...]:
    if dialect == "postgresql":
        when = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        what = "FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_the_log()"
        return (f"CREATE TRIGGER {table}_is_never_changed {when} {what}",)
    # INSERT OR REPLACE deletes without asking the trigger before.
    found = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE from_number = NEW.from_number)"  # noqa: S608
    raised = f"BEGIN SELECT RAISE(ABORT, 'an entry of the log is never changed: {table}'); END"
    return (
        f"CREATE TRIGGER {table}_is_never_changed BEFORE UPDATE ON {table} {raised}",
        f"CREATE TRIGGER {table}_is_never_deleted BEFORE DELETE ON {table} {raised}",
        f"CREATE TRIGGER {table}_is_never_replaced BEFORE INSERT ON {table} {found} {raised}",
    )
