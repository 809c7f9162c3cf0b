"""Accounts, their sessions and their API tokens."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, func, insert, or_, select, update

from gateway.models import account, api_token, session
from gateway.store.prepared import Prepared

ROWS_AT_ONCE = 1000
# What the address of an account ends in whose person was erased; nobody can have one there (RFC 2606).
ERASED = "@erased.invalid"
# An admin who is neither suspended nor erased.
CAN_ACT = and_(account.c.role == "admin", account.c.suspended_at.is_(None), ~account.c.email.endswith(ERASED))


@dataclass(frozen=True, slots=True)
class Account:
    """One account; `plan` is None for who has none (admins, auditors)."""

    id: int
    email: str
    name: str
    role: str
    plan: str | None
    created_at: datetime
    suspended_at: datetime | None
    suspended_because: str | None

    @property
    def erased(self) -> bool:
        """Whether the person asked to be forgotten: the number is all that is left of them."""
        return self.email.endswith(ERASED)


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser."""

    id: int
    account_id: int
    created_at: datetime
    expires_at: datetime
    agent: str


@dataclass(frozen=True, slots=True)
class ApiToken:
    """One bearer token, without its secret."""

    id: int
    account_id: int
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


_ACCOUNT = [account.c[field.name] for field in fields(Account)]
_SESSION = [session.c[field.name] for field in fields(Session)]
_TOKEN = [api_token.c[field.name] for field in fields(ApiToken)]

_OF_ID = select(*_ACCOUNT).where(account.c.id == bindparam("id"))
_BY_ID = Prepared(_OF_ID)
_LOCKED = Prepared(_OF_ID.with_for_update(key_share=True))
_BY_SESSION = Prepared(
    select(*_ACCOUNT, session.c.id)
    .join(session, session.c.account_id == account.c.id)
    .where(
        session.c.digest == bindparam("digest"),
        session.c.revoked_at.is_(None),
        session.c.expires_at > bindparam("now"),
    )
)
_BY_TOKEN = Prepared(
    select(*_ACCOUNT, api_token.c.scopes)
    .join(api_token, api_token.c.account_id == account.c.id)
    .where(
        api_token.c.digest == bindparam("digest"),
        api_token.c.revoked_at.is_(None),
        or_(api_token.c.expires_at.is_(None), api_token.c.expires_at > bindparam("now")),
    )
)


def find_account(connection: Connection, account_id: int) -> Account | None:
    """Find an account by its id."""
    return _of(_BY_ID.first(connection, {"id": account_id}))


def take_account(connection: Connection, account_id: int) -> Account | None:
    """Find an account and hold its row until the transaction ends, so that its acts come one after another."""
    return _of(_LOCKED.first(connection, {"id": account_id}))


def find_account_by_email(connection: Connection, email: str) -> Account | None:
    """Find an account by its address, in any case of letters."""
    statement = select(*_ACCOUNT).where(account.c.email == email.strip().lower())
    return _of(connection.execute(statement).first())


def find_password_hash(connection: Connection, account_id: int) -> str | None:
    """Find the argon2 hash of an account's password."""
    return connection.execute(select(account.c.password_hash).where(account.c.id == account_id)).scalar()


def find_session(connection: Connection, digest: bytes, now: datetime) -> tuple[Account, int] | None:
    """Find who is signed in by a session's digest, with the session's id."""
    row = _BY_SESSION.first(connection, {"digest": digest, "now": now})
    return None if row is None else (Account(*row[:-1]), row[-1])


def find_token(
    connection: Connection, digest: bytes, now: datetime
) -> tuple[Account, tuple[str, ...]] | None:
    """Find for whom a bearer token acts, with its scopes."""
    row = _BY_TOKEN.first(connection, {"digest": digest, "now": now})
    return None if row is None else (Account(*row[:-1]), tuple(row[-1].split()))


def list_accounts(
    connection: Connection, *, like: str = "", after: int = 0, limit: int = 50
) -> list[Account]:
    """List accounts by id, those whose address or name holds `like`."""
    statement = _like(like).where(account.c.id > after).limit(limit)
    return [Account(*row) for row in connection.execute(statement)]


