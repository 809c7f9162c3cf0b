"""The demo's two processes: begun from this one, watched, and stopped with it."""

import ctypes
import http.client
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.context import ForkProcess
from pathlib import Path
from urllib.parse import urlsplit

STOPS_WITHIN_SECONDS = 25.0
SHOWN_LINES = 5
# A fork has everything imported already, which is most of what a start takes.
_fork = multiprocessing.get_context("fork")


class ChildEndedError(RuntimeError):
    """A process ended that should not have; the text says which, how, and what it said last."""


class Children:
    """Processes that write to one log, in which only this start's lines are."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._running: dict[str, ForkProcess] = {}
        log.write_bytes(b"")

    def start(self, name: str, work: Callable[[], None]) -> None:
        """Begin a process; no thread may be running, since a fork would leave it behind in the middle of its work."""
        for thread in threading.enumerate():
            if thread is not threading.current_thread():
                thread.join(STOPS_WITHIN_SECONDS)
        sys.stdout.flush()
        process = _fork.Process(target=_run, args=(work, self.log, os.getpid()), name=name)
        process.start()
        self._running[name] = process

    def check(self) -> None:
        """Raise ChildEndedError when one has ended."""
        for name, process in self._running.items():
            if process.exitcode is not None:
                said = self.log.read_text("utf-8", "replace").splitlines()[-SHOWN_LINES:]
                last = "".join(f"\n    {line}" for line in said)
                raise ChildEndedError(
                    f"the {name} process ended by itself ({_how(process.exitcode)}); {self.log} ends:{last}"
                )

    def stop(self) -> None:
        """Let every process end what it does; one that takes too long is killed."""
        for process in self._running.values():
            process.terminate()
        end = time.monotonic() + STOPS_WITHIN_SECONDS
        for process in self._running.values():
            process.join(max(0.0, end - time.monotonic()))
            if process.exitcode is None:
                process.kill()
                process.join()


def answers(url: str) -> bool:
    """Tell whether a page of ours is served."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _run(work: Callable[[], None], log: Path, parent: int) -> None:
    # In a session of its own, so that Ctrl+C meets the parent alone, which then stops us in order.
    os.setsid()
    _die_with(parent)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, signal.SIG_DFL)
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    work()


def _die_with(parent: int) -> None:
    """Ask the kernel for SIGTERM when the parent is killed and can stop nobody any more (Linux only)."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit(1)


def _how(status: int) -> str:
    return f"status {status}" if status >= 0 else f"killed by {signal.Signals(-status).name}"
