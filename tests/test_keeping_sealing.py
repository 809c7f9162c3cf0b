"""The sealer: every entry once, none skipped, the same checkpoint after a crash, and no seal on what was changed."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.checkpoint import Checkpoint
from gateway.keeping import sealing as sealing_use_case
from gateway.keeping.beginning import After, AlarmError, begin_log, read_whole_tree
from gateway.keeping.proving import verify_log
from gateway.keeping.publishing import PublishingError, Shelf, shelf_at
from gateway.keeping.sealing import Sealer
from gateway.ledger import OPERATOR, Entry, Event
from gateway.sealkeys import SealKeyError
from gateway.store import schema
from gateway.store.engine import open_database
from gateway.store.entries import append_entry
from gateway.store.sealing import find_oldest_waiting
from gateway.verify import notes_of, read_note
from tests.house import House
from tests.sealed import SealedLog, log_of


def entry(house: House, subject: str = "key:1") -> Entry:
    """Make an entry."""
    return Entry(house.clock.now, OPERATOR, Event.KEY_ADDED, subject)


def after(log: SealedLog) -> After:
    """Say what a log to be begun goes on from."""
    return After.of(log.shelf, log.keys.private_keys())


def published(log: SealedLog) -> list[int]:
    """List the sizes that were published, in order."""
    return [note.size for note in log.shelf.notes()]


def test_every_entry_is_sealed_once_and_the_outbox_is_empty(sealed_log: SealedLog) -> None:
    sealed_log.write(600, seal_each=100)
    house = sealed_log.house
    entries = house.value("SELECT COUNT(*) FROM entry")
    assert house.value("SELECT COUNT(*) FROM leaf") == entries
    assert house.value("SELECT COUNT(DISTINCT entry_id) FROM leaf") == entries
    assert house.value("SELECT MAX(position) FROM leaf") == entries - 1
    assert house.value("SELECT COUNT(*) FROM node") == entries // 256
    assert house.value("SELECT COUNT(*) FROM outbox") == 0
    report = sealed_log.verify()
    assert (report.faults, report.told, report.entries) == (0, [], entries)


def test_an_entry_and_its_place_in_the_outbox_are_there_together_or_not_at_all(sealed_log: SealedLog) -> None:
    house = sealed_log.house
    waiting = house.value("SELECT COUNT(*) FROM outbox")
    with suppress(ZeroDivisionError), house.runtime.database.transaction() as connection:
        append_entry(connection, entry(house))
        assert 1 / 0
    assert house.value("SELECT COUNT(*) FROM outbox") == waiting


@pytest.mark.postgresql
def test_an_entry_that_is_committed_late_is_sealed_too(
    postgresql_url: str, open_house: Callable[..., House]
) -> None:
    log = log_of(open_house(postgresql_url))
    late = open_database(postgresql_url)
    with late.transaction() as connection:
        append_entry(connection, entry(log.house, "key:late"))
        log.write(5)
        assert log.house.value("SELECT COUNT(*) FROM entry WHERE subject = 'key:late'") == 0
    late.close()
    log.sealer.beat()
    number = log.house.value("SELECT id FROM entry WHERE subject = 'key:late'")
    position = log.house.value(f"SELECT position FROM leaf WHERE entry_id = {number}")
    assert position == log.house.value("SELECT MAX(position) FROM leaf")
    assert number < log.number_at(position - 1)
    assert log.verify().told == []


def test_an_idle_log_is_sealed_every_minute(sealed_log: SealedLog) -> None:
    house, sealer = sealed_log.house, sealed_log.sealer
    sealer.beat()
    before = published(sealed_log)
    house.clock.forward(seconds=59)
    assert sealer.beat() == 0
    house.clock.forward(seconds=1)
    assert sealer.beat() == 1
    assert published(sealed_log) == [*before, before[-1] + 1]
    (beat,) = house.entries(Event.LOG_HEARTBEAT.value)
    assert (beat.at, beat.actor) == (house.clock.now, "gateway")
    # What tells only that nothing happened is not in anybody's way.
    assert Event.LOG_HEARTBEAT.value not in {each.event for each in house.entries()}


def test_after_a_crash_before_publishing_the_same_note_is_published(
    sealed_log: SealedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed_log.write(3)
    house, notes = sealed_log.house, []

    def crash(_shelf: Shelf, note: str, _at: object) -> None:
        notes.append(note)
        raise PublishingError("the power went")

    with monkeypatch.context() as patch:
        patch.setattr(Shelf, "publish", crash)
        with house.runtime.database.transaction() as connection:
            append_entry(connection, entry(house))
        with pytest.raises(PublishingError):
            sealed_log.sealer.beat()
    house.clock.forward(seconds=30)
    assert sealed_log.fresh().beat() == 0
    newest = sealed_log.shelf.newest()
    assert newest is not None
    assert [newest.spelled()] == notes
    assert sealed_log.verify().told == []


def test_a_checkpoint_that_a_crash_cut_off_is_written_anew(sealed_log: SealedLog) -> None:
    sealed_log.write(3)
    (day,) = sealed_log.shelf.folder.rglob("*.txt")
    whole = day.read_text()
    with day.open("a") as file:
        file.write(whole[:90])
    sealed_log.write(1)
    assert day.read_text().startswith(whole)
    assert [note.size for stream in notes_of(day) for note in stream] == published(sealed_log)
    assert sealed_log.verify().told == []


def test_of_two_sealers_one_seals(sealed_log: SealedLog, open_house: Callable[..., House]) -> None:
    sealed_log.write(2)
    house = sealed_log.house
    address = house.runtime.database.writer.url.render_as_string(hide_password=False)
    other = open_house(address)
    second = Sealer(other.runtime, sealed_log.keys, sealed_log.shelf)
    with house.runtime.database.transaction() as connection:
        append_entry(connection, entry(house))
    assert second.beat() == 0
    assert sealed_log.sealer.beat() == 1
    sealed_log.sealer.release()
    with house.runtime.database.transaction() as connection:
        append_entry(connection, entry(house))
    assert second.beat() == 1


def test_a_sealer_whose_lease_ran_out_in_the_middle_loses_nothing(
    sealed_log: SealedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed_log.write(2)
    house, first = sealed_log.house, sealed_log.sealer
    second = Sealer(house.runtime, sealed_log.keys, sealed_log.shelf)
    monkeypatch.setattr(sealing_use_case.Lease, "held", lambda _lease, _now: True)
    batch = sealing_use_case._batch

    def slowly(*about: object) -> object:
        monkeypatch.setattr(sealing_use_case, "_batch", batch)
        made = batch(*about)  # type: ignore[arg-type]
        second.beat()
        return made

    with house.runtime.database.transaction() as connection:
        append_entry(connection, entry(house))
    monkeypatch.setattr(sealing_use_case, "_batch", slowly)
    with pytest.raises(Exception, match=r"(?i)unique|duplicate|never changed"):
        first.beat()
    sealed_log.write(2)
    assert sealed_log.verify().told == []
    assert house.value("SELECT COUNT(*) FROM log_stop") == 0


def test_a_database_that_lost_entries_is_sealed_no_further(sealed_log: SealedLog) -> None:
    sealed_log.write(5, seal_each=1)
    with sealed_log.behind_its_back() as do:
        do("DELETE FROM checkpoint WHERE size > 4")
        do("DELETE FROM leaf WHERE position >= 4")
        do("DELETE FROM entry WHERE id NOT IN (SELECT entry_id FROM leaf)")
    alarm = "entries were published as sealed, the database has 4"
    _stays_stopped(sealed_log, alarm)


@pytest.mark.parametrize("restarted", [False, True])
def test_a_leaf_put_in_behind_the_sealers_back_stops_it(sealed_log: SealedLog, *, restarted: bool) -> None:
    sealed_log.write(5)
    size = sealed_log.house.value("SELECT MAX(position) + 1 FROM leaf")
    with sealed_log.behind_its_back() as do:
        do("INSERT INTO leaf VALUES (:at, 77, :hash)", at=size, hash=b"h" * 32)
    if restarted:
        sealed_log.fresh()
    _stays_stopped(sealed_log, "leaves, its newest checkpoint in the database")


def test_a_changed_past_is_not_signed(sealed_log: SealedLog) -> None:
    """Whoever forges leaves and the database's checkpoint alike still cannot forge the one that was published."""
    sealed_log.write(5)
    house = sealed_log.house
    with sealed_log.behind_its_back() as do:
        do("UPDATE leaf SET hash = :hash WHERE position = 1", hash=b"h" * 32)
        do("DELETE FROM checkpoint")
    with house.runtime.database.transaction() as connection:
        growth = read_whole_tree(connection)
    with sealed_log.behind_its_back() as do:
        do(
            "INSERT INTO checkpoint (log_id, size, root, made_at) SELECT id, :size, :root, begun_at FROM sealed_log",
            size=growth.size,
            root=growth.root(),
        )
    sealed_log.fresh()
    with house.runtime.database.transaction() as connection:
        append_entry(connection, entry(house))
        connection.execute(
            text("INSERT INTO outbox SELECT id FROM entry WHERE id NOT IN (SELECT entry_id FROM leaf)")
        )
    _stays_stopped(sealed_log, "does not go on from the checkpoint published")


