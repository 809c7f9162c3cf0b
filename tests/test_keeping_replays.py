"""A replay that an admin asks for: one at a time, done beside the server, begun anew where it is broken off, kept in numbers."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from gateway.auditing import simulations as desk
from gateway.auditing.simulations import Shown, Wanted
from gateway.decision import Deny, Permit, Reason
from gateway.keeping import replays
from gateway.keeping.leases import Lease
from gateway.keeping.replayer import Replayer
from gateway.keeping.replays import work_off
from gateway.ledger import Actor
from gateway.policyfile import PolicyError
from gateway.sharing.issuing import Issued
from gateway.simulating.comparing import simulate
from gateway.simulating.kept import read, spelled
from gateway.store import accounts
from gateway.store.accounts import Account
from gateway.store.simulations import begin_simulation
from tests.house import House
from tests.test_simulating import TEXT, a_busy_day, give, open_link, policy

FIVE = TEXT.replace("gifts = 10\n", "gifts = 5\n")


@dataclass
class Admin:
    """An admin of a house, and what they do at the desk."""

    house: House
    account: Account

    @property
    def actor(self) -> Actor:
        return Actor(f"account:{self.account.id}")

    def ask(self, text: str = FIVE, days: int = 30) -> int | Deny:
        return desk.ask(self.house.runtime, self.actor, self.account, Wanted("five.toml", text, days))

    def stop(self, number: int) -> object:
        return desk.stop(self.house.runtime, self.actor, self.account, number)

    def look(self, number: int) -> Shown:
        found = desk.show(self.house.runtime, number)
        assert isinstance(found, Shown)
        return found


@pytest.fixture
def of_role(house: House) -> Callable[[str], Admin]:
    """Yield a function that brings somebody of a role to the desk."""

    def brought(role: str) -> Admin:
        with house.runtime.database.transaction() as connection:
            values = {
                "email": f"{role}@example.com",
                "name": role,
                "role": role,
                "created_at": house.clock.now,
            }
            found = accounts.find_account(connection, accounts.add_account(connection, **values))
        assert found is not None
        return Admin(house, found)

    return brought


@pytest.fixture
def ada(of_role: Callable[[str], Admin]) -> Admin:
    """Yield an admin."""
    return of_role("admin")


@pytest.fixture
def noting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a replay say how far it is, and ask whether it may go on, at each chance."""
    monkeypatch.setattr(replays, "NOTED_EVERY_SECONDS", 0.0)


def number_of(asked: int | Deny) -> int:
    """Read the number of what was asked for."""
    assert isinstance(asked, int), asked
    return asked


def test_what_was_asked_for_is_done_and_says_over_what(house: House, ada: Admin) -> None:
    a_busy_day(house)
    number = number_of(ada.ask())
    house.clock.forward(seconds=1)
    here = simulate(house.runtime, policy(("gifts = 10\n", "gifts = 5\n")), days=30)
    assert work_off(house.runtime) == 1
    shown = ada.look(number)
    assert shown.found == here
    assert (shown.asked.state, shown.asked.begun, shown.asked.days) == ("done", 1, 30)
    asked, ended = house.entries("simulation:asked")[0], house.entries("simulation:ended")[0]
    assert (asked.actor, asked.subject) == (ada.actor.name, f"simulation:{number}")
    assert json.loads(asked.detail) == {"digest": shown.asked.digest, "days": 30}
    assert ended.actor == "gateway"
    said = json.loads(ended.detail)
    assert said == {
        "digest": shown.asked.digest,
        "days": 30,
        "state": "done",
        "base": 1,
        "entries": here.entries,
    }
    assert work_off(house.runtime) == 0


def test_what_is_kept_names_nobody_and_is_read_back_whole(house: House) -> None:
    sam = house.subscriber("premium")
    for number in range(14):
        issued = give(house, sam, house.article(f"story-{number}"))
        assert isinstance(issued, Issued)
        open_link(house, issued, "one device")
    house.clock.forward(seconds=1)
    candidate = policy(("gifts = 20\n", "gifts = 13\n"), ("over = 24\n", "over = 13\n"))
    found = simulate(house.runtime, candidate, days=30)
    assert found.differs
    assert any(each.after for each in found.rules)
    text = spelled(found)
    assert read(text) == found
    assert "account" not in text.replace('"account"', "")
    assert found.refused_to == 1


