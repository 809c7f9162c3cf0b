"""Old months of the log are put away into files that prove themselves, and what stays goes on to verify."""

import json
import os
import signal
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from gateway.auditing.log import put_away_to
from gateway.checkpoint import Checkpoint
from gateway.keeping import putting_away, rolling
from gateway.keeping.backup import make_backup
from gateway.keeping.beginning import After
from gateway.keeping.proving import export_log, prove_entry, prove_history, verify_log
from gateway.keeping.putting_away import Archive, ArchiveError, put_away
from gateway.keeping.restore import restore_backup
from gateway.ledger import OPERATOR, Entry, Event, Outcome, reader_actor
from gateway.sealkeys import SealKeys
from gateway.store import months, tree
from gateway.store.entries import append_entry
from gateway.store.months import PutAway
from gateway.verify import Months, Report, notes_of, read_note, verify_export
from tests.sealed import SealedLog

LATER = datetime(2028, 8, 2, 9, tzinfo=UTC)


@pytest.fixture
def log(sealed_log: SealedLog) -> SealedLog:
    """Yield a log of three months, where an entry of March is sealed among April's, and it is the year after."""
    sealed_log.write(30, seal_each=10)
    march = sealed_log.house.clock.now
    sealed_log.house.clock.forward(days=31)
    sealed_log.write(3)
    late = Entry(march, reader_actor(b"l" * 32), Event.CLAIM_REFUSED, "gift:A", Outcome.DENY, "gift:frozen")
    for _ in range(3):
        with sealed_log.house.runtime.database.transaction() as connection:
            append_entry(connection, late)
    sealed_log.write(25, seal_each=10)
    sealed_log.house.clock.now = LATER
    sealed_log.write(12)
    assert sealed_log.verify().told == []
    return sealed_log


def archive_of(log: SealedLog) -> Archive:
    signing = log.keys.private_keys()
    return Archive(log.house.folder / "archive", log.shelf, log.public, signing)


def away(log: SealedLog, before: str) -> list[PutAway]:
    done = list(put_away(log.house.runtime, OPERATOR, archive_of(log), before))
    log.sealer.beat()
    return done


def verified(log: SealedLog, *, archive: bool = False) -> Report:
    folder = log.house.folder / "archive" if archive else None
    return verify_log(log.house.runtime, log.shelf, log.public, archive=folder)


def exported(log: SealedLog, months_in: Months | None = None) -> Report:
    path = log.house.folder / "export.zip"
    path.unlink(missing_ok=True)
    export_log(log.house.runtime, OPERATOR, log.shelf, path, personal=True)
    return verify_export(path, log.public, (), months=months_in)


def restored(log: SealedLog, backup: Path) -> None:
    """Restore a backup over what there is, and seal on."""
    after = After.of(log.shelf, log.keys.private_keys())
    restore_backup(log.house.runtime, OPERATOR, backup, revocations=None, replace=True, after=after)
    log.fresh().beat()


def test_a_month_is_put_away_and_the_log_goes_on_to_verify(log: SealedLog) -> None:
    whole = verified(log)
    (march,) = away(log, "2026-04")
    assert (march.part.month, march.file) == ("2026-03", "log-2026-03.zip")
    assert log.house.value("SELECT COUNT(*) FROM entry WHERE at < '2026-04-01'") == 0
    assert log.house.value("SELECT COUNT(*) FROM repeat") == 0
    left = verified(log)
    assert (left.told, left.elsewhere) == ([], march.entries)
    assert left.beside < whole.beside
    assert "2026-03 is in the archive, log-2026-03.zip; --archive FOLDER verifies it too" in left.remarks
    with_it = verified(log, archive=True)
    assert (with_it.told, with_it.elsewhere, with_it.entries) == ([], 0, left.entries)


