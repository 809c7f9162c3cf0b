"""An account suspended with its links, beside what rules and admins froze apart; and whose freeze a reason is."""

from datetime import timedelta

import pytest

from gateway.accounts.managing import NewAccount, add_account, suspend, unsuspend
from gateway.auditing.acts import freeze_gift
from gateway.auditing.ruling import lift, ruling
from gateway.decision import Permit
from gateway.ledger import GATEWAY, OPERATOR, account_actor
from gateway.link import BY_RULE, Gift, unfrozen
from gateway.parties import Parties
from gateway.sharing.issuing import Issued
from gateway.store import counting, firings, freezing, gifts
from gateway.store.accounts import Account
from tests.house import House
from tests.served import PASSWORD

RULE = "link-networks-hard"


@pytest.fixture
def ada(house: House) -> Account:
    """Yield an admin, who comes after the first subscriber."""
    house.subscriber()
    return add_account(house.runtime, OPERATOR, NewAccount("ada@example.com", "Ada", "admin", None, PASSWORD))


def rule_freezes(house: House, given: Issued, *, hours: int | None = None) -> None:
    """Let a rule fire on a link and freeze it, until it is lifted or for some hours."""
    now = house.clock.now
    until = None if hours is None else now + timedelta(hours=hours)
    about = {"metric": "networks", "by_whom": "link", "who": f"gift:{given.gift.reference}", "then": "freeze"}
    with house.runtime.database.transaction() as connection:
        firings.add_firing(
            connection, rule=RULE, mode="enforce", count=41, at=now, until=until, level=0, **about
        )
        freezing.freeze_gift(connection, given.gift.id, now, f"{BY_RULE}{RULE}", until=until)


def as_it_is(house: House, given: Issued) -> Gift:
    """Find a gift as it stands."""
    with house.runtime.database.reading() as connection:
        found = gifts.find_gift(connection, given.gift.reference)
    assert found is not None
    return found


def opens(house: House, given: Issued) -> bool:
    """Tell whether nothing has frozen a gift."""
    return isinstance(unfrozen(as_it_is(house, given), house.clock.now), Permit)


def suspend_with_links(house: House) -> list[str] | None:
    """Suspend the first subscriber with their links."""
    house.clock.forward(minutes=1)
    return suspend(house.runtime, OPERATOR, 1, because="Rented out", freeze_links=True)


def test_a_rules_freeze_that_ends_opens_no_link_of_a_suspended_account(house: House, ada: Account) -> None:
    article = house.article()
    passing, lasting = house.gift(1, article), house.gift(1, article)
    rule_freezes(house, passing, hours=2)
    rule_freezes(house, lasting)
    assert sorted(suspend_with_links(house) or []) == sorted([passing.gift.reference, lasting.gift.reference])
    assert suspend_with_links(house) is None
    assert not as_it_is(house, lasting).spread, "a suspension shuts its readers out too"
    house.clock.forward(hours=3)
    for each in ruling(house.runtime).in_force:
        lift(house.runtime, account_actor(ada.id), ada, each.id, "It was an office")
    assert not opens(house, passing)
    assert not opens(house, lasting)
    thawed = unsuspend(house.runtime, OPERATOR, 1, because="Cleared")
    assert sorted(thawed or []) == sorted([passing.gift.reference, lasting.gift.reference])
    assert opens(house, passing)
    assert opens(house, lasting)


def test_what_a_rule_still_holds_stays_frozen_when_the_suspension_ends(house: House) -> None:
    house.subscriber()
    article = house.article()
    held, free = house.gift(1, article), house.gift(1, article)
    rule_freezes(house, held, hours=48)
    before = as_it_is(house, held)
    suspend_with_links(house)
    assert unsuspend(house.runtime, OPERATOR, 1, because="Cleared") == [free.gift.reference]
    assert as_it_is(house, held) == before
    assert before.spread
    assert opens(house, free)
    (line, *_) = house.entries("gift:frozen")
    assert (line.actor, line.subject) == (GATEWAY.name, f"gift:{held.gift.reference}")
    house.clock.forward(hours=48)
    assert opens(house, held)


def test_what_an_admin_froze_apart_is_neither_taken_over_nor_thawed(house: House, ada: Account) -> None:
    given = house.gift(1, house.article())
    freeze_gift(house.runtime, account_actor(ada.id), ada, given.gift.reference, "rule:no passing on")
    before = as_it_is(house, given)
    assert suspend_with_links(house) == []
    assert unsuspend(house.runtime, OPERATOR, 1, because="Cleared") == []
    assert as_it_is(house, given) == before
    assert not opens(house, given)


@pytest.mark.parametrize("reason", ["rule:link-networks-hard", "Rule: no passing on", "  rule:x"])
def test_an_admins_reason_is_never_taken_for_a_rules(house: House, ada: Account, reason: str) -> None:
    article = house.article()
    given, suspended = house.gift(1, article), house.gift(1, article)
    freeze_gift(house.runtime, account_actor(ada.id), ada, given.gift.reference, reason)
    suspend(house.runtime, OPERATOR, 1, because=reason, freeze_links=True)
    with house.runtime.database.transaction() as connection:
        policy = house.runtime.policies.in_force(house.clock.now).policy
        (rule, *_) = [each for each in policy.rules if each.metric == "spread_links"]
        question = counting.Question(rule.metric, rule.by, house.clock.now - timedelta(days=1), 10)
        assert counting.count(connection, [question], Parties(subscriber=1)) == [0]
        for each in (given, suspended):
            freezing.thaw_ruled_gifts(connection, f"gift:{each.gift.reference}", reason.strip())
    for each in (given, suspended):
        assert not as_it_is(house, each).spread
        assert not opens(house, each)
    assert any(reason.strip() in line.detail for line in house.entries("gift:frozen"))
