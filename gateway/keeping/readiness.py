"""Whether this process can do its work just now: database, tables, policy, keys."""

from dataclasses import dataclass

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from gateway.keys import KeyFileError
from gateway.runtime import NoPolicyError, Runtime
from gateway.store import schema

OK, AWAY, MISSING, BEHIND, AHEAD = "ok", "away", "missing", "behind", "ahead"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Readiness:
    """How each part stands: `ok`, or in one word what is wrong with it."""

    database: str
    tables: str
    policy: str
    keys: str


def readiness(runtime: Runtime) -> Readiness:
    """Ask every part; nothing is taken from memory, and what went wrong is told to the process's log alone."""
    keys = _keys(runtime)
    try:
        with runtime.database.reading() as connection:
            tables = _tables(connection)
            return Readiness(OK, tables, _policy(runtime, connection) if tables == OK else MISSING, keys)
    except SQLAlchemyError as fault:
        log.warning("not_ready", part="database", error=schema.first_line(fault))
        return Readiness(AWAY, AWAY, AWAY, keys)


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


def _keys(runtime: Runtime) -> str:
    try:
        return OK if runtime.keys.signer.key_ids else MISSING
    except KeyFileError as fault:
        log.warning("not_ready", part="keys", error=str(fault))
        return AWAY