def test_a_months_file_proves_itself_with_the_public_key_alone(log: SealedLog) -> None:
    march, april = away(log, "2026-06")
    for each, elsewhere in ((march, 3), (april, 1)):
        path = log.house.folder / "archive" / each.file
        report = verify_export(path, log.public, ())
        assert report.told == []
        assert (report.entries, report.elsewhere) == (each.stop - each.first, elsewhere)
        assert report.checkpoints > 1
        with zipfile.ZipFile(path) as file:
            about = json.loads(file.read("about.json"))
            assert "personal.jsonl" not in file.namelist()
        assert (about["month"], about["entries"]) == (each.part.month, each.entries)


def test_a_counted_refusal_keeps_its_count(log: SealedLog) -> None:
    (march,) = away(log, "2026-04")
    with zipfile.ZipFile(log.house.folder / "archive" / march.file) as file:
        repeats = [json.loads(line) for line in file.read("repeats.jsonl").splitlines()]
    assert [each["count"] for each in repeats] == [2]


def test_a_month_that_came_back_by_a_restore_is_put_away_once_more(log: SealedLog) -> None:
    """Both files begin at the same place and hold other entries from where the restore went on."""
    backup = log.house.folder / "backup.zip"
    log.house.clock.now = LATER.replace(month=9)
    log.write(2)
    make_backup(log.house.runtime, OPERATOR, backup)
    log.house.clock.now = LATER.replace(year=2031)
    log.write(6, seal_each=3)
    assert [each.file for each in away(log, "2026-05")] == ["log-2026-03.zip", "log-2026-04.zip"]
    restored(log, backup)
    late = Entry(datetime(2026, 3, 31, 23, tzinfo=UTC), OPERATOR, Event.KEY_ADDED, "key:1")
    with log.house.runtime.database.transaction() as connection:
        append_entry(connection, late)
    log.write(6, seal_each=3)
    assert [each.file for each in away(log, "2026-05")] == ["log-2026-03-2.zip", "log-2026-04-2.zip"]
    report = verified(log, archive=True)
    assert (report.told, report.elsewhere) == ([], 0)
    assert exported(log, Months(log.house.folder / "archive")).told == []


@pytest.mark.parametrize("order", ["older after newer", "newer after older"])
def test_two_restores_of_different_age_leave_a_log_that_verifies(log: SealedLog, order: str) -> None:
    """What the second keeps of the first log is not what the first restore kept of it."""
    backups = []
    for number in range(2):
        backups.append(log.house.folder / f"backup{number}.zip")
        make_backup(log.house.runtime, OPERATOR, backups[-1])
        log.write(12, seal_each=4)
    for backup in backups if order.startswith("newer") else reversed(backups):
        restored(log, backup)
        log.write(9, seal_each=3)
    report = verified(log)
    assert (report.told, len(report.remarks)) == ([], 2)
    assert exported(log).told == []
    log.house.clock.now = LATER.replace(year=2031)
    log.write(2)
    assert [each.part.month for each in away(log, "2028-09")] == ["2026-03", "2026-04", "2028-08"]
    assert verified(log, archive=True).told == []


def test_what_a_restore_kept_is_not_excused_by_it(log: SealedLog) -> None:
    backup = log.house.folder / "backup.zip"
    make_backup(log.house.runtime, OPERATOR, backup)
    log.write(12, seal_each=4)
    restored(log, backup)
    number = log.number_at(23)
    with log.behind_its_back() as do:
        do(f"UPDATE entry SET reason = 'x' WHERE id = {number}")
        do(f"UPDATE leaf SET hash = :hash WHERE entry_id = {number}", hash=b"h" * 32)
    told = "\n".join(verified(log).told)
    assert told.count("and no more at") == 2


