"""Whether this process can do its work just now: database, tables, policy, keys; and how the log's sealing stands."""

from dataclasses import dataclass

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from gateway.auditing.alarm import find_seal_alarm
from gateway.keeping.keys import lost_keys
from gateway.keys import KeyFileError
from gateway.runtime import NoPolicyError, Runtime
from gateway.store import schema

OK, AWAY, MISSING, BEHIND, AHEAD = "ok", "away", "missing", "behind", "ahead"
LATE, STOPPED, INCOMPLETE = "late", "stopped", "incomplete"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Readiness:
    """How each part stands: `ok`, or in one word what is wrong with it.

    `log` is an alarm and no reason to turn people away: nobody's act waits for the sealer.
    """

    database: str
    tables: str
    policy: str
    keys: str
    log: str


def readiness(runtime: Runtime) -> Readiness:
    """Ask every part; nothing is taken from memory, and what went wrong is told to the process's log alone."""
    keys = _keys(runtime)
    try:
        with runtime.database.reading() as connection:
            tables = _tables(connection)
            if tables != OK:
                return Readiness(OK, tables, MISSING, keys, MISSING)
            if keys == OK:
                keys = _completeness(runtime, connection)
            return Readiness(OK, OK, _policy(runtime, connection), keys, _log(runtime, connection))
    except SQLAlchemyError as fault:
        log.warning("not_ready", part="database", error=schema.first_line(fault))
        return Readiness(AWAY, AWAY, AWAY, keys, AWAY)


def _tables(connection: Connection) -> str:
    standing = schema.current(connection)
    if standing == schema.newest():
        return OK
    log.warning("not_ready", part="tables", standing=standing, wanted=schema.newest())
    if standing is None:
        return MISSING
    return BEHIND if standing in schema.known() else AHEAD


def _policy(runtime: Runtime, connection: Connection) -> str:
    try:
        runtime.policies.in_force_within(connection, runtime.clock())
    except NoPolicyError:
        return MISSING
    return OK


def _log(runtime: Runtime, connection: Connection) -> str:
    alarm = find_seal_alarm(connection, runtime.clock())
    if alarm is not None and alarm.because:
        log.warning("sealing_stopped", because=alarm.because)
        return STOPPED
    return OK if alarm is None else LATE


def _completeness(runtime: Runtime, connection: Connection) -> str:
    # Whatever such a process signs or refuses is wrong for the others, so it is not ready.
    lost = lost_keys(connection, runtime.keys, runtime.clock())
    for key in lost:
        log.warning("not_ready", part="keys", missing=key.id, links=key.links)
    return INCOMPLETE if lost else OK


def _keys(runtime: Runtime) -> str:
    try:
        return OK if runtime.keys.signer.key_ids else MISSING
    except KeyFileError as fault:
        log.warning("not_ready", part="keys", error=str(fault))
        return AWAY
