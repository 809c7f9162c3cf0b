"""Many clients at once: processes of their own, whose threads all send their requests at one instant."""

import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[1]
ANSWERS_WITHIN_SECONDS = 90.0
PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


@dataclass(frozen=True)
class Shot:
    """One request."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True)
class Hit:
    """One answer; status 0 is none, because the connection broke."""

    status: int
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> dict[str, Any]:
        """Return the answer's JSON."""
        found: dict[str, Any] = json.loads(self.text)
        return found


class Battery:
    """Requests that are aimed, each on a connection of its own, and wait for the word."""

    def __init__(self, url: str, shots: Sequence[Shot], *, processes: int = 4) -> None:
        self._parts = [shots[number::processes] for number in range(processes)]
        self._clients = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.firing", url],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in self._parts
        ]
        for client, part in zip(self._clients, self._parts, strict=True):
            _say(client, json.dumps([asdict(shot) for shot in part]))
        for client in self._clients:
            assert client.stdout is not None
            assert client.stdout.readline() == "aimed\n"

    def fire(self) -> None:
        """Let all of them go at once."""
        for client in self._clients:
            _say(client, "now")

    def hits(self) -> list[Hit]:
        """Wait for every answer; they stand in the order of the requests."""
        told = [client.communicate(timeout=ANSWERS_WITHIN_SECONDS)[0] for client in self._clients]
        parts = [[Hit(**each) for each in json.loads(text)] for text in told]
        count = len(parts)
        return [parts[number % count][number // count] for number in range(sum(len(part) for part in parts))]


def fire(url: str, shots: Sequence[Shot], *, processes: int = 4) -> list[Hit]:
    """Send requests at once from several processes; the answers stand in the order of the requests."""
    battery = Battery(url, shots, processes=processes)
    battery.fire()
    return battery.hits()


def _say(client: subprocess.Popen[str], line: str) -> None:
    assert client.stdin is not None
    client.stdin.write(f"{line}\n")
    client.stdin.flush()


def _shoot(connection: http.client.HTTPConnection, shot: Shot, start: threading.Event) -> Hit:
    start.wait()
    try:
        connection.request(shot.method, shot.path, shot.body or None, {"User-Agent": PERSON, **shot.headers})
        answer = connection.getresponse()
        return Hit(answer.status, answer.read().decode(), dict(answer.headers))
    except (OSError, http.client.HTTPException):
        return Hit(0)
    finally:
        connection.close()


def _client(url: str) -> None:
    shots = [Shot(**each) for each in json.loads(sys.stdin.readline())]
    hits: dict[int, Hit] = {}
    start = threading.Event()

    def one(number: int, connection: http.client.HTTPConnection) -> None:
        hits[number] = _shoot(connection, shots[number], start)

    where = urlsplit(url).netloc
    threads = []
    for number in range(len(shots)):
        connection = http.client.HTTPConnection(where, timeout=60)
        connection.connect()
        threads.append(threading.Thread(target=one, args=(number, connection)))
        threads[-1].start()
    sys.stdout.write("aimed\n")
    sys.stdout.flush()
    sys.stdin.readline()
    start.set()
    for thread in threads:
        thread.join()
    sys.stdout.write(json.dumps([asdict(hits[number]) for number in range(len(shots))]))


if __name__ == "__main__":
    _client(sys.argv[1])
