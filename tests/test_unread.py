"""Articles that a network takes up and nobody there reads: an office that reads earns room, who never reads gets 24."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from gateway.decision import Reason
from gateway.guard import By, Metric
from gateway.keys import digest
from gateway.models import claim
from gateway.parties import Parties
from gateway.reading.claiming import Confirmed, confirm_reading
from gateway.reading.serving import Reading
from gateway.sharing.issuing import Issued
from gateway.store import counting
from gateway.store.counting import Question
from gateway.store.unread import EARNED, LOOKED_AT
from tests.house import House
from tests.test_enforcing import ADDRESS, gifts_of_many_articles, read, reason, served, visit


def read_and_move(house: House, issued: Issued, device: str) -> Reading:
    """Take a gift up and be seen to read it."""
    reading = read(house, issued, visit(house, device))
    assert isinstance(reading, Reading), reading
    house.clock.forward(seconds=5)
    assert isinstance(confirm_reading(house.runtime, issued.slug, visit(house, device)), Confirmed)
    return reading


def unread(house: House, article: int = 0) -> int:
    """Count what stands against the network before the next claim."""
    names = house.runtime.networks.names(ADDRESS, house.clock.now)
    asked = Question(Metric.UNCONFIRMED_ARTICLES, By.NETWORK, house.clock.now - timedelta(days=1), 25)
    with house.runtime.database.reading() as connection:
        (found,) = counting.count(connection, [asked], Parties(networks=names, article=article))
    return found


def test_an_office_whose_scanner_takes_every_link_up_reads_on(house: House) -> None:
    for number, issued in enumerate(gifts_of_many_articles(house, 40)):
        assert isinstance(read(house, issued, visit(house, f"scanner-{number}")), Reading)
        read_and_move(house, issued, f"person-{number}")
    assert unread(house) == 0


def test_an_office_with_a_few_people_without_script_reads_on(house: House) -> None:
    for number, issued in enumerate(gifts_of_many_articles(house, 90)):
        if number % 3 == 0:
            assert isinstance(read(house, issued, visit(house, f"person-{number}")), Reading)
        else:
            read_and_move(house, issued, f"person-{number}")


def test_who_reads_some_gets_twice_as_many_unread_and_24_more(house: House) -> None:
    issued = gifts_of_many_articles(house, 60)
    for number, each in enumerate(issued[:10]):
        read_and_move(house, each, f"person-{number}")
    answers = [read(house, each, visit(house, f"device-{n}")) for n, each in enumerate(issued[10:])]
    assert served(answers) == 24 + 2 * 10
    assert {reason(each) for each in answers[44:]} == {(Reason.RULE_BLOCKED, "network-unconfirmed-hard")}


def test_people_read_what_a_scanner_took_up_before_it_was_stopped_and_let_others_in(house: House) -> None:
    issued = gifts_of_many_articles(house, 40)
    scanned = [read(house, each, visit(house, f"scanner-{n}")) for n, each in enumerate(issued)]
    assert served(scanned) == 24
    refused = read(house, issued[30], visit(house, "too early"))
    assert reason(refused) == (Reason.RULE_BLOCKED, "network-unconfirmed-hard")
    for number, each in enumerate(issued):
        read_and_move(house, each, f"person-{number}")
    assert sum("network-unconfirmed-hard" in each.detail for each in house.entries("rule:fired")) == 1


def test_who_reads_nothing_stays_stopped_and_gets_nothing_new(house: House) -> None:
    issued = gifts_of_many_articles(house, 30)
    assert served([read(house, each, visit(house, f"device-{n}")) for n, each in enumerate(issued)]) == 24
    for hours in (1, 20):
        house.clock.forward(hours=hours)
        again = [read(house, each, visit(house, f"again-{hours}-{n}")) for n, each in enumerate(issued)]
        assert served(again) == 24
        assert {reason(each) for each in again[24:]} == {(Reason.RULE_BLOCKED, "network-unconfirmed-hard")}


def test_many_readings_of_one_article_make_room_for_one_readings_worth(house: House) -> None:
    *others, popular = gifts_of_many_articles(house, 5)
    for each in others:
        read(house, each, visit(house, f"device-{each.slug}"))
    for number in range(6):
        read_and_move(house, popular, f"person-{number}")
    assert unread(house) == len(others) - EARNED


def test_an_article_that_somebody_read_is_no_unread_one_however_many_took_it_up(house: House) -> None:
    one, other = gifts_of_many_articles(house, 2)
    read(house, one, visit(house, "scanner"))
    read(house, other, visit(house, "scanner"))
    assert unread(house) == 2
    read_and_move(house, one, "person")
    assert unread(house) == 0
    read(house, one, visit(house, "another scanner"))
    assert unread(house) == 0


def test_what_was_read_a_day_ago_makes_no_room(house: House) -> None:
    first, *issued = gifts_of_many_articles(house, 4)
    read_and_move(house, first, "person")
    house.clock.forward(hours=25)
    for number, each in enumerate(issued):
        read(house, each, visit(house, f"device-{number}"))
    assert unread(house) == 3


def test_what_was_read_under_last_months_name_makes_room_and_nothing_counts_twice(house: House) -> None:
    house.clock.now = house.clock.now.replace(day=31, hour=20)
    one, two, three, four = gifts_of_many_articles(house, 4)
    read_and_move(house, one, "person")
    read(house, two, visit(house, "device-2"))
    house.clock.forward(hours=10)
    for number, each in enumerate((two, three, four)):
        read(house, each, visit(house, f"later-{number}"))
    assert unread(house) == 3 - EARNED


def test_no_more_than_the_newest_claims_are_looked_at(house: House) -> None:
    *few, many = gifts_of_many_articles(house, 4)
    for number, each in enumerate(few):
        read(house, each, visit(house, f"device-{number}"))
    assert unread(house, article=many.gift.article_id) == 3
    later = house.clock.now + timedelta(seconds=1)
    rows = [
        {
            "gift_id": many.gift.id,
            "article_id": many.gift.article_id,
            "device": digest(f"crowd-{number}".encode()),
            "claimed_at": later,
            "network": house.runtime.networks.names(ADDRESS, later)[0],
        }
        for number in range(LOOKED_AT - 1)
    ]
    with house.runtime.database.transaction() as connection:
        connection.execute(insert(claim), rows)
    assert unread(house, article=many.gift.article_id) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_count_is_read_from_an_index_alone(house: House) -> None:
    statement: Any = counting._statement(((Metric.UNCONFIRMED_ARTICLES, By.NETWORK),))._statement
    about = {"network": b"a", "network_before": b"b", "article": 1, "since_0": house.clock.now}
    with house.runtime.database.reading() as connection:
        text = str(statement.compile(connection, compile_kwargs={"render_postcompile": True}))
        compiled = statement.compile(connection)
        values = compiled.construct_params(about)
        bound = tuple(values[name] for name in compiled.positiontup)
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", bound)]
    looks = [step for step in plan if "claim" in step]
    assert looks
    assert all("COVERING INDEX ix_claim_network" in step for step in looks), plan
