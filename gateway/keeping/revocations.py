"""Revocations outside the database, so that a restore from an older backup brings no revoked link back to life."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from gateway.keeping.archive import new_file
from gateway.ledger import OPERATOR, Entry, Event
from gateway.link import Gift
from gateway.runtime import Runtime
from gateway.store import allowances, gifts, upkeep
from gateway.store.copies import snapshot
from gateway.store.entries import append_entry
from gateway.store.upkeep import Revocation


class RevocationsError(ValueError):
    """The file of revocations cannot be used; the text names the file, the line and what it wants."""


@dataclass(frozen=True, slots=True)
class Exported:
    """How many revocations a file holds, and how many of them are new to it."""

    known: int
    added: int


def export_revocations(runtime: Runtime, path: Path) -> Exported:
    """Write every revocation to a file, in the place of the old one at once; raises RevocationsError.

    What the file already says stays, whatever the database says: the file is there for the day on which the
    database has forgotten something.
    """
    kept = (
        {revocation.reference: revocation for revocation in read_revocations(path)} if is_there(path) else {}
    )
    added = 0
    try:
        with new_file(path) as file, snapshot(runtime.database) as connection:
            for revocation in kept.values():
                file.write(_line(revocation))
            for revocation in upkeep.each_revocation(connection):
                if revocation.reference not in kept:
                    file.write(_line(revocation))
                    added += 1
    except OSError as fault:
        raise RevocationsError(f"{path}: cannot be written ({fault.strerror})") from None
    return Exported(len(kept) + added, added)


def is_there(path: Path) -> bool:
    """Tell whether there is a file of revocations; raises RevocationsError where that cannot be seen."""
    try:
        return path.exists()
    except OSError as fault:
        raise RevocationsError(f"{path}: cannot be read ({fault.strerror})") from None


def read_revocations(path: Path) -> Iterator[Revocation]:
    """Yield a file's revocations; raises RevocationsError for one that cannot be read or a line that is none."""
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _revocation(path, number, line)
    except (OSError, UnicodeDecodeError) as fault:
        why = fault.strerror if isinstance(fault, OSError) else "is not UTF-8 text"
        raise RevocationsError(f"{path}: cannot be read ({why})") from None


def replay_revocations(connection: Connection, path: Path, now: datetime) -> int:
    """Revoke again what a file says was revoked and the database does not know; returns how many gifts."""
    replayed = 0
    for revocation in read_revocations(path):
        gift = gifts.take_gift(connection, revocation.reference)
        if gift is None or gift.revoked_at is not None:
            continue
        _revoke_again(connection, gift, revocation, now)
        replayed += 1
    return replayed


def _revoke_again(connection: Connection, gift: Gift, revocation: Revocation, now: datetime) -> None:
    because = revocation.because
    gifts.change_gift(connection, gift.id, revoked_at=revocation.revoked_at, revoked_because=because)
    about: dict[str, str | int] = {"account": gift.account_id, "because": because, "replayed": 1}
    append_entry(connection, Entry(now, OPERATOR, Event.GIFT_REVOKED, f"gift:{gift.reference}", detail=about))
    if revocation.credit_returned_at is None or gift.credit_returned_at is not None:
        return
    gifts.change_gift(connection, gift.id, credit_returned_at=revocation.credit_returned_at)
    allowances.return_credit(connection, gift.account_id, gift.period)
    back = {"gift": gift.reference, "period": gift.period}
    append_entry(
        connection, Entry(now, OPERATOR, Event.CREDIT_RETURNED, f"account:{gift.account_id}", detail=back)
    )


def _line(revocation: Revocation) -> bytes:
    returned = revocation.credit_returned_at
    content = {
        "gift": revocation.reference,
        "revoked_at": revocation.revoked_at.isoformat(),
        "because": revocation.because,
        "credit_returned_at": None if returned is None else returned.isoformat(),
    }
    return json.dumps(content, ensure_ascii=False).encode() + b"\n"


def _revocation(path: Path, number: int, line: str) -> Revocation:
    try:
        content = json.loads(line)
        returned = content["credit_returned_at"]
        return Revocation(
            str(content["gift"]),
            _instant(content["revoked_at"]),
            str(content["because"]),
            None if returned is None else _instant(returned),
        )
    except (ValueError, KeyError, TypeError):
        wants = (
            '{"gift", "revoked_at", "because", "credit_returned_at"} with instants that state their offset'
        )
        raise RevocationsError(f"{path}:{number}: is no revocation; want {wants}") from None


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("an instant must state its offset")
    return instant