def test_an_entry_deleted_before_it_was_sealed_is_missed(sealed_log: SealedLog) -> None:
    sealed_log.write(2)
    house = sealed_log.house
    with house.runtime.database.transaction() as connection:
        append_entry(connection, entry(house))
    with sealed_log.behind_its_back() as do:
        do("DELETE FROM entry WHERE id = (SELECT MAX(id) FROM entry)")
    assert any("was deleted before it was sealed" in each for each in sealed_log.verify().told)
    _stays_stopped(sealed_log, "was deleted before it was sealed")


def test_what_waits_longest_is_told_also_where_something_before_it_was_deleted(sealed_log: SealedLog) -> None:
    house = sealed_log.house
    sealed_log.write(1)
    with house.runtime.database.transaction() as connection:
        append_entry(connection, entry(house))
    house.clock.forward(seconds=7)
    with house.runtime.database.transaction() as connection:
        append_entry(connection, entry(house))
    with sealed_log.behind_its_back() as do:
        do("DELETE FROM entry WHERE id = (SELECT MIN(entry_id) FROM outbox)")
    with house.runtime.database.reading() as connection:
        assert find_oldest_waiting(connection) == house.clock.now


def test_a_new_log_names_the_one_before_and_goes_on(sealed_log: SealedLog) -> None:
    sealed_log.write(4)
    house, before = sealed_log.house, sealed_log.shelf.newest()
    assert before is not None
    origin = begin_log(house.runtime, OPERATOR, after(sealed_log), "the alarm was looked into")
    sealed_log.write(3)
    newest = sealed_log.shelf.newest()
    assert newest is not None
    assert newest.origin == origin != before.origin
    begun = house.entries(Event.LOG_BEGUN.value)[0]
    for said in (before.origin, before.root.hex(), f'"before_size":{before.size}', "looked into"):
        assert said in begun.detail
    assert sealed_log.verify().told == []


