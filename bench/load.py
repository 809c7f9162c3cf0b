"""A light client: a few kept connections, requests spelled beforehand, one thread that does nothing else."""

import re
import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

CONNECTIONS = 8
SILENCE_SECONDS = 30.0
_LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n", re.IGNORECASE)


class BrokenAnswerError(RuntimeError):
    """The server closed a connection or said nothing for too long."""


@dataclass(slots=True)
class Answers:
    """What came back: how long all of it took, how often each status came, and the last answer whole."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    last: bytes = b""

    @property
    def seconds_each(self) -> float:
        """The time from one answer to the next, all connections together."""
        return self.seconds / self.statuses.total()

    def add(self, more: "Answers") -> None:
        """Count the answers of another sending in."""
        self.seconds += more.seconds
        self.statuses += more.statuses
        self.last = more.last


class Client:
    """Kept connections to one server; used in a `with`, which closes them."""

    def __init__(self, host: str, port: int, *, connections: int = CONNECTIONS) -> None:
        self._kept = [socket.create_connection((host, port)) for _ in range(connections)]
        for each in self._kept:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._kept:
            each.close()

    def send(self, requests: Sequence[bytes]) -> Answers:
        """Send every request, each as soon as its connection's answer before is there.

        Raises BrokenAnswerError where an answer does not come whole.
        """
        answers = Answers()
        waiting = iter(requests)
        with selectors.DefaultSelector() as selector:
            began = time.perf_counter()
            for each, first in zip(self._kept, waiting, strict=False):
                selector.register(each, selectors.EVENT_READ, bytearray())
                each.sendall(first)
            _converse(selector, waiting, answers)
            answers.seconds = time.perf_counter() - began
        return answers


def _converse(selector: selectors.BaseSelector, waiting: Iterator[bytes], answers: Answers) -> None:
    while selector.get_map():
        ready = selector.select(SILENCE_SECONDS)
        if not ready:
            raise BrokenAnswerError(f"no answer within {SILENCE_SECONDS:.0f} s")
        for key, _ in ready:
            connection, got = key.fileobj, key.data
            assert isinstance(connection, socket.socket)
            part = connection.recv(65_536)
            if not part:
                raise BrokenAnswerError(f"the server hung up after {bytes(got[:200])!r}")
            got += part
            if not _whole(got):
                continue
            answers.statuses[int(got[9:12])] += 1
            answers.last = bytes(got)
            got.clear()
            following = next(waiting, None)
            if following is None:
                selector.unregister(connection)
            else:
                connection.sendall(following)


def _whole(got: bytearray) -> bool:
    head = got.find(b"\r\n\r\n")
    if head < 0:
        return False
    length = _LENGTH.search(got, 0, head + 2)
    return len(got) >= head + 4 + (int(length[1]) if length else 0)