def test_one_replay_at_a_time_and_an_admin_s_alone(ada: Admin, of_role: Callable[[str], Admin]) -> None:
    olga = of_role("auditor")
    refused = olga.ask()
    assert isinstance(refused, Deny)
    assert refused.reason is Reason.ACCOUNT_FORBIDDEN
    number = number_of(ada.ask())
    second = ada.ask(TEXT)
    assert isinstance(second, Deny)
    assert second.reason is Reason.SIMULATION_OPEN
    assert [each.reason for each in ada.house.entries("account:act_refused")] == [
        "simulation:open",
        "account:forbidden",
    ]
    assert isinstance(olga.stop(number), Deny)
    assert isinstance(ada.stop(number), Permit)
    for wrong, reason in ((number, Reason.SIMULATION_ENDED), (number + 1, Reason.SIMULATION_UNKNOWN)):
        again = ada.stop(wrong)
        assert isinstance(again, Deny)
        assert again.reason is reason
    assert work_off(ada.house.runtime) == 0
    (ended,) = ada.house.entries("simulation:ended")
    assert (ended.actor, json.loads(ended.detail)["state"]) == (ada.actor.name, "stopped")
    number_of(ada.ask(TEXT))


def test_a_text_that_is_no_policy_is_not_asked_for(ada: Admin) -> None:
    with pytest.raises(PolicyError):
        ada.ask("gifts = 5")
    too_long = ada.ask(TEXT + "#" * 70_000)
    assert isinstance(too_long, Deny)
    assert too_long.reason is Reason.POLICY_TOO_LARGE
    assert desk.latest(ada.house.runtime) == []


@pytest.mark.usefixtures("noting")
def test_it_says_how_far_it_is_and_waits_again_where_its_process_is_told_to_end(
    house: House, ada: Admin
) -> None:
    a_busy_day(house)
    house.clock.forward(days=2)
    number = number_of(ada.ask())
    seen: list[int] = []

    def once() -> bool:
        seen.append(ada.look(number).asked.percent)
        return len(seen) < 2

    for _ in range(4):
        seen.clear()
        assert work_off(house.runtime, once) == 0
        assert max(seen) > 0
        left = ada.look(number).asked
        assert (left.state, left.begun, left.percent) == ("waiting", 0, 0)
        assert left.is_open
    assert house.entries("simulation:ended") == []
    assert work_off(house.runtime) == 1
    done = ada.look(number).asked
    assert (done.state, done.begun) == ("done", 1)


def test_sqlite_s_checkpoints_wait_for_no_replay(sqlite_url: str, open_house: Callable[..., House]) -> None:
    house = open_house(sqlite_url)
    a_busy_day(house)
    house.clock.forward(seconds=1)
    blocked: list[int] = []

    def checkpoint(_part: float) -> None:
        blocked.append(house.value("PRAGMA wal_checkpoint(TRUNCATE)"))

    simulate(house.runtime, policy(), days=30, progress=checkpoint)
    assert len(blocked) > 1
    assert set(blocked) == {0}


def test_what_was_broken_off_three_times_is_given_up_clearly(house: House, ada: Admin) -> None:
    a_busy_day(house)
    number = number_of(ada.ask())
    for _ in range(3):
        with house.runtime.database.transaction() as connection:
            assert begin_simulation(connection, number, house.clock.now)
        assert ada.look(number).asked.state == "running"
    assert work_off(house.runtime) == 0
    assert ada.look(number).asked.state == "given_up"
    (ended,) = house.entries("simulation:ended")
    assert json.loads(ended.detail)["state"] == "given_up"
    number_of(ada.ask())


@pytest.mark.usefixtures("noting")
def test_a_replay_that_an_admin_stops_ends_at_its_next_look(house: House, ada: Admin) -> None:
    a_busy_day(house)
    number = number_of(ada.ask())
    assert work_off(house.runtime, lambda: isinstance(ada.stop(number), Permit)) == 0
    shown = ada.look(number)
    assert (shown.asked.state, shown.found) == ("stopped", None)
    assert len(house.entries("simulation:ended")) == 1


