"""Going on in another browser: once, within ten minutes, uncounted, and away from where it was."""

import threading
from typing import Any

import pytest

from gateway.decision import Deny, Reason
from gateway.keys import digest
from gateway.ledger import Actor
from gateway.reading import claiming, moving, serving
from gateway.reading.forgetting import forget_device
from gateway.reading.opening import Straight
from gateway.reading.shelf import Shelf
from gateway.reading.visit import Visit
from gateway.sharing.issuing import Issued
from gateway.sharing.revoking import revoke_gift
from tests.house import House

SLUG = "about-tide-book"


def device(name: str, **more: Any) -> Visit:
    """Describe a person's device."""
    return Visit(digest(name.encode()), **more)


def reads(house: House, name: str) -> bool:
    """Tell whether a device is shown the whole text."""
    return isinstance(serving.read_article(house.runtime, Shelf(), SLUG, device(name)), serving.Reading)


def offer(house: House, name: str = "phone", secret: bytes = b"secret") -> None:
    """Offer a device's reading by a secret."""
    until = moving.offer_transfer(house.runtime, SLUG, device(name), digest(secret))
    assert not isinstance(until, Deny), until


def take(house: House, name: str, secret: bytes = b"secret", **more: Any) -> Straight | Deny:
    """Take a reading over with a device."""
    return moving.take_transfer(house.runtime, digest(secret), device(name, **more))


@pytest.fixture
def held(house: House) -> Issued:
    """Yield a gift that a phone reads by."""
    issued = house.gift(house.subscriber(), house.article())
    house.claim(issued, "phone")
    assert reads(house, "phone")
    return issued


def counts(house: House) -> tuple[int, int, int]:
    """Count confirmed devices, unconfirmed devices and claims."""
    with house.runtime.database.reading() as connection:
        row = connection.exec_driver_sql(
            "SELECT confirmed, unconfirmed, (SELECT COUNT(*) FROM claim) FROM gift"
        ).one()
        return row[0], row[1], row[2]


def test_a_reading_moves_uncounted_and_the_old_device_has_it_no_more(house: House, held: Issued) -> None:
    house.clock.forward(seconds=3)
    confirmed = claiming.confirm_reading(house.runtime, SLUG, device("phone"))
    assert confirmed == claiming.Confirmed(first=True)
    offer(house)
    assert take(house, "laptop") == Straight(SLUG)
    assert (reads(house, "laptop"), reads(house, "phone")) == (True, False)
    assert claiming.confirm_reading(house.runtime, SLUG, device("laptop")) == claiming.Confirmed(first=False)
    assert counts(house) == (1, 0, 1)
    assert [entry.subject for entry in house.entries("reading:moved")] == [f"gift:{held.gift.reference}"]


@pytest.mark.usefixtures("held")
def test_looking_at_the_way_over_moves_nothing(house: House) -> None:
    offer(house)
    for visit, mine in (
        (device("laptop"), False),
        (Visit(), False),
        (Visit(visitor="preview"), False),
        (device("phone"), True),
    ):
        shown = moving.open_transfer(house.runtime, Shelf(), digest(b"secret"), visit)
        assert isinstance(shown, moving.Waiting)
        assert shown.mine is mine
    assert reads(house, "phone")
    assert take(house, "laptop") == Straight(SLUG)


@pytest.mark.usefixtures("held")
def test_it_works_once(house: House) -> None:
    offer(house)
    assert take(house, "laptop") == Straight(SLUG)
    assert take(house, "tablet") == Deny(Reason.TRANSFER_UNKNOWN)
    assert not reads(house, "tablet")


