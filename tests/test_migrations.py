"""The tables' history: up, down and up again on both databases, equal to the models, and a log nobody edits."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from gateway.checkpoint import public_bytes
from gateway.keeping.proving import verify_log
from gateway.keeping.publishing import Shelf
from gateway.keeping.sealing import Sealer
from gateway.keeping.setup import adopt_policy
from gateway.keys import open_key_ring
from gateway.ledger import OPERATOR, Entry, Event, Outcome, reader_actor
from gateway.merkle import Node
from gateway.models import metadata
from gateway.runtime import Runtime, utc_now
from gateway.sealkeys import SealKeys
from gateway.store import months, roles, schema, sealing
from gateway.store.engine import Database, open_database
from gateway.store.entries import EntryFilter, append_entry, list_entries
from tests.house import POLICY, Clock


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Yield a database with nothing in it, on both kinds."""
    on_sqlite = request.param == "sqlite"
    address = (
        f"sqlite:///{tmp_path / 'new.db'}" if on_sqlite else request.getfixturevalue("empty_postgresql_url")
    )
    database = open_database(address)
    yield database
    database.close()


def test_the_tables_go_up_down_and_up_again(empty: Database) -> None:
    schema.upgrade(empty)
    schema.downgrade(empty, "base")
    with empty.reading() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
        assert schema.current(connection) is None
    schema.upgrade(empty)
    with empty.reading() as connection:
        found = set(inspect(connection).get_table_names()) - schema.parts(connection)
        assert found == {*metadata.tables, "alembic_version"}
        assert schema.current(connection) == schema.newest()
    schema.check(empty)


def test_the_migrated_tables_are_those_of_the_models(empty: Database) -> None:
    schema.upgrade(empty)
    with empty.reading() as connection:
        assert schema.drift(connection) == []


def test_drift_is_seen(empty: Database) -> None:
    schema.upgrade(empty)
    with empty.transaction() as connection:
        connection.execute(text("DROP INDEX ix_gift_key"))
        assert [change[0] for change in schema.drift(connection)] == ["add_index"]


def test_an_upgrade_of_the_newest_changes_nothing(empty: Database) -> None:
    schema.upgrade(empty)
    with empty.transaction() as connection:
        append_entry(connection, Entry(utc_now(), OPERATOR, Event.KEY_ADDED, "key:1"))
    schema.upgrade(empty)
    with empty.reading() as connection:
        assert len(list_entries(connection, EntryFilter())) == 1


