"""`python -m bench.proving`: how long it takes to seal a million entries, and to verify them inside and outside."""

import argparse
import hashlib
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import insert

from bench.keeping import SETTINGS, programs
from gateway import verify
from gateway.checkpoint import public_bytes, public_line
from gateway.keeping.proving import export_log, prove_entry, verify_log
from gateway.keeping.publishing import Shelf
from gateway.keeping.sealing import Sealer
from gateway.keeping.setup import FIRST_POLICY, adopt_policy
from gateway.keys import open_key_ring
from gateway.ledger import OPERATOR, sealed_personal
from gateway.models import entry, entry_person
from gateway.resources import folder
from gateway.runtime import Runtime
from gateway.sealkeys import SealKeys
from gateway.store import copies, schema
from gateway.store.engine import Database, open_database
from tests.postgres import running_postgres

FIRST_DAY = datetime(2026, 1, 1, 6, tzinfo=UTC)
ROWS_AT_ONCE = 10_000
# One entry in so many is a reader's, with a device beside it.
READERS = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure on both kinds of database, and print one line each."""
    parser = argparse.ArgumentParser(prog="python -m bench.proving", description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000, help="how many (default: 1,000,000)")
    parser.add_argument("--database", action="append", choices=("sqlite", "postgresql"), help="only this one")
    asked = parser.parse_args(arguments)
    for kind in asked.database or ("sqlite", "postgresql"):
        with TemporaryDirectory(prefix="gateway-bench-") as place, empty(kind, Path(place)) as address:
            _measure(kind, address, Path(place), asked.entries)
    return 0


@contextmanager
def empty(kind: str, place: Path) -> Iterator[str]:
    """Yield the address of an empty database of one kind."""
    if kind == "sqlite":
        yield f"sqlite:///{place / 'gateway.db'}"
        return
    with running_postgres(programs(), settings=SETTINGS) as server:
        yield server.create("proving")


def _measure(kind: str, address: str, place: Path, entries: int) -> None:
    database = open_database(address)
    schema.upgrade(database)
    _fill(database, entries)
    runtime = Runtime(database, open_key_ring(place / "keys.json"), "https://news.example")
    adopt_policy(runtime, folder("policies") / FIRST_POLICY)
    keys, shelf = SealKeys(place / "seal-keys.json"), Shelf(place / "checkpoints")
    public = keys.private_keys()
    sealer = Sealer(runtime, keys, shelf)
    sealing = _timed(lambda: _seal(sealer))
    report = None

    def inside() -> None:
        nonlocal report
        report = verify_log(runtime, shelf, [public_bytes(key) for key in public])

    living = _timed(inside)
    assert report is not None
    assert not report.faults, report.told
    exporting = _timed(lambda: export_log(runtime, OPERATOR, shelf, place / "export.zip", personal=True))
    newest = shelf.newest()
    assert newest is not None
    line = public_line(newest.origin, public[0])
    command = [sys.executable, "-I", verify.__file__, place / "export.zip", "--key", line]
    outside = _timed(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))
    proof = _timed(lambda: prove_entry(runtime, shelf, entries // 3))
    runtime.close()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{kind}, {report.entries:,} entries: sealed in {sealing}; verified living in {living}; exported in {exporting}; "
        f"verified outside in {outside}; one proven in {proof}; {memory} MB at most",
        flush=True,
    )


def _seal(sealer: Sealer) -> None:
    while sealer.beat():
        pass


def _timed(act: Callable[[], object]) -> str:
    """Tell how long something took, and how long a processor was at it, which a busy machine leaves as it is."""
    began, worked = time.perf_counter(), _worked()
    act()
    return f"{time.perf_counter() - began:.1f} s (processor {_worked() - worked:.1f} s)"


def _worked() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def _fill(database: Database, entries: int) -> None:
    for start in range(1, entries + 1, ROWS_AT_ONCE):
        numbers = range(start, min(start + ROWS_AT_ONCE, entries + 1))
        beside = [_beside(number) for number in numbers if number % READERS == 0]
        personal = {row["entry_id"]: row for row in beside}
        with database.transaction() as connection:
            connection.execute(insert(entry), [_row(number, personal.get(number)) for number in numbers])
            connection.execute(insert(entry_person), beside)
    with database.transaction() as connection:
        copies.number_on(connection)


def _beside(number: int) -> dict[str, object]:
    digest = hashlib.sha256(str(number % 5000).encode()).digest()
    return {"entry_id": number, "field": "device", "salt": digest[:16], "value": digest[16:24].hex()}


def _row(number: int, beside: dict[str, object] | None) -> dict[str, object]:
    personal = {} if beside is None else {"device": (beside["salt"], beside["value"])}
    return {
        "id": number,
        "at": FIRST_DAY + timedelta(seconds=number),
        "actor": f"account:{number % 997}" if beside is None else "reader",
        "event": "gift:issued" if beside is None else "claim:made",
        "subject": f"gift:{number:08X}",
        "outcome": "permit",
        "visitor": "person",
        "request_id": f"{number:016x}",
        "detail": '{"account":7,"article":3,"fresh":1}',
        "personal": sealed_personal(personal),  # type: ignore[arg-type]
    }


if __name__ == "__main__":
    raise SystemExit(main())