def test_a_receipt_that_a_restore_gave_up_is_none(log: SealedLog) -> None:
    """It tells of places that new entries have taken since; these deleted are missed."""
    backup = log.house.folder / "backup.zip"
    make_backup(log.house.runtime, OPERATOR, backup)
    log.house.clock.now = LATER.replace(year=2031)
    log.write(9, seal_each=3)
    away(log, "2028-09")
    receipt = [read_note(path.read_text()) for path in log.shelf.folder.rglob("archived/*.txt")][-1].receipt
    assert receipt is not None
    restored(log, backup)
    log.write(9, seal_each=3)
    number = log.house.value("SELECT MAX(id) FROM entry WHERE id IN (SELECT entry_id FROM leaf)")
    with log.behind_its_back() as do:
        do(f"DELETE FROM entry WHERE id = {number}")
        do(
            "INSERT INTO archived (from_number, to_number, month, at, entries, first, stop, file, sha256) "
            "VALUES (:number, :number + 1, :month, :at, 1, :first, :stop, 'x.zip', :sha)",
            number=number,
            month=receipt.month,
            at="2028-08-02 09:00:00",
            first=receipt.first,
            stop=receipt.stop,
            sha=bytes.fromhex(receipt.sha256),
        )
    assert "no receipt" in "\n".join(verified(log).told)


def test_between_a_restore_and_the_first_seal_nothing_is_missed(log: SealedLog) -> None:
    backup = log.house.folder / "backup.zip"
    make_backup(log.house.runtime, OPERATOR, backup)
    log.write(12, seal_each=4)
    after = After.of(log.shelf, log.keys.private_keys())
    restore_backup(log.house.runtime, OPERATOR, backup, revocations=None, replace=True, after=after)
    assert verified(log).told == []
    with log.behind_its_back() as do:
        do("UPDATE sealed_log SET note = 'nothing of ours'")
    assert "truncated" in verified(log).told[0]


def test_a_months_file_is_never_written_over(log: SealedLog) -> None:
    """Whoever owns the database can have a month put away once more; what it held stands in its first file alone."""
    away(log, "2026-04")
    first = (log.house.folder / "archive" / "log-2026-03.zip").read_bytes()
    number = log.house.value("SELECT MAX(id) FROM entry")
    with log.behind_its_back() as do:
        do(f"INSERT INTO log_part VALUES ({number}, {number} + 1, '2026-03')")
        do("UPDATE entry SET id = 202603000009999 WHERE id = (SELECT MIN(id) FROM entry)")
    # PostgreSQL takes no such number into the month's partition.
    with pytest.raises((ArchiveError, IntegrityError)):
        away(log, "2026-04")
    assert (log.house.folder / "archive" / "log-2026-03.zip").read_bytes() == first


@pytest.mark.parametrize("how", ["edit", "delete", "disown", "reorder", "cut", "other before"])
def test_a_months_file_that_was_changed_is_found(log: SealedLog, how: str) -> None:
    (_, april) = away(log, "2026-06")
    path = log.house.folder / "archive" / april.file
    other = log.house.folder / "other.zip"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            lines = old.read(name).splitlines(keepends=True)
            if name == "entries.jsonl" and how == "edit":
                lines[5] = lines[5].replace(b"policy:", b"police:")
            if name == "entries.jsonl" and how == "delete":
                lines[5] = b"null\n"
            if name == "entries.jsonl" and how == "disown":
                lines[5] = b"false\n"
            if name in ("entries.jsonl", "leaves.txt") and how == "reorder":
                lines[5], lines[6] = lines[6], lines[5]
            if name in ("entries.jsonl", "leaves.txt") and how == "cut":
                del lines[-1]
            content = b"".join(lines)
            if name == "about.json" and how == "other before":
                about = json.loads(content)
                about["before"][0] = "00" * 32
                content = json.dumps(about).encode()
            new.writestr(name, content)
    assert verify_export(other, log.public, ()).faults
    other.replace(path)
    assert "is not the file that 2026-04 was put away into" in "\n".join(verified(log, archive=True).told)


