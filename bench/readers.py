"""Very many readings up to this day: who read what by which gift, and from where, as a pure function of a number.

Nine of ten readings are of gifts that nine people open; every tenth is of one of the links that everybody opens. A fifth
come from a few offices. Networks are named as the gateway names them, by the key of the month, so that what a rule asks
about a network finds all its rows.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from bench import world
from bench.filling import Instant, plentiful_policy
from bench.flows import network_address
from bench.world import Filled, World
from bench.years import HOT, NETWORKS
from gateway.logmonth import month_begins, month_of, months_ahead
from gateway.networks import NetworkBook
from gateway.store.engine import Database

READINGS_A_GIFT = 10
OFFICES = 97
# Whoever opens the hot links comes from one of these, one after another, so that no link meets a network twice.
ELSEWHERE = 1_000
SPAN = timedelta(days=420)
MONTHS = 15
Name = Callable[[int, datetime], bytes]


def network_of(reading: int) -> int:
    """Number the network that a reading comes from; no gift meets one twice."""
    if reading % READINGS_A_GIFT == 0:
        return NETWORKS + reading // READINGS_A_GIFT % ELSEWHERE
    if reading % 5 == 1:
        return NETWORKS + ELSEWHERE + reading // 5 % OFFICES
    return reading % NETWORKS


@dataclass(frozen=True, slots=True)
class Readings:
    """So many readings, ten of each gift on average: nine of most, hundreds of some; the last is of `ends`."""

    readings: int
    key_id: str
    ends: datetime

    @property
    def world(self) -> World:
        """The gifts. They live on, so that each can be claimed."""
        return World(self.readings // READINGS_A_GIFT, self.key_id)

    def at(self, reading: int) -> datetime:
        """Tell when a reading was."""
        return self.ends - SPAN * ((self.readings - reading) / self.readings)

    def gift_of(self, reading: int) -> int:
        """Name the gift by which somebody reads; readings have numbers from 1."""
        gift = (reading - 1) // READINGS_A_GIFT % self.world.gifts + 1
        return min(gift - gift % HOT + 1, self.world.gifts) if reading % READINGS_A_GIFT == 0 else gift

    def beside(self, instant: Instant) -> Iterator[Filled]:
        """Yield what is no reading; none of the log, which a claim only adds to."""
        given = world.tables(self.world, plentiful_policy(), instant)
        yield from (each for each in given if each.table not in ("claim", "entry"))
        first = month_begins(month_of(self.ends - SPAN))
        salts = ((month, hashlib.sha256(month.encode()).digest()) for month in months_ahead(first, MONTHS))
        yield Filled("network_salt", "month secret", salts)

    def block(self, start: int, stop: int, name: Name, instant: Instant) -> Iterator[Filled]:
        """Yield the readings from a number to before another: a claim each, its delivery and its arrival."""
        made = [self._reading(number, name) for number in range(start, stop)]
        claims = (
            (number, gift, article, device, *[instant(at)] * 3, network)
            for number, gift, article, device, at, network in made
        )
        deliveries = (
            (device, at.date(), article, instant(at), network) for _, _, article, device, at, network in made
        )
        arrivals = ((gift, network, instant(at)) for _, gift, _, _, at, network in made)
        yield Filled(
            "claim", "id gift_id article_id device claimed_at served_at confirmed_at network", claims
        )
        yield Filled("delivery", "who day article_id at network", deliveries)
        yield Filled("arrival", "gift_id network last_at", arrivals)

    def _reading(self, number: int, name: Name) -> tuple[int, int, int, bytes, datetime, bytes]:
        gift, at = self.gift_of(number), self.at(number)
        device = hashlib.sha256(b"reader%d" % number).digest()
        return number, gift, self.world.article_of(gift), device, at, name(network_of(number), at)


def naming(database: Database, pepper: bytes) -> Name:
    """Return what names a network at an instant as the gateway does, out of the salts in a database."""
    book = NetworkBook(database, pepper)

    @lru_cache(200_000)
    def named(network: int, month: str) -> bytes:
        return book.names(network_address(network), month_begins(month))[0]

    return lambda network, at: named(network, month_of(at))
