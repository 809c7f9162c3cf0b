"""What admins asked to be replayed: added, begun, told how far it is, ended once."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from gateway.models import simulation

WAITING, RUNNING = "waiting", "running"
DONE, FAILED, GIVEN_UP, STOPPED = "done", "failed", "given_up", "stopped"


@dataclass(frozen=True, slots=True)
class Asked:
    """One replay that was asked for: of which policy, over how many days; `begun` counts how often it was begun.

    It ended as done, with its `result`; by a fault (failed); because it was broken off too often (given_up); or
    because an admin stopped it.
    """

    id: int
    name: str
    text: str
    digest: str
    days: int
    asked_at: datetime
    asked_by: str
    state: str
    begun: int
    begun_at: datetime | None
    percent: int
    ended_at: datetime | None
    result: str

    @property
    def is_open(self) -> bool:
        """Tell whether it waits or is under way."""
        return self.ended_at is None


_COLUMNS = [simulation.c[field.name] for field in fields(Asked)]
_OPEN = simulation.c.ended_at.is_(None)


def add_simulation(connection: Connection, **values: object) -> int:
    """Add what is to be replayed; returns its number."""
    statement = insert(simulation).values(state=WAITING, **values).returning(simulation.c.id)
    return int(connection.execute(statement).scalar_one())


def find_simulation(connection: Connection, number: int) -> Asked | None:
    """Find one by its number."""
    row = connection.execute(select(*_COLUMNS).where(simulation.c.id == number)).first()
    return None if row is None else Asked(*row)


def find_open(connection: Connection) -> Asked | None:
    """Find the one that waits or is under way."""
    row = connection.execute(select(*_COLUMNS).where(_OPEN).order_by(simulation.c.id).limit(1)).first()
    return None if row is None else Asked(*row)


def list_simulations(connection: Connection, *, digest: str = "", limit: int) -> list[Asked]:
    """List the latest, newest first; those of one policy's text where its digest is given."""
    statement = select(*_COLUMNS).order_by(simulation.c.id.desc()).limit(limit)
    if digest:
        statement = statement.where(simulation.c.digest == digest)
    return [Asked(*row) for row in connection.execute(statement)]


def begin_simulation(connection: Connection, number: int, now: datetime) -> bool:
    """Begin one, also one that was broken off; False where it has ended."""
    begun = {"state": RUNNING, "begun": simulation.c.begun + 1, "begun_at": now, "percent": 0}
    return _change(connection, number, begun)


def put_back(connection: Connection, number: int) -> bool:
    """Let one wait again whose process was told to end, as if it had not been begun; False where it has ended."""
    begun = {"state": WAITING, "begun": simulation.c.begun - 1, "begun_at": None, "percent": 0}
    return _change(connection, number, begun)


def note_progress(connection: Connection, number: int, percent: int) -> bool:
    """Note how far one is; False where it has ended meanwhile."""
    return _change(connection, number, {"percent": percent})


def end_simulation(
    connection: Connection, number: int, state: str, now: datetime, *, result: str = ""
) -> bool:
    """End one; False where it has ended before."""
    return _change(connection, number, {"state": state, "ended_at": now, "result": result})


def drop_simulations(connection: Connection, *, kept: int) -> int:
    """Forget those that ended, but for the latest; returns how many."""
    newest = select(simulation.c.id).order_by(simulation.c.id.desc()).offset(kept).limit(1).scalar_subquery()
    old = simulation.c.id <= func.coalesce(newest, 0)
    return connection.execute(delete(simulation).where(old, ~_OPEN)).rowcount


def _change(connection: Connection, number: int, values: Mapping[str, object]) -> bool:
    statement = update(simulation).where(simulation.c.id == number, _OPEN).values(**values)
    return connection.execute(statement).rowcount > 0
