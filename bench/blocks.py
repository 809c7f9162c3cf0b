"""Fill a database block by block: on PostgreSQL by as many processes as there are cores, on SQLite here.

Nobody sees a block before it is committed, and what a fill that was broken off leaves has not got its name yet; see
`bench.keeping`.
"""

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

from gateway.store.engine import Database, open_database

Block = Callable[[Database, int], Any]
Beside = Callable[[Database], object]


@contextmanager
def written(address: str, starts: Sequence[int], block: Block, beside: Beside) -> Iterator[Iterable[Any]]:
    """Yield what each block tells, in order, while they and what stands beside them are being written.

    A block is named by where it starts. On PostgreSQL both are done in other processes, so they have to be functions
    of a module, or partials of such.
    """
    if address.startswith("sqlite:") or len(starts) == 1:
        database = open_database(address)
        beside(database)
        yield (block(database, start) for start in starts)
        database.close()
        return
    # Nothing is shared with the processes, so what is open here is not open there.
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), spawned, _Worker.begin, (address, block, beside)) as pool:
        done = pool.submit(_Worker.write_beside)
        yield pool.map(_Worker.write, starts)
        done.result()


class _Worker:
    """What one of the processes holds."""

    database: Database
    block: Block
    beside: Beside

    @classmethod
    def begin(cls, address: str, block: Block, beside: Beside) -> None:
        """Open the database in this process; rows are many, and none of them is ever part of a ring."""
        cls.database = open_database(address)
        cls.block, cls.beside = staticmethod(block), staticmethod(beside)
        gc.disable()

    @classmethod
    def write_beside(cls) -> None:
        """Write what stands beside the blocks."""
        cls.beside(cls.database)

    @classmethod
    def write(cls, start: int) -> Any:
        """Write one block; returns what it tells."""
        return cls.block(cls.database, start)