@pytest.mark.usefixtures("held")
def test_of_many_who_take_at_once_one_gets_it(house: House) -> None:
    offer(house)
    answers: list[Straight | Deny] = []
    names = [f"device{number}" for number in range(8)]
    threads = [threading.Thread(target=lambda name=name: answers.append(take(house, name))) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(isinstance(answer, Straight) for answer in answers) == [False] * 7 + [True]
    assert sum(reads(house, name) for name in names) == 1
    assert counts(house) == (0, 1, 1)


@pytest.mark.usefixtures("held")
def test_after_ten_minutes_it_is_closed_and_the_reading_is_where_it_was(house: House) -> None:
    offer(house)
    house.clock.forward(minutes=10)
    shown = moving.open_transfer(house.runtime, Shelf(), digest(b"secret"), device("laptop"))
    assert isinstance(shown, Deny)
    assert (shown.reason, shown.since) == (Reason.TRANSFER_EXPIRED, house.clock.now)
    answer = take(house, "laptop")
    assert isinstance(answer, Deny)
    assert answer.reason is Reason.TRANSFER_EXPIRED
    assert reads(house, "phone")


@pytest.mark.usefixtures("held")
def test_a_new_offer_replaces_the_one_before(house: House) -> None:
    offer(house, secret=b"first")
    offer(house, secret=b"second")
    assert take(house, "laptop", b"first") == Deny(Reason.TRANSFER_UNKNOWN)
    assert take(house, "laptop", b"second") == Straight(SLUG)


@pytest.mark.usefixtures("held")
def test_a_reading_that_is_passed_on_and_on_stops(house: House) -> None:
    names = ["phone", "laptop", "tablet", "television"]
    for number in range(moving.MOVES_AT_MOST):
        offer(house, names[number])
        assert take(house, names[number + 1]) == Straight(SLUG)
    refused = moving.offer_transfer(house.runtime, SLUG, device("television"), digest(b"more"))
    assert isinstance(refused, Deny)
    assert refused.reason is Reason.TRANSFER_TOO_OFTEN
    assert reads(house, "television")
    assert [entry.reason for entry in house.entries("reading:move_refused")] == ["transfer:too_often"]


def test_who_holds_the_gift_already_goes_straight_on_and_uses_nothing_up(house: House, held: Issued) -> None:
    house.claim(held, "laptop")
    offer(house)
    assert take(house, "laptop") == Straight(SLUG)
    assert take(house, "phone") == Straight(SLUG), "it has the reading already"
    assert take(house, "tablet") == Straight(SLUG)
    assert counts(house) == (0, 2, 2)


def test_a_claim_of_ones_own_that_was_never_fetched_makes_room(house: House, held: Issued) -> None:
    house.claim(held, "laptop")
    house.clock.forward(minutes=11)
    offer(house)
    assert take(house, "laptop") == Straight(SLUG)
    assert reads(house, "laptop")
    assert counts(house) == (0, 1, 1)


@pytest.mark.usefixtures("held")
def test_a_machine_takes_nothing_over(house: House) -> None:
    offer(house)
    assert take(house, "robot", visitor="tool") == Deny(Reason.CLAIM_BY_MACHINE)
    assert take(house, "laptop") == Straight(SLUG)


@pytest.mark.usefixtures("held")
def test_who_has_no_reading_has_none_to_offer(house: House) -> None:
    for visit in (Visit(), device("stranger")):
        answer = moving.offer_transfer(house.runtime, SLUG, visit, digest(b"x"))
        assert answer == Deny(Reason.CLAIM_UNKNOWN)
    assert take(house, "laptop", b"x") == Deny(Reason.TRANSFER_UNKNOWN)


def test_a_withdrawn_gift_moves_nowhere(house: House, held: Issued) -> None:
    offer(house)
    revoke_gift(house.runtime, Actor("account:1"), held.gift.reference, because="test")
    answer = take(house, "laptop")
    assert isinstance(answer, Deny)
    assert answer.reason is Reason.GIFT_REVOKED
    assert isinstance(moving.offer_transfer(house.runtime, SLUG, device("phone"), digest(b"y")), Deny)


@pytest.mark.usefixtures("held")
def test_a_device_that_is_forgotten_leaves_no_way_over(house: House) -> None:
    offer(house)
    assert forget_device(house.runtime, device("phone")) > 0
    answer = take(house, "laptop")
    assert isinstance(answer, Deny)
    assert answer.reason is Reason.TRANSFER_UNKNOWN
    assert not reads(house, "laptop")


@pytest.mark.usefixtures("held")
def test_nothing_that_opens_is_kept(house: House) -> None:
    offer(house, secret=b"a secret of sixteen")
    assert house.value("SELECT digest FROM transfer") == digest(b"a secret of sixteen")
    assert take(house, "laptop", b"a secret of sixteen") == Straight(SLUG)
    assert house.value("SELECT digest FROM transfer") is None
