"""Servers that a test run starts: they outlive neither its end nor its sudden death."""

import ctypes
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path


def dying_with_its_parent(how: signal.Signals = signal.SIGKILL) -> Callable[[], None] | None:
    """Make a `preexec_fn` by which the kernel stops a child whose parent is gone (Linux; None elsewhere).

    A test run that is killed can clean up nothing.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    set_parent_death_signal = 1

    def ask() -> None:
        libc.prctl(set_parent_death_signal, how)

    return ask


def free_port() -> int:
    """Find a port on 127.0.0.1 that nobody holds just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def children_of(pid: int) -> list[int]:
    """List the processes that a process's main thread started (Linux)."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
