"""The jobs: what they tidy, and that one of several runners does them at a time."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import OperationalError

from gateway.keeping import jobs
from gateway.keeping.jobs import LEASE, LEASE_LIFE, JobsRunner
from gateway.keeping.revocations import read_revocations
from gateway.ledger import OPERATOR
from gateway.models import article, limit_hit
from gateway.sharing.revoking import revoke_gift
from gateway.store import accounts, gifts, leases
from tests.house import NOON, House


def holder(house: House) -> str | None:
    """Ask who has the lease."""
    with house.runtime.database.reading() as connection:
        found = leases.find_holder(connection, LEASE, house.clock.now)
    return None if found is None else found[0]


def test_places_of_claims_that_were_never_served_come_free_after_ten_minutes(house: House) -> None:
    issued = house.gift(house.subscriber(), house.article())
    house.claim(issued, "scanner")
    house.clock.forward(minutes=5)
    house.claim(issued, "phone")
    runner = JobsRunner(house.runtime)
    house.clock.forward(minutes=4, seconds=59)
    runner.take_turn()
    assert house.value("SELECT unconfirmed FROM gift") == 2
    house.clock.forward(seconds=1)
    runner.release()
    assert JobsRunner(house.runtime).take_turn()
    assert house.value("SELECT unconfirmed FROM gift") == 1
    assert house.value("SELECT COUNT(*) FROM claim WHERE lapsed_at IS NULL") == 1


def test_a_claim_that_was_served_keeps_its_place(house: House) -> None:
    issued = house.gift(house.subscriber(), house.article())
    house.claim(issued)
    with house.runtime.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE claim SET served_at = claimed_at")
    house.clock.forward(days=3)
    JobsRunner(house.runtime).take_turn()
    assert house.value("SELECT unconfirmed FROM gift") == 1


def expire(house: House, article_id: int, at: datetime, column: str = "expires_at") -> None:
    with house.runtime.database.transaction() as connection:
        connection.execute(update(article).where(article.c.id == article_id).values({column: at}))


@pytest.mark.parametrize("column", ["expires_at", "withdrawn_at"])
def test_an_article_whose_end_comes_pays_back_the_gifts_that_nobody_was_served(
    house: House, column: str
) -> None:
    giver, ending, lasting = house.subscriber(), house.article(), house.article("comet")
    unserved, served = house.gift(giver, ending), house.gift(giver, ending)
    house.gift(giver, lasting)
    with house.runtime.database.transaction() as connection:
        gifts.change_gift(connection, served.gift.id, served_at=NOON)
    expire(house, ending, NOON + timedelta(hours=1), column)
    expire(house, lasting, NOON + timedelta(days=3), column)
    JobsRunner(house.runtime).take_turn()
    assert house.value("SELECT used FROM allowance") == 3
    house.clock.forward(hours=1)
    for _ in range(2):
        runner = JobsRunner(house.runtime)
        assert runner.take_turn()
        runner.release()
    assert house.value("SELECT used FROM allowance") == 2
    assert [line.subject for line in house.entries("gift:revoked")] == [f"gift:{unserved.gift.reference}"]
    (line,) = house.entries("credit:returned")
    assert line.actor == "gateway"
    assert f'"gift":"{unserved.gift.reference}"' in line.detail


def test_idempotency_keys_are_kept_for_a_day_and_no_longer(house: House) -> None:
    house.gift(house.subscriber(), house.article())
    house.clock.forward(hours=23, minutes=59)
    runner = JobsRunner(house.runtime)
    runner.take_turn()
    assert house.value("SELECT COUNT(*) FROM idempotency") == 1
    house.clock.forward(minutes=1)
    runner.release()
    JobsRunner(house.runtime).take_turn()
    assert house.value("SELECT COUNT(*) FROM idempotency") == 0


def test_sessions_and_counts_that_ran_out_are_dropped_and_no_others(house: House) -> None:
    account = house.subscriber()
    with house.runtime.database.transaction() as connection:
        for number, ends in enumerate((NOON, NOON + timedelta(seconds=1))):
            accounts.add_session(
                connection, digest=bytes([number]) * 32, account_id=account, created_at=NOON, expires_at=ends
            )
        for ends in (NOON, NOON + timedelta(seconds=1)):
            connection.execute(insert(limit_hit), {"key": "k", "at": NOON, "expires_at": ends})
    JobsRunner(house.runtime).take_turn()
    assert house.value("SELECT COUNT(*) FROM session") == 1
    assert house.value("SELECT COUNT(*) FROM limit_hit") == 1


def test_of_two_runners_one_works_until_it_stops_or_its_lease_runs_out(
    database_url: str, open_house: Callable[..., House]
) -> None:
    first, second = open_house(database_url), open_house(database_url)
    one, two = JobsRunner(first.runtime), JobsRunner(second.runtime)
    assert one.take_turn()
    assert not two.take_turn()
    assert one.take_turn()
    assert holder(first) == one.holder
    one.release()
    assert two.take_turn()
    assert holder(first) == two.holder
    # The second is killed and can release nothing.
    first.clock.now += LEASE_LIFE - timedelta(microseconds=1)
    assert not one.take_turn()
    first.clock.now += timedelta(microseconds=1)
    assert one.take_turn()


def test_many_runners_at_once_are_one_at_work(database_url: str, open_house: Callable[..., House]) -> None:
    houses = [open_house(database_url) for _ in range(6)]
    runners = [JobsRunner(house.runtime) for house in houses]
    start = threading.Barrier(len(runners))
    taken: list[bool] = []

    def take(runner: JobsRunner) -> None:
        start.wait()
        taken.append(runner.take_turn())

    threads = [threading.Thread(target=take, args=(runner,)) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 5 + [True]


def test_a_runner_stops_when_told_and_leaves_the_lease_to_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "TICK_SECONDS", 0.01)
    stop = threading.Event()
    thread = threading.Thread(target=JobsRunner(house.runtime).run, args=(stop,))
    thread.start()
    wait = threading.Event()
    for _ in range(500):
        if holder(house) is not None:
            break
        wait.wait(0.01)
    assert holder(house) is not None
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert holder(house) is None


def test_a_runner_outlives_a_database_that_is_away_for_a_while(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "TICK_SECONDS", 0.01)
    runner, stop, turns = JobsRunner(house.runtime), threading.Event(), []

    def turn(_stop: threading.Event) -> bool:
        turns.append(1)
        if len(turns) < 3:
            raise OperationalError("SELECT 1", {}, Exception("away"))
        stop.set()
        return True

    monkeypatch.setattr(runner, "take_turn", turn)
    runner.run(stop)
    assert len(turns) == 3


def test_the_file_of_revocations_follows_the_database(house: House) -> None:
    path = house.folder / "revocations.jsonl"
    runner = JobsRunner(house.runtime, revocations=path)
    giver, article = house.subscriber(), house.article()
    first, second = house.gift(giver, article), house.gift(giver, article)
    runner.take_turn()
    assert path.read_text() == ""
    for issued in (first, second):
        revoke_gift(house.runtime, OPERATOR, issued.gift.reference, because="sent to the wrong person")
        runner = _next_turn(house, runner)
    written = list(read_revocations(path))
    assert [each.reference for each in written] == [first.gift.reference, second.gift.reference]
    assert {each.because for each in written} == {"sent to the wrong person"}
    changed = path.stat().st_mtime_ns
    assert runner.jobs[-1].run(house.clock.now) == 0
    assert path.stat().st_mtime_ns == changed
    path.unlink()
    _next_turn(house, runner)
    assert list(read_revocations(path)) == written


def test_a_job_that_fails_does_not_stop_the_others(house: House) -> None:
    house.gift(house.subscriber(), house.article())
    house.clock.forward(days=2)
    path = house.folder / "revocations.jsonl"
    path.write_text("this is no revocation\n")
    assert JobsRunner(house.runtime, revocations=path).take_turn()
    assert house.value("SELECT COUNT(*) FROM idempotency") == 0
    assert path.read_text() == "this is no revocation\n"


def _next_turn(house: House, runner: JobsRunner) -> JobsRunner:
    """Let another runner take over, for which every job is due."""
    runner.release()
    fresh = JobsRunner(house.runtime, revocations=house.folder / "revocations.jsonl")
    assert fresh.take_turn()
    return fresh