def test_a_months_receipt_tells_which_entries_are_its_own(log: SealedLog) -> None:
    """Who changes what the file says of itself as well is found by what a key signed for, and by nothing else."""
    (_, april) = away(log, "2026-06")
    path = log.house.folder / "archive" / april.file
    assert verify_export(path, log.public, [log.shelf.folder]).told == []
    other = log.house.folder / "other.zip"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "entries.jsonl":
                lines = content.splitlines(keepends=True)
                content = b"".join([*lines[:5], b"false\n", *lines[6:]])
            if name == "about.json":
                about = json.loads(content)
                content = json.dumps(about | {"entries": about["entries"] - 1}).encode()
            new.writestr(name, content)
    alone = verify_export(other, log.public, ())
    assert (alone.told, "is not proved without its receipt" in "".join(alone.remarks)) == ([], True)
    (told,) = verify_export(other, log.public, [log.shelf.folder]).told
    assert told.startswith("the file is not the one that its receipt signs for (archived 2026-04 ")


def test_an_archive_that_lacks_a_month_is_told(log: SealedLog) -> None:
    march, _ = away(log, "2026-06")
    (log.house.folder / "archive" / march.file).unlink()
    told = "\n".join(verified(log, archive=True).told)
    assert "2026-03 was put away into log-2026-03.zip, which is not in" in told


def test_an_export_after_it_says_what_it_lacks_and_takes_the_archive(log: SealedLog) -> None:
    march, _ = away(log, "2026-06")
    path = log.house.folder / "export.zip"
    export_log(log.house.runtime, OPERATOR, log.shelf, path, personal=True)
    alone = verify_export(path, log.public, ())
    assert (alone.told, alone.elsewhere > march.entries) == ([], True)
    whole = verify_export(path, log.public, (), months=Months(log.house.folder / "archive"))
    assert (whole.told, whole.elsewhere, whole.entries) == ([], 0, alone.entries)


def test_proofs_are_made_after_it_as_before(log: SealedLog) -> None:
    first = next(iter(notes_of(log.shelf.folder)[0]))
    away(log, "2026-06")
    assert json.loads(prove_history(log.house.runtime, log.shelf, first))["proof"]
    newest = log.house.value("SELECT MAX(entry_id) FROM leaf")
    assert isinstance(newest, int)
    assert json.loads(prove_entry(log.house.runtime, log.shelf, newest))["proof"]


def test_it_is_an_entry_of_the_log(log: SealedLog) -> None:
    (march,) = away(log, "2026-04")
    (notice,) = log.house.entries(Event.LOG_MONTH_ARCHIVED.value)
    said = json.loads(notice.detail)
    assert (said["month"], said["entries"], said["sha256"]) == (
        "2026-03",
        march.entries,
        march.sha256.hex(),
    )


def test_a_month_that_was_deleted_and_only_said_to_be_put_away_is_missed(log: SealedLog) -> None:
    """Whoever owns the database can write that entry and that row, and the sealer seals it; a receipt they cannot write."""
    feigned = {"month": "2026-03", "entries": 33, "file": "x.zip", "sha256": (b"s" * 32).hex()}
    with log.house.runtime.database.transaction() as connection:
        append_entry(connection, Entry(LATER, OPERATOR, Event.LOG_MONTH_ARCHIVED, "log", detail=feigned))
    with log.behind_its_back() as do:
        do("DELETE FROM entry WHERE at < '2026-04-01'")
        do(
            "INSERT INTO archived (from_number, to_number, month, at, entries, first, stop, file, sha256) "
            "VALUES (202603000000000, 202604000000000, '2026-03', :at, 30, 0, 30, 'x.zip', :sha)",
            at="2028-08-02 09:00:00",
            sha=b"s" * 32,
        )
    log.sealer.beat()
    told = "\n".join(verified(log).told)
    assert "what is at positions 0 to 31 is gone, and no receipt signed by a key that was given says" in told
    assert "2026-03 is gone, and no receipt" in told
    assert "no receipt" in "\n".join(exported(log).told)


