"""Fill a database with years of a log, sealed: what the sealer would have made of it, written in bulk."""

import gc
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import filling
from bench.world import Filled
from bench.years import Written, Years, each_written, tables
from gateway.checkpoint import Checkpoint
from gateway.keeping.publishing import Shelf
from gateway.ledger import SealedEntry
from gateway.logmonth import month_begins
from gateway.merkle import Growth, Node
from gateway.sealkeys import SealKeys
from gateway.store import copies, months, schema, sealing
from gateway.store.engine import Database, open_database
from gateway.verify import leaf_hash

AT_ONCE = 20_000
CHECKPOINT_EACH = 100_000
ORIGIN = "bench.example/log/0"
ENTRY = tuple(SealedEntry.__slots__)


def fill(address: str, years: Years, keys: SealKeys, shelf: Shelf) -> None:
    """Make every table in an empty database and fill it; ten million entries take some minutes."""
    database = open_database(address)
    try:
        schema.upgrade(database)
        with database.transaction() as connection:
            for month in years.months:
                months.make_room(connection, month_begins(month))
        gc.freeze()
        with filling.without_indexes(database):
            filling.fill_tables(database, lambda instant: tables(years, filling.plentiful_policy(), instant))
            _fill_log(database, years, keys, shelf)
        with database.transaction() as connection:
            # On SQLite the triggers were there: what is sealed waits no longer.
            sealing.drop_sealed_from_outbox(connection)
            copies.number_on(connection)
        filling.settle(database)
    finally:
        database.close()


def _fill_log(database: Database, years: Years, keys: SealKeys, shelf: Shelf) -> None:
    growth, position = Growth(), 0
    written = each_written(years)
    while some := list(itertools.islice(written, AT_ONCE)):
        hashes = [leaf_hash(each.entry.canonical()) for each in some]
        nodes = [node for each in hashes for node in growth.append(each)]
        filling.fill_tables(database, _Block(some, position, hashes, nodes).tables)
        position += len(some)
        if position % CHECKPOINT_EACH == 0 or position == years.entries:
            note = Checkpoint(ORIGIN, position, growth.root()).signed(keys.private_keys())
            shelf.publish(note, some[-1].entry.at)
    with database.transaction() as connection:
        log_id = sealing.add_log(connection, origin=ORIGIN, begun_at=years.at(0), kept=0)
        root, made_at = growth.root(), years.ends
        sealing.add_checkpoint(connection, log_id=log_id, size=years.entries, root=root, made_at=made_at)


@dataclass(frozen=True, slots=True)
class _Block:
    """Entries that follow one another, from a place in the tree on, with what is sealed of them."""

    written: list[Written]
    start: int
    hashes: list[bytes]
    nodes: list[Node]

    def tables(self, instant: filling.Instant) -> Iterator[Filled]:
        """Yield the log's tables."""
        entries = (
            (each.entry.id, instant(each.entry.at), *(getattr(each.entry, name) for name in ENTRY[2:]))
            for each in self.written
        )
        beside = ((each.entry.id, *value) for each in self.written for value in each.beside)
        numbers = (each.entry.id for each in self.written)
        leaves = zip(itertools.count(self.start), numbers, self.hashes, strict=False)
        yield Filled("entry", " ".join(ENTRY), entries)
        yield Filled("entry_person", "entry_id field salt value", beside)
        yield Filled("leaf", "position entry_id hash", leaves)
        yield Filled(
            "node", "level number hash", ((each.level, each.index, each.hash) for each in self.nodes)
        )


def places(folder: Path) -> tuple[SealKeys, Shelf]:
    """Open the sealing keys and the checkpoints beside a filled database."""
    return SealKeys(folder / "seal-keys.json"), Shelf(folder / "checkpoints")
