"""`python -m bench.readings`: what a claim costs at 10,000 readings and at ten million, by turns.

A reading is a claim with its delivery and its arrival. A few links are opened by hundreds, and a few networks are
offices from which very many come. Each round claims as many gifts on one database as on the other, over HTTP and, in
this process, the transaction alone; printed is how many times as dear the larger one is, with its quartiles.
"""

import argparse
import hashlib
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import count, islice
from pathlib import Path

from bench import filling, world, years
from bench.flows import FLOWS, Site
from bench.keeping import SETTINGS, found, made_by, programs
from bench.measuring import Spread, measure
from bench.server import serving
from bench.table import SLOWER_AT_MOST
from bench.world import Filled, Row, World
from bench.years import Years, network
from gateway.keys import KeyRing, open_key_ring
from gateway.reading.claiming import Claimed, Press, claim_gift
from gateway.reading.visit import Visit
from gateway.runtime import Runtime
from gateway.store import schema
from gateway.store.engine import open_database
from tests.postgres import PostgresServer, running_postgres

FOLDER = Path("var/bench")
READINGS_A_GIFT = 10
SIZES = {"sqlite": (10_000, 1_000_000), "postgresql": (10_000, 10_000_000)}
ROUND = 40


@dataclass(frozen=True, slots=True)
class Readings:
    """So many readings, ten of each gift on average: the fewest of most, hundreds of some."""

    readings: int
    key_id: str

    @property
    def years(self) -> Years:
        """The gifts, with when they were made."""
        return Years(self.readings // READINGS_A_GIFT * years.ENTRIES_A_GIFT, self.key_id)

    def tables(self, instant: filling.Instant) -> Iterator[Filled]:
        """Yield every table; none of the log, which a claim only adds to."""
        # These gifts live on, so that each can be claimed.
        given = world.tables(self.years.world, filling.plentiful_policy(), instant)
        yield from (each for each in given if each.table not in ("claim", "entry"))
        claims = "id gift_id article_id device claimed_at served_at confirmed_at network"
        yield Filled("claim", claims, (claim for claim, _, _ in self._rows(instant)))
        yield Filled("delivery", "who day article_id at network", (row for _, row, _ in self._rows(instant)))
        yield Filled("arrival", "gift_id network last_at", (row for _, _, row in self._rows(instant) if row))

    def _rows(self, instant: filling.Instant) -> Iterator[tuple[Row, Row, Row | None]]:
        of = self.years
        for number in range(1, self.readings + 1):
            at = of.issued((number - 1) // READINGS_A_GIFT + 1) + timedelta(minutes=5)
            # Every tenth reading is of one of the links that everybody opens.
            gift = (number - 1) // READINGS_A_GIFT + 1
            gift = gift - gift % years.HOT + 1 if number % READINGS_A_GIFT == 0 else gift
            gift = min(gift, of.world.gifts)
            device, article = hashlib.sha256(b"reader%d" % number).digest(), of.world.article_of(gift)
            written, name = instant(at), network(number)
            arrived = (gift, hashlib.sha256(b"%d" % number).digest()[:16], written)
            claim = (number, gift, article, device, written, written, written, name)
            yield claim, (device, at.date(), article, written, name), arrived


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure on both kinds of database, and print the ratios."""
    parser = argparse.ArgumentParser(prog="python -m bench.readings", description=__doc__)
    parser.add_argument("--database", action="append", choices=("sqlite", "postgresql"), help="only this one")
    parser.add_argument(
        "--readings", type=int, help="the larger number (default: 10 million; SQLite 1 million)"
    )
    parser.add_argument("--pairs", type=int, default=15, help="rounds that are measured (default: 15)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help=f"where databases are kept ({FOLDER})")
    asked = parser.parse_args(arguments)
    for kind in asked.database or ("sqlite", "postgresql"):
        folder = (asked.folder / kind).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        keys = open_key_ring(folder.parent / "keys.json")
        few, many = SIZES[kind]
        worlds = [Readings(each, keys.signer.newest) for each in (few, asked.readings or many)]
        with ExitStack() as stack:
            addresses = _filled(kind, worlds, folder, stack)
            print(f"{kind}: {worlds[1].readings:,} readings against {few:,}", flush=True)
            _over_http(worlds, addresses, keys, folder, asked.pairs)
            _alone(worlds, addresses, keys, asked.pairs)
    return 0


def _filled(kind: str, worlds: Sequence[Readings], folder: Path, stack: ExitStack) -> list[str]:
    """Fill what is not filled yet. A round adds some claims; next to ten million they are nothing, and the few are filled anew."""
    server: PostgresServer | None = None
    if kind == "postgresql":
        server = stack.enter_context(running_postgres(programs(), data=folder / "data", settings=SETTINGS))
    addresses = []
    for number, each in enumerate(worlds):
        name = f"readings_{each.readings}_{made_by(sys.modules[__name__], years, key_id=each.key_id)}"
        if server is None:
            path = folder / f"{name}.db"
            if number == 0 or not path.exists():
                begun = path.with_suffix(".begun")
                begun.unlink(missing_ok=True)
                _fill(f"sqlite:///{begun}", each)
                begun.replace(path)
            addresses.append(f"sqlite:///{path}")
        else:
            if number == 0 or name not in found(server):
                server.drop("readings_begun")
                _fill(server.create("readings_begun"), each)
                server.drop(name)
                server.run("ALTER DATABASE {} RENAME TO {}", "readings_begun", name)
            addresses.append(server.url(name))
    return addresses


def _fill(address: str, of: Readings) -> None:
    print(f"Filling {address.partition(':')[0]} with {of.readings:,} readings …", flush=True)
    database = open_database(address)
    schema.upgrade(database)
    with filling.without_indexes(database):
        filling.fill_tables(database, of.tables)
    filling.settle(database)
    database.close()


def _over_http(
    worlds: Sequence[Readings], addresses: Sequence[str], keys: KeyRing, folder: Path, pairs: int
) -> None:
    (flow,) = (each for each in FLOWS if each.name == "claim")
    with ExitStack() as stack:
        sites = []
        for each, address in zip(worlds, addresses, strict=True):
            host, port = stack.enter_context(serving(address, keys.path, folder))
            sites.append(Site(host, port, each.years.world, keys))
        few, many = measure(flow, sites, folder, pairs=pairs)
    _tell("a whole request", few.gateway, many.gateway)


def _alone(worlds: Sequence[Readings], addresses: Sequence[str], keys: KeyRing, pairs: int) -> None:
    runtimes = [Runtime(open_database(each, threads=1), keys, "https://bench.example") for each in addresses]
    numbers = count(int(time.time()))
    taken: list[list[float]] = [[], []]
    for pair in range(pairs + 1):
        for at in (0, 1) if pair % 2 else (1, 0):
            of = worlds[at].years.world
            seconds = _claims(runtimes[at], of, list(islice(numbers, ROUND)))
            if pair:
                taken[at].append(seconds)
    for runtime in runtimes:
        runtime.close()
    _tell("the transaction alone", *taken)


def _claims(runtime: Runtime, of: World, numbers: Sequence[int]) -> float:
    began = time.perf_counter()
    for number in numbers:
        device = hashlib.sha256(b"new%d" % number).digest()
        address = f"{1 + number % 120}.{number >> 8 & 255}.{number & 255}.7"
        names = partial(runtime.networks.names, address, runtime.clock())
        visit = Visit(device, located=names)
        gift = number * 104_729 % of.gifts + 1
        answer = claim_gift(runtime, world.capability(gift), visit, Press(pressed=True))
        assert isinstance(answer, Claimed), answer
    return (time.perf_counter() - began) / len(numbers)


def _tell(what: str, few: Sequence[float], many: Sequence[float]) -> None:
    ratio = Spread.of([more / less for less, more in zip(few, many, strict=True)])
    times = [sorted(each)[len(each) // 2] * 1000 for each in (few, many)]
    verdict = "reached" if ratio.median <= SLOWER_AT_MOST else "too dear"
    print(
        f"{what:22} {times[0]:6.2f} ms against {times[1]:6.2f} ms: {ratio.median:.3f} times "
        f"({ratio.low:.3f}–{ratio.high:.3f}), want ≤ {SLOWER_AT_MOST}: {verdict}",
        flush=True,
    )


if __name__ == "__main__":
    raise SystemExit(main())
