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


def send(host: str, port: int, requests: Sequence[bytes], *, connections: int = CONNECTIONS) -> Answers:
    """Send every request over kept connections, each as soon as its connection's answer before is there."""
    answers = Answers()
    waiting = iter(requests)
    with selectors.DefaultSelector() as selector:
        # Connecting is no part of what is measured.
        opened = [socket.create_connection((host, port)) for _ in range(min(connections, len(requests)))]
        try:
            began = time.perf_counter()
            for each in opened:
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(each, selectors.EVENT_READ, bytearray())
                each.sendall(next(waiting))
            _converse(selector, waiting, answers)
            answers.seconds = time.perf_counter() - began
        finally:
            for each in opened:
                each.close()
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
