"""The jobs: what has to be tidied every few seconds or minutes, by one process of all, under a lease."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from gateway.articles.closing import close_ended
from gateway.keeping import queue
from gateway.keeping.archiving import Archiving, put_oldest_away
from gateway.keeping.leases import LIFE, Lease
from gateway.keeping.mail import mail_requests
from gateway.keeping.publishing import PublishingError
from gateway.keeping.putting_away import ArchiveError
from gateway.keeping.retention import forget_counted, forget_openers
from gateway.keeping.revocations import RevocationsError, export_revocations, is_there
from gateway.link import UNSERVED_CLAIM_LIFE
from gateway.runtime import NoPolicyError, Runtime
from gateway.sealkeys import SealKeyError
from gateway.store import gifts, idempotency, leases, months, readings, upkeep
from gateway.verify import UnreadableError

LEASE = leases.JOBS
LEASE_LIFE = LIFE
TICK_SECONDS = 5.0
IDEMPOTENCY_LIFE = timedelta(hours=24)
GIFTS_AT_ONCE = 1000
# What a job may fail by: something outside is away, or not as it should be, and may be mended by the next run.
FAULTS = (
    SQLAlchemyError,
    RevocationsError,
    NoPolicyError,
    ArchiveError,
    PublishingError,
    SealKeyError,
    UnreadableError,
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work, how many seconds lie between its runs, and what it does at an instant; it counts what it did."""

    name: str
    every: float
    run: Callable[[datetime], int]


class JobsRunner:
    """Does the jobs when they are due, as long as it has the lease."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        revocations: Path | None = None,
        smtp_url: str = "",
        archiving: Archiving | None = None,
        replay: Callable[[datetime], int] | None = None,
    ) -> None:
        self._runtime = runtime
        self._due: dict[str, float] = {}
        self.done: dict[str, int] = {}
        self._lease = Lease(runtime, LEASE)
        self.jobs = jobs_of(runtime, revocations, smtp_url)
        if archiving is not None:
            put = partial(put_oldest_away, runtime, archiving, progress=self._go_on)
            self.jobs += (Job("put an old month away", 3600.0, put),)
        if replay is not None:
            self.jobs += (Job("replay under another policy", TICK_SECONDS, replay),)

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop; a fault is logged, and what failed is tried again when it is due next."""
        log.info("jobs_started", holder=self.holder, jobs=[job.name for job in self.jobs])
        leading = False
        while not stop.is_set():
            try:
                mine = self.take_turn(stop)
            except SQLAlchemyError as fault:
                log.warning("jobs_wait_for_database", error=type(fault).__name__)
            else:
                if mine is not leading:
                    log.info("jobs_lease_taken" if mine else "jobs_lease_held_by_another")
                leading = mine
            stop.wait(TICK_SECONDS)
        self.release()
        log.info("jobs_stopped")

    def take_turn(self, stop: threading.Event | None = None) -> bool:
        """Take or renew the lease and do every job that is due; False while another process has the lease."""
        for job in self.jobs:
            if stop is not None and stop.is_set():
                break
            # Before each job, so that no job begins on a lease that ran out during the one before.
            if not self._lease.held(self._runtime.clock()):
                return False
            if self._due.get(job.name, float("-inf")) <= time.monotonic():
                self._do(job)
        return True

    @property
    def holder(self) -> str:
        """The name under which this runner has the lease."""
        return self._lease.holder

    def release(self) -> None:
        """Give the lease up; where that fails it runs out by itself."""
        self._lease.release()

    def _go_on(self, _done: int) -> None:
        """Renew the lease within a job that takes longer than the lease lives."""
        self._lease.held(self._runtime.clock())

    def _do(self, job: Job) -> None:
        self._due[job.name] = time.monotonic() + job.every
        try:
            done = job.run(self._runtime.clock())
        except FAULTS as fault:
            log.warning(
                "job_failed", job=job.name, error=type(fault).__name__, told=str(fault).partition("\n")[0]
            )
        else:
            self.done[job.name] = done
            if done:
                log.info("job_done", job=job.name, count=done)


def jobs_of(runtime: Runtime, revocations: Path | None, smtp_url: str) -> tuple[Job, ...]:
    """List the jobs of an installation; revocations are written, and mail is sent, where it is set whereto."""
    always = (
        Job("lapse unserved claims", 15.0, partial(_lapse_claims, runtime)),
        Job("drop limiter rows", 60.0, partial(_within, runtime, upkeep.drop_limit_hits)),
        Job("drop idempotency keys", 300.0, partial(_within, runtime, _drop_keys)),
        Job("drop ended sessions", 600.0, partial(_within, runtime, upkeep.drop_sessions)),
        Job("pay gifts of ended articles back", 60.0, partial(close_ended, runtime)),
        Job("forget what rules counted", 3600.0, partial(forget_counted, runtime)),
        Job("make room for months", 3600.0, partial(_within, runtime, months.make_room)),
        Job("forget openers", 60.0, partial(forget_openers, runtime)),
        Job("queue links that spread", 15.0, partial(queue.queue_firings, runtime)),
        Job("queue spikes", 300.0, partial(queue.queue_spikes, runtime)),
        Job("queue licence requests", 3600.0, partial(queue.queue_requests, runtime)),
    )
    mailing = (
        (Job("mail licence requests", 15.0, partial(mail_requests, runtime, smtp_url)),) if smtp_url else ()
    )
    if revocations is None:
        return (*always, *mailing)
    return (*always, *mailing, Job("write revocations", 15.0, _Revocations(runtime, revocations).write))


def _within(runtime: Runtime, statement: Callable[[Connection, datetime], int], now: datetime) -> int:
    """Do what is one statement in a transaction of its own."""
    with runtime.database.transaction() as connection:
        return statement(connection, now)


def _drop_keys(connection: Connection, now: datetime) -> int:
    return idempotency.drop_keys(connection, now - IDEMPOTENCY_LIFE)


class _Revocations:
    """Writes the file of revocations when there is a new one."""

    def __init__(self, runtime: Runtime, path: Path) -> None:
        self._runtime = runtime
        self._path = path
        self._written: tuple[int, datetime | None] | None = None

    def write(self, _now: datetime) -> int:
        with self._runtime.database.reading() as connection:
            last = upkeep.find_last_revocation(connection)
        if last == self._written and is_there(self._path):
            return 0
        added = export_revocations(self._runtime, self._path).added
        self._written = last
        return added


def _lapse_claims(runtime: Runtime, now: datetime) -> int:
    before = now - UNSERVED_CLAIM_LIFE
    with runtime.database.reading() as connection:
        holding = upkeep.list_gifts_with_unserved_claims(connection, before, limit=GIFTS_AT_ONCE)
    freed = 0
    for gift_id in holding:
        # One transaction a gift: its row is held while its places are freed, and nobody else's is.
        with runtime.database.transaction() as connection:
            if gifts.take_gift_by_id(connection, gift_id) is not None:
                freed += readings.free_unserved_places(connection, gift_id, before=before, now=now)
    return freed
