"""Deadlocks: of acts that wait for one another's rows PostgreSQL ends one, which is then done again from its start."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from sqlalchemy.exc import OperationalError

# SQLSTATE deadlock_detected: https://www.postgresql.org/docs/current/errcodes-appendix.html
DEADLOCK = "40P01"
ATTEMPTS = 4
Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


def again_after_deadlock(act: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
    """Do an act that opens a transaction of its own again where a deadlock undid it, three times at most.

    A rule that freezes all gifts of an account writes rows that other claims hold, in no order that claims could keep
    to. SQLite, with one writer, knows no deadlock.
    """

    @wraps(act)
    def tried(*args: Asked.args, **named: Asked.kwargs) -> Answer:
        for _ in range(ATTEMPTS - 1):
            try:
                return act(*args, **named)
            except OperationalError as fault:
                known: Any = fault.orig
                if getattr(known, "sqlstate", None) != DEADLOCK:
                    raise
        return act(*args, **named)

    return tried