def each_account(connection: Connection, *, like: str = "") -> Iterator[Account]:
    """Yield accounts by id, those whose address or name holds `like`, within a transaction, a few at a time."""
    statement = _like(like).execution_options(yield_per=ROWS_AT_ONCE)
    with connection.execute(statement) as streamed:
        for row in streamed:
            yield Account(*row)


def list_sessions(connection: Connection, account_id: int, now: datetime) -> list[Session]:
    """List an account's living sessions, newest first."""
    statement = select(*_SESSION).where(
        session.c.account_id == account_id, session.c.revoked_at.is_(None), session.c.expires_at > now
    )
    return [Session(*row) for row in connection.execute(statement.order_by(session.c.id.desc()))]


def count_admins(connection: Connection, *, but: int) -> int:
    """Count the admins who can act, but for one account."""
    others = and_(CAN_ACT, account.c.id != but)
    return int(connection.execute(select(func.count()).select_from(account).where(others)).scalar_one())


def list_tokens(connection: Connection, account_id: int | None = None) -> list[ApiToken]:
    """List API tokens, of one account or of all."""
    statement = select(*_TOKEN).order_by(api_token.c.id)
    if account_id is not None:
        statement = statement.where(api_token.c.account_id == account_id)
    return [_token(row) for row in connection.execute(statement)]


def add_account(connection: Connection, **values: object) -> int:
    """Add an account's row; returns its id."""
    return int(connection.execute(insert(account).returning(account.c.id), values).scalar_one())


def change_account(connection: Connection, account_id: int, **values: object) -> None:
    """Set columns of one account."""
    connection.execute(update(account).where(account.c.id == account_id).values(**values))


def add_session(connection: Connection, **values: object) -> int:
    """Add a session's row; returns its id."""
    return int(connection.execute(insert(session).returning(session.c.id), values).scalar_one())


def end_session(connection: Connection, account_id: int, session_id: int, now: datetime) -> bool:
    """End one session of an account; tells whether it was alive."""
    return _end(connection, now, session.c.account_id == account_id, session.c.id == session_id) > 0


def end_sessions(connection: Connection, account_id: int, now: datetime, *, but: int = 0) -> int:
    """End every session of an account but one; returns how many were alive."""
    return _end(connection, now, session.c.account_id == account_id, session.c.id != but)


def end_every_session(connection: Connection, now: datetime) -> int:
    """End every session of everybody; returns how many were alive."""
    return _end(connection, now, session.c.expires_at > now)


def add_token(connection: Connection, **values: object) -> int:
    """Add an API token's row; returns its id."""
    return int(connection.execute(insert(api_token).returning(api_token.c.id), values).scalar_one())


def revoke_token(connection: Connection, token_id: int, now: datetime) -> bool:
    """Revoke an API token; tells whether it was alive."""
    alive = (api_token.c.id == token_id) & api_token.c.revoked_at.is_(None)
    return connection.execute(update(api_token).where(alive).values(revoked_at=now)).rowcount > 0


def _like(like: str) -> Select[Any]:
    statement = select(*_ACCOUNT).order_by(account.c.id)
    wanted = like.strip().lower()
    names = (account.c.email, func.lower(account.c.name))
    held = or_(*(name.contains(wanted, autoescape=True) for name in names))
    return statement.where(held) if wanted else statement


def _end(connection: Connection, now: datetime, *conditions: Any) -> int:
    alive = update(session).where(session.c.revoked_at.is_(None), *conditions)
    return connection.execute(alive.values(revoked_at=now)).rowcount


def _token(row: Any) -> ApiToken:
    token_id, account_id, name, scopes, created_at, expires_at, revoked_at = row
    return ApiToken(token_id, account_id, name, tuple(scopes.split()), created_at, expires_at, revoked_at)


def _of(row: Any) -> Account | None:
    return None if row is None else Account(*row)
