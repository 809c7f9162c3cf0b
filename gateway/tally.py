"""Counts kept in memory and written a little later, so that opening a card writes nothing."""

import atexit
import threading
from collections import Counter
from datetime import date, datetime
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from gateway.ledger import minute_of
from gateway.store import statistics
from gateway.store.engine import Database

FLUSH_SECONDS = 2.0
KEPT_AT_MOST = 50_000

log = structlog.get_logger()


class Tally:
    """Cards shown and tokens forged since the last writing; loses at most a few seconds of counts in a crash."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._views: Counter[tuple[int, date, str]] = Counter()
        self._forged: Counter[tuple[bytes, datetime]] = Counter()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def add_view(self, gift_id: int, visitor: str, now: datetime) -> None:
        """Count one card shown to one class of visitor."""
        with self._lock:
            _count(self._views, (gift_id, now.date(), visitor))
        self._start()

    def add_forged(self, network: bytes, now: datetime) -> None:
        """Count one token nobody signed, by network hash and minute."""
        with self._lock:
            _count(self._forged, (network, minute_of(now)))
        self._start()

    def flush(self) -> None:
        """Write what was counted; counts stay in memory when the database is away."""
        with self._lock:
            views, self._views = self._views, Counter()
            forged, self._forged = self._forged, Counter()
        if not views and not forged:
            return
        try:
            with self._database.transaction() as connection:
                statistics.add_card_views(connection, views)
                statistics.add_forged(connection, forged)
        except SQLAlchemyError as error:
            log.warning("tally_kept", error=type(error).__name__)
            with self._lock:
                self._views.update(views)
                self._forged.update(forged)

    def close(self) -> None:
        """Stop the writing thread and write what is left."""
        self._stop.set()
        self.flush()

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


def _count(counter: Counter[Any], key: Any) -> None:
    # Memory stays bounded when somebody tries a million networks while the database is away.
    if key in counter or len(counter) < KEPT_AT_MOST:
        counter[key] += 1
