"""Whoever owns the database edits, deletes, inserts, reorders and truncates behind the gateway's back, and is found out."""

import json
import os
import re
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway import verify
from gateway.keeping.proving import export_log, prove_entry, prove_history
from gateway.ledger import OPERATOR
from gateway.store import tree
from gateway.verify import Line, examine, leaf_hash, notes_of
from tests.sealed import SealedLog

COPY = (
    "INSERT INTO entry (id, at, actor, event, subject, outcome, reason, rule, visitor, request_id, detail, personal) "
    "SELECT :new, at, actor, event, subject, outcome, reason, rule, visitor, request_id, detail, personal "
    "FROM entry WHERE id = :old"
)


@pytest.fixture
def log(sealed_log: SealedLog) -> SealedLog:
    """Yield a log of some fifty entries, with a checkpoint after every ten."""
    sealed_log.write(50, seal_each=10)
    assert sealed_log.verify().told == []
    return sealed_log


def outside(log: SealedLog) -> tuple[int, str]:
    """Export the log and verify it away from the gateway: its status, and what it said."""
    path = log.house.folder / "export.zip"
    export_log(log.house.runtime, OPERATOR, log.shelf, path, personal=True)
    return run_verifier(log, path)


def run_verifier(log: SealedLog, path: Path, *more: str) -> tuple[int, str]:
    """Run the verifier as others have it: a file alone, with neither the gateway nor its folder in reach."""
    folder = log.house.folder / "auditor"
    folder.mkdir(exist_ok=True)
    alone = folder / "verify.py"
    alone.write_text(Path(verify.__file__).read_text("utf-8"), "utf-8")
    done = subprocess.run(
        [sys.executable, "-I", alone, path, "--key", log.public_line, *more],
        cwd=folder,
        env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def found(log: SealedLog, words: str) -> None:
    """Hold that both the living log and an export of it are seen to be wrong, in these words first."""
    report = log.verify()
    assert report.faults
    assert re.search(words, report.told[0]), report.told
    status, said = outside(log)
    assert status == 1
    assert re.search(words, said), said
    assert "the log is not what was sealed" in said


def test_a_log_that_nobody_touched_verifies_inside_and_outside(log: SealedLog) -> None:
    status, said = outside(log)
    assert status == 0, said
    assert "all agree; root " in said
    assert log.verify().entries >= 50


@pytest.mark.parametrize(
    "edit",
    [
        "reason = 'x'",
        "actor = 'account:9'",
        "detail = '{}'",
        "subject = 'gift:B'",
        "outcome = 'deny'",
        "personal = '{}'",
        "rule = 'r'",
        "visitor = 'v'",
        "request_id = 'r'",
        "event = 'key:retired'",
    ],
)
def test_an_edited_entry_is_named(log: SealedLog, edit: str) -> None:
    number = log.number_at(23)
    with log.behind_its_back() as do:
        do(f"UPDATE entry SET {edit} WHERE id = {number}")
    found(log, rf"entry {number} \(position 23\) is not what was sealed")


def test_an_edited_instant_is_named(log: SealedLog) -> None:
    first, second = log.number_at(23), log.number_at(0)
    log.house.clock.forward(hours=1)
    log.write(1)
    with log.behind_its_back() as do:
        do(f"UPDATE entry SET at = (SELECT MAX(e.at) FROM entry e WHERE e.id <> {second}) WHERE id = {first}")
    found(log, rf"entry {first} \(position 23\) is not what was sealed")


def test_of_several_edits_the_first_is_named_first(log: SealedLog) -> None:
    numbers = [log.number_at(at) for at in (31, 12, 40)]
    with log.behind_its_back() as do:
        for number in numbers:
            do(f"UPDATE entry SET reason = 'x' WHERE id = {number}")
    report = log.verify()
    assert [re.search(r"position (\d+)", each)[1] for each in report.told] == ["12", "31", "40"]  # type: ignore[index]


def test_a_deleted_entry_is_named(log: SealedLog) -> None:
    number = log.number_at(23)
    with log.behind_its_back() as do:
        do(f"DELETE FROM entry WHERE id = {number}")
    found(log, r"position 23\)? was deleted")


def test_an_entry_deleted_with_its_leaf_is_missed_at_its_place(log: SealedLog) -> None:
    number = log.number_at(23)
    with log.behind_its_back() as do:
        do(f"DELETE FROM entry WHERE id = {number}")
        do("DELETE FROM leaf WHERE position = 23")
    report = log.verify()
    assert "position 23 is missing" in report.told[0]
    assert outside(log)[0] == 1


def test_an_inserted_entry_is_named(log: SealedLog) -> None:
    with log.behind_its_back() as do:
        do(COPY, new=5000, old=log_number(do, 7))
    report = log.verify()
    assert report.told == ["entry 5000 is neither sealed nor waits for it: it was put in past the gateway"]


def test_an_entry_inserted_with_a_leaf_of_its_own_is_found_between_two_checkpoints(log: SealedLog) -> None:
    with log.behind_its_back() as do:
        do(COPY, new=5000, old=log_number(do, 7))
        _make_room(do, 23)
        do("INSERT INTO leaf VALUES (23, 5000, :hash)", hash=b"h" * 32)
    _reseal(log, 5000)
    found(log, _interval(log, 23))


def test_an_edited_entry_with_a_forged_leaf_is_found_between_two_checkpoints(log: SealedLog) -> None:
    number = log.number_at(23)
    with log.behind_its_back() as do:
        do(f"UPDATE entry SET reason = 'x' WHERE id = {number}")
    _reseal(log, number)
    found(log, _interval(log, 23))


def test_a_deleted_entry_whose_gap_was_closed_is_found_between_two_checkpoints(log: SealedLog) -> None:
    number = log.number_at(23)
    with log.behind_its_back() as do:
        do(f"DELETE FROM entry WHERE id = {number}")
        do("DELETE FROM leaf WHERE position = 23")
        do("UPDATE leaf SET position = -position WHERE position > 23")
        do("UPDATE leaf SET position = -position - 1 WHERE position < 0")
    report = log.verify()
    assert re.search(_interval(log, 23), "\n".join(report.told)), report.told
    assert outside(log)[0] == 1


def test_reordered_entries_are_found_between_two_checkpoints(log: SealedLog) -> None:
    with log.behind_its_back() as do:
        do("UPDATE leaf SET position = -1 WHERE position = 22")
        do("UPDATE leaf SET position = 22 WHERE position = 24")
        do("UPDATE leaf SET position = 24 WHERE position = -1")
    found(log, _interval(log, 22))


def test_entries_that_swapped_their_content_are_named(log: SealedLog) -> None:
    first, second = log.number_at(22), log.number_at(24)
    with log.behind_its_back() as do:
        do(f"UPDATE entry SET id = 7000 WHERE id = {first}")
        do(f"UPDATE entry SET id = {first} WHERE id = {second}")
        do(f"UPDATE entry SET id = {second} WHERE id = 7000")
    found(log, rf"entry {first} \(position 22\) is not what was sealed")


def test_a_truncated_log_is_found(log: SealedLog) -> None:
    with log.behind_its_back() as do:
        for statement in (
            "DELETE FROM entry WHERE id IN (SELECT entry_id FROM leaf WHERE position >= 30)",
            "DELETE FROM leaf WHERE position >= 30",
            "DELETE FROM checkpoint WHERE size > 30",
        ):
            do(statement)
    found(log, "the log was truncated: the checkpoint of .* covers entries after position 29, which are gone")


def test_an_emptied_log_is_found(log: SealedLog) -> None:
    with log.behind_its_back() as do:
        for table in ("outbox", "leaf", "checkpoint", "repeat", "entry"):
            do(f"DELETE FROM {table}")
    assert "the log was truncated" in log.verify().told[0]
    assert outside(log)[0] == 1


def test_a_changed_personal_value_is_named(log: SealedLog) -> None:
    with log.behind_its_back() as do:
        number = do("SELECT MIN(entry_id) FROM entry_person").scalar_one()
        do(f"UPDATE entry_person SET value = 'somebody else' WHERE entry_id = {number}")
    found(log, r"the device beside it is not what was sealed")


def test_an_erased_personal_value_leaves_every_proof_as_it_was(log: SealedLog) -> None:
    with log.house.runtime.database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM entry_person")
    assert log.verify().told == []
    assert outside(log)[0] == 0


def test_a_checkpoint_that_was_forged_is_not_believed(log: SealedLog) -> None:
    (day,) = log.shelf.folder.rglob("*.txt")
    lines = day.read_text().split("\n")
    lines[2] = "A" * 43 + "="
    day.write_text("\n".join(lines))
    assert "is signed by no key that was given" in log.verify().told[0]
    assert outside(log)[0] == 1


def test_another_key_proves_nothing(log: SealedLog) -> None:
    log.keys.rotate()
    log.keys.retire(log.public[0])
    assert "is signed by no key that was given" in log.verify().told[0]


def test_checkpoints_that_were_lost_prove_nothing(log: SealedLog) -> None:
    (day,) = log.shelf.folder.rglob("*.txt")
    day.unlink()
    assert "no checkpoint" in log.verify().told[0]
    assert outside(log)[0] == 1


def test_a_checkpoint_that_an_auditor_kept_tells_what_the_folder_does_not(log: SealedLog) -> None:
    """Whoever rewrites the log, its key and its checkpoints cannot rewrite what somebody else has."""
    kept = log.house.folder / "kept.txt"
    notes = [note for stream in notes_of(log.shelf.folder) for note in stream]
    kept.write_text(notes[2].spelled())
    assert log.verify(kept).told == []
    other = notes[2].text.replace(notes[2].text.split("\n")[2], "B" * 43 + "=")
    kept.write_text(notes[2].spelled().replace(notes[2].text, other))
    assert log.verify(kept).faults


def test_checkpoints_kept_in_the_order_of_time_are_taken_in_that_of_size(log: SealedLog) -> None:
    kept = log.house.folder / "kept.txt"
    notes = [note for stream in notes_of(log.shelf.folder) for note in stream]
    kept.write_text("".join(note.spelled() for note in reversed(notes)))
    assert log.verify(kept).told == []


def test_an_export_that_was_changed_on_its_way_is_found(log: SealedLog) -> None:
    assert outside(log)[0] == 0
    path = log.house.folder / "export.zip"

    def changed(name: str, how: Callable[[list[bytes]], list[bytes]]) -> tuple[int, str]:
        other = log.house.folder / "changed.zip"
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
            for each in old.namelist():
                lines = old.read(each).splitlines(keepends=True)
                new.writestr(each, b"".join(how(lines) if each == name else lines))
        return run_verifier(log, other)

    edited = changed(
        "entries.jsonl", lambda lines: [*lines[:5], lines[5].replace(b"policy:", b"police:"), *lines[6:]]
    )
    assert edited[0] == 1
    assert "position 5" in edited[1]
    for how in (
        lambda lines: [*lines[:5], *lines[6:]],
        lambda lines: [*lines[:5], lines[5], *lines[5:]],
        lambda lines: [*lines[:5], lines[6], lines[5], *lines[7:]],
        lambda lines: lines[:-3],
    ):
        status, said = changed("entries.jsonl", how)  # type: ignore[arg-type]
        assert status == 1, said


def test_one_entry_is_proven_outside_and_a_changed_one_is_not(log: SealedLog) -> None:
    path = log.house.folder / "proof.json"
    path.write_text(prove_entry(log.house.runtime, log.shelf, log.number_at(23)))
    status, said = run_verifier(log, path)
    assert status == 0
    assert said.startswith("stands at position 23 of news.example/log/")
    proof = json.loads(path.read_text())
    path.write_text(json.dumps({**proof, "entry": proof["entry"].replace("permit", "deny")}))
    status, said = run_verifier(log, path)
    assert (status, said.partition(" at ")[0]) == (1, "FAULT: the entry is not")


def test_one_history_is_proven_outside_and_another_is_not(log: SealedLog) -> None:
    path = log.house.folder / "history.json"
    notes = [note for stream in notes_of(log.shelf.folder) for note in stream]
    path.write_text(prove_history(log.house.runtime, log.shelf, notes[1]))
    status, said = run_verifier(log, path)
    assert status == 0
    assert said.endswith("with entries added\n")
    proof = json.loads(path.read_text())
    path.write_text(json.dumps({**proof, "old": notes[2].spelled()}))
    assert run_verifier(log, path)[0] == 1


def test_verifying_takes_no_more_memory_for_a_long_log_than_for_a_short_one() -> None:
    text = b'{"id":1}'
    lines = (Line(at, at, leaf_hash(text), text) for at in range(60_000))
    tracemalloc.start()
    report = examine(lines, iter(()), [])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert report.entries == 60_000
    assert peak < 200_000


def log_number(do: Callable[..., object], position: int) -> object:
    """Ask within the tampering transaction which entry stands at a position."""
    return do(f"SELECT entry_id FROM leaf WHERE position = {position}").scalar_one()  # type: ignore[attr-defined]


def _make_room(do: Callable[..., object], position: int) -> None:
    do(f"UPDATE leaf SET position = -position - 1 WHERE position >= {position}")
    do("UPDATE leaf SET position = -position WHERE position < 0")


def _reseal(log: SealedLog, number: int) -> None:
    """Store the hash that a changed entry has now, as a careful forger would."""
    with log.house.runtime.database.reading() as connection:
        entry = tree.find_entry(connection, number)
    assert entry is not None
    with log.behind_its_back() as do:
        do(f"UPDATE leaf SET hash = :hash WHERE entry_id = {number}", hash=leaf_hash(entry.canonical()))


def _interval(log: SealedLog, position: int) -> str:
    sizes = [note.size for note in log.shelf.notes()]
    since = max(size for size in sizes if size <= position)
    until = min(size for size in sizes if size > position)
    return rf"agree up to size {since} and no more at {until}"