@pytest.mark.parametrize(
    "origin",
    [
        "evil.example/{}",
        "z\u2028restored after A 9 R 0\u2028z/..\n7\nR\n\n— x/{}",
        "news.example/log/{}\nrestored after A 9 R 0",
        "..",
    ],
)
def test_a_name_that_the_database_made_up_is_not_signed(sealed_log: SealedLog, origin: str) -> None:
    """Whoever owns the database could else have any words signed: a name is a line of what is signed."""
    sealed_log.write(4)
    before = sealed_log.shelf.newest()
    assert before is not None
    forged = origin.format(before.origin.rpartition("/")[2])
    with sealed_log.behind_its_back() as do:
        do("UPDATE sealed_log SET origin = :origin", origin=forged)
    with sealed_log.house.runtime.database.transaction() as connection:
        append_entry(connection, entry(sealed_log.house))
    sealed_log.fresh()
    _stays_stopped(sealed_log, "knows nothing")
    with pytest.raises(
        ValueError, match="cannot name a log" if "evil" not in origin else "cannot be signed for"
    ):
        Checkpoint(forged, 1, b"r" * 32).signed(sealed_log.keys.private_keys(), "archived\n1")
    assert sealed_log.shelf.newest() == before


def test_an_entry_that_no_gateway_can_have_written_stops_the_log(sealed_log: SealedLog) -> None:
    sealed_log.write(2)
    with sealed_log.house.runtime.database.transaction() as connection:
        connection.execute(
            text(
                "INSERT INTO entry (id, at, actor, event, subject, outcome, detail) "
                "SELECT id + 900, at, actor, event, subject, outcome, :lines FROM entry WHERE id = (SELECT MAX(id) FROM entry)"
            ),
            {"lines": '{"a":\n1}'},
        )
    _stays_stopped(sealed_log, "has a line's end within it")


def test_keys_that_cannot_be_read_just_now_stop_nothing_for_good(sealed_log: SealedLog) -> None:
    sealed_log.write(2)
    held = sealed_log.keys.path.read_text()
    with sealed_log.house.runtime.database.transaction() as connection:
        append_entry(connection, entry(sealed_log.house))
    sealed_log.keys.path.write_text("{")
    with pytest.raises(SealKeyError, match="want JSON"):
        sealed_log.sealer.beat()
    assert sealed_log.house.value("SELECT COUNT(*) FROM log_stop") == 0
    sealed_log.keys.path.write_text(held)
    sealed_log.sealer.beat()
    assert sealed_log.verify().told == []


