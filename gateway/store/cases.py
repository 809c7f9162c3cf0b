"""Cases of the desk's queue: opened once for each piece of evidence, taken, closed, opened again, forgotten."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from gateway.case import Case, Evidence, Kind
from gateway.ledger import spelled
from gateway.models import case_evidence, desk_case

COLUMNS = [desk_case.c[field.name] for field in fields(Case)]
IS_OPEN = desk_case.c.closed_at.is_(None)


@dataclass(frozen=True, slots=True)
class Added:
    """Into which case a piece of evidence went, and whether the case was opened for it."""

    case_id: int
    opened: bool


def add_evidence(
    connection: Connection, evidence: Evidence, *, account_id: int | None, now: datetime
) -> Added | None:
    """Add evidence to the open case of its kind and subject, or open one; None where it was added before.

    Where several bring the same, or something else about the same subject, one of them opens the case: what decides are
    the two unique indexes, of open cases and of origins.
    """
    if has_origin(connection, evidence.kind, evidence.origin):
        return None
    case_id, fresh = _open_or_hold(connection, evidence, account_id, now)
    once = _insert(connection, case_evidence).on_conflict_do_nothing(index_elements=["kind", "origin"])
    row = {
        "case_id": case_id,
        "kind": evidence.kind.value,
        "origin": evidence.origin,
        "at": evidence.at,
        "figures": spelled(evidence.figures),
        "words": evidence.words,
    }
    if connection.execute(once.values(row).returning(case_evidence.c.id)).first() is None:
        if (
            fresh
        ):  # Somebody else's case had the same evidence and was closed meanwhile; nobody has seen this one.
            connection.execute(delete(desk_case).where(desk_case.c.id == case_id))
        return None
    grown = update(desk_case).where(desk_case.c.id == case_id).values(pieces=desk_case.c.pieces + 1)
    connection.execute(grown)
    return Added(case_id, fresh)


def has_origin(connection: Connection, kind: Kind, origin: str) -> bool:
    """Tell whether a piece of evidence was added to any case."""
    return origin in find_origins(connection, kind, [origin])


def find_origins(connection: Connection, kind: Kind, origins: Iterable[str]) -> frozenset[str]:
    """Find which of these pieces of evidence were added to a case before."""
    known = and_(case_evidence.c.kind == kind.value, case_evidence.c.origin.in_(list(origins)))
    return frozenset(connection.execute(select(case_evidence.c.origin).where(known)).scalars())


def find_case(connection: Connection, case_id: int) -> Case | None:
    """Find a case by its number."""
    return _one(connection.execute(select(*COLUMNS).where(desk_case.c.id == case_id)).first())


def take_case(connection: Connection, case_id: int) -> Case | None:
    """Find a case and hold its row until the transaction ends, so that acts on it come one after another."""
    statement = select(*COLUMNS).where(desk_case.c.id == case_id).with_for_update()
    return _one(connection.execute(statement).first())


def find_case_of(connection: Connection, kind: Kind, origin: str, *, hold: bool = False) -> Case | None:
    """Find the case into which a piece of evidence went; holds its row until the transaction ends where that is wished."""
    joined = select(*COLUMNS).join(case_evidence, case_evidence.c.case_id == desk_case.c.id)
    statement = joined.where(case_evidence.c.kind == kind.value, case_evidence.c.origin == origin)
    if hold:
        statement = statement.with_for_update(of=desk_case)
    return _one(connection.execute(statement).first())


def own_case(connection: Connection, case_id: int, owner_id: int | None, now: datetime) -> None:
    """Give a case an owner, or none."""
    owned_at = None if owner_id is None else now
    _change(connection, case_id, owner_id=owner_id, owned_at=owned_at)


def close_case(connection: Connection, case_id: int, *, now: datetime, by: str, because: str) -> None:
    """Close a case; whoever had it is still named."""
    _change(connection, case_id, closed_at=now, closed_by=by, closing_reason=because)


def reopen_case(connection: Connection, case_id: int) -> bool:
    """Open a closed case again, for anybody to take; False where another about the same is open by now."""
    values: dict[str, Any] = {"closed_at": None, "closed_by": "", "closing_reason": ""}
    try:
        with connection.begin_nested():
            _change(connection, case_id, owner_id=None, owned_at=None, **values)
    except IntegrityError:
        return False
    return True


def drop_closed(connection: Connection, before: datetime) -> int:
    """Forget cases that were closed before an instant, with their evidence; returns how many."""
    old = desk_case.c.closed_at < before
    ids = select(desk_case.c.id).where(old)
    connection.execute(delete(case_evidence).where(case_evidence.c.case_id.in_(ids)))
    return connection.execute(delete(desk_case).where(old)).rowcount


def case_of(row: Any) -> Case:
    """Make a case of a row."""
    number, kind, *rest = row
    return Case(number, Kind(kind), *rest)


def _open_or_hold(
    connection: Connection, evidence: Evidence, account_id: int | None, now: datetime
) -> tuple[int, bool]:
    """Open a case without evidence yet, or hold the one that is open; tells its number and whether it is new."""
    statement = _insert(connection, desk_case).values(
        kind=evidence.kind.value,
        subject=evidence.subject,
        account_id=account_id,
        opened_at=now,
        pieces=0,
    )
    held = statement.on_conflict_do_update(
        index_elements=["kind", "subject"],
        index_where=IS_OPEN,
        set_={"pieces": desk_case.c.pieces},
    )
    row = connection.execute(held.returning(desk_case.c.id, desk_case.c.pieces)).one()
    return row[0], row[1] == 0


def _insert(connection: Connection, table: Any) -> Any:
    return {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[connection.dialect.name](table)


def _one(row: Any) -> Case | None:
    return None if row is None else case_of(row)


def _change(connection: Connection, case_id: int, **values: object) -> None:
    connection.execute(update(desk_case).where(desk_case.c.id == case_id).values(**values))