def test_a_fault_fails_it_and_a_database_that_is_away_does_not(
    house: House, ada: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = number_of(ada.ask())

    def away(*_about: Any, **_more: Any) -> None:
        raise OperationalError("SELECT 1", {}, Exception("away"))

    def broken(*_about: Any, **_more: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(replays, "simulate", away)
    with pytest.raises(OperationalError):
        work_off(house.runtime)
    assert ada.look(number).asked.is_open
    monkeypatch.setattr(replays, "simulate", broken)
    assert work_off(house.runtime) == 0
    assert ada.look(number).asked.state == "failed"


def test_nobody_does_what_another_process_does(house: House, ada: Admin) -> None:
    number = number_of(ada.ask())
    other = Lease(house.runtime, replays.LEASE)
    assert other.held(house.clock.now)
    assert work_off(house.runtime) == 0
    assert ada.look(number).asked.begun == 0
    other.release()
    assert work_off(house.runtime) == 1


def test_only_the_latest_are_kept(house: House, ada: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "KEPT", 3)
    for _ in range(5):
        ada.stop(number_of(ada.ask()))
    assert house.value("SELECT count(*) FROM simulation") == 3
    numbers = [each.id for each in desk.latest(house.runtime)]
    assert numbers == sorted(numbers, reverse=True)
    (one, *_rest) = desk.latest(house.runtime)
    assert [each.id for each in desk.latest(house.runtime, of=one.digest)] == numbers
    assert desk.latest(house.runtime, of="0" * 64) == []


@pytest.fixture
def replayer(house: House) -> Iterator[Callable[..., Replayer]]:
    """Yield a function that opens what begins a process, which ends with the test."""
    opened: list[Replayer] = []

    def of(script: str) -> Replayer:
        opened.append(Replayer(house.runtime, (sys.executable, "-c", script)))
        return opened[-1]

    yield of
    for each in opened:
        each.close()


def test_a_process_is_begun_where_one_is_asked_for_and_one_at_a_time(
    house: House, ada: Admin, replayer: Callable[..., Replayer]
) -> None:
    long = replayer("import time; time.sleep(60)")
    assert long.begin(house.clock.now) == 0
    number = number_of(ada.ask())
    assert [long.begin(house.clock.now) for _ in range(3)] == [1, 0, 0]
    long.close()
    other = Lease(house.runtime, replays.LEASE)
    assert other.held(house.clock.now)
    assert long.begin(house.clock.now) == 0
    other.release()
    quick = replayer("raise SystemExit(3)")
    assert quick.begin(house.clock.now) == 1
    end = time.monotonic() + 30
    while quick.begin(house.clock.now) == 0:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert ada.look(number).asked.is_open


def test_it_is_done_in_a_process_of_its_own_and_anew_once_the_lease_of_a_killed_one_ran_out(
    house: House, ada: Admin, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("DATABASE_URL", database_url),
        ("VAR", house.folder),
        ("KEYS", house.folder / "keys.json"),
    ):
        monkeypatch.setenv(f"GATEWAY_{name}", str(value))
    process = Replayer(house.runtime, (sys.executable, "-m", "gateway.cli", "jobs", "replay"))
    number = number_of(ada.ask())
    assert process.begin(house.clock.now) == 1
    assert process.begin(house.clock.now) == 0
    end = time.monotonic() + 60
    while ada.look(number).asked.is_open:
        assert time.monotonic() < end
        time.sleep(0.1)
    process.close()
    assert ada.look(number).asked.state == "done"
    # A lease that was left by a process that was killed runs out by itself; until then nothing else is begun.
    number = number_of(ada.ask())
    left = Lease(house.runtime, replays.LEASE)
    assert left.held(house.clock.now)
    with house.runtime.database.transaction() as connection:
        assert begin_simulation(connection, number, house.clock.now)
    assert process.begin(house.clock.now) == 0
    house.clock.forward(seconds=31)
    assert work_off(house.runtime) == 1
    assert (ada.look(number).asked.state, ada.look(number).asked.begun) == ("done", 2)