def test_what_a_retired_key_signed_stays_believed_here(sealed_log: SealedLog) -> None:
    sealed_log.write(2)
    begin_log(sealed_log.house.runtime, OPERATOR, after(sealed_log), "a first alarm")
    old = sealed_log.public[0]
    sealed_log.keys.rotate()
    sealed_log.keys.retire(old)
    sealed_log.write(2)
    assert sealed_log.house.value("SELECT COUNT(*) FROM log_stop") == 0
    assert old in sealed_log.keys.public_keys()
    sealed_log.keys.rotate()
    assert old in sealed_log.keys.public_keys()
    report = verify_log(sealed_log.house.runtime, sealed_log.shelf, sealed_log.keys.public_keys())
    assert report.told == []


@pytest.mark.parametrize("how", ["another row", "another name", "an old first note"])
def test_a_log_that_somebody_began_in_the_database_is_not_signed(sealed_log: SealedLog, how: str) -> None:
    """Whoever owns the database and no sealing key cannot give up what was published, as a restore does."""
    sealed_log.write(4)
    house = sealed_log.house
    if how == "an old first note":
        begin_log(house.runtime, OPERATOR, after(sealed_log), "a first alarm")
        sealed_log.write(3)
    before = sealed_log.shelf.newest()
    assert before is not None
    with sealed_log.behind_its_back() as do:
        if how == "another name":
            do("UPDATE sealed_log SET origin = 'news.example/log/feigned'")
        else:
            do(
                "INSERT INTO sealed_log (origin, begun_at, kept, note) SELECT :origin, begun_at, :kept, note "
                "FROM sealed_log ORDER BY id DESC LIMIT 1",
                origin="news.example/log/feigned",
                kept=before.size,
            )
            do(
                "INSERT INTO checkpoint SELECT (SELECT MAX(id) FROM sealed_log), size, root, made_at "
                "FROM checkpoint ORDER BY size DESC LIMIT 1"
            )
    feigned = {"origin": "news.example/log/feigned", "kept": before.size, "before": before.origin}
    feigned |= {"before_size": before.size, "before_root": before.root.hex(), "because": "restored"}
    with house.runtime.database.transaction() as connection:
        append_entry(connection, Entry(house.clock.now, OPERATOR, Event.LOG_BEGUN, "log", detail=feigned))
    sealed_log.fresh()
    _stays_stopped(sealed_log, "knows nothing: neither a restore nor `gateway audit begin` signed for it")
    assert sealed_log.shelf.newest() == before


def test_a_log_begins_whatever_the_gateways_host_is_called(sealed_log: SealedLog) -> None:
    runtime = replace(sealed_log.house.runtime, base_url="https://zeitung-für.example:8443")
    origin = begin_log(runtime, OPERATOR, after(sealed_log), "the first start")
    assert origin.startswith("zeitung-f-r.example:8443/log/")
    sealed_log.write(2)
    assert sealed_log.verify().told == []


def test_what_was_cut_off_stays_a_fault_under_a_new_name(sealed_log: SealedLog) -> None:
    sealed_log.write(6, seal_each=1)
    with sealed_log.behind_its_back() as do:
        do("DELETE FROM checkpoint WHERE size > 4")
        do("DELETE FROM leaf WHERE position >= 4")
        do("DELETE FROM entry WHERE id NOT IN (SELECT entry_id FROM leaf)")
        do("DELETE FROM entry_person WHERE entry_id NOT IN (SELECT entry_id FROM leaf)")
        do("DELETE FROM outbox")
    sealed_log.fresh().beat()
    assert "truncated" in sealed_log.verify().told[0]
    begin_log(sealed_log.house.runtime, OPERATOR, after(sealed_log), "looked into")
    sealed_log.write(9, seal_each=1)
    report = sealed_log.verify()
    assert report.faults
    assert "agree up to size 4 and no more at" in "\n".join(report.told)
    assert report.remarks == []


def test_a_database_that_forgot_its_log_begins_another_and_the_loss_is_told(sealed_log: SealedLog) -> None:
    sealed_log.write(4)
    with sealed_log.behind_its_back() as do:
        for table in ("checkpoint", "sealed_log", "outbox", "leaf", "entry"):
            do(f"DELETE FROM {table}")
    sealed_log.fresh().beat()
    sealed_log.write(2)
    assert "truncated" in sealed_log.verify().told[0]


