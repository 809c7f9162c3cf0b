"""Signing in by password today; whoever else may vouch for a person later ends in the same session."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.accounts.passwords import nobody, verified
from gateway.decision import Deny, Reason
from gateway.keys import digest
from gateway.ledger import Actor, Entry, Event, Outcome
from gateway.runtime import Runtime
from gateway.store import accounts
from gateway.store.accounts import Account, Session
from gateway.store.entries import append_entry

SESSION_LIFE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person who signed in, with the new session's secret for their cookie."""

    account: Account
    secret: str
    expires_at: datetime


def sign_in(runtime: Runtime, email: str, password: str, *, agent: str, actor: Actor) -> SignedIn | Deny:
    """Sign a person in by password; the answer to an unknown address takes as long as to a known one."""
    now = runtime.clock()
    with runtime.database.reading() as connection:
        account = accounts.find_account_by_email(connection, email)
        hashed = None if account is None else accounts.find_password_hash(connection, account.id)
    right = verified(hashed or nobody(), password) and hashed is not None
    if account is None:
        return Deny(Reason.SIGN_IN_FAILED)
    with runtime.database.transaction() as connection:
        subject = f"account:{account.id}"
        if not right:
            why = Reason.SIGN_IN_FAILED
            append_entry(connection, Entry(now, actor, Event.SIGN_IN_REFUSED, subject, Outcome.DENY, why))
            return Deny(why)
        secret = secrets.token_urlsafe(32)
        accounts.add_session(
            connection,
            digest=digest(secret.encode()),
            account_id=account.id,
            created_at=now,
            expires_at=now + SESSION_LIFE,
            agent=agent[:200],
        )
        append_entry(
            connection, Entry(now, Actor(subject, actor.visitor, actor.request_id), Event.SIGNED_IN, subject)
        )
    return SignedIn(account, secret, now + SESSION_LIFE)


def find_signed_in(runtime: Runtime, secret: str) -> tuple[Account, int] | None:
    """Find whose session a cookie's secret is, and the session's id."""
    now = runtime.clock()
    with runtime.database.reading() as connection:
        return accounts.find_session(connection, digest(secret.encode()), now)


def list_sessions(runtime: Runtime, account_id: int) -> list[Session]:
    """List an account's living sessions."""
    now = runtime.clock()
    with runtime.database.reading() as connection:
        return accounts.list_sessions(connection, account_id, now)


def end_session(runtime: Runtime, actor: Actor, account_id: int, session_id: int) -> bool:
    """Sign one browser out; tells whether it was signed in."""
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        ended = accounts.end_session(connection, account_id, session_id, now)
        if ended:
            append_entry(connection, Entry(now, actor, Event.SIGNED_OUT, f"account:{account_id}"))
        return ended


def end_sessions(runtime: Runtime, actor: Actor, account_id: int, *, but: int = 0, because: str = "") -> int:
    """Sign an account out everywhere but in one session; returns of how many browsers."""
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        return end_all(connection, actor, account_id, now, but=but, because=because)


def end_every_session(runtime: Runtime, actor: Actor, *, because: str) -> int:
    """Sign everybody out everywhere; returns of how many browsers."""
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        ended = accounts.end_every_session(connection, now)
        about: dict[str, str | int] = {"sessions": ended, "because": because}
        append_entry(connection, Entry(now, actor, Event.EVERYONE_SIGNED_OUT, "gateway", detail=about))
    return ended


def end_all(
    connection: Connection,
    actor: Actor,
    account_id: int,
    now: datetime,
    *,
    but: int = 0,
    because: str = "",
) -> int:
    """End an account's sessions within a transaction that does more; returns how many."""
    ended = accounts.end_sessions(connection, account_id, now, but=but)
    about: dict[str, str | int] = {"sessions": ended} | ({"because": because} if because else {})
    append_entry(connection, Entry(now, actor, Event.SESSIONS_ENDED, f"account:{account_id}", detail=about))
    return ended
