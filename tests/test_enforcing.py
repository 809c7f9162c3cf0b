"""The bulk rules at work, on both databases: who is stopped at which number, in which words, and who never is."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.accounts import Account
from gateway.auditing.acts import Word
from gateway.auditing.log import GiftStory, gift_story
from gateway.auditing.ruling import lift, replace_gift, ruling
from gateway.decision import Deny, Permit, Reason
from gateway.firing import REMEMBERED
from gateway.guard import Mode
from gateway.keeping.policies import propose_policy
from gateway.keys import digest
from gateway.ledger import OPERATOR, account_actor
from gateway.link import Gift, standing_at_the_desk
from gateway.policy import Policy
from gateway.reading.claiming import Claimed, Press, claim_gift, confirm_reading
from gateway.reading.opening import Straight, open_card, recognise
from gateway.reading.serving import Reading, Teaser, read_article
from gateway.reading.shelf import Shelf
from gateway.reading.visit import Visit
from gateway.sharing.issuing import Issued, Wish, issue_gift
from gateway.store import accounts, firings
from gateway.tally import Tally
from tests.house import POLICY, House

SHELF = Shelf()
ADDRESS = "203.0.113.7"


def visit(house: House, device: str, address: str = ADDRESS) -> Visit:
    """Come with a device from an address."""
    names = house.runtime.networks.names(address, house.clock.now)
    return Visit(digest(device.encode()), located=lambda: names)


def as_account(house: House, account_id: int) -> Visit:
    with house.runtime.database.reading() as connection:
        return Visit(account=accounts.find_account(connection, account_id))


def take(house: House, issued: Issued, who: Visit, *, lingering: float = 0, pressed: bool = False) -> Any:
    """Take a gift up, `lingering` seconds after its card was shown."""
    shown_at = house.clock.now - timedelta(seconds=lingering)
    return claim_gift(house.runtime, issued.gift.capability, who, Press(shown_at, pressed=pressed))


def read(house: House, issued: Issued, who: Visit, *, lingering: float = 5) -> Reading | Teaser | Deny:
    """Take a gift up and fetch its article."""
    claimed = take(house, issued, who, lingering=lingering)
    return claimed if isinstance(claimed, Deny) else read_article(house.runtime, SHELF, claimed.slug, who)


def admin(house: House) -> Account:
    with house.runtime.database.transaction() as connection:
        number = accounts.add_account(
            connection,
            email="admin@example.com",
            name="Ada",
            role="admin",
            plan=None,
            created_at=house.clock.now,
        )
        found = accounts.find_account(connection, number)
    assert found is not None
    return found


def gifts_of_many_articles(house: House, number: int) -> list[Issued]:
    """Give each of many articles once, by as many subscribers as that takes."""
    givers = [house.subscriber("premium") for _ in range(-(-number // 20))]
    return [house.gift(givers[n // 20], house.article(f"about-{n}")) for n in range(number)]


def read_everywhere(house: House, issued: list[Issued], device: str) -> list[Any]:
    """Fetch many articles with one device that changes networks, so that rules on its network say nothing."""
    return [read(house, each, visit(house, device, f"198.51.{n}.1")) for n, each in enumerate(issued)]


def served(answers: list[Any]) -> int:
    return sum(isinstance(answer, Reading) for answer in answers)


def reason(answer: object) -> tuple[Reason, object]:
    assert isinstance(answer, Deny), answer
    return answer.reason, answer.detail.get("rule")


def test_one_device_with_many_links_gets_24_articles_a_day(house: House) -> None:
    phone = visit(house, "phone")
    answers = read_everywhere(house, gifts_of_many_articles(house, 30), "phone")
    assert served(answers) == 24
    assert {reason(answer) for answer in answers[24:]} == {(Reason.RULE_BLOCKED, "reader-articles-hard")}
    house.clock.forward(hours=27)
    later = house.gift(house.subscriber(), house.article("the-day-after"))
    assert isinstance(read(house, later, phone), Reading)


def test_what_a_blocked_device_has_open_stays_open(house: House) -> None:
    phone = visit(house, "phone")
    issued = gifts_of_many_articles(house, 25)
    assert served([read(house, each, phone) for each in issued]) == 24
    assert isinstance(read_article(house.runtime, SHELF, issued[0].slug, phone), Reading)


def test_64_requests_at_once_get_one_device_no_more(house: House) -> None:
    phone = visit(house, "phone")
    issued = gifts_of_many_articles(house, 64)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda each: read(house, each, phone), issued))
    assert served(answers) == 24
    assert house.value("SELECT count(*) FROM delivery") == 24


def test_a_cookie_dropper_gets_24_articles_however_many_devices_it_says_it_is(house: House) -> None:
    issued = gifts_of_many_articles(house, 64)
    with ThreadPoolExecutor(16) as pool:
        answers = list(
            pool.map(lambda pair: read(house, pair[1], visit(house, f"device-{pair[0]}")), enumerate(issued))
        )
    assert served(answers) == 24


def test_a_link_that_goes_round_one_office_is_one_article(house: House) -> None:
    issued = house.gift(house.subscriber(), house.article())
    answers = [
        read(house, issued, visit(house, f"desk-{n}", f"203.0.113.{n}"), lingering=0) for n in range(30)
    ]
    assert served(answers) == issued.gift.unconfirmed_bound
    assert {answer.reason for answer in answers if isinstance(answer, Deny)} == {Reason.GIFT_UNCONFIRMED_FULL}


def test_past_the_soft_number_a_claim_waits_for_a_press_and_needs_no_script(house: House) -> None:
    phone, issued = visit(house, "phone"), gifts_of_many_articles(house, 13)
    assert served(read_everywhere(house, issued[:12], "phone")) == 12
    asked = take(house, issued[12], phone, lingering=0)
    assert reason(asked) == (Reason.RULE_CHALLENGED, "reader-articles-soft")
    assert asked.until == house.clock.now + timedelta(seconds=3)
    assert isinstance(take(house, issued[12], phone, lingering=2.9), Deny)
    assert isinstance(take(house, issued[12], phone, lingering=3), Claimed)


def test_a_sign_in_that_walks_the_archive_gets_100_articles_in_40_minutes(house: House) -> None:
    me = as_account(house, house.subscriber())
    for n in range(110):
        house.article(f"tide-{n}")
    slugs = [f"about-tide-{n}" for n in range(110)]
    answers = [read_article(house.runtime, SHELF, slug, me, pressed=True) for slug in slugs]
    assert served(answers) == 100
    assert reason(answers[100]) == (Reason.RULE_BLOCKED, "subscriber-articles-hard")
    assert isinstance(read_article(house.runtime, SHELF, slugs[0], me), Reading)
    (refusal,) = [entry for entry in house.entries("reading:refused") if entry.repeats == 0][:1]
    assert refusal.reason == "rule:blocked"


def test_a_subscriber_who_reads_very_much_is_asked_for_a_press(house: House) -> None:
    me = as_account(house, house.subscriber())
    for n in range(51):
        house.article(f"tide-{n}")
        answer = read_article(house.runtime, SHELF, f"about-tide-{n}", me)
    assert reason(answer) == (Reason.RULE_CHALLENGED, "subscriber-articles-soft")
    assert isinstance(read_article(house.runtime, SHELF, "about-tide-50", me, pressed=True), Reading)


def test_staff_are_never_counted(house: House) -> None:
    me = as_account(house, admin(house).id)
    for n in range(101):
        house.article(f"tide-{n}")
        assert isinstance(read_article(house.runtime, SHELF, f"about-tide-{n}", me), Reading)
    assert house.value("SELECT count(*) FROM delivery") == 0


def spread(house: House, issued: Issued, networks: int) -> None:
    """Let a link stand in public: its readers confirm, then people come from many networks."""
    for n in range(networks):
        who = visit(house, f"reader-{issued.gift.id}-{n}", f"198.{n % 200}.{n // 200}.1")
        if isinstance(read(house, issued, who, lingering=0), Reading):
            house.clock.forward(seconds=4)
            confirm_reading(house.runtime, issued.slug, who)
        house.clock.forward(seconds=1)
    house.runtime.tally.flush()


def test_a_link_that_spreads_freezes_itself_only_after_its_readings_were_taken(house: House) -> None:
    giver = house.subscriber()
    issued = house.gift(giver, house.article())
    spread(house, issued, 40)
    assert house.value("SELECT count(*) FROM gift WHERE frozen_at IS NOT NULL") == 0
    spread(house, issued, 55)
    assert house.value("SELECT frozen_because FROM gift") == "rule:link-networks-hard"
    assert {entry.rule for entry in house.entries("gift:frozen")} == {"link-networks-hard"}
    assert [entry.event for entry in house.entries("gift:frozen")] == ["gift:frozen"]


def test_who_took_a_gift_up_reads_on_after_a_rule_froze_it_for_others(house: House) -> None:
    issued = house.gift(house.subscriber(), house.article())
    spread(house, issued, 95)
    assert house.value("SELECT frozen_because FROM gift") == "rule:link-networks-hard"
    holder, stranger = (visit(house, f"reader-{issued.gift.id}-{n}", f"198.{n}.0.1") for n in (0, 94))
    told = gift_story(house.runtime, OPERATOR, issued.gift.reference)
    assert isinstance(told, GiftStory)
    assert isinstance(told.standing, Deny)
    assert told.standing.reason is Reason.GIFT_FROZEN, "the desk can end a pause, but not that all have read"
    assert isinstance(open_card(house.runtime, SHELF, issued.gift.capability, holder), Straight)
    assert isinstance(read_article(house.runtime, SHELF, issued.slug, holder), Reading)
    assert isinstance(read_article(house.runtime, SHELF, issued.slug, stranger), Teaser)
    with house.runtime.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE gift SET frozen_because = 'posted in a forum'")
    shut = read_article(house.runtime, SHELF, issued.slug, holder)
    assert isinstance(shut, Teaser), "what an admin pauses is paused for everybody"
    assert shut.ended is not None
    assert shut.ended.reason is Reason.GIFT_FROZEN


def test_the_desk_calls_no_link_open_whose_key_was_retired(house: House) -> None:
    gift, now = house.gift(house.subscriber(), house.article()).gift, house.clock.now
    assert isinstance(standing_at_the_desk(gift, house.runtime.keys.signer.key_ids, now), Permit)
    retired = standing_at_the_desk(gift, (), now)
    assert isinstance(retired, Deny)
    assert retired.reason is Reason.GIFT_KEY_RETIRED


def test_an_account_is_flagged_by_its_third_spread_link(house: House) -> None:
    giver = house.subscriber()
    for n in range(3):
        assert house.value("SELECT count(*) FROM firing WHERE rule = 'subscriber-leaks-soft'") == 0
        spread(house, house.gift(giver, house.article(f"about-{n}")), 45)
    assert house.value("SELECT who FROM firing WHERE rule = 'subscriber-leaks-soft'") == f"account:{giver}"


def test_a_leak_that_was_not_the_givers_is_replaced_once_and_free(house: House) -> None:
    giver, desk = house.subscriber(), admin(house)
    issued = house.gift(giver, house.article(), label="Anna")
    spread(house, issued, 45)
    used = house.value("SELECT used FROM allowance")
    actor = account_actor(desk.id)
    fresh = replace_gift(
        house.runtime, actor, desk, issued.gift.reference, Word("posted by somebody else", confirmed=True)
    )
    assert isinstance(fresh, Gift)
    assert (fresh.label, fresh.readers, fresh.confirmed) == ("Anna", 10, 0)
    assert house.value("SELECT used FROM allowance") == used
    again = replace_gift(house.runtime, actor, desk, issued.gift.reference, Word("once more", confirmed=True))
    assert isinstance(again, Deny)
    assert again.reason is Reason.GIFT_NOT_SPREAD
    assert house.entries("gift:replaced")[0].subject == f"gift:{issued.gift.reference}"
    assert ruling(house.runtime).in_force == ()


def test_a_link_that_an_admin_thawed_is_not_frozen_again_by_those_who_tried_it_before(house: House) -> None:
    desk, issued = admin(house), house.gift(house.subscriber(), house.article())
    spread(house, issued, 45)
    (frozen,) = ruling(house.runtime).in_force
    lift(house.runtime, account_actor(desk.id), desk, frozen.id, "on purpose")
    house.clock.forward(seconds=1)
    spread(house, issued, 40)
    assert house.value("SELECT count(*) FROM gift WHERE frozen_at IS NOT NULL") == 0
    spread(house, issued, 45)
    assert house.value("SELECT count(*) FROM gift WHERE frozen_at IS NOT NULL") == 1


def test_links_that_spread_in_three_workers_at_once_are_each_seen_once(house: House) -> None:
    giver = house.subscriber()
    issued = [house.gift(giver, house.article(f"about-{n}")) for n in range(3)]
    tallies = [
        Tally(
            house.runtime.database,
            lambda now: house.runtime.policies.in_force(now).policy,
            house.runtime.policies.zones_within,
        )
        for _ in range(6)
    ]
    for number, tally in enumerate(tallies):
        gift = replace(issued[number % 3].gift, confirmed=10)
        for n in range(40):
            tally.add_arrival(
                gift, house.runtime.networks.names(f"198.51.{n}.1", house.clock.now), house.clock.now
            )
    with ThreadPoolExecutor(len(tallies)) as pool:
        list(pool.map(Tally.close, tallies))
    assert house.value("SELECT count(*) FROM firing WHERE rule = 'link-networks-hard'") == 3
    assert house.value("SELECT count(*) FROM firing WHERE rule = 'subscriber-leaks-soft'") == 1


def test_gifts_faster_than_a_hand_are_refused_and_cost_nothing(house: House) -> None:
    giver = house.subscriber("premium")
    with house.runtime.database.transaction() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO allowance (account_id, period, used, granted) VALUES ({giver}, '2026-03', 0, 30)"
        )
    for n in range(20):
        house.gift(giver, house.article(f"about-{n}"))
    wish = Wish(giver, house.article("one-more"), "key")
    answer = issue_gift(house.runtime, account_actor(giver), wish)
    assert reason(answer) == (Reason.RULE_BLOCKED, "subscriber-gifts-hard")
    assert house.value("SELECT used FROM allowance") == 20
    house.clock.forward(minutes=12)
    assert isinstance(issue_gift(house.runtime, account_actor(giver), wish), Issued)


def test_a_month_that_is_spent_is_called_so_however_fast_it_was_spent(house: House) -> None:
    giver = house.subscriber("premium")
    for n in range(20):
        house.gift(giver, house.article(f"about-{n}"))
    answer = issue_gift(house.runtime, account_actor(giver), Wish(giver, house.article("one-more"), "key"))
    assert isinstance(answer, Deny)
    assert answer.reason is Reason.QUOTA_SPENT


def test_a_network_that_guesses_is_kept_from_guessing_and_from_nothing_else(house: House) -> None:
    names = house.runtime.networks.names(ADDRESS, house.clock.now)
    for _ in range(61):
        assert recognise(house.runtime, "x" * 66, located=lambda: names) == Deny(Reason.GIFT_UNKNOWN)
    house.runtime.tally.flush()
    house.runtime.policies.forget()
    house.runtime.policies.in_force(house.clock.now)
    answer = recognise(house.runtime, "x" * 66, located=lambda: names)
    assert isinstance(answer, Deny)
    assert answer.reason is Reason.RULE_BLOCKED
    assert answer.until is not None
    assert answer.until >= house.clock.now + timedelta(minutes=15)
    issued = house.gift(house.subscriber(), house.article())
    assert issued.token is not None
    assert recognise(house.runtime, issued.token, located=lambda: names) == issued.gift.capability
    assert isinstance(read(house, issued, visit(house, "phone")), Reading)
    elsewhere = house.runtime.networks.names("192.0.2.1", house.clock.now)
    assert recognise(house.runtime, "x" * 66, located=lambda: elsewhere) == Deny(Reason.GIFT_UNKNOWN)


def test_who_goes_into_the_trap_twice_is_asked_for_a_press(house: House) -> None:
    issued = house.gift(house.subscriber(), house.article())
    names = house.runtime.networks.names(ADDRESS, house.clock.now)
    for _ in range(2):
        house.runtime.tally.add_trap(names, house.clock.now)
    house.runtime.tally.flush()
    phone = visit(house, "phone")
    assert reason(take(house, issued, phone)) == (Reason.RULE_CHALLENGED, "network-traps-soft")
    assert isinstance(take(house, issued, phone, lingering=3), Claimed)


def test_a_lifted_block_counts_anew(house: House) -> None:
    phone, desk = visit(house, "phone"), admin(house)
    issued = gifts_of_many_articles(house, 30)
    assert served(read_everywhere(house, issued, "phone")) == 24
    (block,) = [each for each in ruling(house.runtime).in_force if each.then == "block"]
    actor = account_actor(desk.id)
    refused = lift(house.runtime, actor, desk, block.id, "  ")
    assert isinstance(refused, Deny)
    assert refused.reason is Reason.REASON_MISSING
    house.clock.forward(seconds=1)
    assert isinstance(lift(house.runtime, actor, desk, block.id, "a librarian"), Permit)
    assert isinstance(read(house, issued[29], phone), Reading)
    assert house.entries("rule:lifted")[0].subject == block.who


def test_a_block_that_comes_again_lasts_twice_as_long(house: House) -> None:
    spans = []
    for day in range(2):
        givers = [house.subscriber("premium") for _ in range(2)]
        issued = [house.gift(givers[n // 20], house.article(f"day-{day}-{n}")) for n in range(25)]
        assert served(read_everywhere(house, issued, "phone")) == 24
        (block,) = [each for each in ruling(house.runtime).in_force if each.then == "block"]
        assert block.until is not None
        spans.append(block.until - block.at)
        house.clock.forward(hours=27)
    assert timedelta(hours=24) <= spans[0] <= timedelta(hours=26.5)
    assert timedelta(hours=48) <= spans[1] <= timedelta(hours=53)


def test_only_what_was_not_lifted_within_thirty_days_is_a_repetition(house: House) -> None:
    (rule,) = [each for each in policy_of(house).rules if each.name == "reader-articles-hard"]
    now, values = house.clock.now, {"metric": "articles", "by_whom": "reader", "count": 25, "level": 0}
    alike = {"rule": rule.name, "who": "reader:a", "then": "block", "mode": "enforce", "until": now}
    with house.runtime.database.transaction() as connection:
        for days, changed in (
            (1, {}),
            (2, {"who": "reader:before"}),
            (31, {}),
            (2, {"lifted_at": now}),
            (3, {"who": "reader:b"}),
            (3, {"rule": "reader-articles-soft"}),
            (3, {"mode": "monitor"}),
        ):
            at = now - timedelta(days=days)
            firings.add_firing(connection, **{**values, **alike, "at": at, **changed})
        names = ("reader:a", "reader:before")
        assert firings.count_firings(connection, rule, names, now - REMEMBERED) == 2


def policy_of(house: House) -> Policy:
    return house.runtime.policies.in_force(house.clock.now).policy


def change_policy(house: House, before: str, after: str) -> None:
    """Put the policy in force with some words of it changed."""
    source = POLICY.read_text("utf-8")
    assert before in source
    changed = source.replace(before, after, 1)
    propose_policy(house.runtime, OPERATOR, changed, name="changed.toml", at=None)
    house.clock.forward(minutes=1)
    house.runtime.policies.forget()


BLOCKS = 'then = "block"\nfor = "24 hours"\nmode = "enforce"'
WATCHES = 'then = "block"\nfor = "24 hours"\nmode = "monitor"'


@pytest.fixture
def watched(house: House) -> House:
    """Yield a gateway whose rule on articles by reader only watches."""
    change_policy(house, BLOCKS, WATCHES)
    return house


def test_a_rule_that_only_watched_stops_at_once_when_it_is_enforced(watched: House) -> None:
    issued = gifts_of_many_articles(watched, 28)
    assert served(read_everywhere(watched, issued[:26], "phone")) == 26
    change_policy(watched, "# Bulk rules.", "# The rules.")
    answer = read(watched, issued[26], visit(watched, "phone", "192.0.2.7"))
    assert reason(answer) == (Reason.RULE_BLOCKED, "reader-articles-hard")
    (block,) = [each for each in ruling(watched.runtime).in_force if each.then == "block"]
    assert (block.mode, block.level) == (Mode.ENFORCE, 0)


def test_what_the_policy_in_force_no_longer_says_shuts_nobody_out(house: House) -> None:
    issued = gifts_of_many_articles(house, 26)
    assert served(read_everywhere(house, issued, "phone")) == 24
    change_policy(house, BLOCKS, WATCHES)
    assert isinstance(read(house, issued[24], visit(house, "phone", "192.0.2.7")), Reading)
    assert not [each for each in ruling(house.runtime).in_force if each.then == "block"]


def test_a_rule_that_only_watches_stops_nobody_and_says_what_it_would_have_done(watched: House) -> None:
    answers = read_everywhere(watched, gifts_of_many_articles(watched, 28), "phone")
    assert served(answers) == 28
    (line,) = [each for each in ruling(watched.runtime).report if each.mode is Mode.MONITOR]
    assert (line.rule, line.firings, line.people) == ("reader-articles-hard", 1, 1)
    assert len(watched.entries("rule:watched")) == 1


def test_networks_are_looked_up_under_last_months_key_too(house: House) -> None:
    house.clock.now = house.clock.now.replace(day=31, hour=20)
    issued = gifts_of_many_articles(house, 26)
    for n, each in enumerate(issued[:24]):
        assert isinstance(read(house, each, visit(house, f"device-{n}")), Reading)
    before = house.runtime.networks.names(ADDRESS, house.clock.now)
    house.clock.forward(hours=10)
    after = house.runtime.networks.names(ADDRESS, house.clock.now)
    assert (after[0] != before[0], after[1]) == (True, before[0])
    answer = read(house, issued[25], visit(house, "device-25"))
    assert reason(answer) == (Reason.RULE_BLOCKED, "network-unconfirmed-hard")


def test_a_network_whose_block_was_lifted_counts_anew_under_next_months_name_too(house: House) -> None:
    house.clock.now = house.clock.now.replace(day=31, hour=20)
    desk, issued = admin(house), gifts_of_many_articles(house, 27)
    answers = [read(house, each, visit(house, f"device-{n}")) for n, each in enumerate(issued[:25])]
    assert served(answers) == 24
    (block,) = [each for each in ruling(house.runtime).in_force if each.then == "block"]
    house.clock.forward(hours=1)
    lift(house.runtime, account_actor(desk.id), desk, block.id, "a school")
    house.clock.forward(hours=9)
    assert isinstance(read(house, issued[26], visit(house, "device-26")), Reading)


def test_a_card_can_be_looked_at_by_whoever_is_blocked(house: House) -> None:
    phone = visit(house, "phone")
    issued = gifts_of_many_articles(house, 25)
    assert served([read(house, each, phone) for each in issued]) == 24
    shown = open_card(house.runtime, SHELF, issued[24].gift.capability, phone)
    assert not isinstance(shown, Deny)