def test_two_databases_that_share_a_folder_go_on_each_with_their_own(
    sealed_log: SealedLog, tmp_path: Path, open_house: Callable[..., House]
) -> None:
    """A demo on another database beside the first is no alarm for either; to verify they want a folder each."""
    sealed_log.write(2)
    address = f"sqlite:///{tmp_path / 'other.db'}"
    schema.upgrade(open_database(address))
    other = open_house(address)
    second = Sealer(other.runtime, sealed_log.keys, sealed_log.shelf)
    for _ in range(2):
        with other.runtime.database.transaction() as connection:
            append_entry(connection, entry(other))
        assert second.beat()
        sealed_log.write(1)
    for house in (other, sealed_log.house):
        assert house.value("SELECT COUNT(*) FROM log_stop") == 0


def test_a_tree_that_is_not_whole_is_not_begun_upon(sealed_log: SealedLog) -> None:
    sealed_log.write(300)
    with sealed_log.behind_its_back() as do:
        do("UPDATE node SET hash = :hash", hash=b"h" * 32)
    with pytest.raises(AlarmError, match="do not agree with its leaves; restore a backup"):
        begin_log(sealed_log.house.runtime, OPERATOR, after(sealed_log), "never mind")
    with sealed_log.behind_its_back() as do:
        do("DELETE FROM leaf WHERE position = 7")
    with pytest.raises(AlarmError, match="leaves of the tree are missing"):
        begin_log(sealed_log.house.runtime, OPERATOR, after(sealed_log), "never mind")


def test_a_sealer_beats_until_it_is_told_to_stop(
    sealed_log: SealedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing_use_case, "BEAT_SECONDS", 0.01)
    stop, house = threading.Event(), sealed_log.house
    thread = threading.Thread(target=sealed_log.sealer.run, args=(stop,))
    thread.start()
    sealed_log.house.clock.now += timedelta(seconds=1)
    with house.runtime.database.transaction() as connection:
        append_entry(connection, entry(house))
    wait = threading.Event()
    for _ in range(500):
        if house.value("SELECT COUNT(*) FROM outbox") == 0:
            break
        wait.wait(0.01)
    stop.set()
    thread.join(10)
    assert house.value("SELECT COUNT(*) FROM outbox") == 0
    assert house.value("SELECT COUNT(*) FROM lease WHERE name = 'sealer'") == 0


def test_a_rotated_key_signs_beside_the_old_one_until_that_is_retired(sealed_log: SealedLog) -> None:
    sealed_log.write(2)
    old = sealed_log.public
    sealed_log.keys.rotate()
    sealed_log.write(2)
    both = sealed_log.public
    newest = sealed_log.shelf.newest()
    assert newest is not None
    assert newest.signed_by(old)
    assert newest.signed_by(both[1:])
    sealed_log.keys.retire(old[0])
    sealed_log.write(2)
    newest = sealed_log.shelf.newest()
    assert newest is not None
    assert not newest.signed_by(old)
    assert newest.signed_by(both[1:])
    with pytest.raises(SealKeyError, match="only key"):
        sealed_log.keys.retire(both[1])


def test_checkpoints_are_sent_to_an_address_and_again_when_it_was_away(sealed_log: SealedLog) -> None:
    received: dict[str, str] = {}

    class Evidence(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            received[self.path] = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_about: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Evidence)
    address = f"http://127.0.0.1:{server.server_port}/log/"
    sealed_log.shelf = shelf_at(address, sealed_log.house.folder / "checkpoints")
    sealed_log.fresh()
    with pytest.raises(PublishingError, match="does not take the checkpoint"):
        _away(sealed_log)
    assert sealed_log.shelf.newest() is None
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    sealed_log.sealer.beat()
    server.shutdown()
    thread.join()
    server.server_close()
    newest = sealed_log.shelf.newest()
    assert newest is not None
    assert read_note(received["/log/checkpoint"]) == newest
    assert received[f"/log/{newest.origin.rpartition('/')[2]}/{newest.size}"] == newest.spelled()


def _away(log: SealedLog) -> None:
    away = Sealer(log.house.runtime, log.keys, Shelf(log.shelf.folder, "http://127.0.0.1:9/log"))
    log.sealer = away
    try:
        away.beat()
    finally:
        log.fresh()


def test_a_folder_is_where_the_setting_says(tmp_path: Path) -> None:
    assert shelf_at("", tmp_path).folder == tmp_path
    assert shelf_at(str(tmp_path / "other"), tmp_path).folder == tmp_path / "other"
    assert shelf_at("https://evidence.example/x", tmp_path).address == "https://evidence.example/x"


def _stays_stopped(log: SealedLog, because: str) -> None:
    before = published(log)
    assert log.sealer.beat() == 0
    assert because in log.house.value("SELECT because FROM log_stop")
    (alarm,) = log.house.entries(Event.LOG_STOPPED.value)
    assert because in alarm.detail
    assert log.sealer.beat() == log.fresh().beat() == 0
    assert published(log) == before
