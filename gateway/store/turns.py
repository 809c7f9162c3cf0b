"""Turns: whose acts go one after the other until a transaction ends, on PostgreSQL, which lets several write at once."""

from functools import cache

from sqlalchemy import Connection, Text, bindparam, cast, func, literal, select

from gateway.guard import By
from gateway.models import gift
from gateway.parties import Parties
from gateway.store.prepared import Prepared

# The first half of PostgreSQL's two-part advisory locks; any number that nothing else takes will do.
LOCK = 0x67756172
_GIVER = func.hashtext(literal("account:").op("||")(cast(gift.c.account_id, Text)))
_GIVERS_TURN = Prepared(
    select(func.pg_advisory_xact_lock(LOCK, _GIVER)).where(gift.c.capability == bindparam("capability"))
)


def take_turn(connection: Connection, parties: Parties) -> None:
    """Let the acts of one reader, and of one network, go one after the other until the transaction ends.

    Without it 64 requests at once would each be the first. SQLite has one writer at a time anyway. Whoever holds a
    gift's row takes the turns after it, a reader's before a network's, so that no two wait for each other.
    """
    if connection.dialect.name != "postgresql":
        return
    named = parties.names
    names = [named[by][0] for by in (By.READER, By.SUBSCRIBER, By.NETWORK) if by in named]
    if names:
        _turns(len(names)).rows(connection, {f"name_{at}": name for at, name in enumerate(names)})


def take_givers_turn(connection: Connection, capability: bytes) -> None:
    """Take the turn of whoever gave a gift, by what its token carries, as `take_turn` does of a subscriber.

    Alone of all turns it is taken before the gift's row, so that who freezes the giver's gifts waits for none of them.
    """
    if connection.dialect.name == "postgresql":
        _GIVERS_TURN.rows(connection, {"capability": capability})


def take_watch(connection: Connection) -> None:
    """Let one process at a time watch what no request waits for, until the transaction ends.

    Without it two would both be the first to see a link spread, and neither would see the other's of the same giver.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(LOCK)))


@cache
def _turns(number: int) -> Prepared:
    names = (func.hashtext(bindparam(f"name_{at}", type_=Text)) for at in range(number))
    return Prepared(select(*(func.pg_advisory_xact_lock(LOCK, name) for name in names)))
