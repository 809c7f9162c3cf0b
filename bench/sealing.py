"""`python -m bench.sealing`: what sealing costs those who write, on PostgreSQL with 16 writers, pair by pair.

Half of each pair issues gifts as fast as it can while the sealer beats in a process of its own; the other half does so
without a sealer and without the trigger that queues an entry for it. Which half comes first changes with each pair.
"""

import argparse
import multiprocessing
import re
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from bench.filling import plentiful_policy
from bench.keeping import databases
from bench.measuring import Spread
from bench.world import World
from gateway.keeping.publishing import Shelf
from gateway.keeping.sealing import Sealer
from gateway.keys import open_key_ring
from gateway.ledger import account_actor
from gateway.runtime import Runtime, utc_now
from gateway.sealkeys import SealKeys
from gateway.sharing.issuing import Issued, Wish, issue_gift
from gateway.store.engine import Database, open_database
from gateway.store.sealing import find_oldest_waiting

FOLDER = Path("var/bench")
WRITERS = 16
WANTED = 0.95
SEALED_WITHIN_SECONDS = 5.0
GIFTS = 1_000


@dataclass(frozen=True, slots=True)
class Half:
    """One half of a pair: writes a second, and how old the oldest unsealed entry ever was, in seconds."""

    rate: float
    lag: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print the median of the ratios with its quartiles."""
    parser = argparse.ArgumentParser(prog="python -m bench.sealing", description=__doc__)
    parser.add_argument("--pairs", type=int, default=15, help="pairs that are measured (default: 15)")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long a half takes (default: 5)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help=f"where databases are kept ({FOLDER})")
    asked = parser.parse_args(arguments)
    folder = asked.folder.resolve() / "postgresql"
    folder.mkdir(parents=True, exist_ok=True)
    keys = open_key_ring(folder.parent / "keys.json")
    world = World(GIFTS, keys.signer.newest)
    with ExitStack() as stack:
        address = stack.enter_context(databases("postgresql", [world], folder))[world]
        place = Path(stack.enter_context(TemporaryDirectory()))
        stand = stack.enter_context(_Stand(address, keys.path, place))
        _measure(stand, asked.pairs, asked.seconds)
    return 0


def _measure(stand: "_Stand", pairs: int, seconds: float) -> None:
    stand.run(seconds, sealing=True)
    ratios, lags, rates = [], [], []
    for number in range(pairs):
        order = (True, False) if number % 2 else (False, True)
        halves = {sealing: stand.run(seconds, sealing=sealing) for sealing in order}
        ratios.append(halves[True].rate / halves[False].rate)
        lags.append(halves[True].lag)
        rates.append(halves[True].rate)
        print(
            f"{number + 1:>3}  {halves[False].rate:7.1f}/s  {halves[True].rate:7.1f}/s  {ratios[-1]:.3f}",
            flush=True,
        )
    ratio, rate = Spread.of(ratios), Spread.of(rates)
    print(
        f"with sealing {rate.median:.0f} gifts a second, {ratio.median:.3f} of that without "
        f"(quartiles {ratio.low:.3f} to {ratio.high:.3f}; wanted {WANTED}); oldest unsealed entry "
        f"{max(lags):.1f} s (wanted {SEALED_WITHIN_SECONDS:.0f})"
    )


class _Stand:
    """Writers and a sealer, each a process that waits for its word."""

    def __init__(self, address: str, keys: Path, place: Path) -> None:
        self._database: Database = open_database(address)
        with self._database.transaction() as connection:
            # What filled the database did so past every trigger.
            connection.execute(text("DELETE FROM outbox"))
            # No rule must stop a writer, who gives as nobody would.
            patient = re.sub(r"\nover = (\d+)", r"\nover = \g<1>0000", plentiful_policy())
            connection.execute(text("UPDATE policy_version SET text = :text"), {"text": patient})
        context = multiprocessing.get_context("spawn")
        self._ends: list[Connection] = []
        self._processes = []
        for number in range(WRITERS + 1):
            ours, theirs = context.Pipe()
            target, about = (_write, (number + 1,)) if number < WRITERS else (_seal, (place,))
            process = context.Process(target=target, args=(address, keys, theirs, *about), daemon=True)
            process.start()
            self._ends.append(ours)
            self._processes.append(process)
        for end in self._ends:
            end.recv()

    def __enter__(self) -> "_Stand":
        return self

    def __exit__(self, *_about: object) -> None:
        for end, process in zip(self._ends, self._processes, strict=True):
            end.send(None)
            process.join(10)
        self._database.close()

    def run(self, seconds: float, *, sealing: bool) -> Half:
        """Let all write for some seconds."""
        word = "ENABLE" if sealing else "DISABLE"
        with self._database.transaction() as connection:
            connection.execute(text(f"ALTER TABLE entry {word} TRIGGER entry_is_to_be_sealed"))
        sealer = self._ends[WRITERS]
        if sealing:
            sealer.send(True)
        for end in self._ends[:WRITERS]:
            end.send(seconds)
        lag = self._watch(seconds) if sealing else 0.0
        written = sum(end.recv() for end in self._ends[:WRITERS])
        if sealing:
            # What is left is sealed before the other half begins, which must not pay for it.
            while self._oldest():
                time.sleep(0.1)
            sealer.send(False)
            sealer.recv()
        return Half(written / seconds, lag)

    def _watch(self, seconds: float) -> float:
        end, lag = time.monotonic() + seconds, 0.0
        while time.monotonic() < end:
            lag = max(lag, self._oldest())
            time.sleep(0.25)
        return lag

    def _oldest(self) -> float:
        with self._database.reading() as connection:
            at = find_oldest_waiting(connection)
        return 0.0 if at is None else (utc_now() - at).total_seconds()


def _write(address: str, keys: Path, parent: Connection, account_id: int) -> None:
    runtime = Runtime(open_database(address, threads=1), open_key_ring(keys), "https://news.example")
    runtime.policies.in_force(runtime.clock())
    parent.send(0)
    while (seconds := parent.recv()) is not None:
        end, written = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            wish = Wish(account_id, written % 100 + 1, uuid4().hex, separate=True)
            answer = issue_gift(runtime, account_actor(account_id), wish)
            assert isinstance(answer, Issued), answer
            written += 1
        parent.send(written)
    runtime.close()


def _seal(address: str, keys: Path, parent: Connection, place: Path) -> None:
    runtime = Runtime(open_database(address, threads=1), open_key_ring(keys), "https://news.example")
    sealer = Sealer(runtime, SealKeys(place / "seal-keys.json"), Shelf(place / "checkpoints"))
    parent.send(0)
    while parent.recv():
        stop = threading.Event()
        thread = threading.Thread(target=sealer.run, args=(stop,))
        thread.start()
        parent.recv()
        stop.set()
        thread.join()
        parent.send(0)
    with suppress(OperationalError):
        runtime.close()


if __name__ == "__main__":
    raise SystemExit(main())
