"""What every use case works with: database, keys, the policy in force, and the one clock."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from gateway.keys import KeyRing
from gateway.networks import NetworkBook
from gateway.policy import Policy, parse
from gateway.store import policies
from gateway.store.engine import Database
from gateway.tally import Tally

# What it looks like from here when the database cannot be reached, or not in time.
DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeoutError)
REFRESH_SECONDS = 1.0
NEVER = datetime.max.replace(tzinfo=UTC)
# Past this the database is asked in the request, so that a page never speaks for a policy of long ago.
PATIENCE_SECONDS = 4.0


class NoPolicyError(RuntimeError):
    """The database holds no policy yet: it was not set up."""


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy with its version's number."""

    version: int
    policy: Policy


@dataclass(frozen=True, slots=True)
class _Span:
    """From when until when one of the versions that were read is in force."""

    versions: tuple[policies.PolicyVersion, ...]
    begins: datetime
    ends: datetime
    in_force: InForce


class PolicyBook:
    """Every version of the policy, read again once a second; a transaction asks the database itself.

    What else every worker must know without asking is read along: whether links are shut, and which networks guess.
    """

    def __init__(self, database: Database, networks: NetworkBook, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._networks = networks
        self._clock = clock
        self._read_at = float("-inf")
        self._versions: tuple[policies.PolicyVersion, ...] = ()
        self._parsed: dict[int, Policy] = {}
        self._span: _Span | None = None
        self._links_shut = False
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def in_force(self, now: datetime) -> InForce:
        """Return the policy in force at `now`, as the database had it at most a second ago.

        A version is proposed seconds ahead of its instant, so every worker knows it by then.
        """
        self._refresh()
        span = self._span
        # Asked several times for each answer; from one version's instant to the next's there is one answer.
        if span is None or span.versions is not self._versions or not span.begins <= now < span.ends:
            span = self._span = self._span_at(now, self._versions)
        return span.in_force

    def in_force_within(self, connection: Connection, now: datetime) -> InForce:
        """Return the policy in force at `now` as this transaction sees it."""
        number = policies.find_version_in_force(connection, now)
        if number is None:
            raise NoPolicyError("no policy is in force; run `gateway db upgrade`")
        if number not in self._parsed:
            self._versions = tuple(policies.list_versions(connection))
        return InForce(number, self._policy(next(v for v in self._versions if v.version == number)))

    def zones_within(self, connection: Connection) -> list[tuple[datetime, str]]:
        """List the publisher's zones as this transaction sees them, each with the instant from which on it holds."""
        self._versions = tuple(policies.list_versions(connection))
        if not self._versions:
            raise NoPolicyError("no policy is in force; run `gateway db upgrade`")
        ordered = sorted(self._versions, key=lambda version: (version.takes_effect_at, version.version))
        return [(each.takes_effect_at, self._policy(each).publisher.zone) for each in ordered]

    @property
    def links_shut(self) -> bool:
        """Whether a restore waits for an admin's word, which shuts every link."""
        self._refresh()
        return self._links_shut

    def forget(self) -> None:
        """Read the versions again at the next question."""
        self._read_at = float("-inf")

    def close(self) -> None:
        """Stop reading, and wait until a reading under way has given its connection back."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _refresh(self) -> None:
        # Requests find what is in force in memory: a thread reads it, begun on first use, since threads do
        # not survive a worker's fork. Only what is older than the patience is read in the request itself.
        if time.monotonic() - self._read_at > PATIENCE_SECONDS:
            self._read()
        if self._thread is None:
            self._thread = threading.Thread(target=self._keep_reading, name="policy-book", daemon=True)
            self._thread.start()

    def _keep_reading(self) -> None:
        while not self._stop.wait(REFRESH_SECONDS):
            with suppress(SQLAlchemyError):
                self._read()

    def _read(self) -> None:
        with self._database.reading() as connection:
            self._versions = tuple(policies.list_versions(connection))
            self._links_shut = policies.find_open_restoration(connection) is not None
        self._networks.read(self._clock())
        self._read_at = time.monotonic()

    def _span_at(self, now: datetime, versions: tuple[policies.PolicyVersion, ...]) -> _Span:
        latest = policies.latest_at(versions, now)
        if latest is None:
            raise NoPolicyError("no policy is in force; run `gateway db upgrade`")
        later = [each.takes_effect_at for each in versions if each.takes_effect_at > now]
        found = InForce(latest.version, self._policy(latest))
        return _Span(versions, latest.takes_effect_at, min(later, default=NEVER), found)

    def _policy(self, version: policies.PolicyVersion) -> Policy:
        if version.version not in self._parsed:
            self._parsed[version.version] = parse(version.text, name=f"policy version {version.version}")
        return self._parsed[version.version]


def utc_now() -> datetime:
    """Read the clock: the one place where the gateway does."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Runtime:
    """The gateway's parts, opened once a process; `clock` is the tests' to replace."""

    database: Database
    keys: KeyRing
    base_url: str
    clock: Callable[[], datetime] = utc_now
    networks: NetworkBook = field(init=False)
    policies: PolicyBook = field(init=False)
    tally: Tally = field(init=False)

    def __post_init__(self) -> None:
        networks = NetworkBook(self.database, self.keys.keys.derived("network.v1"))
        # A test may put another clock in place later, so it is looked up at each reading.
        policies = PolicyBook(self.database, networks, self.now)
        object.__setattr__(self, "networks", networks)
        object.__setattr__(self, "policies", policies)
        tally = Tally(self.database, lambda now: policies.in_force(now).policy, policies.zones_within)
        object.__setattr__(self, "tally", tally)

    def now(self) -> datetime:
        """Read the clock that is in place at this moment."""
        return self.clock()

    def close(self) -> None:
        """Write what is counted and close the database."""
        self.policies.close()
        self.tally.close()
        self.database.close()