def test_two_upgrades_at_once_make_the_tables_once(empty: Database) -> None:
    faults: list[Exception] = []

    def upgrade() -> None:
        try:
            schema.upgrade(empty)
        except Exception as fault:  # noqa: BLE001 - Whatever a thread raises is the test's to see.
            faults.append(fault)

    threads = [threading.Thread(target=upgrade) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    schema.check(empty)


@pytest.mark.parametrize("statement", ["UPDATE entry SET reason = 'nothing'", "DELETE FROM entry"])
def test_an_entry_of_the_log_is_never_changed_or_deleted(empty: Database, statement: str) -> None:
    schema.upgrade(empty)
    with empty.transaction() as connection:
        append_entry(connection, Entry(utc_now(), OPERATOR, Event.KEY_ADDED, "key:1"))
    with pytest.raises(DBAPIError, match="an entry of the log is never"), empty.transaction() as connection:
        connection.execute(text(statement))


def test_an_entry_is_not_replaced_on_sqlite(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'new.db'}")
    schema.upgrade(database)
    with database.transaction() as connection:
        append_entry(connection, Entry(utc_now(), OPERATOR, Event.KEY_ADDED, "key:1"))
    replace = "INSERT OR REPLACE INTO entry (id, at, actor, event, subject, outcome) SELECT id, at, 'x', event, subject, outcome FROM entry"
    with pytest.raises(DBAPIError, match="never replaced"), database.transaction() as connection:
        connection.execute(text(replace))
    database.close()


@pytest.mark.parametrize("table", ["leaf", "node", "checkpoint", "sealed_log", "log_stop"])
def test_what_is_sealed_is_never_changed_or_deleted_either(empty: Database, table: str) -> None:
    schema.upgrade(empty)
    with empty.transaction() as connection:
        now = utc_now()
        log_id = sealing.add_log(connection, origin="log/1", begun_at=now, kept=0)
        sealing.add_stop(connection, log_id, at=now, because="it is over")
        sealing.add_leaves(connection, 0, [1], [b"h" * 32])
        sealing.add_nodes(connection, [Node(8, 0, b"h" * 32)])
        sealing.add_checkpoint(connection, log_id=log_id, size=1, root=b"h" * 32, made_at=now)
    column = next(iter(metadata.tables[table].columns)).name
    for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
        with pytest.raises(DBAPIError, match="the log is never changed"), empty.transaction() as connection:
            connection.execute(text(statement))


def test_readers_and_networks_move_beside_the_entries_and_back(empty: Database) -> None:
    schema.upgrade(empty, "0003")
    insert = "INSERT INTO entry (at, actor, event, subject, outcome) VALUES (:at, :actor, 'rule:fired', :subject, 'permit')"
    names = [
        ("reader:00ff", "gift:A"),
        ("gateway", "network:11ee"),
        ("reader:22dd", "reader:22dd"),
        ("operator", "log"),
    ]
    with empty.transaction() as connection:
        for actor, subject in names:
            connection.execute(
                text(insert), {"at": "2026-03-10 12:00:00", "actor": actor, "subject": subject}
            )
    schema.upgrade(empty)
    with empty.reading() as connection:
        rows = connection.execute(text("SELECT actor, subject FROM entry ORDER BY id")).all()
        assert rows == [
            ("reader", "gift:A"),
            ("gateway", "network"),
            ("reader", "reader"),
            ("operator", "log"),
        ]
        shown = list_entries(connection, EntryFilter())
        assert [(each.actor, each.subject) for each in reversed(shown)] == names
        assert connection.execute(text("SELECT COUNT(*) FROM outbox")).scalar() == len(names)
        found = list_entries(connection, EntryFilter(subject="network:11ee"))
        assert [each.subject for each in found] == ["network:11ee"]
    schema.downgrade(empty, "0003")
    with empty.reading() as connection:
        assert connection.execute(text("SELECT actor, subject FROM entry ORDER BY id")).all() == names


@pytest.mark.postgresql
def test_the_gateways_role_adds_to_the_log_and_changes_nothing_of_it(empty_postgresql_url: str) -> None:
    database = open_database(empty_postgresql_url)
    schema.upgrade(database)
    role = f"writer_{uuid4().hex}"
    refused = Entry(
        utc_now(), reader_actor(b"d" * 32), Event.GIFT_REFUSED, "gift:A", Outcome.DENY, "gift:frozen"
    )
    with database.transaction() as connection:
        roles.allow(connection, role)
        roles.allow(connection, role)
        for statement in (f"SET LOCAL ROLE {role}", "SELECT 1 FROM alembic_version"):
            connection.execute(text(statement))
        append_entry(connection, refused)
        append_entry(connection, refused)
        assert (
            sealing.drop_waiting(connection, [each.entry_id for each in sealing.list_waiting(connection)])
            == 1
        )
    with database.transaction() as connection:
        connection.execute(text(f"SET LOCAL ROLE {role}"))
        months.make_room(connection, datetime(2031, 5, 1, tzinfo=UTC))
        assert connection.execute(text("SELECT to_regclass('entry_2031_05') IS NOT NULL")).scalar()
    partitions = ["entry_2031_05", "entry_rest"]
    for part in partitions:
        with pytest.raises(DBAPIError, match="permission denied"):
            _do_as(database, role, f"DELETE FROM {part}")
        with pytest.raises(DBAPIError, match="must be owner"):
            _do_as(database, role, f"DROP TABLE {part}")
    for table in sorted(roles.GROWS | roles.STANDS):
        column = next(iter(metadata.tables[table].columns)).name
        for act in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            with pytest.raises(DBAPIError, match="permission denied"):
                _do_as(database, role, act)
        with pytest.raises(DBAPIError, match="must be owner"):
            _do_as(database, role, f"DROP TRIGGER {table}_is_never_changed ON {table}")
    with database.transaction() as connection:
        connection.execute(text(f"DROP OWNED BY {role}"))
        connection.execute(text(f"DROP ROLE {role}"))
    database.close()


def _do_as(database: Database, role: str, statement: str) -> None:
    with database.transaction() as connection:
        connection.execute(text(f"SET LOCAL ROLE {role}"))
        connection.execute(text(statement))


@pytest.mark.postgresql
def test_the_log_is_not_truncated_on_postgresql(empty_postgresql_url: str) -> None:
    database = open_database(empty_postgresql_url)
    schema.upgrade(database)
    with pytest.raises(DBAPIError, match="never changed or deleted"), database.transaction() as connection:
        connection.execute(text("TRUNCATE entry CASCADE"))
    database.close()


def test_a_repeated_refusal_still_raises_its_counter(empty: Database) -> None:
    schema.upgrade(empty)
    refused = Entry(utc_now(), OPERATOR, Event.GIFT_REFUSED, "account:1", Outcome.DENY, "quota:spent")
    with empty.transaction() as connection:
        append_entry(connection, refused)
        append_entry(connection, refused)
        assert [line.repeats for line in list_entries(connection, EntryFilter())] == [1]


def test_a_database_without_tables_says_what_to_run(empty: Database) -> None:
    with pytest.raises(schema.SchemaError, match="has no tables yet; run `gateway db upgrade`"):
        schema.check(empty)


def test_a_step_of_a_newer_release_is_refused_everywhere(empty: Database) -> None:
    schema.upgrade(empty)
    with empty.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for act in (schema.check, schema.upgrade, lambda database: schema.downgrade(database, "base")):
        with pytest.raises(schema.SchemaError, match="step 9999, which this release does not know"):
            act(empty)


def test_somebody_elses_database_is_left_alone(empty: Database) -> None:
    with empty.transaction() as connection:
        connection.execute(text("CREATE TABLE holiday (day DATE)"))
    with pytest.raises(schema.SchemaError, match=r"not the gateway's \(holiday\)"):
        schema.upgrade(empty)


def test_a_file_that_is_no_database_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "new.db").write_bytes(b"Dear diary, today I was not a database at all." * 50)
    database = open_database(f"sqlite:///{tmp_path / 'new.db'}")
    with pytest.raises(schema.SchemaError, match=r"^the database cannot be read: file is not a database$"):
        schema.check(database)
    database.close()


