"""`gateway audit`, `gateway db role` and a restore, as an operator types them."""

import json
import zipfile
from pathlib import Path

from gateway.settings import read_settings
from gateway.verify import main as verify_outside
from gateway.verify import read_note
from tests.commands import Terminal


def test_an_operator_seals_verifies_exports_and_proves(terminal: Terminal, tmp_path: Path) -> None:
    assert "no checkpoint" in terminal.type("audit", "verify").out
    assert not (terminal.var / "seal-keys.json").exists()
    terminal.done("jobs", "run", "--once")
    assert "all agree" in terminal.done("audit", "verify")
    key = terminal.done("audit", "keys").strip()
    export, proof = tmp_path / "log.zip", tmp_path / "proof.json"
    terminal.done("audit", "export", str(export), "--personal")
    assert "all agree" in terminal.done("audit", "verify", str(export), "--key", key)
    kept = tmp_path / "kept.txt"
    kept.write_text((terminal.var / "checkpoints" / "checkpoint").read_text())
    terminal.done("jobs", "run", "--once")
    first = json.loads(zipfile.ZipFile(export).read("entries.jsonl").splitlines()[0])
    for asked in (("--entry", str(first["id"])), ("--since", str(kept))):
        terminal.done("audit", "prove", *asked, "--to", str(proof))
        assert verify_outside([str(proof), "--key", key]) == 0
    assert verify_outside([str(export), "--key", key, "--checkpoints", str(kept)]) == 0
    assert verify_outside([str(tmp_path / "none.zip"), "--key", key]) == 2
    assert verify_outside([str(kept), "--key", key]) == 2
    assert "there is no entry 999" in terminal.fault(
        2, "audit", "prove", "--entry", "999", "--to", str(proof)
    )


def test_a_key_is_rotated_and_the_old_one_retired(terminal: Terminal) -> None:
    terminal.done("jobs", "run", "--once")
    old = terminal.done("audit", "keys").strip()
    assert "signs from now on too" in terminal.done("audit", "rotate")
    assert terminal.done("audit", "keys").splitlines()[0] == old
    terminal.done("audit", "retire", old, "--yes")
    terminal.done("jobs", "run", "--once")
    assert "all agree" in terminal.done("audit", "verify")
    assert terminal.type("audit", "verify", "--key", old).status == 1
    assert "no such key" in terminal.fault(2, "audit", "retire", old, "--yes")


def test_a_restored_log_goes_on_under_another_name_and_says_what_was_given_up(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.done("jobs", "run", "--once")
    backup = tmp_path / "backup.zip"
    terminal.done("backup", str(backup))
    for _ in range(3):
        terminal.done("keys", "rotate")
    terminal.done("jobs", "run", "--once")
    newest = terminal.var / "checkpoints" / "checkpoint"
    before = read_note(newest.read_text())
    terminal.done("restore", str(backup), "--replace", "--yes")
    terminal.done("jobs", "run", "--once")
    after = read_note(newest.read_text())
    assert after.origin != before.origin
    said = terminal.done("audit", "verify")
    assert "all agree" in said
    assert f"note: {before.origin} had {before.size} entries; its successor goes on from the first" in said
    export = tmp_path / "log.zip"
    terminal.done("audit", "export", str(export))
    assert verify_outside([str(export), "--key", terminal.done("audit", "keys").strip()]) == 0


def test_a_log_is_begun_anew_after_an_alarm(terminal: Terminal) -> None:
    terminal.done("jobs", "run", "--once")
    first = read_note((terminal.var / "checkpoints" / "checkpoint").read_text())
    assert "the log is now" in terminal.done("audit", "begin", "--reason", "looked into", "--yes")
    terminal.done("jobs", "run", "--once")
    assert read_note((terminal.var / "checkpoints" / "checkpoint").read_text()).origin != first.origin
    assert "all agree" in terminal.done("audit", "verify")


def test_a_role_is_for_postgresql(terminal: Terminal) -> None:
    if read_settings().database.startswith("sqlite"):
        assert "SQLite knows no roles" in terminal.fault(1, "db", "role", "gateway_writer")
    else:
        assert "may add to the log" in terminal.done("db", "role", "gateway_writer")


def test_a_month_is_put_away_by_name_and_a_young_one_is_not(terminal: Terminal, tmp_path: Path) -> None:
    terminal.done("jobs", "run", "--once")
    archive = str(tmp_path / "archive")
    assert terminal.done("audit", "archive", "--before", "2020-01", "--to", archive) == (
        "there is nothing from before 2020-01\n"
    )
    assert "as the policy has it" in terminal.fault(
        2, "audit", "archive", "--before", "2999-01", "--to", archive
    )
    assert "want a month, such as 2026-05" in terminal.fault(
        2, "audit", "archive", "--before", "May", "--to", archive
    )
    assert "all agree" in terminal.done("audit", "verify", "--archive", str(tmp_path))
