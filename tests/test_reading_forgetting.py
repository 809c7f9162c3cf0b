"""A device is forgotten on its person's wish: unlinked from what it took up, with nothing counted anew."""

import pytest

from gateway.keys import digest
from gateway.reading import claiming, serving
from gateway.reading.forgetting import forget_device
from gateway.reading.shelf import Shelf
from gateway.reading.visit import Visit
from gateway.sharing.issuing import Issued
from tests.house import House

SLUG = "about-tide-book"
FAMILY = Visit(digest(b"family"))


@pytest.fixture
def issued(house: House) -> Issued:
    """Yield a gift that the family's device has read."""
    issued = house.gift(house.subscriber(), house.article())
    house.claim(issued, "family")
    assert isinstance(serving.read_article(house.runtime, Shelf(), SLUG, FAMILY), serving.Reading)
    house.clock.forward(seconds=3)
    assert isinstance(claiming.confirm_reading(house.runtime, SLUG, FAMILY), claiming.Confirmed)
    return issued


def counts(house: House) -> tuple[int, int, int]:
    """Count confirmed and unconfirmed devices and credits used."""
    with house.runtime.database.reading() as connection:
        row = connection.exec_driver_sql(
            "SELECT confirmed, unconfirmed, (SELECT used FROM allowance) FROM gift"
        ).one()
        return row[0], row[1], row[2]


@pytest.mark.usefixtures("issued")
def test_a_forgotten_device_reads_no_more_and_nothing_comes_free(house: House) -> None:
    assert forget_device(house.runtime, FAMILY) > 0
    assert isinstance(serving.read_article(house.runtime, Shelf(), SLUG, FAMILY), serving.Teaser)
    assert counts(house) == (1, 0, 1)
    assert house.value("SELECT COUNT(*) FROM claim") == 1
    with house.runtime.database.reading() as connection:
        kept = bytes(connection.exec_driver_sql("SELECT device FROM claim").scalar_one())
    assert kept != FAMILY.device


def test_who_opens_the_link_there_afterwards_is_somebody_new(house: House, issued: Issued) -> None:
    forget_device(house.runtime, FAMILY)
    house.claim(issued, "family")
    assert counts(house) == (1, 1, 1)


@pytest.mark.usefixtures("issued")
def test_another_device_is_left_alone(house: House) -> None:
    assert forget_device(house.runtime, Visit(digest(b"somebody else's"))) == 0
    assert isinstance(serving.read_article(house.runtime, Shelf(), SLUG, FAMILY), serving.Reading)


@pytest.mark.usefixtures("issued")
def test_only_a_device_that_held_something_leaves_a_line(house: House) -> None:
    for visit in (Visit(), Visit(digest(b"invented")), FAMILY, FAMILY):
        forget_device(house.runtime, visit)
    (line,) = house.entries("device:forgotten")
    assert (line.actor, line.subject) == ("reader", "device")


@pytest.mark.usefixtures("issued")
def test_nothing_beside_the_log_leads_to_a_forgotten_device(house: House) -> None:
    forget_device(house.runtime, FAMILY)
    assert FAMILY.device is not None
    named = FAMILY.device[:8].hex()
    assert named not in {entry.actor.partition(":")[2] for entry in house.entries()}
    assert house.value(f"SELECT COUNT(*) FROM entry_person WHERE value = '{named}'") == 0
    with house.runtime.database.reading() as connection:
        delivered = connection.exec_driver_sql("SELECT who FROM delivery").scalars().all()
    assert len(delivered) == 1, "what was delivered is still counted"
    assert bytes(delivered[0]) != FAMILY.device
