"""Fill a database with years of a log, sealed: what the sealer would have made of it, written in bulk.

On PostgreSQL the log is written by as many processes as there are cores, a block at a time, and its tree is grown
here, in order. Triggers do not run (no entry waits in the outbox: each is sealed as it is written); what they hold to
is held by `gateway audit verify` and `gateway rollups check`, which tests run over a filled database.
"""

import gc
import multiprocessing
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from bench import filling
from bench.world import FIRST_DAY, Filled
from bench.years import ENDS, MONTHS, Written, Years, about, each_written
from bench.yeartables import tables
from gateway.checkpoint import Checkpoint
from gateway.days import Days
from gateway.figures import Row, rows_of
from gateway.keeping.publishing import Shelf
from gateway.ledger import SealedEntry
from gateway.logmonth import month_begins
from gateway.merkle import Growth, Node
from gateway.policy import parse
from gateway.sealkeys import SealKeys
from gateway.store import copies, months, rollups, schema, sealing
from gateway.store.engine import Database, open_database
from gateway.store.rollups import RollupState
from gateway.verify import leaf_hash

AT_ONCE = 20_000
CHECKPOINT_EACH = 100_000
TOLD_EACH = 1_000_000
HASH_BYTES = 32
ORIGIN = "bench.example/log/0"
ENTRY = tuple(SealedEntry.__slots__)


def fill(address: str, years: Years, keys: SealKeys, shelf: Shelf) -> None:
    """Make every table in an empty database and fill it; ten million entries take some minutes."""
    database = open_database(address)
    try:
        schema.upgrade(database)
        with database.transaction() as connection:
            for month in MONTHS:
                months.make_room(connection, month_begins(month))
        with (
            filling.without_indexes(database),
            filling.without_triggers(database),
            _blocks(database, address, years) as hashes,
        ):
            _grow(database, years, hashes, keys, shelf)
        with database.transaction() as connection:
            copies.number_on(connection)
        filling.settle(database)
    finally:
        database.close()


@contextmanager
def _blocks(database: Database, address: str, years: Years) -> Iterator[Iterable[bytes]]:
    """Yield the leaves' hashes, block by block, of what is being written."""
    starts = range(0, years.entries, AT_ONCE)
    if database.dialect == "sqlite" or len(starts) == 1:
        _write_tables(database, years)
        yield (_write_block(database, years, start) for start in starts)
        return
    # Nothing is shared with the processes, so what is open here is not open there.
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), spawned, _Worker.begin, (address, years)) as pool:
        beside = pool.submit(_Worker.write_tables)
        yield pool.map(_Worker.write_block, starts)
        beside.result()


class _Worker:
    """What one of the processes that write holds."""

    database: Database
    years: Years

    @classmethod
    def begin(cls, address: str, years: Years) -> None:
        """Open the database in this process; entries are many, and none of them is ever part of a ring."""
        cls.database, cls.years = open_database(address), years
        gc.disable()

    @classmethod
    def write_tables(cls) -> None:
        """Write what stands beside the log."""
        _write_tables(cls.database, cls.years)

    @classmethod
    def write_block(cls, start: int) -> bytes:
        """Write one block of the log; returns its leaves' hashes."""
        return _write_block(cls.database, cls.years, start)


def _write_tables(database: Database, years: Years) -> None:
    filling.fill_tables(database, lambda instant: tables(years, filling.plentiful_policy(), instant))


def _write_block(database: Database, years: Years, start: int) -> bytes:
    written = list(each_written(years, start, min(start + AT_ONCE, years.entries)))
    hashes = [leaf_hash(each.entry.canonical()) for each in written]
    filling.fill_tables(database, _Block(written, start, hashes).tables)
    with database.transaction() as connection:
        rollups.add_counts(connection, _counted(years, written))
    return b"".join(hashes)


def _counted(years: Years, written: Iterable[Written]) -> Counter[Row]:
    """Count entries as the sealer does, with what is known of their gifts in place of looking each up."""
    days = Days([(FIRST_DAY, parse(filling.plentiful_policy(), name=filling.POLICY.name).publisher.zone)])
    counts, of = Counter[Row](), years.world
    for each in written:
        gift = about(of, each.gift) if each.gift else None
        counts.update(rows_of(each.entry, gift, days.of(each.entry.at)))
    return counts


def _grow(database: Database, years: Years, blocks: Iterable[bytes], keys: SealKeys, shelf: Shelf) -> None:
    """Grow the tree over the leaves, publish its checkpoints, and note that all of it is sealed and counted."""
    growth, nodes = Growth(), list[Node]()
    for block in blocks:
        for at in range(0, len(block), HASH_BYTES):
            nodes.extend(growth.append(block[at : at + HASH_BYTES]))
        if growth.size % CHECKPOINT_EACH == 0 or growth.size == years.entries:
            note = Checkpoint(ORIGIN, growth.size, growth.root()).signed(keys.private_keys())
            shelf.publish(note, years.at(growth.size - 1))
        if growth.size % TOLD_EACH == 0:
            print(f"  {growth.size:,} entries", flush=True)
    rows = ((each.level, each.index, each.hash) for each in nodes)
    filling.fill_tables(database, lambda _: iter([Filled("node", "level number hash", rows)]))
    with database.transaction() as connection:
        log_id = sealing.add_log(connection, origin=ORIGIN, begun_at=years.at(0), kept=0)
        root = growth.root()
        sealing.add_checkpoint(connection, log_id=log_id, size=years.entries, root=root, made_at=ENDS)
        rollups.find_state(connection, held=True)
        rollups.put_state(connection, RollupState(years.entries))


@dataclass(frozen=True, slots=True)
class _Block:
    """Entries that follow one another, from a place in the tree on, with their leaves' hashes."""

    written: list[Written]
    start: int
    hashes: list[bytes]

    def tables(self, instant: filling.Instant) -> Iterator[Filled]:
        """Yield the log's tables."""
        entries = (
            (each.entry.id, instant(each.entry.at), *(getattr(each.entry, name) for name in ENTRY[2:]))
            for each in self.written
        )
        beside = ((each.entry.id, *value) for each in self.written for value in each.beside)
        numbers = (each.entry.id for each in self.written)
        leaves = zip(count(self.start), numbers, self.hashes, strict=False)
        yield Filled("entry", " ".join(ENTRY), entries)
        yield Filled("entry_person", "entry_id field salt value", beside)
        yield Filled("leaf", "position entry_id hash", leaves)


def places(folder: Path) -> tuple[SealKeys, Shelf]:
    """Open the sealing keys and the checkpoints beside a filled database."""
    return SealKeys(folder / "seal-keys.json"), Shelf(folder / "checkpoints")
