"""Doing the replay that an admin asked for: under a lease, telling how far it is, and begun anew where it was broken off."""

import time
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from gateway.keeping.leases import Lease
from gateway.ledger import GATEWAY, Entry, Event
from gateway.policy import parse
from gateway.runtime import Runtime
from gateway.simulating import kept
from gateway.simulating.comparing import Simulation, simulate
from gateway.store import simulations
from gateway.store.entries import append_entry
from gateway.store.simulations import DONE, FAILED, GIVEN_UP, Asked

LEASE = "simulation"
# Whatever breaks one off so often, such as a lack of memory, would do so for ever.
BEGUN_AT_MOST = 3
NOTED_EVERY_SECONDS = 2.0

log = structlog.get_logger()


class _BrokenOffError(Exception):
    """A replay is not to go on: an admin stopped it, or another process has it."""


class _ToldToEndError(Exception):
    """The process that does a replay is to end."""


def _always() -> bool:
    return True


def work_off(runtime: Runtime, may_go_on: Callable[[], bool] = _always) -> int:
    """Do the replay that waits or was broken off, if there is one and nobody else does it; returns how many were done.

    `may_go_on` is asked every few seconds; where it says no, the replay waits again. What is broken off otherwise, as
    by a database that is away (raises SQLAlchemyError), is begun anew and given up after the third time; any other
    fault ends it as failed.
    """
    lease = Lease(runtime, LEASE)
    if not lease.held(runtime.clock()):
        return 0
    try:
        asked = _begun(runtime)
        return 0 if asked is None else _done(runtime, asked, _Watch(runtime, lease, asked.id, may_go_on))
    finally:
        lease.release()


def _begun(runtime: Runtime) -> Asked | None:
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        asked = simulations.find_open(connection)
        if asked is None:
            return None
        if asked.begun < BEGUN_AT_MOST:
            return asked if simulations.begin_simulation(connection, asked.id, now) else None
    _end(runtime, asked, GIVEN_UP, None)
    return None


def _done(runtime: Runtime, asked: Asked, watch: "_Watch") -> int:
    log.info("replay_begun", simulation=asked.id, days=asked.days, before=asked.begun)
    try:
        candidate = parse(asked.text, name=asked.name)
        found = simulate(runtime, candidate, days=asked.days, progress=watch.note)
    except _ToldToEndError:
        with runtime.database.transaction() as connection:
            simulations.put_back(connection, asked.id)
        log.info("replay_broken_off", simulation=asked.id)
        return 0
    except _BrokenOffError:
        log.info("replay_broken_off", simulation=asked.id)
        return 0
    except SQLAlchemyError:
        raise
    except Exception:
        # Whatever it is, it would be met again: who asked has to be told that nothing comes of it.
        log.exception("replay_failed", simulation=asked.id)
        _end(runtime, asked, FAILED, None)
        return 0
    _end(runtime, asked, DONE, found)
    log.info("replay_done", simulation=asked.id, entries=found.entries)
    return 1


def _end(runtime: Runtime, asked: Asked, state: str, found: Simulation | None) -> None:
    now = runtime.clock()
    about: dict[str, str | int] = {"digest": asked.digest, "days": asked.days, "state": state}
    if found is not None:
        about |= {"base": found.base, "entries": found.entries}
    result = "" if found is None else kept.spelled(found)
    with runtime.database.transaction() as connection:
        if simulations.end_simulation(connection, asked.id, state, now, result=result):
            line = Entry(now, GATEWAY, Event.SIMULATION_ENDED, f"simulation:{asked.id}", detail=about)
            append_entry(connection, line)


class _Watch:
    """Notes how far a replay is, and breaks it off where it is not to go on."""

    def __init__(self, runtime: Runtime, lease: Lease, number: int, may_go_on: Callable[[], bool]) -> None:
        self._runtime = runtime
        self._lease = lease
        self._number = number
        self._may_go_on = may_go_on
        self._noted_at = time.monotonic()

    def note(self, part: float) -> None:
        """Note which part is done, every few seconds; raises _BrokenOffError or _ToldToEndError."""
        if time.monotonic() - self._noted_at < NOTED_EVERY_SECONDS:
            return
        self._noted_at = time.monotonic()
        if not self._may_go_on():
            raise _ToldToEndError
        if not self._lease.held(self._runtime.clock()):
            raise _BrokenOffError
        with self._runtime.database.transaction() as connection:
            if not simulations.note_progress(connection, self._number, min(int(part * 100), 99)):
                raise _BrokenOffError
