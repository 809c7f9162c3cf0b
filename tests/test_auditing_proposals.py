"""A policy from the desk: who may propose, approve, reject and withdraw it, and what each leaves in the log."""

import threading
from datetime import datetime, timedelta

import pytest

from gateway.accounts import Account
from gateway.auditing.proposals import (
    Draft,
    Put,
    approve,
    propose,
    reject,
    withdraw,
    withdraw_version,
)
from gateway.decision import Decision, Deny, Permit, Reason
from gateway.keeping.policies import propose_policy
from gateway.ledger import OPERATOR, Actor
from gateway.policy import digest
from gateway.policyfile import PolicyError
from gateway.store import accounts, proposals
from gateway.store.proposals import Proposal
from tests.house import NOON, POLICY, House

TEXT = POLICY.read_text("utf-8")
ELEVEN = TEXT.replace("gifts = 10\n", "gifts = 11\n")
TWELVE = TEXT.replace("gifts = 10\n", "gifts = 12\n")
SOON = NOON + timedelta(hours=1)


class Desk:
    """Two admins and an auditor at one house's desk."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.ada, self.bob, self.olga = (
            self._person(name, role)
            for name, role in (("ada", "admin"), ("bob", "admin"), ("olga", "auditor"))
        )

    def _person(self, name: str, role: str) -> Account:
        with self.house.runtime.database.transaction() as connection:
            number = accounts.add_account(
                connection, email=f"{name}@example.com", name=name, role=role, created_at=NOON
            )
            found = accounts.find_account(connection, number)
        assert found is not None
        return found

    def propose(
        self,
        who: Account,
        text: str = ELEVEN,
        at: datetime | None = SOON,
        *,
        because: str = "More to give",
        alone: bool = False,
        plans_may_go: bool = False,
    ) -> Put | Deny:
        draft = Draft("new.toml", text, at, because, plans_may_go)
        return propose(self.house.runtime, Actor(f"account:{who.id}"), who, draft, alone=alone)

    def put(self, who: Account, text: str = ELEVEN, at: datetime | None = SOON) -> int:
        put = self.propose(who, text, at)
        assert isinstance(put, Put), put
        return put.proposal

    def approve(self, who: Account, number: int, text: str = ELEVEN) -> Decision:
        actor = Actor(f"account:{who.id}")
        return approve(self.house.runtime, actor, who, number, "Agreed", seen=digest(text))

    def close(self, act: object, who: Account, number: int) -> Decision:
        assert callable(act)
        decision: Decision = act(self.house.runtime, Actor(f"account:{who.id}"), who, number, "No")
        return decision

    def proposal(self, number: int) -> Proposal:
        with self.house.runtime.database.reading() as connection:
            found = proposals.find_proposal(connection, number)
        assert found is not None
        return found

    def gifts(self) -> int:
        """Ask for the standard plan's number, as a request would."""
        self.house.runtime.policies.forget()
        return self.house.runtime.policies.in_force(self.house.clock.now).policy.plans["standard"].gifts


@pytest.fixture
def desk(house: House) -> Desk:
    """Yield the desk of a house."""
    return Desk(house)


def test_a_policy_applies_when_another_admin_has_approved_it_and_its_time_has_come(desk: Desk) -> None:
    number = desk.put(desk.ada)
    desk.house.clock.forward(minutes=10)
    assert desk.gifts() == 10
    assert isinstance(desk.approve(desk.bob, number), Permit)
    found = desk.proposal(number)
    assert (found.state, found.version, found.decided_by) == ("approved", 2, f"account:{desk.bob.id}")
    assert desk.gifts() == 10
    desk.house.clock.now = SOON
    assert desk.gifts() == 11
    events = [line.event for line in reversed(desk.house.entries()) if line.event.startswith("policy:")]
    assert events == ["policy:adopted", "policy:proposed", "policy:scheduled", "policy:approved"]


def test_the_proposer_cannot_approve_and_the_attempt_is_in_the_log(desk: Desk) -> None:
    number = desk.put(desk.ada)
    assert desk.approve(desk.ada, number) == Deny(Reason.PROPOSAL_OWN)
    desk.house.clock.now = SOON + timedelta(hours=1)
    assert desk.gifts() == 10
    (line,) = desk.house.entries("account:act_refused")
    assert (line.actor, line.reason) == (f"account:{desk.ada.id}", "proposal:own")


