"""What networks are called: keyed hashes whose key changes every month and is destroyed; and who guesses at links."""

import hmac
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from threading import Lock

from sqlalchemy import Connection

from gateway.firing import Firing
from gateway.guard import By
from gateway.parties import Parties
from gateway.store import firings, networks
from gateway.store.engine import Database
from gateway.visitor import network_of

NAME_BYTES = 16


class NetworkBook:
    """Names networks, from a secret of the key file and a salt of the database: one alone gives nothing away."""

    def __init__(self, database: Database, pepper: bytes) -> None:
        self._database = database
        self._pepper = pepper
        self._lock = Lock()
        self._keys: dict[str, bytes] = {}
        self._guessers: Mapping[str, Sequence[Firing]] = {}

    def names(self, address: str, now: datetime) -> tuple[bytes, ...]:
        """Name an address's network under this month's key and, where it is kept, the last month's."""
        try:
            prefix = network_of(address).encode()
        except ValueError:
            prefix = b"unknown"
        months, keys = months_of(now), self._keys
        if months[0] not in keys:
            keys = self.read(now)
        kept = [keys[month] for month in months if month in keys]
        return tuple(hmac.digest(key, prefix, "sha256")[:NAME_BYTES] for key in kept)

    def guessed(self, names: tuple[bytes, ...]) -> list[Firing]:
        """List what keeps a network from trying tokens that we never signed, as the database had it a second ago."""
        who = Parties(networks=names).names.get(By.NETWORK, ())
        return [firing for name in who for firing in self._guessers.get(name, ())]

    def read(self, now: datetime) -> dict[str, bytes]:
        """Read salts and guessers again, and draw this month's salt where nobody did; returns the keys by month."""
        # One after the other, since a reading that began before the salt was drawn must not come last: whoever has
        # no name for a network would let it pass uncounted.
        with self._lock:
            with self._database.reading() as connection:
                self._read(connection, now)
            if months_of(now)[0] not in self._keys:
                with self._database.transaction() as connection:
                    networks.add_salt(connection, months_of(now)[0])
                    self._read(connection, now)
            return self._keys

    def _read(self, connection: Connection, now: datetime) -> None:
        salts = networks.list_salts(connection)
        self._keys = {month: hmac.digest(self._pepper, salt, "sha256") for month, salt in salts.items()}
        guessers = defaultdict(list)
        for firing in firings.list_guessers(connection, now):
            guessers[firing.who].append(firing)
        self._guessers = guessers


def months_of(now: datetime) -> tuple[str, str]:
    """Name the UTC month of an instant and the one before."""
    at = now.astimezone(UTC)
    return _months(at.year, at.month)


@lru_cache(4)
def _months(year: int, month: int) -> tuple[str, str]:
    before = date(year, month, 1) - timedelta(days=1)
    return f"{year:04}-{month:02}", f"{before:%Y-%m}"
