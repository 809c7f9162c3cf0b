"""A wrongly counted reading is given back: a place, never a credit; once by its giver, with a reason by an admin."""

import threading
from datetime import timedelta

import pytest

from gateway.auditing import acts
from gateway.decision import Decision, Deny, Permit, Reason
from gateway.keys import digest
from gateway.ledger import Actor
from gateway.reading import claiming, serving
from gateway.reading.giving_back import give_back_reading, given_back_at
from gateway.reading.shelf import Shelf
from gateway.reading.visit import Visit
from gateway.sharing.issuing import Issued
from gateway.sharing.revoking import Revoked, revoke_gift
from gateway.store import accounts
from gateway.store.accounts import Account
from tests.house import House

SLUG = "about-tide-book"


def read(house: House, issued: Issued, name: str) -> bool:
    """Take a gift up with a device and read; tells whether the text came."""
    visit = Visit(digest(name.encode()))
    press = claiming.Press(house.clock.now - timedelta(seconds=5), pressed=True)
    if isinstance(claiming.claim_gift(house.runtime, issued.gift.capability, visit, press), Deny):
        return False
    return isinstance(serving.read_article(house.runtime, Shelf(), SLUG, visit), serving.Reading)


def confirm(house: House, name: str) -> bool:
    """Show that a person reads; tells whether it counts now."""
    house.clock.forward(seconds=3)
    visit = Visit(digest(name.encode()))
    return isinstance(claiming.confirm_reading(house.runtime, SLUG, visit), claiming.Confirmed)


def give_back(house: House, issued: Issued) -> Decision:
    """Give one back as the giver."""
    owner = issued.gift.account_id
    return give_back_reading(house.runtime, Actor(f"account:{owner}"), issued.gift.reference, owner=owner)


def confirmed(house: House) -> int:
    """Count the readings that count."""
    return int(house.value("SELECT confirmed FROM gift"))


@pytest.fixture
def issued(house: House) -> Issued:
    """Yield a gift of the article."""
    return house.gift(house.subscriber(), house.article())


@pytest.fixture
def admin(house: House) -> Account:
    """Yield an admin."""
    with house.runtime.database.transaction() as connection:
        made = accounts.add_account(
            connection,
            email="ada@example.com",
            name="Ada",
            role="admin",
            plan=None,
            created_at=house.clock.now,
        )
        found = accounts.find_account(connection, made)
    assert found is not None
    return found


def test_a_place_comes_free_and_no_credit(house: House, issued: Issued) -> None:
    assert read(house, issued, "machine")
    assert confirm(house, "machine")
    assert give_back(house, issued) == Permit()
    assert confirmed(house) == 0
    assert house.value("SELECT used FROM allowance") == 1
    assert house.value("SELECT served_at FROM gift") is not None
    assert given_back_at(house.runtime, issued.gift.id) == house.clock.now
    revoked = revoke_gift(house.runtime, Actor("account:1"), issued.gift.reference, because="test")
    assert isinstance(revoked, Revoked)
    assert not revoked.credit_returned, "the text was served and stays served"


def test_what_was_given_back_keeps_its_text_and_is_never_counted_again(house: House, issued: Issued) -> None:
    assert read(house, issued, "machine")
    assert confirm(house, "machine")
    give_back(house, issued)
    assert read(house, issued, "machine")
    assert confirm(house, "machine")
    assert confirmed(house) == 0
    assert house.value("SELECT unconfirmed FROM gift") == 0


def test_a_giver_gives_back_once_for_each_gift(house: House, issued: Issued) -> None:
    for name in ("first", "second"):
        assert read(house, issued, name)
        assert confirm(house, name)
    assert give_back(house, issued) == Permit()
    again = give_back(house, issued)
    assert isinstance(again, Deny)
    assert (again.reason, again.since) == (Reason.READING_GIVEN_BACK, house.clock.now)
    assert confirmed(house) == 1
    assert [entry.reason for entry in house.entries("reading:give_back_refused")] == ["reading:given_back"]