@pytest.mark.parametrize("act", [reject, withdraw])
def test_an_auditor_decides_nothing(desk: Desk, act: object) -> None:
    number = desk.put(desk.ada)
    refusals = (desk.propose(desk.olga), desk.approve(desk.olga, number), desk.close(act, desk.olga, number))
    for refusal in refusals:
        assert isinstance(refusal, Deny)
        assert refusal.reason is Reason.ACCOUNT_FORBIDDEN
    assert desk.proposal(number).is_open


def test_a_rejected_or_withdrawn_proposal_cannot_be_approved(desk: Desk) -> None:
    rejected = desk.put(desk.ada)
    assert isinstance(desk.close(reject, desk.bob, rejected), Permit)
    withdrawn = desk.put(desk.ada)
    assert isinstance(desk.close(withdraw, desk.ada, withdrawn), Permit)
    for number, state in ((rejected, "rejected"), (withdrawn, "withdrawn")):
        refusal = desk.approve(desk.bob, number)
        assert isinstance(refusal, Deny)
        assert (refusal.reason, desk.proposal(number).state) == (Reason.PROPOSAL_SETTLED, state)
    assert [line.event for line in desk.house.entries()][-1:] != []
    assert len(desk.house.entries("policy:rejected")) == len(desk.house.entries("policy:withdrawn")) == 1


def test_ones_own_is_withdrawn_and_anothers_is_rejected(desk: Desk) -> None:
    number = desk.put(desk.ada)
    assert desk.close(reject, desk.ada, number) == Deny(Reason.PROPOSAL_OWN)
    assert desk.close(withdraw, desk.bob, number) == Deny(Reason.PROPOSAL_OTHERS)


def test_the_same_text_is_proposed_once_while_it_can_be_approved(desk: Desk) -> None:
    number = desk.put(desk.ada)
    assert desk.propose(desk.bob, at=None) == Deny(Reason.PROPOSAL_WAITS)
    assert desk.propose(desk.ada, at=SOON + timedelta(days=1)) == Deny(Reason.PROPOSAL_WAITS)
    assert isinstance(desk.close(withdraw, desk.ada, number), Permit)
    assert desk.put(desk.bob) == number + 1
    # Its instant is over, so nobody can approve it and it may be proposed once more, beside it.
    desk.house.clock.now = SOON
    assert desk.put(desk.ada, at=SOON + timedelta(days=1)) == number + 2


def test_what_was_seen_is_what_is_approved(desk: Desk) -> None:
    number = desk.put(desk.ada)
    assert desk.approve(desk.bob, number, TWELVE) == Deny(Reason.PROPOSAL_CHANGED)
    with desk.house.runtime.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE policy_proposal SET text = text || '# more'")
    assert desk.approve(desk.bob, number) == Deny(Reason.PROPOSAL_CHANGED)


def test_a_proposal_is_outdated_once_another_version_comes_before_it(desk: Desk) -> None:
    number = desk.put(desk.ada)
    propose_policy(desk.house.runtime, OPERATOR, TWELVE, name="twelve.toml", at=None)
    assert desk.approve(desk.bob, number) == Deny(Reason.PROPOSAL_OUTDATED)
    desk.house.clock.now = SOON
    assert desk.gifts() == 12


def test_a_later_version_does_not_stand_in_the_way(desk: Desk) -> None:
    number = desk.put(desk.ada)
    later = SOON + timedelta(days=1)
    propose_policy(desk.house.runtime, OPERATOR, TWELVE, name="twelve.toml", at=later)
    assert isinstance(desk.approve(desk.bob, number), Permit)
    desk.house.clock.now = SOON
    assert desk.gifts() == 11
    desk.house.clock.now = later
    assert desk.gifts() == 12


