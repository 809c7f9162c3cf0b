"""Proposing versions of the policy."""

from datetime import timedelta

import pytest

from gateway.keeping.policies import (
    ProposalError,
    list_versions,
    plans_left_out,
    propose_policy,
    version_of,
)
from gateway.ledger import OPERATOR
from gateway.policyfile import PolicyError
from gateway.runtime import NoPolicyError
from tests.house import NOON, POLICY, House

TEXT = POLICY.read_text("utf-8")
ELEVEN = TEXT.replace("gifts = 10\n", "gifts = 11\n")


def standard_gifts(house: House) -> int:
    """Ask for the standard plan's number, as a request would."""
    house.runtime.policies.forget()
    return house.runtime.policies.in_force(house.clock.now).policy.plans["standard"].gifts


def test_a_version_applies_from_its_instant_on(house: House) -> None:
    starts = NOON + timedelta(days=1)
    proposed = propose_policy(house.runtime, OPERATOR, ELEVEN, name="eleven.toml", at=starts)
    assert (proposed.version, proposed.takes_effect_at) == (2, starts)
    house.clock.now = starts - timedelta(microseconds=1)
    assert standard_gifts(house) == 10
    house.clock.now = starts
    assert standard_gifts(house) == 11
    (entry,) = house.entries("policy:scheduled")
    assert (entry.actor, entry.subject) == ("operator", "policy:2")


def test_now_is_as_soon_as_every_worker_can_know_it(house: House) -> None:
    proposed = propose_policy(house.runtime, OPERATOR, ELEVEN, name="eleven.toml", at=None)
    assert proposed.takes_effect_at == NOON + timedelta(seconds=5)


def test_an_instant_too_near_is_refused_with_the_earliest_one(house: House) -> None:
    near = NOON + timedelta(seconds=4.999)
    with pytest.raises(ProposalError, match=r"want 2026-03-10T12:00:05\+00:00 or later"):
        propose_policy(house.runtime, OPERATOR, ELEVEN, name="eleven.toml", at=near)
    assert house.entries("policy:scheduled") == []


def test_a_text_that_is_in_force_then_anyway_is_refused(house: House) -> None:
    with pytest.raises(ProposalError, match="this is version 1"):
        propose_policy(house.runtime, OPERATOR, TEXT, name="ft.toml", at=None)


def test_going_back_to_an_earlier_text_is_a_version_of_its_own(house: House) -> None:
    propose_policy(house.runtime, OPERATOR, ELEVEN, name="eleven.toml", at=None)
    house.clock.forward(minutes=1)
    assert propose_policy(house.runtime, OPERATOR, TEXT, name="ft.toml", at=None).version == 3
    house.clock.forward(minutes=1)
    assert standard_gifts(house) == 10
    assert list_versions(house.runtime).in_force == 3


def test_a_text_that_is_no_policy_is_refused_by_line(house: House) -> None:
    broken = TEXT.replace("gifts = 10\n", "gifts = true\n")
    with pytest.raises(PolicyError, match=r"broken.toml:\d+: plans.standard.gifts: got true"):
        propose_policy(house.runtime, OPERATOR, broken, name="broken.toml", at=None)


def test_accounts_whose_plan_is_gone_are_counted(house: House) -> None:
    house.subscriber("premium")
    house.subscriber("standard")
    without = ELEVEN.replace("[plans.premium]", "[plans.gold]")
    assert plans_left_out(house.runtime, without, name="gold.toml") == {"premium": 1}


def test_a_version_is_found_by_number_or_by_being_in_force(house: House) -> None:
    assert version_of(house.runtime, None).version == version_of(house.runtime, 1).version == 1
    with pytest.raises(NoPolicyError, match="no policy version 7; the versions are 1"):
        version_of(house.runtime, 7)
