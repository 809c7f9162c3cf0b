"""A lease of one process of all: taken, renewed before it runs out, given up at the end."""

import secrets
import socket
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from gateway.runtime import Runtime
from gateway.store import leases

LIFE = timedelta(seconds=30)
RENEW_WITHIN = timedelta(seconds=20)

log = structlog.get_logger()


class Lease:
    """One process's hold on a lease; asking costs nothing while most of its life is left."""

    def __init__(self, runtime: Runtime, name: str) -> None:
        self._runtime = runtime
        self._name = name
        self._until: datetime | None = None
        self.holder = f"{socket.gethostname()[:40]}:{secrets.token_hex(4)}"

    def held(self, now: datetime) -> bool:
        """Take the lease or renew it where it has run for a while; tells whether it is this process's."""
        if self._until is not None and now < self._until - RENEW_WITHIN:
            return True
        until = now + LIFE
        with self._runtime.database.transaction() as connection:
            mine = leases.take_lease(connection, self._name, self.holder, now=now, until=until)
        self._until = until if mine else None
        return mine

    def release(self) -> None:
        """Give the lease up; where that fails it runs out by itself."""
        self._until = None
        try:
            with self._runtime.database.transaction() as connection:
                leases.release_lease(connection, self._name, self.holder)
        except SQLAlchemyError as fault:
            log.warning("lease_not_released", lease=self._name, error=type(fault).__name__)
