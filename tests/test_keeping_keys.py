"""Rotating and retiring the keys that sign links."""

from datetime import timedelta

import pytest

from gateway.keeping.keys import Need, Retired, holds_gifts, list_keys, need_of_key, retire_key, rotate_key
from gateway.keeping.readiness import readiness
from gateway.keys import KeyFileError, open_key_ring
from gateway.ledger import OPERATOR, Actor
from gateway.sharing.issuing import Issued, Wish, issue_gift
from gateway.sharing.own import renew_link
from gateway.sharing.revoking import revoke_gift
from tests.house import House


def test_old_links_live_through_a_rotation_and_new_ones_bear_the_new_key(house: House) -> None:
    giver, article = house.subscriber(), house.article()
    old = house.gift(giver, article)
    key = rotate_key(house.runtime, OPERATOR)
    new = house.gift(giver, article)
    assert old.token is not None
    assert house.runtime.keys.verify(old.token) == old.gift.capability
    assert new.gift.key_id == key
    assert [(line.id, line.signs, line.links) for line in list_keys(house.runtime)] == [
        (old.gift.key_id, False, 1),
        (key, True, 1),
    ]
    (entry,) = house.entries("key:added")
    assert (entry.actor, entry.subject) == ("operator", f"key:{key}")


def test_a_key_that_living_links_need_stays_and_says_until_when(house: House) -> None:
    issued = house.gift(house.subscriber(), house.article())
    rotate_key(house.runtime, OPERATOR)
    answer = retire_key(house.runtime, OPERATOR, issued.gift.key_id, compromised=False)
    assert answer == Need(1, issued.gift.expires_at) == need_of_key(house.runtime, issued.gift.key_id)
    assert house.entries("key:retired") == []
    assert len(list_keys(house.runtime)) == 2


@pytest.mark.parametrize("end", ["expired", "revoked"])
def test_a_key_whose_links_have_ended_is_retired(house: House, end: str) -> None:
    issued = house.gift(house.subscriber(), house.article())
    key = rotate_key(house.runtime, OPERATOR)
    if end == "expired":
        house.clock.now = issued.gift.expires_at
    else:
        revoke_gift(house.runtime, OPERATOR, issued.gift.reference, because="over")
    assert retire_key(house.runtime, OPERATOR, issued.gift.key_id, compromised=False) == Retired(
        issued.gift.key_id, 0
    )
    assert [line.id for line in list_keys(house.runtime)] == [key]


def test_a_compromised_key_goes_at_once_and_its_links_get_fresh_tokens_free(house: House) -> None:
    giver = house.subscriber()
    issued = house.gift(giver, house.article())
    used = house.value("SELECT used FROM allowance")
    rotate_key(house.runtime, OPERATOR)
    assert retire_key(house.runtime, OPERATOR, issued.gift.key_id, compromised=True) == Retired(
        issued.gift.key_id, 1
    )
    assert house.runtime.keys.verify(issued.token or "") is None
    own = renew_link(house.runtime, Actor(f"account:{giver}"), giver, issued.gift.reference)
    assert house.runtime.keys.verify(own.token) == issued.gift.capability  # type: ignore[union-attr, arg-type]
    assert house.value("SELECT used FROM allowance") == used
    (entry,) = house.entries("key:retired")
    assert entry.detail == '{"compromised":1,"links":1}'


def test_the_key_that_signs_is_not_retired_even_when_compromised(house: House) -> None:
    (only,) = list_keys(house.runtime)
    with pytest.raises(KeyFileError, match="is the key that signs; run `gateway keys rotate` first"):
        retire_key(house.runtime, OPERATOR, only.id, compromised=True)


def test_an_unknown_key_is_named_with_those_that_are(house: House) -> None:
    (only,) = list_keys(house.runtime)
    with pytest.raises(KeyFileError, match=f"no key 'feed'; the keys are {only.id}"):
        need_of_key(house.runtime, "feed")


def test_a_rotation_reaches_another_process_by_the_file(house: House) -> None:
    other = open_key_ring(house.folder / "keys.json")
    key = rotate_key(house.runtime, OPERATOR)
    issued = house.gift(house.subscriber(), house.article())
    assert issued.gift.key_id == key
    assert other.verify(issued.token or "") == issued.gift.capability


def test_frozen_links_need_their_key_too(house: House) -> None:
    issued = house.gift(house.subscriber(), house.article())
    rotate_key(house.runtime, OPERATOR)
    with house.runtime.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE gift SET frozen_at = issued_at")
    house.clock.now += timedelta(days=1)
    assert isinstance(retire_key(house.runtime, OPERATOR, issued.gift.key_id, compromised=False), Need)


def test_giving_again_after_a_key_was_lost_hands_the_gift_back_signed_anew_and_free(house: House) -> None:
    giver, article = house.subscriber(), house.article()
    issued = house.gift(giver, article)
    rotate_key(house.runtime, OPERATOR)
    retire_key(house.runtime, OPERATOR, issued.gift.key_id, compromised=True)
    again = issue_gift(house.runtime, Actor(f"account:{giver}"), Wish(giver, article, "again"))
    assert isinstance(again, Issued)
    assert (again.gift.id, again.fresh) == (issued.gift.id, False)
    assert again.token is not None
    assert house.runtime.keys.verify(again.token) == issued.gift.capability
    assert house.value("SELECT used FROM allowance") == 1
    assert len(house.entries("gift:link_renewed")) == 1


def test_a_key_file_that_went_away_is_not_made_anew_where_gifts_need_it(house: House) -> None:
    gone = house.folder / "gone" / "keys.json"

    def needed() -> bool:
        return holds_gifts(house.runtime.database)

    assert open_key_ring(house.folder / "other.json", needed=needed).signer.key_ids
    house.gift(house.subscriber(), house.article())
    with pytest.raises(KeyFileError, match=r"keys\.json: is not there, and the database holds gifts"):
        open_key_ring(gone, needed=needed)
    assert not gone.parent.exists()


def test_a_key_that_the_file_lacks_is_named_and_makes_the_process_not_ready(house: House) -> None:
    issued = house.gift(house.subscriber(), house.article())
    rotate_key(house.runtime, OPERATOR)
    house.runtime.keys.retire(issued.gift.key_id)  # By hand: no entry says that it was meant.
    lost, kept = list_keys(house.runtime)
    assert (lost.id, lost.links, lost.lost, kept.lost) == (issued.gift.key_id, 1, True, False)
    assert readiness(house.runtime).keys == "incomplete"
    house.clock.now = issued.gift.expires_at
    assert [line.id for line in list_keys(house.runtime)] == [kept.id]
    assert readiness(house.runtime).keys == "ok"


def test_a_key_thrown_away_on_purpose_is_not_lost(house: House) -> None:
    issued = house.gift(house.subscriber(), house.article())
    rotate_key(house.runtime, OPERATOR)
    retire_key(house.runtime, OPERATOR, issued.gift.key_id, compromised=True)
    assert [line.lost for line in list_keys(house.runtime)] == [False]
    assert readiness(house.runtime).keys == "ok"
