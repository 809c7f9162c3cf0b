"""Renewing a gift, sent once or several times; and what a giver is refused, which is an entry wherever they are known."""

import json
from collections.abc import Callable

import pytest

from gateway.decision import Deny
from gateway.keys import digest
from gateway.ledger import account_actor
from gateway.reading.claiming import Confirmed, Press, claim_gift, confirm_reading
from gateway.reading.giving_back import give_back_reading
from gateway.reading.serving import read_article
from gateway.reading.shelf import Shelf
from gateway.reading.visit import Visit
from gateway.sharing.disputing import dispute
from gateway.sharing.issuing import Issued, Wish, issue_gift
from gateway.sharing.own import relabel_gift, renew_gift, renew_link
from gateway.sharing.revoking import revoke_gift
from gateway.store import freezing
from tests.house import House

SAM = account_actor(1)


def renew(house: House, given: Issued, key: str = "renewal") -> Issued | Deny:
    """Renew a gift of the first account's."""
    return renew_gift(house.runtime, SAM, 1, given.gift.reference, key=key)


def read_up(house: House) -> Issued:
    """Give an article to the ten who read it."""
    given = house.gift(house.subscriber(), house.article(), label="Aunt Ada", note="For your harbour")
    visits = [Visit(digest(bytes([number]))) for number in range(10)]
    for visit in visits:
        claim_gift(house.runtime, given.gift.capability, visit, Press(house.clock.now))
        read_article(house.runtime, Shelf(), "about-tide-book", visit)
    house.clock.forward(seconds=4)
    for visit in visits:
        assert isinstance(confirm_reading(house.runtime, "about-tide-book", visit), Confirmed)
    return given


def relabel(house: House, given: Issued) -> None:
    relabel_gift(house.runtime, SAM, 1, given.gift.reference, label="Aunt Ada in Leith")


def withdraw(house: House, given: Issued) -> None:
    revoke_gift(house.runtime, SAM, given.gift.reference, because="No longer", owner=1)


def give_back(house: House, given: Issued) -> None:
    give_back_reading(house.runtime, SAM, given.gift.reference, owner=1)


def freeze(house: House, given: Issued) -> None:
    with house.runtime.database.transaction() as connection:
        assert freezing.freeze_gift(connection, given.gift.id, house.clock.now, "It spreads")


@pytest.mark.parametrize("meanwhile", [relabel, withdraw, give_back, freeze])
def test_a_renewal_sent_again_is_the_same_gift_whatever_became_of_the_old_one(
    house: House, meanwhile: Callable[[House, Issued], None]
) -> None:
    given = read_up(house)
    first = renew(house, given)
    meanwhile(house, given)
    again = renew(house, given)
    assert isinstance(first, Issued)
    assert isinstance(again, Issued)
    assert (again.gift.id, again.token, again.fresh, again.replayed) == (
        first.gift.id,
        first.token,
        True,
        True,
    )
    assert (again.gift.label, again.gift.note) == ("Aunt Ada", "For your harbour")
    assert again.allowance.used == 2


def test_a_key_of_another_renewal_is_refused(house: House) -> None:
    given = read_up(house)
    assert isinstance(renew(house, given), Issued)
    other = house.gift(1, given.gift.article_id)
    answer = renew(house, other)
    assert isinstance(answer, Deny)
    assert answer.reason == "idempotency:reused"


def refused(house: House) -> list[tuple[str, str, str, object]]:
    """List what was refused: the event, on what, why, and the act that it would have been."""
    return [
        (each.event, each.subject, each.reason, json.loads(each.detail).get("act"))
        for each in reversed(house.entries())
        if each.outcome == "deny"
    ]


def test_a_renewal_that_is_refused_is_an_entry_and_repeats_share_it(house: House) -> None:
    given = house.gift(house.subscriber(), house.article())
    for _ in range(3):
        renew(house, given)
    old = house.runtime.keys.signer.newest
    house.runtime.keys.rotate()
    house.runtime.keys.retire(old)
    renew(house, given)
    freeze(house, given)
    renew(house, given)
    withdraw(house, given)
    renew(house, given)
    renew(house, given, key="")
    reasons = ("gift:still_open", "gift:key_retired", "gift:frozen", "gift:revoked", "idempotency:missing")
    assert refused(house) == [("gift:refused", "account:1", why, None) for why in reasons]
    assert house.entries("gift:refused")[-1].repeats == 2


def test_other_acts_on_ones_own_gift_that_are_refused_are_entries(house: House) -> None:
    given = house.gift(house.subscriber(), house.article())
    subject = f"gift:{given.gift.reference}"
    relabel_gift(house.runtime, SAM, 1, given.gift.reference, label="w" * 101)
    withdraw(house, given)
    renew_link(house.runtime, SAM, 1, given.gift.reference)
    issue_gift(house.runtime, SAM, Wish(1, given.gift.article_id, ""))
    assert refused(house) == [
        ("account:act_refused", subject, "label:too_long", "gift:relabelled"),
        ("account:act_refused", subject, "gift:revoked", "gift:link_renewed"),
        ("gift:refused", "account:1", "idempotency:missing", None),
    ]


def test_an_act_on_somebody_elses_gift_is_an_entry_and_on_one_that_is_not_there_is_none(house: House) -> None:
    given = house.gift(house.subscriber(), house.article())
    other = house.subscriber()
    actor = account_actor(other)
    tried: list[tuple[str, Callable[[str], object]]] = [
        ("gift:revoked", lambda ref: revoke_gift(house.runtime, actor, ref, because="Mine", owner=other)),
        ("gift:issued", lambda ref: renew_gift(house.runtime, actor, other, ref, key="key")),
        ("gift:link_renewed", lambda ref: renew_link(house.runtime, actor, other, ref)),
        ("gift:relabelled", lambda ref: relabel_gift(house.runtime, actor, other, ref, label="Mine")),
        ("reading:given_back", lambda ref: give_back_reading(house.runtime, actor, ref, owner=other)),
        ("gift:disputed", lambda ref: dispute(house.runtime, actor, other, ref, "Not me")),
    ]
    for _, act in tried:
        answer = act(given.gift.reference)
        assert isinstance(answer, Deny)
        assert answer == act("NOBODYS1")
        house.clock.forward(minutes=2)
    subject = f"gift:{given.gift.reference}"
    assert refused(house) == [("account:act_refused", subject, "gift:unknown", act) for act, _ in tried]
