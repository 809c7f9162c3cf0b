"""Replaying what really happened: exact under the policy of then, and different by another policy alone."""

from datetime import timedelta

import pytest

from gateway.decision import Deny
from gateway.keys import digest
from gateway.ledger import Actor
from gateway.policy import Policy, parse
from gateway.reading.claiming import Press, claim_gift, confirm_reading
from gateway.reading.serving import read_article
from gateway.reading.shelf import Shelf
from gateway.reading.visit import Visit
from gateway.sharing.issuing import Issued, Wish, issue_gift
from gateway.sharing.revoking import revoke_gift
from gateway.simulating.acts import DONE, FREE, NOTHING, Kind
from gateway.simulating.comparing import Simulation, simulate
from tests.house import POLICY, House

TEXT = POLICY.read_text("utf-8")


def policy(*changes: tuple[str, str]) -> Policy:
    """Read the default policy with some of it changed."""
    text = TEXT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return parse(text, name="candidate.toml")


def give(house: House, account: int, article: int, *, separate: bool = True) -> Issued | Deny:
    """Wish to give an article, a minute after whatever happened before."""
    house.clock.forward(minutes=1)
    wish = Wish(account, article, f"{house.clock.now}", separate=separate)
    return issue_gift(house.runtime, Actor(f"account:{account}"), wish)


def open_link(house: House, issued: Issued, device: str, network: bytes = b"n" * 16) -> object:
    """Take a gift up with a device, fetch the text, and read: what a person does within a minute."""
    house.clock.forward(minutes=1)
    visit = Visit(digest(device.encode()), located=lambda: (network,))
    claimed = claim_gift(
        house.runtime, issued.gift.capability, visit, Press(house.clock.now - timedelta(seconds=4), True)
    )
    if isinstance(claimed, Deny):
        return claimed
    house.clock.forward(seconds=1)
    read_article(house.runtime, Shelf(), issued.slug, visit)
    house.clock.forward(seconds=5)
    return confirm_reading(house.runtime, issued.slug, visit)


def replayed(house: House, candidate: Policy, days: int = 30) -> Simulation:
    """Replay the last days, a moment after the last act."""
    house.clock.forward(seconds=1)
    return simulate(house.runtime, candidate, days=days)


def a_busy_day(house: House) -> None:
    """Let two subscribers give past their months, revoke, give again, and let friends read past a cap."""
    sam, pia = house.subscriber("standard"), house.subscriber("premium")
    articles = [house.article(f"story-{number}") for number in range(4)]
    gifts = [give(house, sam, articles[number % 4]) for number in range(12)]
    assert [isinstance(each, Issued) for each in gifts] == [True] * 10 + [False] * 2
    first = gifts[0]
    assert isinstance(first, Issued)
    again = give(house, sam, articles[1], separate=False)
    assert isinstance(again, Issued)
    assert not again.fresh
    revoke_gift(house.runtime, Actor(f"account:{sam}"), gifts[9].gift.reference, because="mistake")  # type: ignore[union-attr]
    assert isinstance(give(house, sam, articles[3]), Issued)
    assert isinstance(give(house, sam, articles[3]), Deny)
    for number in range(12):
        open_link(house, first, f"device {number}", bytes([number]) * 16)
    for number in range(3):
        assert isinstance(give(house, pia, articles[number]), Issued)


def test_the_policy_in_force_against_itself_makes_no_difference_and_repeats_what_happened(
    house: House,
) -> None:
    a_busy_day(house)
    found = replayed(house, policy())
    assert not found.differs
    assert (found.agreed, found.unknown) == (found.compared, 0)
    assert found.compared == sum(
        len(house.entries(event)) for event in ("gift:issued", "gift:handed_back", "gift:refused", "claim:made",
                                                "claim:refused", "reading:served", "reading:confirmed",
                                                "reading:confirm_refused")
    )  # fmt: skip
    assert found.total(Kind.GIFT, DONE, after=False) == house.value("SELECT count(*) FROM gift") == 14
    assert found.total(Kind.GIFT, FREE, after=False) == 1
    assert found.total(Kind.GIFT, "quota:spent", after=False) == 3
    assert found.total(Kind.READING, DONE, after=False) == 10


