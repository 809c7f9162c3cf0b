"""`python -m bench.readings`: what a claim costs at 10,000 readings and at ten million, by turns.

A reading is a claim with its delivery and its arrival. Each round claims as many gifts on one database as on the other,
over HTTP and, in this process, the transaction alone, by readers who come from where others came from: a fifth from a few
offices, a tenth by the links that everybody opens. Printed is how many times as dear the larger database is, with the
quartiles. What rules look at is of the last hours, so a filled database is kept for a day.
"""

import argparse
import hashlib
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import count, islice
from pathlib import Path

from bench import blocks, filling, readers, world
from bench.flows import FLOWS, Site, claim, network_address
from bench.keeping import copied, made_by
from bench.measuring import Spread, measure
from bench.readers import Readings, naming, network_of
from bench.server import serving
from bench.table import SLOWER_AT_MOST
from gateway.keys import KeyRing, open_key_ring
from gateway.reading.claiming import Claimed, Press, claim_gift
from gateway.reading.visit import Visit
from gateway.runtime import Runtime
from gateway.store import copies, schema
from gateway.store.engine import Database, open_database

FOLDER = Path("var/bench")
SIZES = {"sqlite": (10_000, 1_000_000), "postgresql": (10_000, 10_000_000)}
AT_ONCE = 20_000
ROUND = 40


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
        ends = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        few, many = SIZES[kind]
        sizes = [Readings(each, keys.signer.newest, ends) for each in (few, asked.readings or many)]
        with _filled(kind, sizes, folder, keys) as addresses:
            print(f"{kind}: {sizes[1].readings:,} readings against {few:,}", flush=True)
            _over_http(sizes, addresses, keys, folder, asked.pairs)
            _alone(sizes, addresses, keys, asked.pairs)
    return 0


@contextmanager
def _filled(kind: str, sizes: Sequence[Readings], folder: Path, keys: KeyRing) -> Iterator[list[str]]:
    """Yield the addresses of copies, since a round adds to them what the next run's rules would count."""
    pepper = keys.keys.derived("network.v1")
    names = []
    for each in sizes:
        made = made_by(readers, sys.modules[__name__], key_id=f"{each.key_id} {each.ends:%Y-%m-%d}")
        names.append(f"readings_{each.readings}_{made}")
    fills = {name: partial(_fill, each, pepper) for name, each in zip(names, sizes, strict=True)}
    with copied(kind, folder, fills) as addresses:
        yield [addresses[name] for name in names]


def _fill(of: Readings, pepper: bytes, address: str) -> None:
    print(f"Filling {address.partition(':')[0]} with {of.readings:,} readings …", flush=True)
    began = time.perf_counter()
    database = open_database(address)
    schema.upgrade(database)
    starts = range(1, of.readings + 1, AT_ONCE)
    with filling.without_indexes(database), filling.without_triggers(database):
        # The salts are there before anybody is named by them.
        filling.fill_tables(database, of.beside)
        with blocks.written(address, starts, partial(_write_block, of, pepper), _nothing) as done:
            for _ in done:
                pass
    with database.transaction() as connection:
        copies.number_on(connection)
    filling.settle(database)
    database.close()
    print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)


def _nothing(_database: Database) -> None:
    """Write nothing beside the blocks."""


def _write_block(of: Readings, pepper: bytes, database: Database, start: int) -> None:
    name = naming(database, pepper)
    stop = min(start + AT_ONCE, of.readings + 1)
    filling.fill_tables(database, lambda instant: of.block(start, stop, name, instant))


def _over_http(
    sizes: Sequence[Readings], addresses: Sequence[str], keys: KeyRing, folder: Path, pairs: int
) -> None:
    (flow,) = (each for each in FLOWS if each.name == "claim")
    with ExitStack() as stack:
        sites, of = [], dict[Site, Readings]()
        for each, address in zip(sizes, addresses, strict=True):
            host, port = stack.enter_context(serving(address, keys.path, folder))
            sites.append(Site(host, port, each.world, keys))
            of[sites[-1]] = each

        def spell(site: Site, numbers: Sequence[int]) -> list[bytes]:
            return [claim(site, _gift(of[site], number), network_of(number + 1)) for number in numbers]

        few, many = measure(replace(flow, spell=spell), sites, folder, pairs=pairs)
    _tell("a whole request", few.gateway, many.gateway)


def _alone(sizes: Sequence[Readings], addresses: Sequence[str], keys: KeyRing, pairs: int) -> None:
    runtimes = [Runtime(open_database(each, threads=1), keys, "https://bench.example") for each in addresses]
    numbers = count(1_000_000)
    taken: list[list[float]] = [[], []]
    for pair in range(pairs + 1):
        for at in (0, 1) if pair % 2 else (1, 0):
            seconds = _claims(runtimes[at], sizes[at], list(islice(numbers, ROUND)))
            if pair:
                taken[at].append(seconds)
    for runtime in runtimes:
        runtime.close()
    _tell("the transaction alone", *taken)


def _gift(of: Readings, number: int) -> int:
    """Name the gift of a claim: one in ten is of a link that everybody opens, as ever."""
    return of.gift_of(number % 10 + 1 + number * 104_729 % of.world.gifts * 10)


def _claims(runtime: Runtime, of: Readings, numbers: Sequence[int]) -> float:
    began = time.perf_counter()
    for number in numbers:
        device = hashlib.sha256(b"new%d" % number).digest()
        address = network_address(network_of(number + 1))
        visit = Visit(device, located=partial(runtime.networks.names, address, runtime.clock()))
        answer = claim_gift(runtime, world.capability(_gift(of, number)), visit, Press(pressed=True))
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
