"""The jobs put away by themselves what the policy keeps no longer, one month with each run, where a folder is set."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.keeping.archiving import Archiving
from gateway.keeping.jobs import LEASE, JobsRunner
from gateway.keeping.proving import verify_log
from gateway.settings import read_settings
from gateway.store import leases
from gateway.verify import verify_export
from tests.sealed import SealedLog

JOB = "put an old month away"


@pytest.fixture
def log(sealed_log: SealedLog) -> SealedLog:
    """Yield a log of March, April and May, at the first instant at which March may go."""
    for _ in range(3):
        sealed_log.write(12, seal_each=5)
        sealed_log.house.clock.forward(days=31)
    kept = sealed_log.house.runtime.policies.in_force(sealed_log.house.clock.now).policy.retention.entries
    sealed_log.house.clock.now = datetime(2026, 4, 1, tzinfo=UTC) + kept
    sealed_log.write(3)
    return sealed_log


def archiving_of(log: SealedLog) -> Archiving:
    return Archiving(log.house.folder / "archive", log.shelf, log.keys)


def run(log: SealedLog, archiving: Archiving | None) -> int | None:
    """Do every job once, as a process does that has just begun; returns how many months were put away, None for no such job."""
    runner = JobsRunner(log.house.runtime, archiving=archiving)
    assert runner.take_turn()
    runner.release()
    log.sealer.beat()
    return runner.done.get(JOB)


def months(log: SealedLog) -> list[str]:
    return sorted(path.name for path in (log.house.folder / "archive").glob("*"))


def test_a_month_that_is_kept_no_longer_is_put_away_and_every_proof_holds(log: SealedLog) -> None:
    assert run(log, archiving_of(log)) == 1
    assert months(log) == ["log-2026-03.zip"]
    assert verify_export(log.house.folder / "archive" / "log-2026-03.zip", log.public, ()).told == []
    report = verify_log(log.house.runtime, log.shelf, log.public, archive=log.house.folder / "archive")
    assert (report.told, report.elsewhere) == ([], 0)
    detail = log.house.value(
        "SELECT detail FROM entry WHERE event = 'log:month_archived' AND actor = 'gateway'"
    )
    assert json.loads(str(detail))["month"] == "2026-03"


def test_a_month_that_the_policy_keeps_stays(log: SealedLog) -> None:
    run(log, archiving_of(log))
    assert run(log, archiving_of(log)) == 0
    log.house.clock.now -= timedelta(days=40)
    assert run(log, archiving_of(log)) == 0
    assert months(log) == ["log-2026-03.zip"]
    assert log.house.value("SELECT COUNT(*) FROM entry WHERE at < '2026-05-01'") != 0


def test_each_run_puts_one_month_away_the_oldest_first(log: SealedLog) -> None:
    log.house.clock.forward(days=31)
    assert run(log, archiving_of(log)) == 1
    assert months(log) == ["log-2026-03.zip"]
    assert run(log, archiving_of(log)) == 1
    assert months(log) == ["log-2026-03.zip", "log-2026-04.zip"]


def test_without_a_folder_nothing_is_ever_put_away(log: SealedLog) -> None:
    before = log.house.value("SELECT COUNT(*) FROM entry WHERE at < '2026-06-01'")
    log.house.clock.forward(days=3000)
    assert run(log, None) is None
    assert log.house.value("SELECT COUNT(*) FROM entry WHERE at < '2026-06-01'") == before


def test_a_folder_that_cannot_be_written_is_told_and_the_month_stays(
    log: SealedLog, capsys: pytest.CaptureFixture[str]
) -> None:
    (log.house.folder / "archive").write_text("a file", "utf-8")
    assert run(log, archiving_of(log)) is None
    said = capsys.readouterr().out
    assert "job_failed" in said
    assert "GATEWAY_ARCHIVE" in said
    assert log.house.value("SELECT COUNT(*) FROM entry WHERE at < '2026-04-01'") != 0


def test_the_lease_is_renewed_while_a_long_month_is_put_away(log: SealedLog) -> None:
    runner = JobsRunner(log.house.runtime, archiving=archiving_of(log))
    assert runner.take_turn()
    # As where a month takes longer than the lease lives.
    log.house.clock.forward(seconds=25)
    runner._go_on(0)
    log.house.clock.forward(seconds=25)
    with log.house.runtime.database.reading() as connection:
        found = leases.find_holder(connection, LEASE, log.house.clock.now)
    assert found is not None
    assert found[0] == runner.holder


def test_the_folder_comes_from_the_settings(tmp_path: Path) -> None:
    assert read_settings({}).archive is None
    assert read_settings({"GATEWAY_ARCHIVE": str(tmp_path)}).archive == tmp_path
