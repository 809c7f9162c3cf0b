"""A log that is being sealed, for the tests: a sealer with a key and a folder of checkpoints, and a hand that tampers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from gateway.checkpoint import public_bytes, public_line
from gateway.keeping.proving import verify_log
from gateway.keeping.publishing import Shelf
from gateway.keeping.sealing import Sealer
from gateway.ledger import OPERATOR, Entry, Event, reader_actor
from gateway.sealkeys import SealKeys
from gateway.store.entries import append_entry
from gateway.verify import Report
from tests.house import House


@dataclass
class SealedLog:
    """A house's log with its sealer, keys and checkpoints."""

    house: House
    keys: SealKeys
    shelf: Shelf
    sealer: Sealer

    @property
    def public(self) -> list[bytes]:
        """The public keys."""
        return [public_bytes(key) for key in self.keys.private_keys()]

    @property
    def public_line(self) -> str:
        """The first public key as verifiers take it."""
        newest = self.shelf.newest()
        assert newest is not None
        return public_line(newest.origin, self.keys.private_keys()[0])

    def fresh(self) -> Sealer:
        """Start another sealer, as after a crash: it knows nothing."""
        self.sealer.release()
        self.sealer = Sealer(self.house.runtime, self.keys, self.shelf)
        return self.sealer

    def write(self, number: int, *, seal_each: int = 0) -> None:
        """Write entries, by readers and by the operator in turn, and seal after every so many."""
        for each in range(number):
            actor = reader_actor(bytes([each % 7]) * 32) if each % 2 else OPERATOR
            about: dict[str, str | int] = {"name": "„ü“", "digest": each}
            line = Entry(self.house.clock.now, actor, Event.POLICY_ADOPTED, f"policy:{each}", detail=about)
            with self.house.runtime.database.transaction() as connection:
                append_entry(connection, line)
            if seal_each and (each + 1) % seal_each == 0:
                self.sealer.beat()
        self.sealer.beat()

    def verify(self, *kept: Path) -> Report:
        """Verify the living log."""
        return verify_log(self.house.runtime, self.shelf, self.public, kept=kept)

    def number_at(self, position: int) -> int:
        """Tell which entry stands at a position."""
        found = self.house.value(f"SELECT entry_id FROM leaf WHERE position = {position}")
        assert isinstance(found, int)
        return found

    @contextmanager
    def behind_its_back(self) -> Iterator[Callable[..., Any]]:
        """Yield a way to do anything to the tables: every trigger is dropped first, as the owner of a database can."""
        with self.house.runtime.database.transaction() as connection:
            _drop_triggers(connection)

            def do(statement: str, **values: object) -> Any:
                return connection.execute(text(statement), values)

            yield do


def _drop_triggers(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # A partition's copy of its table's trigger goes with that.
        found = (
            "SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
            "WHERE NOT tgisinternal AND tgparentid = 0"
        )
        for name, table in connection.execute(text(found)).all():
            connection.execute(text(f"DROP TRIGGER {name} ON {table}"))
    else:
        for (name,) in connection.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        ).all():
            connection.execute(text(f"DROP TRIGGER {name}"))


@pytest.fixture
def sealed_log(house: House) -> SealedLog:
    """Yield a log with its sealer, on both kinds of database."""
    return log_of(house)


def log_of(house: House) -> SealedLog:
    """Give a house a sealer."""
    keys, shelf = SealKeys(house.folder / "seal-keys.json"), Shelf(house.folder / "checkpoints")
    return SealedLog(house, keys, shelf, Sealer(house.runtime, keys, shelf))