@pytest.mark.postgresql
def test_a_server_that_is_away_is_named_in_one_line() -> None:
    database = open_database("postgresql://gateway@127.0.0.1:9/gateway")
    with pytest.raises(schema.SchemaError) as told:
        schema.check(database)
    assert "\n" not in str(told.value)
    assert "Connection refused" in str(told.value)
    database.close()


def test_the_template_of_the_tests_has_the_triggers_of_the_log(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        assert schema.current(connection) == schema.newest()
    engine.dispose()


def test_a_log_that_was_sealed_before_numbers_told_months_keeps_every_row_and_proof(
    empty: Database, tmp_path: Path
) -> None:
    schema.upgrade(empty, "0009")
    clock = Clock()
    runtime = Runtime(empty, open_key_ring(tmp_path / "keys.json"), "https://news.example", clock=clock)
    keys, shelf = SealKeys(tmp_path / "seal-keys.json"), Shelf(tmp_path / "checkpoints")
    sealer = Sealer(runtime, keys, shelf)
    adopt_policy(runtime, POLICY)
    insert = text(
        "INSERT INTO entry (id, at, actor, event, subject, outcome) VALUES (:id, :at, 'operator', 'key:added', 'key:1', 'permit')"
    )
    months_of_numbers = [(1, 12), (2, 12), (4, 1), (3, 12), (5, 1), (6, 3)]
    with empty.transaction() as connection:
        for number, month in months_of_numbers:
            year = 2025 if month == 12 else 2026
            connection.execute(
                insert,
                {
                    "id": number,
                    "at": f"{year}-{month:02}-10 12:00:00+00:00"[: 19 if empty.dialect == "sqlite" else 25],
                },
            )
    # A column that the sealer of today wants, and which came later.
    with empty.transaction() as connection:
        connection.execute(text("ALTER TABLE sealed_log ADD COLUMN note TEXT NOT NULL DEFAULT ''"))
    sealer.beat()
    with empty.transaction() as connection:
        connection.execute(text("ALTER TABLE sealed_log DROP COLUMN note"))
    public = [public_bytes(key) for key in keys.private_keys()]
    rows = text("SELECT id, at, actor FROM entry ORDER BY id")
    with empty.reading() as connection:
        before = connection.execute(rows).all()
    schema.upgrade(empty)
    with empty.reading() as connection:
        assert connection.execute(rows).all() == before
        parts = connection.execute(
            text("SELECT month, from_number, to_number FROM log_part ORDER BY 1")
        ).all()
        assert parts[:2] == [("2025-12", 1, 4), ("2026-01", 4, 6)]
    assert verify_log(runtime, shelf, public).told == []
    clock.forward(minutes=2)
    sealer.beat()
    report = verify_log(runtime, shelf, public)
    assert (report.told, report.entries) == ([], len(before) + 1)
    schema.downgrade(empty, "0009")
    with empty.reading() as connection:
        assert connection.execute(rows).all()[: len(before)] == before
    schema.upgrade(empty)
    assert verify_log(runtime, shelf, public).told == []
