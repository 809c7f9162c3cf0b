"""A publisher after fourteen months: every entry of its log, sealed, as a pure function of how many there are.

Entries are written one after another in time. One in ten issues a gift; the others tell what became of the gifts made
just before, of a few links that everybody opens, of those who sign in and of those who are refused.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bench import world
from bench.world import ARTICLES, Filled, Row, World
from gateway.ledger import SealedEntry, sealed_personal
from gateway.logmonth import first_number, month_begins, next_month

FIRST_MONTH = "2025-10"
MONTHS = 14
ENTRIES_A_GIFT = 10
# A gift is opened so many gifts after it was made: minutes later, as by a friend who got the link by mail.
LATER = 3
HOT = 97
NETWORKS = 50_000
Beside = tuple[str, bytes, str]
Instant = Callable[[datetime], object]


@dataclass(frozen=True, slots=True)
class Years:
    """A log of so many entries, a tenth of it gifts."""

    entries: int
    key_id: str

    @property
    def world(self) -> World:
        """Whose gifts they are."""
        return World(self.entries // ENTRIES_A_GIFT, self.key_id)

    @property
    def months(self) -> list[str]:
        """The months, oldest first."""
        found = [FIRST_MONTH]
        while len(found) < MONTHS:
            found.append(next_month(found[-1]))
        return found

    @property
    def ends(self) -> datetime:
        """The instant after the last entry."""
        return month_begins(next_month(self.months[-1])) - timedelta(days=6)

    def at(self, position: int) -> datetime:
        """Tell when the entry at a place was written."""
        begins = month_begins(FIRST_MONTH)
        return begins + (self.ends - begins) * position / self.entries

    def issued(self, gift: int) -> datetime:
        """Tell when a gift was made."""
        return self.at((gift - 1) * ENTRIES_A_GIFT)


@dataclass(frozen=True, slots=True)
class Written:
    """One entry at its place: what is sealed, and what stands beside it."""

    entry: SealedEntry
    beside: list[Beside]


def network(number: int) -> bytes:
    """Name a network; a few of them are an office or a carrier, from which very many come."""
    number = number % HOT if number % 5 == 0 else number % NETWORKS
    return hashlib.sha256(b"network%d" % number).digest()[:16]


@dataclass(frozen=True, slots=True)
class _Said:
    """What an entry says: who did what to what; with `device` or `network`, a number, what stands beside it."""

    actor: str
    event: str
    subject: str
    reason: str = ""
    detail: str = "{}"
    rule: str = ""
    device: int = 0
    network: int = 0


def each_written(years: Years) -> Iterator[Written]:
    """Yield every entry in the order of the log."""
    of, month, counted = years.world, 0, 0
    for position in range(years.entries):
        at = years.at(position)
        first = first_number(at)
        counted = counted + 1 if first == month else 1
        month = first
        yield _written(first + counted, at, _said(of, position))


def _said(of: World, position: int) -> _Said:
    kind, gift = position % ENTRIES_A_GIFT, position // ENTRIES_A_GIFT + 1
    if kind < 4:
        return _of_gift(of, kind, gift)
    # A few links are opened by hundreds.
    hot = f"gift:{world.reference(min(gift - gift % HOT + 1, of.gifts))}"
    account = f"account:{of.account_of(gift)}"
    others = {
        4: _Said("reader", "claim:refused", hot, "gift:unconfirmed_full", device=position),
        5: _Said(account, "gift:refused", account, "quota:spent"),
        6: _Said(account, "session:begun", account),
        7: _Said("reader", "claim:made", hot, device=position),
    }
    return others.get(kind) or _seldom(kind, gift)


def _of_gift(of: World, kind: int, gift: int) -> _Said:
    account = of.account_of(gift)
    if kind == 0:
        detail = f'{{"account":{account},"article":{of.article_of(gift)},"used":1}}'
        return _Said(f"account:{account}", "gift:issued", f"gift:{world.reference(gift)}", detail=detail)
    opened = max(1, gift - LATER)
    event = ("claim:made", "reading:served", "reading:confirmed")[kind - 1]
    return _Said("reader", event, f"gift:{world.reference(opened)}", device=opened)


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
        value = hashlib.sha256(world.device(said.device).encode()).hexdigest()[:16]
        beside.append(("device", salt, value))
    if said.network:
        beside.append(("subject", salt, network(said.network).hex()))
    personal = sealed_personal({what: (salt, value) for what, salt, value in beside}) if beside else "{}"
    person = said.actor not in ("gateway", "operator")
    seen = ("person", f"{number:016x}") if person else ("", "")
    what = (said.actor, said.event, said.subject, "deny" if said.reason else "permit", said.reason, said.rule)
    return Written(SealedEntry(number, at, *what, *seen, said.detail, personal), beside)


def tables(years: Years, policy: str, instant: Instant) -> Iterator[Filled]:
    """Yield every table but the log's."""
    of = years.world
    yield from (
        each for each in world.tables(of, policy, instant) if each.table not in ("gift", "claim", "entry")
    )
    yield Filled(
        "gift",
        "id capability reference key_id account_id article_id issued_at expires_at served_at readers "
        "unconfirmed_bound confirmed policy_version period giver_shown",
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


def _gifts(years: Years, instant: Instant) -> Iterator[Row]:
    of = years.world
    for number in range(1, of.gifts + 1):
        at = years.issued(number)
        names = (number, world.capability(number), world.reference(number), years.key_id)
        ends = instant(at + timedelta(days=90))
        yield (
            *names,
            *(of.account_of(number), of.article_of(number)),
            *(instant(at), ends, instant(at), 1_000, 1_000_000, 1, 1, f"{at:%Y-%m}", True),
        )


def _claims(years: Years, instant: Instant) -> Iterator[Row]:
    of = years.world
    for number in range(1, of.gifts + 1):
        at = instant(years.issued(number) + timedelta(minutes=5))
        device = hashlib.sha256(world.device(number).encode()).digest()
        yield number, number, of.article_of(number), device, at, at, at, network(number)


def _deliveries(years: Years, instant: Instant) -> Iterator[Row]:
    of = years.world
    for number in range(1, of.gifts + 1):
        at = years.issued(number) + timedelta(minutes=5)
        device = hashlib.sha256(world.device(number).encode()).digest()
        yield device, at.date(), of.article_of(number), instant(at), network(number)


def _arrivals(years: Years, instant: Instant) -> Iterator[Row]:
    for number in range(1, years.world.gifts + 1):
        yield number, network(number), instant(years.issued(number) + timedelta(minutes=5))


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