def test_a_receipt_covers_no_more_entries_than_were_put_away(log: SealedLog) -> None:
    """Within a month's places lie entries of another; one of these deleted as if it had been put away is missed."""
    away(log, "2026-04")
    number = log.number_at(33)
    with log.behind_its_back() as do:
        do(f"DELETE FROM entry WHERE id = {number}")
        do(
            "INSERT INTO archived SELECT :number, :number + 1, month, at, 1, first, stop, file, sha256 FROM archived",
            number=number,
        )
    assert "34 entries are gone, and the receipts say that 33 were put away" in verified(log).told
    assert exported(log).faults


def test_a_receipt_under_another_key_is_none(log: SealedLog) -> None:
    away(log, "2026-04")
    (receipt,) = log.shelf.folder.rglob("archived/*.txt")
    signed = receipt.read_text()
    other = SealKeys(log.house.folder / "other.json").private_keys()
    note = read_note(signed)
    assert note.receipt is not None
    receipt.write_text(Checkpoint(note.origin, note.size, note.root).signed(other, note.receipt.spelled()))
    assert "no receipt signed by a key that was given" in "\n".join(verified(log).told)
    receipt.write_text(signed)
    assert verified(log).told == []


def test_an_export_is_held_against_the_archive_it_is_given(log: SealedLog) -> None:
    away(log, "2026-04")
    empty = log.house.folder / "empty"
    empty.mkdir()
    assert exported(log).told == []
    assert exported(log, Months(empty)).told[0].endswith(f"are in no month in {empty}")


def test_after_a_restore_months_are_put_away_and_verify_without_the_archive(log: SealedLog) -> None:
    """The month in which entries were given up holds checkpoints of them; the month that tells so may be gone too."""
    backup = log.house.folder / "backup.zip"
    make_backup(log.house.runtime, OPERATOR, backup)
    log.write(20, seal_each=5)
    restored(log, backup)
    log.write(20, seal_each=5)
    log.house.clock.now = LATER.replace(year=2031)
    log.write(2)
    assert [each.part.month for each in away(log, "2028-09")] == ["2026-03", "2026-04", "2028-08"]
    report = verified(log)
    assert report.told == []
    assert any("were given up" in remark for remark in report.remarks)
    assert verified(log, archive=True).told == []
    assert exported(log).told == []
    for path in (log.house.folder / "archive").iterdir():
        assert verify_export(path, log.public, ()).told == []


def test_the_figures_are_held_against_what_is_left_of_the_log(log: SealedLog) -> None:
    assert log.house.value("SELECT COUNT(*) FROM rollup WHERE day < '2026-04-01'")
    assert rolling.check(log.house.runtime, print).differences == ()
    away(log, "2026-04")
    assert rolling.check(log.house.runtime, print).differences == ()
    wrong = "INSERT INTO rollup (split, figure, day, name, count) VALUES ('plan', 'issued', '2028-08-02', 'gold', 7)"
    with log.house.runtime.database.transaction() as connection:
        connection.execute(text(wrong))
    (found,) = rolling.check(log.house.runtime, print).differences
    assert (found.counted, found.entries) == (7, 0)


def test_a_month_that_the_policy_keeps_is_refused_and_nothing_is_put_away(log: SealedLog) -> None:
    log.house.clock.now = datetime(2028, 4, 1, 12, tzinfo=UTC)
    with pytest.raises(ArchiveError, match=r"2026-04 is kept for 730 days .* from 2028-04-30 on"):
        away(log, "2026-06")
    assert not (log.house.folder / "archive").exists()
    assert [each.part.month for each in away(log, "2026-04")] == ["2026-03"]


def test_a_month_that_is_not_sealed_to_its_end_is_refused(log: SealedLog) -> None:
    late = Entry(datetime(2026, 3, 31, 23, tzinfo=UTC), OPERATOR, Event.KEY_ADDED, "key:1")
    with log.house.runtime.database.transaction() as connection:
        append_entry(connection, late)
    with pytest.raises(ArchiveError, match="2026-03 is not sealed to its end"):
        away(log, "2026-04")
    log.sealer.beat()
    assert [each.part.month for each in away(log, "2026-04")] == ["2026-03"]


