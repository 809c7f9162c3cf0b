"""Counts kept in memory and written a little later, so that opening a card writes nothing; rules on them fire then."""

import atexit
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from gateway.days import Days
from gateway.doorcounts import Click, click_of, write_clicks, write_uses, write_views
from gateway.enforcing import watch_guesses, watch_links, watch_traps
from gateway.ledger import Entry, minute_of
from gateway.link import Gift
from gateway.policy import Policy
from gateway.store import deliveries, gifts, statistics, turns
from gateway.store.deliveries import Arrival
from gateway.store.engine import Database
from gateway.usage import Use

FLUSH_SECONDS = 2.0
KEPT_AT_MOST = 50_000

log = structlog.get_logger()

# A network's name under this month's key and the last one's.
Names = tuple[bytes, ...]


@dataclass(slots=True)
class _Counts:
    """What was counted since the last writing, and the latest instant of it."""

    views: Counter[tuple[int, date, str]] = field(default_factory=Counter)
    forged: Counter[tuple[Names, datetime]] = field(default_factory=Counter)
    traps: Counter[tuple[Names, datetime]] = field(default_factory=Counter)
    arrivals: dict[tuple[int, bytes], Arrival] = field(default_factory=dict)
    seen: Counter[tuple[str, datetime, bool]] = field(default_factory=Counter)
    uses: list[Use] = field(default_factory=list)
    clicks: dict[Click, Entry] = field(default_factory=dict)
    latest: datetime | None = None

    def add_all(self, other: "_Counts") -> None:
        """Put counts back that could not be written; what came since is newer."""
        for name in ("views", "forged", "traps", "seen"):
            for key, number in getattr(other, name).items():
                _count(getattr(self, name), key, number)
        self.arrivals = dict(islice((other.arrivals | self.arrivals).items(), KEPT_AT_MOST))
        self.uses = [*other.uses, *self.uses][:KEPT_AT_MOST]
        self.clicks = dict(islice((self.clicks | other.clicks).items(), KEPT_AT_MOST))
        self.latest = self.latest or other.latest

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to be written."""
        return not (self.views or self.forged or self.traps or self.arrivals or self.doors)

    @property
    def doors(self) -> bool:
        """Whether something was counted at the door for the desk."""
        return bool(self.seen or self.uses or self.clicks)


class Tally:
    """Cards shown, links tried and tokens forged since the last writing; loses at most a few seconds in a crash."""

    def __init__(
        self,
        database: Database,
        policy_at: Callable[[datetime], Policy],
        zones: Callable[[Connection], Sequence[tuple[datetime, str]]],
    ) -> None:
        self._database = database
        self._policy_at = policy_at
        self._zones = zones
        self._lock = threading.Lock()
        self._counts = _Counts()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def add_view(self, gift_id: int, visitor: str, now: datetime) -> None:
        """Count one card shown to one class of visitor."""
        with self._lock:
            _count(self._counts.views, (gift_id, now.date(), visitor))
            _count(self._counts.seen, (visitor, minute_of(now), True))
        self._start()

    def add_withheld(self, visitor: str, now: datetime) -> None:
        """Count one article that was asked for by a machine and kept from it."""
        with self._lock:
            _count(self._counts.seen, (visitor, minute_of(now), False))
        self._start()

    def add_use(self, use: Use) -> None:
        """Note what a person did with an article by a gift."""
        with self._lock:
            if len(self._counts.uses) < KEPT_AT_MOST:
                self._counts.uses.append(use)
        self._start()

    def add_click(self, who: bytes, line: Entry) -> None:
        """Note that somebody of a network went on to subscribe, with the entry to be written of the first of a day."""
        with self._lock:
            if len(self._counts.clicks) < KEPT_AT_MOST:
                self._counts.clicks.setdefault(click_of(who, line), line)
        self._start()

    def add_forged(self, networks: Names, now: datetime) -> None:
        """Count one token nobody signed, by network and minute."""
        with self._lock:
            _count(self._counts.forged, (networks, minute_of(now)))
            self._counts.latest = now
        self._start()

    def add_trap(self, networks: Names, now: datetime) -> None:
        """Count one visit to an address that only programs find, by network and minute."""
        with self._lock:
            _count(self._counts.traps, (networks, minute_of(now)))
            self._counts.latest = now
        self._start()

    def add_arrival(self, gift: Gift, networks: Names, now: datetime) -> None:
        """Note that a network tried a link, and whether that was after its last reading was taken."""
        if not networks:
            return
        with self._lock:
            arrivals, key = self._counts.arrivals, (gift.id, networks[0])
            if key in arrivals or len(arrivals) < KEPT_AT_MOST:
                arrivals[key] = Arrival(now, now if gift.read_up else None)
                self._counts.latest = now
        self._start()

    def flush(self) -> None:
        """Write what was counted; counts stay in memory when the database is away."""
        with self._lock:
            counts, self._counts = self._counts, _Counts()
        try:
            self._write(counts)
        except (
            Exception
        ) as error:  # Whatever it is, the thread must live: without it no link freezes any more.
            log.warning(
                "tally_kept", error=type(error).__name__, exc_info=not isinstance(error, SQLAlchemyError)
            )
            with self._lock:
                self._counts.add_all(counts)

    def close(self) -> None:
        """Stop the writing thread and write what is left."""
        self._stop.set()
        self.flush()
        # What could not be written then cannot be at the end either: its database is closed after this.
        atexit.unregister(self.close)

    def _write(self, counts: _Counts) -> None:
        if counts.nothing:
            return
        policy = None if counts.latest is None else self._policy_at(counts.latest)
        with self._database.transaction() as connection:
            statistics.add_card_views(connection, counts.views)
            statistics.add_forged(connection, _by_first_name(counts.forged))
            statistics.add_traps(connection, _by_first_name(counts.traps))
            if counts.arrivals:
                deliveries.add_arrivals(connection, counts.arrivals)
            if policy is not None and counts.latest is not None:
                _let_rules_fire(connection, policy, counts, counts.latest)
            if counts.doors:
                self._write_doors(connection, counts)

    def _write_doors(self, connection: Connection, counts: _Counts) -> None:
        days = Days(self._zones(connection))
        # One process at a time: what somebody did last is read and then written.
        turns.take_watch(connection)
        write_uses(connection, counts.uses, days.of)
        write_clicks(connection, counts.clicks)
        write_views(connection, counts.seen, days.of)

    def _start(self) -> None:
        # Begun on first use and not at import, since threads do not survive a worker's fork.
        if self._thread is not None:
            return
        with self._lock:
            if self._thread is not None:
                return
            self._thread = threading.Thread(target=self._run, name="tally", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def _run(self) -> None:
        while not self._stop.wait(FLUSH_SECONDS):
            self.flush()


def _let_rules_fire(connection: Connection, policy: Policy, counts: _Counts, now: datetime) -> None:
    turns.take_watch(connection)
    touched = gifts.list_gifts_by_id(connection, sorted({gift_id for gift_id, _ in counts.arrivals}))
    watch_links(connection, policy, touched, now)
    watch_guesses(connection, policy, {names for names, _ in counts.forged}, now)
    watch_traps(connection, policy, {names for names, _ in counts.traps}, now)


def _by_first_name(counter: Counter[tuple[Names, datetime]]) -> Counter[tuple[bytes, datetime]]:
    return Counter({(names[0], minute): number for (names, minute), number in counter.items() if names})


def _count(counter: Counter[Any], key: Any, number: int = 1) -> None:
    # Memory stays bounded when somebody tries a million networks while the database is away.
    if key in counter or len(counter) < KEPT_AT_MOST:
        counter[key] += number
