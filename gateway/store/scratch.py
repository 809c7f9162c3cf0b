"""A database for a moment: every table, nothing in it, on disk so that memory stays flat, and gone afterwards."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, create_engine, event

from gateway.models import metadata
from gateway.store.entries import REPLAYED

# What was drawn by chance when a rule fired, from 0 to 1, by the rule's name, on whom, and when.
Drawn = Callable[[str, str, datetime], float]


@contextmanager
def scratch(drawn: Drawn) -> Iterator[Connection]:
    """Yield a connection on an empty SQLite database in which acts can be replayed; nothing of it is kept.

    It refers to no accounts and articles, so foreign keys are not checked.
    """
    with TemporaryDirectory(prefix="gateway-") as folder:
        engine = create_engine(f"sqlite:///{folder}/scratch.db")
        event.listen(engine, "connect", _set_up)
        try:
            with engine.connect() as connection:
                metadata.create_all(connection)
                connection.commit()
                connection.info[REPLAYED] = drawn
                yield connection
                connection.rollback()
        finally:
            engine.dispose()


def _set_up(connection: Any, _record: Any) -> None:
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-32768"):
        connection.execute(f"PRAGMA {pragma}").close()
