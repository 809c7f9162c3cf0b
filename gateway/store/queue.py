"""The desk's queue as it is looked at: pages of cases, counts, evidence, and what their subjects are called."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from gateway.case import Case, Evidence, Kind
from gateway.models import account, article, case_evidence, desk_case, gift, licence_request
from gateway.store.accounts import CAN_ACT
from gateway.store.cases import COLUMNS, IS_OPEN, case_of


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which cases to show; what is None does not narrow. `owner` 0 is nobody; `past` is the last case of the page before."""

    kind: Kind | None = None
    closed: bool = False
    owner: int | None = None
    past: int | None = None


def list_cases(connection: Connection, wanted: QueueFilter, *, limit: int) -> list[Case]:
    """List cases: open ones oldest first, since they wait; closed ones newest first."""
    newest_first = desk_case.c.id.desc() if wanted.closed else desk_case.c.id
    statement = select(*COLUMNS).where(*_narrowed(wanted)).order_by(newest_first).limit(limit)
    return [case_of(row) for row in connection.execute(statement)]


def count_open(connection: Connection, owner: int | None = None) -> dict[Kind, int]:
    """Count the open cases by their kind, of an owner (0 is nobody) or of all."""
    open_ones = _narrowed(QueueFilter(owner=owner))
    statement = select(desk_case.c.kind, func.count()).where(*open_ones).group_by(desk_case.c.kind)
    return {Kind(row[0]): row[1] for row in connection.execute(statement)}


def count_up_to(connection: Connection, limit: int) -> int:
    """Count the open cases, but no further than to a limit."""
    some = select(desk_case.c.id).where(IS_OPEN).limit(limit).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one())


def list_evidence(connection: Connection, case: Case, *, limit: int) -> list[Evidence]:
    """List a case's evidence, newest first."""
    mine = case_evidence.c.case_id == case.id
    statement = _EVIDENCE.where(mine).order_by(case_evidence.c.id.desc()).limit(limit)
    return [_evidence(row, case) for row in connection.execute(statement)]


def find_newest_evidence(connection: Connection, cases: Sequence[Case]) -> dict[int, Evidence]:
    """Find the newest piece of evidence of each of these cases."""
    by_id = {each.id: each for each in cases}
    newest = (
        select(func.max(case_evidence.c.id))
        .where(case_evidence.c.case_id.in_(by_id))
        .group_by(case_evidence.c.case_id)
    )
    rows = connection.execute(_EVIDENCE.where(case_evidence.c.id.in_(newest)))
    return {row[0]: _evidence(row, by_id[row[0]]) for row in rows}


def find_names(connection: Connection, subjects: Iterable[str]) -> dict[str, str]:
    """Find what subjects are called: a gift and an article by the headline, an account by the person's name."""
    keys: dict[str, list[str]] = {}
    for subject in subjects:
        kind, _, key = subject.partition(":")
        keys.setdefault(kind, []).append(key)
    found: dict[str, str] = {}
    for kind, some in keys.items():
        if kind in _NAMES:
            column, statement, cast = _NAMES[kind]
            rows = connection.execute(statement.where(column.in_([cast(key) for key in some])))
            found |= {f"{kind}:{key}": name or "" for key, name in rows}
    return found


def find_people(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    """Find the names of accounts."""
    rows = connection.execute(select(account.c.id, account.c.name).where(account.c.id.in_(list(ids))))
    return {row[0]: row[1] for row in rows}


def find_people_called(connection: Connection, codes: Iterable[str | None]) -> dict[str, str]:
    """Find the names of those accounts that the log calls `account:7`; who is not kept any more has none."""
    accounts = {code for code in codes if code and re.fullmatch(r"account:\d+", code)}
    return {code: name for code, name in find_names(connection, accounts).items() if name}


def list_admins(connection: Connection, *, limit: int) -> list[tuple[int, str]]:
    """List the admins who can act, by their names."""
    statement = select(account.c.id, account.c.name).where(CAN_ACT).order_by(account.c.name, account.c.id)
    return [(row[0], row[1]) for row in connection.execute(statement.limit(limit))]


_EVIDENCE = select(*(case_evidence.c[name] for name in ("case_id", "origin", "at", "figures", "words")))
_NAMES: dict[str, tuple[Any, Any, Any]] = {
    "account": (account.c.id, select(account.c.id, account.c.name), int),
    "article": (article.c.id, select(article.c.id, article.c.headline), int),
    "gift": (
        gift.c.reference,
        select(gift.c.reference, article.c.headline).join(article, article.c.id == gift.c.article_id),
        str,
    ),
    "licence": (
        licence_request.c.number,
        select(
            licence_request.c.number, func.coalesce(article.c.headline, licence_request.c.about)
        ).outerjoin(article, article.c.id == licence_request.c.article_id),
        str,
    ),
}


def _narrowed(wanted: QueueFilter) -> list[ColumnElement[bool]]:
    narrowed: list[ColumnElement[bool]] = [desk_case.c.closed_at.is_not(None) if wanted.closed else IS_OPEN]
    if wanted.kind is not None:
        narrowed.append(desk_case.c.kind == wanted.kind.value)
    if wanted.owner is not None:
        owner = desk_case.c.owner_id
        narrowed.append(owner == wanted.owner if wanted.owner else owner.is_(None))
    if wanted.past is not None:
        at = desk_case.c.id
        narrowed.append(at < wanted.past if wanted.closed else at > wanted.past)
    return narrowed


def _evidence(row: Any, case: Case) -> Evidence:
    return Evidence(case.kind, case.subject, row[1], row[2], json.loads(row[3]), row[4])
