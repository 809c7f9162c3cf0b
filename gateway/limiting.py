"""The database as a store of request limits, so that every worker of one machine counts in one place."""

from collections.abc import Callable
from datetime import datetime, timedelta

from limits.storage import MovingWindowSupport, Storage
from sqlalchemy.exc import SQLAlchemyError

from gateway.store import limits
from gateway.store.engine import Database

SCHEME = "gateway"
CHECK_KEY = "check"


class DatabaseStorage(Storage, MovingWindowSupport):
    """Moving windows over the table `limit_hit`; the strategies that count fixed windows are not served.

    It is found by its scheme (`gateway://`), as the limits library asks, and takes the open database and the
    clock as options.
    """

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012 - The library declares it as a plain list.

    def __init__(
        self,
        uri: str | None = None,
        *,
        database: Database,
        clock: Callable[[], datetime],
        wrap_exceptions: bool = False,
    ) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._database = database
        self._clock = clock

    @property
    def base_exceptions(self) -> type[Exception]:
        """What it looks like when the database is away."""
        return SQLAlchemyError

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count attempts under a key unless they would exceed the limit of a window of `expiry` seconds."""
        window = timedelta(seconds=expiry)
        now = self._clock()
        with self._database.transaction() as connection:
            return limits.take_attempts(connection, key, limit=limit, amount=amount, now=now, window=window)

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return when the window began, in seconds since 1970, and how many attempts lie in it."""
        now = self._clock()
        with self._database.reading() as connection:
            oldest, count = limits.find_window(connection, key, now=now, window=timedelta(seconds=expiry))
        return (oldest or now).timestamp(), min(count, limit)

    def check(self) -> bool:
        """Tell whether the database answers."""
        try:
            self.get_moving_window(CHECK_KEY, 1, 1)
        except SQLAlchemyError:
            return False
        return True

    def reset(self) -> int:
        """Forget every attempt; returns how many there were."""
        with self._database.transaction() as connection:
            return limits.drop_attempts(connection)

    def clear(self, key: str) -> None:
        """Forget the attempts under one key."""
        with self._database.transaction() as connection:
            limits.drop_attempts(connection, key)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Refuse: fixed windows let twice the limit pass around their edges."""
        raise NotImplementedError("the database keeps moving windows only")

    def get(self, key: str) -> int:
        """Refuse, as `incr` does."""
        raise NotImplementedError("the database keeps moving windows only")

    def get_expiry(self, key: str) -> float:
        """Refuse, as `incr` does."""
        raise NotImplementedError("the database keeps moving windows only")
