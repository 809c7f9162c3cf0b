"""A friend who gets a new link for an article they had before: the link that serves is the one that counts."""

import pytest

from gateway.keys import digest
from gateway.ledger import Actor
from gateway.reading.claiming import Confirmed, confirm_reading
from gateway.reading.serving import Reading, read_article
from gateway.reading.shelf import Shelf
from gateway.reading.visit import Visit
from gateway.sharing.revoking import Revoked, revoke_gift
from tests.house import House

SLUG = "about-tide-book"
PHONE = Visit(digest(b"phone"))


def confirm(house: House) -> object:
    """Show three seconds later that a person reads."""
    house.clock.forward(seconds=4)
    return confirm_reading(house.runtime, SLUG, PHONE)


@pytest.mark.parametrize("read_before", [True, False])
def test_the_second_link_counts_when_the_first_was_withdrawn(house: House, read_before: bool) -> None:  # noqa: FBT001
    giver, article = house.subscriber(), house.article()
    first, second = house.gift(giver, article), house.gift(giver, article)
    house.claim(first)
    assert isinstance(read_article(house.runtime, Shelf(), SLUG, PHONE), Reading)
    if read_before:
        assert confirm(house) == Confirmed(first=True)
    withdrawn = revoke_gift(
        house.runtime, Actor("account:1"), first.gift.reference, because="A new one comes"
    )
    assert isinstance(withdrawn, Revoked)
    house.claim(second)
    shown = read_article(house.runtime, Shelf(), SLUG, PHONE)
    assert isinstance(shown, Reading)
    assert confirm(house) == Confirmed(first=True)
    assert confirm(house) == Confirmed(first=False)
    assert house.value(f"SELECT confirmed FROM gift WHERE id = {second.gift.id}") == 1
    assert house.entries("reading:refused") == []
    assert house.entries("confirm:refused") == []
