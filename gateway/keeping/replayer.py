"""The process in which replays are done: begun by the jobs where one is asked for, so that it takes no thread of theirs."""

import subprocess
from collections.abc import Sequence
from datetime import datetime

import structlog

from gateway.keeping.replays import LEASE
from gateway.runtime import Runtime
from gateway.store import leases, simulations

STOPS_WITHIN_SECONDS = 10.0

log = structlog.get_logger()


class Replayer:
    """Begins a process of a command where a replay waits and nobody does it; one at a time."""

    def __init__(self, runtime: Runtime, command: Sequence[str]) -> None:
        self._runtime = runtime
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self, now: datetime) -> int:
        """Begin the process where it is wanted; returns how many were begun."""
        if self._process is not None:
            status = self._process.poll()
            if status is None:
                return 0
            self._process = None
            if status:
                log.warning("replayer_ended", status=status)
        with self._runtime.database.reading() as connection:
            if simulations.find_open(connection) is None or leases.find_holder(connection, LEASE, now):
                return 0
        self._process = subprocess.Popen(self._command)  # noqa: S603 - The command is our own.
        return 1

    def close(self) -> None:
        """Let the process end what it does; what it was at is begun anew by the next one."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOPS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
