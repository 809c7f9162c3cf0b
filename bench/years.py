"""A publisher after fourteen months: every entry of its log, sealed, as a pure function of how many there are.

Entries are written one after another in time. One in ten issues a gift; the others tell what became of the gifts made
just before, of a few links that everybody opens, of those who sign in and of those who are refused.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import accumulate, repeat
from typing import NamedTuple

from bench import world
from bench.world import ARTICLES, World
from gateway.figures import About
from gateway.ledger import SealedEntry, sealed_personal
from gateway.logmonth import first_number, month_begins, next_month

FIRST_MONTH = "2025-10"
MONTHS = tuple(accumulate(repeat(FIRST_MONTH, 14), lambda month, _: next_month(month)))
BEGINS = month_begins(MONTHS[0])
ENDS = month_begins(next_month(MONTHS[-1])) - timedelta(days=6)
# In microseconds.
SPAN = (ENDS - BEGINS) // timedelta(microseconds=1)
PLAN, SECTION = "premium", "Life"
ENTRIES_A_GIFT = 10
# A gift is opened so many gifts after it was made: minutes later, as by a friend who got the link by mail.
LATER = 3
HOT = 97
NETWORKS = 50_000
Beside = tuple[str, bytes, str]


@dataclass(frozen=True, slots=True)
class Years:
    """A log of so many entries, a tenth of it gifts."""

    entries: int
    key_id: str

    @property
    def world(self) -> World:
        """Whose gifts they are."""
        return World(self.entries // ENTRIES_A_GIFT, self.key_id)

    def at(self, position: int) -> datetime:
        """Tell when the entry at a place was written."""
        return BEGINS + timedelta(microseconds=SPAN * position // self.entries)

    def first_of(self, month: str) -> int:
        """Find the place of the first entry that is not before a month."""
        return bisect_left(range(self.entries), month_begins(month), key=self.at)

    def issued(self, gift: int) -> datetime:
        """Tell when a gift was made."""
        return self.at((gift - 1) * ENTRIES_A_GIFT)


class Written(NamedTuple):
    """One entry at its place: what is sealed, what stands beside it, and the number of the gift it is about, or 0."""

    entry: SealedEntry
    beside: list[Beside]
    gift: int


@lru_cache(NETWORKS)
def network(number: int) -> bytes:
    """Name a network; a few of them are an office or a carrier, from which very many come."""
    number = number % HOT if number % 5 == 0 else number % NETWORKS
    return hashlib.sha256(b"network%d" % number).digest()[:16]


def about(of: World, gift: int) -> About:
    """Tell what a gift is counted by."""
    return About(str(of.article_of(gift)), SECTION, PLAN, str(of.account_of(gift)))


class _Said(NamedTuple):
    """What an entry says: who did what to what; with `device` or `network`, a number, what stands beside it."""

    actor: str
    event: str
    subject: str
    reason: str = ""
    detail: str = "{}"
    rule: str = ""
    device: int = 0
    network: int = 0
    gift: int = 0


def each_written(years: Years, start: int = 0, stop: int | None = None) -> Iterator[Written]:
    """Yield the entries from a place to before another, in the order of the log."""
    of = years.world
    stop = years.entries if stop is None else stop
    firsts = {first_number(month_begins(month)): years.first_of(month) for month in MONTHS}
    for position in range(start, stop):
        at = years.at(position)
        first = first_number(at)
        yield _written(first + position - firsts[first] + 1, at, _said(of, position))


def _said(of: World, position: int) -> _Said:
    kind, gift = position % ENTRIES_A_GIFT, position // ENTRIES_A_GIFT + 1
    if kind < 4:
        return _of_gift(of, kind, gift)
    if kind in (4, 7):
        # A few links are opened by hundreds.
        hot = min(gift - gift % HOT + 1, of.gifts)
        subject = f"gift:{_reference(hot)}"
        if kind == 7:
            return _Said("reader", "claim:made", subject, device=position, gift=hot)
        return _Said("reader", "claim:refused", subject, "gift:unconfirmed_full", device=position, gift=hot)
    account = f"account:{of.account_of(gift)}"
    if kind == 5:
        return _Said(account, "gift:refused", account, "quota:spent")
    return _Said(account, "session:begun", account) if kind == 6 else _seldom(kind, gift)


def _of_gift(of: World, kind: int, gift: int) -> _Said:
    account = of.account_of(gift)
    if kind == 0:
        detail = f'{{"account":{account},"article":{of.article_of(gift)},"used":1}}'
        subject = f"gift:{_reference(gift)}"
        return _Said(f"account:{account}", "gift:issued", subject, detail=detail, gift=gift)
    opened = max(1, gift - LATER)
    event = ("claim:made", "reading:served", "reading:confirmed")[kind - 1]
    return _Said("reader", event, f"gift:{_reference(opened)}", device=opened, gift=opened)


def _seldom(kind: int, gift: int) -> _Said:
    if kind == 8 or gift % 7:
        return _Said("gateway", "log:heartbeat", "log")
    if gift % 14:
        article = f"article:{gift % ARTICLES + 1}"
        return _Said("operator", "article:changed", article, detail='{"source_version":2}')
    detail = '{"count":301,"rule":"office","then":"log"}'
    return _Said("gateway", "rule:fired", "network", detail=detail, rule="office", network=gift)


def _written(number: int, at: datetime, said: _Said) -> Written:
    beside: list[Beside] = []
    salt = hashlib.sha256(b"%d" % number).digest()[:16]
    if said.device:
        beside.append(("device", salt, _device(said.device)))
    if said.network:
        beside.append(("subject", salt, network(said.network).hex()))
    personal = sealed_personal({what: (salt, value) for what, salt, value in beside}) if beside else "{}"
    person = said.actor not in ("gateway", "operator")
    seen = ("person", f"{number:016x}") if person else ("", "")
    what = (said.actor, said.event, said.subject, "deny" if said.reason else "permit", said.reason, said.rule)
    return Written(SealedEntry(number, at, *what, *seen, said.detail, personal), beside, said.gift)


# The entries of a gift lie near one another, so few of these are remembered at a time.
@lru_cache(1000)
def _reference(gift: int) -> str:
    return world.reference(gift)


@lru_cache(1000)
def _device(number: int) -> str:
    return hashlib.sha256(world.device(number).encode()).hexdigest()[:16]