def test_half_the_quota_refuses_exactly_the_gifts_past_it(house: House) -> None:
    a_busy_day(house)
    found = replayed(house, policy(("gifts = 10\n", "gifts = 5\n")))
    # Ten less five are refused; the one that came in the place of a revoked one is, too. Pia's three are not touched.
    assert found.changes(Kind.GIFT) == [(DONE, "quota:spent", 6)]
    assert (found.refused_to, found.given_to) == (1, 0)
    assert found.changes(Kind.CLAIM) == []


def test_twice_the_quota_allows_what_was_refused(house: House) -> None:
    a_busy_day(house)
    found = replayed(house, policy(("gifts = 10\n", "gifts = 20\n"), ("gifts = 20\n", "gifts = 20\n")))
    assert found.changes(Kind.GIFT) == [("quota:spent", DONE, 3)]
    assert found.given_to == 1


def test_a_smaller_cap_counts_fewer_readings(house: House) -> None:
    a_busy_day(house)
    found = replayed(house, policy(("readers = 10\n", "readers = 4\n")))
    assert found.total(Kind.READING, DONE, after=True) == 4
    assert found.total(Kind.READING, DONE, after=False) == 10


def test_what_a_refused_gift_would_have_led_to_is_nothing(house: House) -> None:
    sam, article = house.subscriber(), house.article()
    gifts = [give(house, sam, article) for _ in range(2)]
    for number, each in enumerate(gifts):
        assert isinstance(each, Issued)
        open_link(house, each, f"device {number}")
    found = replayed(house, policy(("gifts = 10\n", "gifts = 1\n")))
    assert found.changes(Kind.GIFT) == [(DONE, "quota:spent", 1)]
    for kind in (Kind.CLAIM, Kind.SERVING, Kind.READING):
        assert found.changes(kind) == [(DONE, NOTHING, 1)]


@pytest.mark.parametrize(("life", "ended"), [("1 day", 1), ("3 days", 0)])
def test_a_shorter_life_ends_a_link_before_it_is_opened(house: House, life: str, ended: int) -> None:
    sam, article = house.subscriber(), house.article()
    issued = give(house, sam, article)
    assert isinstance(issued, Issued)
    house.clock.forward(days=2)
    open_link(house, issued, "phone")
    found = replayed(house, policy(('life = "90 days"', f'life = "{life}"')))
    assert sum(number for *_, number in found.changes(Kind.CLAIM)) == ended


def test_a_plan_that_is_gone_gives_nothing(house: House) -> None:
    sam, article = house.subscriber("premium"), house.article()
    give(house, sam, article)
    found = replayed(house, policy(("[plans.premium]", "[plans.gold]")))
    assert found.changes(Kind.GIFT) == [(DONE, "account:plan_dropped", 1)]


def test_the_month_before_counts_and_is_not_compared(house: House) -> None:
    """Nine of ten gifts lie before the days that are asked about; of these the tenth alone is compared."""
    sam, article = house.subscriber(), house.article()
    for _ in range(9):
        give(house, sam, article)
    house.clock.forward(days=10)
    give(house, sam, article)
    found = replayed(house, policy(("gifts = 10\n", "gifts = 9\n")), days=1)
    assert found.compared == 1
    assert found.changes(Kind.GIFT) == [(DONE, "quota:spent", 1)]


def test_a_bulk_rule_that_is_stricter_blocks_more_and_the_real_blocks_are_repeated(house: House) -> None:
    sam = house.subscriber("premium")
    for number in range(14):
        issued = give(house, sam, house.article(f"story-{number}"))
        assert isinstance(issued, Issued)
        open_link(house, issued, "one device")
    same = replayed(house, policy())
    assert not same.differs
    assert same.agreed == same.compared
    (soft,) = [each for each in same.rules if each.rule == "reader-articles-soft"]
    assert soft.before is not None
    assert soft.before.firings == house.value(
        "SELECT count(*) FROM firing WHERE rule = 'reader-articles-soft'"
    )
    stricter = replayed(house, policy(("over = 24\n", "over = 13\n")))
    (hard,) = [each for each in stricter.rules if each.rule == "reader-articles-hard"]
    assert hard.before is None
    assert hard.after is not None
    assert (hard.after.firings, hard.held_after) == (1, timedelta(hours=24))
    assert stricter.changes(Kind.CLAIM) == [(DONE, "rule:blocked", 1)]