def test_an_instant_that_is_over_cannot_be_approved(desk: Desk) -> None:
    number = desk.put(desk.ada)
    desk.house.clock.now = SOON - timedelta(seconds=4)
    refusal = desk.approve(desk.bob, number)
    assert isinstance(refusal, Deny)
    assert refusal.reason is Reason.POLICY_TOO_SOON
    assert desk.propose(desk.ada, at=SOON) == Deny(Reason.POLICY_TOO_SOON)


def test_without_an_instant_it_applies_as_soon_as_every_worker_can_know_it(desk: Desk) -> None:
    number = desk.put(desk.ada, at=None)
    desk.house.clock.forward(days=3)
    assert isinstance(desk.approve(desk.bob, number), Permit)
    assert desk.gifts() == 10
    desk.house.clock.forward(seconds=5)
    assert desk.gifts() == 11


def test_what_cannot_be_a_policy_is_not_proposed(desk: Desk) -> None:
    with pytest.raises(PolicyError, match=r"new.toml:\d+: plans.standard.gifts: got true"):
        desk.propose(desk.ada, TEXT.replace("gifts = 10\n", "gifts = true\n"))
    assert desk.propose(desk.ada, TEXT + "#" * 65_536) == Deny(Reason.POLICY_TOO_LARGE)
    assert desk.propose(desk.ada, TEXT) == Deny(Reason.POLICY_SAME)
    assert desk.propose(desk.ada, because=" ") == Deny(Reason.REASON_MISSING)


def test_a_plan_in_use_is_dropped_only_on_purpose(desk: Desk) -> None:
    desk.house.subscriber("premium")
    gold = ELEVEN.replace("[plans.premium]", "[plans.gold]")
    assert desk.propose(desk.ada, gold) == Deny(Reason.POLICY_PLANS_IN_USE)
    assert isinstance(desk.propose(desk.ada, gold, plans_may_go=True), Put)


def test_a_single_admin_waits_a_day_and_can_withdraw_meanwhile(desk: Desk) -> None:
    put = desk.propose(desk.ada, alone=True)
    assert put == Put(1, 2)
    assert desk.proposal(1).state == "approved"
    (line,) = desk.house.entries("policy:scheduled")
    assert '"alone":1' in line.detail
    desk.house.clock.now = NOON + timedelta(hours=24, microseconds=-1)
    assert desk.gifts() == 10
    desk.house.clock.now = NOON + timedelta(hours=24)
    assert desk.gifts() == 11
    assert desk.propose(desk.ada, TWELVE, desk.house.clock.now + timedelta(days=2), alone=True) == Put(2, 3)
    assert isinstance(desk.close(withdraw_version, desk.ada, 3), Permit)
    desk.house.clock.forward(days=4)
    assert desk.gifts() == 11
    assert len(desk.house.entries("policy:withdrawn")) == 1


def test_a_version_that_applies_already_cannot_be_withdrawn(desk: Desk) -> None:
    number = desk.put(desk.ada)
    assert isinstance(desk.approve(desk.bob, number), Permit)
    desk.house.clock.now = SOON - timedelta(seconds=4)
    assert desk.close(withdraw_version, desk.bob, 2) == Deny(Reason.POLICY_UNKNOWN)
    assert desk.close(withdraw_version, desk.bob, 1) == Deny(Reason.POLICY_UNKNOWN)


def test_of_two_approvals_at_once_one_counts(desk: Desk) -> None:
    """Two proposals on one base and two approvals of each: one version comes of it, three refusals."""
    first, second = desk.put(desk.ada, ELEVEN), desk.put(desk.ada, TWELVE)
    answers: list[Decision] = []
    start = threading.Barrier(4)

    def decide(number: int, text: str) -> None:
        start.wait()
        answers.append(desk.approve(desk.bob, number, text))

    threads = [
        threading.Thread(target=decide, args=args)
        for args in ((first, ELEVEN), (second, TWELVE))
        for _ in "ab"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Both are for the same instant, so that whichever comes second would undo the first.
    refusals = {answer.reason for answer in answers if isinstance(answer, Deny)}
    assert len([answer for answer in answers if isinstance(answer, Permit)]) == 1
    assert refusals == {Reason.PROPOSAL_SETTLED, Reason.PROPOSAL_OUTDATED}
    assert len(desk.house.entries("policy:scheduled")) == 1
