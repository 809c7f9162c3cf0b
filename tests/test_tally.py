"""Counts kept in memory: none is lost while they cannot be written, and there is an end to how many are kept."""

from datetime import datetime

import pytest

from gateway import tally as tally_module
from gateway.policy import Policy
from gateway.tally import Tally
from tests.house import House


def test_a_fault_in_one_writing_loses_nothing_and_ends_no_later_one(house: House) -> None:
    faults = [ValueError("a policy that cannot be read")]

    def policy_at(now: datetime) -> Policy:
        if faults:
            raise faults.pop()
        return house.runtime.policies.in_force(now).policy

    tally, names = Tally(house.runtime.database, policy_at, house.runtime.policies.zones_within), (b"n" * 16,)
    tally.add_forged(names, house.clock.now)
    tally.flush()
    tally.add_forged(names, house.clock.now)
    tally.close()
    assert faults == []
    assert house.value("SELECT sum(count) FROM forged") == 2


def test_memory_stays_bounded_while_nothing_can_be_written(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally_module, "KEPT_AT_MOST", 5)

    def policy_at(now: datetime) -> Policy:
        for number in range(20):
            tally.add_forged((bytes([number, len(calls)]) * 8,), now)
        calls.append(now)
        if len(calls) < 4:
            raise ValueError("not yet")
        return house.runtime.policies.in_force(now).policy

    calls: list[datetime] = []
    tally = Tally(house.runtime.database, policy_at, house.runtime.policies.zones_within)
    tally.add_forged((b"n" * 16,), house.clock.now)
    for _ in range(4):
        tally.flush()
    assert house.value("SELECT count(*) FROM forged") == 5
