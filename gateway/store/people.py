"""What is kept of one person: an account, or a reader known by a device; told in full, or taken out."""

import secrets
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, and_, delete, exists, func, or_, select, update

from gateway.models import (
    account,
    act_key,
    allowance,
    api_token,
    case_evidence,
    claim,
    copied,
    delivery,
    desk_case,
    entry,
    entry_person,
    gift,
    idempotency,
    licence_request,
    repeat,
    session,
    transfer,
)
from gateway.store.accounts import ERASED

BY_DEVICE = ("device", "subject", "sought_actor", "sought_subject")
Rows = list[dict[str, Any]]
_ACCOUNT = [each for each in account.c if each.name != "password_hash"]
_SESSION = [session.c[name] for name in ("created_at", "expires_at", "revoked_at", "agent")]
_TOKEN = [api_token.c[name] for name in ("name", "scopes", "created_at", "expires_at", "revoked_at")]
_GIFT = [each for each in gift.c if each.name not in ("capability", "key_id")]
_CLAIM = [
    gift.c.reference,
    *(claim.c[name] for name in ("claimed_at", "served_at", "confirmed_at", "lapsed_at")),
]
_COPIED = [copied.c[name] for name in ("article_id", "at", "characters", "over", "printed")]
_CASE = [desk_case.c[name] for name in ("kind", "subject", "opened_at", "closed_at", "closing_reason")]
_REQUEST = [each for each in licence_request.c if each.name not in ("digest", "mail_fault")]
_CASES = select(*_CASE, case_evidence.c.at, case_evidence.c.figures, case_evidence.c.words).join(
    case_evidence, case_evidence.c.case_id == desk_case.c.id
)


def list_about_account(connection: Connection, account_id: int) -> dict[str, Rows]:
    """List every row that is about an account, by table; secrets and their digests are left out."""
    name = f"account:{account_id}"
    return {
        "account": _rows(connection, select(*_ACCOUNT).where(account.c.id == account_id)),
        "sessions": _rows(connection, select(*_SESSION).where(session.c.account_id == account_id)),
        "tokens": _rows(connection, select(*_TOKEN).where(api_token.c.account_id == account_id)),
        "months": _rows(connection, select(allowance).where(allowance.c.account_id == account_id)),
        "gifts": _rows(connection, select(*_GIFT).where(gift.c.account_id == account_id)),
        "copies": _rows(connection, select(*_COPIED).where(copied.c.account_id == account_id)),
        "cases": _rows(connection, _CASES.where(desk_case.c.account_id == account_id)),
        "licence_requests": _rows(connection, select(*_REQUEST).where(_asked_by(account_id))),
        "log": _rows(connection, select(entry).where(or_(entry.c.actor == name, entry.c.subject == name))),
    }


def list_about_device(connection: Connection, device: bytes) -> dict[str, Rows]:
    """List every row that is about a reader, known by the first bytes of the device's digest."""
    beside = select(entry_person.c.entry_id).where(*_by_device(device))
    claims = select(*_CLAIM).join(gift, gift.c.id == claim.c.gift_id).where(*_of_device(device))
    return {
        "readings": _rows(connection, claims),
        "copies": _rows(connection, select(*_COPIED).where(*_within(copied.c.device, device))),
        "log": _rows(connection, select(entry).where(entry.c.id.in_(beside))),
    }


def erase_account(connection: Connection, account_id: int) -> int:
    """Take out of every table what is personal of an account; its number stays. Returns how many rows changed."""
    own = f"account:{account_id}"
    values = {"email": f"erased-{account_id}{ERASED}", "name": "", "password_hash": None}
    acted = select(entry.c.id).where(entry.c.actor == own)
    cases = select(desk_case.c.id).where(desk_case.c.account_id == account_id)
    return sum(
        connection.execute(statement).rowcount
        for statement in (
            # Before the account's own row, which knows by which address they were asked and looked for.
            delete(entry_person).where(_sought(account_id)),
            update(licence_request).where(_asked_by(account_id)).values(name="", email="", text=""),
            update(case_evidence).where(case_evidence.c.case_id.in_(cases)).values(words=""),
            delete(copied).where(copied.c.account_id == account_id),
            update(account).where(account.c.id == account_id).values(values),
            delete(session).where(session.c.account_id == account_id),
            delete(idempotency).where(idempotency.c.account_id == account_id),
            delete(act_key).where(act_key.c.account_id == account_id),
            update(api_token).where(api_token.c.account_id == account_id).values(name=""),
            update(gift).where(gift.c.account_id == account_id).values(label="", note="", giver_shown=False),
            delete(entry_person).where(entry_person.c.entry_id.in_(acted)),
        )
    )


def erase_device(connection: Connection, device: bytes) -> int:
    """Forget which device a reader's rows are of; what was counted stays counted. Returns how many rows changed."""
    claims = connection.execute(select(claim.c.id).where(*_of_device(device))).scalars().all()
    for claim_id in claims:
        # A device of its own for each, so that nothing ties them to one another either.
        nobody = secrets.token_bytes(32)
        connection.execute(update(claim).where(claim.c.id == claim_id).values(device=nobody))
        # Nor is a way left by which it could go on elsewhere.
        connection.execute(update(transfer).where(transfer.c.claim_id == claim_id).values(digest=None))
    # The bulk rules go on counting what was delivered and copied, under a name that leads to no cookie.
    delivered = update(delivery).where(*_within(delivery.c.who, device)).values(who=secrets.token_bytes(32))
    copies = update(copied).where(*_within(copied.c.device, device)).values(device=secrets.token_bytes(32))
    connection.execute(delivered)
    connection.execute(copies)
    known = f"reader:{device.hex()}"
    counted = connection.execute(
        update(repeat).where(repeat.c.actor == known).values(actor="reader")
    ).rowcount
    beside = connection.execute(delete(entry_person).where(*_by_device(device))).rowcount
    return len(claims) + counted + beside


def _by_device(device: bytes) -> Iterable[Any]:
    # It is the actor, the subject, or whom somebody looked for at the desk.
    return entry_person.c.field.in_(BY_DEVICE), entry_person.c.value == device.hex()


def _of_device(device: bytes) -> Iterable[Any]:
    return _within(claim.c.device, device)


def _within(column: Column[bytes], device: bytes) -> Iterable[Any]:
    return column >= device, column <= device + b"\xff" * (32 - len(device))


def _asked_by(account_id: int) -> ColumnElement[bool]:
    address = select(account.c.email).where(account.c.id == account_id).scalar_subquery()
    return func.lower(licence_request.c.email) == func.lower(address)


def _sought(account_id: int) -> ColumnElement[bool]:
    """Find what was typed to look for accounts and is a part of this one's name or address."""
    names = (func.lower(account.c.email), func.lower(account.c.name))
    named = or_(*(each.contains(entry_person.c.value) for each in names))
    theirs = exists().where(account.c.id == account_id, named).correlate(entry_person)
    return and_(entry_person.c.field == "sought_text", theirs)


def _rows(connection: Connection, statement: Any) -> Rows:
    return [dict(row) for row in connection.execute(statement).mappings()]
