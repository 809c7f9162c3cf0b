"""Acts that PostgreSQL ends because they wait for one another: each is done again, and none is lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from gateway.decision import Deny, Reason
from gateway.guard import By
from gateway.keeping.policies import propose_policy
from gateway.keys import digest
from gateway.ledger import OPERATOR, Event
from gateway.parties import Parties
from gateway.reading.claiming import Claimed, Press, claim_gift
from gateway.reading.visit import Visit
from gateway.sharing.issuing import Issued
from gateway.store.deadlocks import again_after_deadlock
from gateway.store.engine import Database, open_database
from gateway.store.turns import LOCK, take_givers_turn
from tests.house import House, without_rules

GIFTS = 10
FREEZING = """
[[rules]]
name = "giver-claims"
metric = "claims"
by = "subscriber"
over = 4
per = "1 hour"
then = "freeze"
for = "1 hour"
mode = "enforce"
"""


def test_claims_of_one_givers_gifts_at_once_are_all_answered_where_a_rule_freezes_them_all(
    house: House,
) -> None:
    policy = without_rules().replace("rules = []\n", "") + FREEZING
    propose_policy(house.runtime, OPERATOR, policy, name="freezing.toml", at=None)
    house.clock.forward(minutes=1)
    house.runtime.policies.forget()
    giver = house.subscriber("premium")
    for round_ in range(2):
        issued = [house.gift(giver, house.article(f"about-{round_}-{n}")) for n in range(GIFTS)]
        begin = Barrier(len(issued))

        def claim(each: Issued, begin: Barrier = begin) -> Any:
            begin.wait(10)
            device = digest(each.gift.reference.encode())
            return claim_gift(house.runtime, each.gift.capability, Visit(device), Press(house.clock.now))

        with ThreadPoolExecutor(len(issued)) as pool:
            answers = list(pool.map(claim, issued))
        taken = [answer for answer in answers if isinstance(answer, Claimed)]
        refused = {answer.reason for answer in answers if isinstance(answer, Deny)}
        assert (len(taken), refused) == (4, {Reason.GIFT_FROZEN})
        assert len(house.entries(Event.RULE_FIRED)) == round_ + 1
        house.clock.forward(hours=2)


def test_the_turn_of_a_giver_is_the_one_that_other_acts_of_theirs_wait_for(
    postgresql_url: str, open_house: Callable[..., House]
) -> None:
    house = open_house(postgresql_url)
    giver = house.subscriber()
    issued = house.gift(giver, house.article())
    name = Parties(subscriber=giver).names[By.SUBSCRIBER][0]
    ask = text("SELECT pg_try_advisory_xact_lock(:lock, hashtext(:name))")
    with house.runtime.database.transaction() as holding:
        take_givers_turn(holding, issued.gift.capability)
        with house.runtime.database.transaction() as other:
            assert other.execute(ask, {"lock": LOCK, "name": name}).scalar_one() is False
            assert other.execute(ask, {"lock": LOCK, "name": "account:0"}).scalar_one() is True


@pytest.fixture
def database(postgresql_url: str) -> Any:
    """Yield a database with two rows to wait for."""
    found = open_database(postgresql_url)
    with found.transaction() as connection:
        connection.execute(text("CREATE TABLE pair (id int PRIMARY KEY, n int NOT NULL)"))
        connection.execute(text("INSERT INTO pair VALUES (1, 0), (2, 0)"))
    yield found
    found.close()


def add_crosswise(database: Database, begin: Barrier, first: int, tries: list[int]) -> int:
    """Add to both rows, from one of them on; both acts have their first row before either wants its second."""
    tries.append(first)
    with database.transaction() as connection:
        for number in (first, 3 - first):
            connection.execute(text("UPDATE pair SET n = n + 1 WHERE id = :id"), {"id": number})
            if number == first and len(tries) <= 2:
                begin.wait(10)
    return first


def test_an_act_that_a_deadlock_undid_is_done_again_whole(database: Database) -> None:
    begin, tries, act = Barrier(2), list[int](), again_after_deadlock(add_crosswise)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda first: act(database, begin, first, tries), (1, 2))) == [1, 2]
    # Which of the two is undone, and whether once more, is the server's affair.
    assert len(tries) >= 3
    with database.reading() as connection:
        assert connection.execute(text("SELECT sum(n) FROM pair")).scalar() == 4


def test_an_act_without_it_falls_to_the_deadlock(database: Database) -> None:
    begin, tries = Barrier(2), list[int]()
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(add_crosswise, database, begin, first, tries) for first in (1, 2)]
    faults = [each.exception() for each in both]
    assert sorted(type(fault) is OperationalError for fault in faults) == [False, True]


def test_another_fault_is_raised_at_once(database: Database) -> None:
    tries: list[int] = []

    @again_after_deadlock
    def fails() -> None:
        tries.append(1)
        with database.transaction() as connection:
            connection.execute(text("SET LOCAL lock_timeout = '0'"))
            connection.execute(text("SET LOCAL statement_timeout = '1ms'"))
            connection.execute(text("SELECT pg_sleep(1)"))

    with pytest.raises(OperationalError):
        fails()
    assert tries == [1]