@pytest.mark.parametrize(
    ("tamper", "told"),
    [
        ("DELETE FROM entry WHERE id = {}", "was deleted"),
        ("UPDATE entry SET reason = 'x' WHERE id = {}", "is not what was sealed"),
        (
            (
                "INSERT INTO entry (id, at, actor, event, subject, outcome) SELECT 202603999999999, at, actor, event, "
                "subject, outcome FROM entry WHERE id = {}"
            ),
            "entries are here, and the file was made with",
        ),
    ],
)
def test_a_month_with_a_hole_is_refused_and_stays(log: SealedLog, tamper: str, told: str) -> None:
    number = log.number_at(8)
    with log.behind_its_back() as do:
        do(tamper.format(number))
    with pytest.raises(ArchiveError, match=told):
        away(log, "2026-04")
    assert log.house.value("SELECT COUNT(*) FROM entry WHERE at < '2026-04-01'")
    assert list((log.house.folder / "archive").iterdir()) == []


def test_a_month_is_put_away_by_a_second_try_after_a_crash_in_between(
    log: SealedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = os.fork()
    if child == 0:  # pragma: no cover - The child is killed.
        try:
            killed = lambda *_about: os.kill(os.getpid(), signal.SIGKILL)  # noqa: E731
            monkeypatch.setattr(putting_away.months, "drop_part", killed)
            log.house.runtime.database.reader.dispose(close=False)
            log.house.runtime.database.writer.dispose(close=False)
            list(put_away(log.house.runtime, OPERATOR, archive_of(log), "2026-04"))
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    report = verify_export(log.house.folder / "archive" / "log-2026-03.zip", log.public, ())
    assert report.told == []
    assert verified(log).told == []
    assert [each.part.month for each in away(log, "2026-04")] == ["2026-03"]
    assert verified(log, archive=True).told == []


def test_entries_outside_what_was_put_away_are_still_never_deleted(log: SealedLog) -> None:
    away(log, "2026-04")
    for statement in ("DELETE FROM entry", "DELETE FROM archived", "UPDATE archived SET month = 'x'"):
        with (
            pytest.raises(DBAPIError, match="an entry of the log is never"),
            log.house.runtime.database.transaction() as connection,
        ):
            connection.execute(text(statement))


def test_on_postgresql_every_partition_refuses_change(log: SealedLog) -> None:
    if log.house.runtime.database.dialect != "postgresql":
        return
    with log.house.runtime.database.transaction() as connection:
        months.make_room(connection, LATER)
    with log.house.runtime.database.reading() as connection:
        parts = (
            connection.execute(
                text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'entry'::regclass")
            )
            .scalars()
            .all()
        )
    assert {"entry_rest", "entry_2026_03", "entry_2026_04", "entry_2028_08", "entry_2028_11"} <= set(parts)
    for part in parts:
        for statement in (f"UPDATE {part} SET reason = 'x'", f"DELETE FROM {part}", f"TRUNCATE {part}"):
            with (
                pytest.raises(DBAPIError, match="never changed or deleted"),
                log.house.runtime.database.transaction() as connection,
            ):
                connection.execute(text(statement))
    with log.house.runtime.database.reading() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM entry_rest")).scalar() == 0
    log.write(3)
    assert verified(log).told == []


def test_what_is_sealed_says_its_month_in_its_number(log: SealedLog) -> None:
    with log.house.runtime.database.reading() as connection:
        for _, number, _, found in tree.each_leaf(connection, tree.count_leaves(connection)):
            assert found is not None
            assert str(number)[:6] == f"{found.at:%Y%m}"


def test_the_desk_knows_where_older_entries_went(log: SealedLog) -> None:
    assert put_away_to(log.house.runtime) is None
    away(log, "2026-04")
    assert put_away_to(log.house.runtime) == datetime(2026, 4, 1, tzinfo=UTC)
