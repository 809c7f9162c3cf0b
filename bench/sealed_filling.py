"""Fill a database with years of a log, sealed: what the sealer would have made of it, written in bulk.

On PostgreSQL the log is written by as many processes as there are cores, a block at a time, and its tree is grown
here, in order. Triggers do not run (no entry waits in the outbox: each is sealed as it is written); what they hold to
is held by `gateway audit verify` and `gateway rollups check`, which tests run over a filled database.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from bench import blocks, filling
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
        starts = range(0, years.entries, AT_ONCE)
        with (
            filling.without_indexes(database),
            filling.without_triggers(database),
            blocks.written(
                address, starts, partial(_write_block, years), partial(_write_tables, years)
            ) as hashes,
        ):
            _grow(database, years, hashes, keys, shelf)
        with database.transaction() as connection:
            copies.number_on(connection)
        filling.settle(database)
    finally:
        database.close()


def _write_tables(years: Years, database: Database) -> None:
    filling.fill_tables(database, lambda instant: tables(years, filling.plentiful_policy(), instant))


def _write_block(years: Years, database: Database, start: int) -> bytes:
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


def _grow(database: Database, years: Years, hashes: Iterable[bytes], keys: SealKeys, shelf: Shelf) -> None:
    """Grow the tree over the leaves, publish its checkpoints, and note that all of it is sealed and counted."""
    growth, nodes = Growth(), list[Node]()
    for block in hashes:
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