def test_a_giver_who_asks_many_times_at_once_gives_back_once(house: House, issued: Issued) -> None:
    for number in range(4):
        assert read(house, issued, f"device{number}")
        assert confirm(house, f"device{number}")
    threads = [threading.Thread(target=give_back, args=(house, issued)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert confirmed(house) == 3


def test_at_most_cap_and_bound_and_one_devices_ever_get_the_text(house: House, issued: Issued) -> None:
    got = 0
    for number in range(80):  # Twenty stay unconfirmed; past them a measured press counts at once.
        got += read(house, issued, f"device{number}")
        give_back(house, issued)
    assert confirmed(house) == 10
    assert got == 10 + 20 + 1


def test_the_one_that_was_opened_first_is_given_back(house: House, issued: Issued) -> None:
    for name in ("scanner", "friend"):
        assert read(house, issued, name)
    assert confirm(house, "friend")
    assert confirm(house, "scanner")
    assert give_back(house, issued) == Permit()
    with house.runtime.database.reading() as connection:
        returned = connection.exec_driver_sql(
            "SELECT claim.device FROM given_back JOIN claim ON claim.id = given_back.claim_id"
        ).scalar_one()
    assert bytes(returned) == digest(b"scanner")


def test_a_link_that_was_read_up_takes_a_reader_again(house: House, issued: Issued) -> None:
    for number in range(10):
        assert read(house, issued, f"device{number}")
        assert confirm(house, f"device{number}")
    house.clock.forward(minutes=1)
    assert not read(house, issued, "late")
    assert give_back(house, issued) == Permit()
    assert read(house, issued, "late")
    assert confirm(house, "late")
    house.clock.forward(minutes=1)
    assert not read(house, issued, "later")


def test_nothing_counted_is_nothing_to_give_back(house: House, issued: Issued) -> None:
    assert read(house, issued, "unconfirmed")
    assert give_back(house, issued) == Deny(Reason.READING_NONE)
    assert given_back_at(house.runtime, issued.gift.id) is None


def test_it_is_for_the_giver_alone_and_for_living_gifts(house: House, issued: Issued) -> None:
    assert read(house, issued, "one")
    assert confirm(house, "one")
    other = house.subscriber()
    stranger = give_back_reading(house.runtime, Actor("account:2"), issued.gift.reference, owner=other)
    assert stranger == Deny(Reason.GIFT_UNKNOWN)
    house.clock.forward(days=90)
    late = give_back(house, issued)
    assert isinstance(late, Deny)
    assert late.reason is Reason.GIFT_EXPIRED
    assert confirmed(house) == 1


def test_an_admin_gives_back_with_a_reason_as_often_as_needed(
    house: House, issued: Issued, admin: Account
) -> None:
    for name in ("first", "second", "third"):
        assert read(house, issued, name)
        assert confirm(house, name)
    assert give_back(house, issued) == Permit()
    actor = Actor(f"account:{admin.id}")

    def by_desk(because: str) -> Decision:
        word = acts.Word(because, confirmed=True)
        return acts.give_back_reading(house.runtime, actor, admin, issued.gift.reference, word)

    assert by_desk(" ") == Deny(Reason.REASON_MISSING)
    assert [by_desk("two scanners"), by_desk("two scanners")] == [Permit(), Permit()]
    assert by_desk("and again") == Deny(Reason.READING_NONE)
    word, claim = acts.Word("once more", confirmed=True), house.value("SELECT MIN(id) FROM claim")
    named = acts.give_back_reading(house.runtime, actor, admin, issued.gift.reference, word, claim_id=claim)
    assert named == Deny(Reason.ACT_ALREADY)
    assert confirmed(house) == 0
    last = house.entries("reading:given_back")[0]
    assert (last.actor, '"because":"two scanners"' in last.detail) == (f"account:{admin.id}", True)
