"""What stands beside a year's log: its gifts and who opened them, from where, how often they were looked at and asked about."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from bench import world
from bench.world import ARTICLES, ARTICLES_GIVEN, Filled, Row
from bench.years import MONTHS, PLAN, SECTION, Years, network
from gateway.usage import Metric

Instant = Callable[[datetime], object]
OPENED_AFTER = timedelta(minutes=5)


def tables(years: Years, policy: str, instant: Instant) -> Iterator[Filled]:
    """Yield every table but the log's."""
    of = years.world
    yield from (
        each for each in world.tables(of, policy, instant) if each.table not in ("gift", "claim", "entry")
    )
    yield Filled(
        "gift",
        "id capability reference key_id account_id article_id issued_at expires_at served_at readers "
        "unconfirmed_bound confirmed policy_version period giver_shown plan section",
        _gifts(years, instant),
    )
    yield Filled(
        "claim",
        "id gift_id article_id device claimed_at served_at confirmed_at network",
        _claims(years, instant),
    )
    yield Filled("delivery", "who day article_id at network", _deliveries(years, instant))
    yield Filled("arrival", "gift_id network last_at", _arrivals(years, instant))
    yield Filled("firing", "rule metric by_whom who then mode count at until level", _firings(years, instant))
    yield Filled(
        "licence_request",
        "id number digest at article_id purpose name email text language state state_at mailed_at mail_due_at",
        _requests(years, instant),
    )
    yield Filled("allowance", "account_id period used", _allowances(years))
    yield Filled("card_view", "gift_id day visitor views", _card_views(years))
    yield Filled("usage", "month metric article_id count", _usage())


def _gifts(years: Years, instant: Instant) -> Iterator[Row]:
    of = years.world
    for number in range(1, of.gifts + 1):
        at = years.issued(number)
        names = (number, world.capability(number), world.reference(number), years.key_id)
        ends = instant(at + timedelta(days=90))
        yield (
            *names,
            *(of.account_of(number), of.article_of(number)),
            *(instant(at), ends, instant(at), 1_000, 1_000_000, 1, 1, f"{at:%Y-%m}", True, PLAN, SECTION),
        )


def _claims(years: Years, instant: Instant) -> Iterator[Row]:
    of = years.world
    for number in range(1, of.gifts + 1):
        at = instant(years.issued(number) + OPENED_AFTER)
        device = hashlib.sha256(world.device(number).encode()).digest()
        yield number, number, of.article_of(number), device, at, at, at, network(number)


def _deliveries(years: Years, instant: Instant) -> Iterator[Row]:
    of = years.world
    for number in range(1, of.gifts + 1):
        at = years.issued(number) + OPENED_AFTER
        device = hashlib.sha256(world.device(number).encode()).digest()
        yield device, at.date(), of.article_of(number), instant(at), network(number)


def _arrivals(years: Years, instant: Instant) -> Iterator[Row]:
    for number in range(1, years.world.gifts + 1):
        yield number, network(number), instant(years.issued(number) + OPENED_AFTER)


def _firings(years: Years, instant: Instant) -> Iterator[Row]:
    for number in range(0, years.world.gifts, 50):
        at = years.issued(number + 1)
        who = f"network:{network(number).hex()}"
        yield "office", "articles", "network", who, "log", "enforce", 301, instant(at), None, 0


def _requests(years: Years, instant: Instant) -> Iterator[Row]:
    states = ("new", "answered", "closed", "closed")
    for number in range(1, years.world.gifts // 500 + 2):
        at = instant(years.issued(min(number * 500, years.world.gifts)))
        about = ("reprint", "Rita Rights", f"rights{number}@example.com", "May we print it?", "en")
        state = states[number % 4]
        digest = hashlib.sha256(b"request%d" % number).digest()
        yield number, world.reference(number), digest, at, number % ARTICLES + 1, *about, state, at, at, at


def _allowances(years: Years) -> Iterator[Row]:
    # A giver's gifts lie so far apart that none of the few months has many, and each is looked at once.
    of = years.world
    for account in range(1, of.accounts + 1):
        used: dict[str, int] = {}
        for gift in range(account, of.gifts + 1, of.accounts):
            period = f"{years.issued(gift):%Y-%m}"
            used[period] = used.get(period, 0) + 1
        for period, count in used.items():
            yield account, period, count


def _card_views(years: Years) -> Iterator[Row]:
    for number in range(1, years.world.gifts + 1):
        yield number, (years.issued(number) + OPENED_AFTER).date(), "person", 3


def _usage() -> Iterator[Row]:
    for month in MONTHS:
        for metric in Metric:
            for article in range(1, ARTICLES_GIVEN + 1):
                yield month, metric.value, article, 100 + article
