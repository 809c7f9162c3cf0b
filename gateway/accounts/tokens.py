"""Bearer tokens: servers that act for an account."""

import secrets

from gateway.accounts.passwords import AccountError
from gateway.keys import digest
from gateway.ledger import Actor, Entry, Event
from gateway.runtime import Runtime
from gateway.store import accounts
from gateway.store.accounts import Account, ApiToken
from gateway.store.entries import append_entry
from gateway.visible import is_seen

SCOPES = ("gifts:read", "gifts:write")
TOKEN_PREFIX = "gw_"
NAME_LENGTH = 100


def find_bearer(runtime: Runtime, secret: str) -> tuple[Account, tuple[str, ...]] | None:
    """Find for whom a bearer token acts, and its scopes."""
    now = runtime.clock()
    with runtime.database.reading() as connection:
        return accounts.find_token(connection, digest(secret.encode()), now)


def add_token(runtime: Runtime, actor: Actor, account_id: int, *, name: str, scopes: tuple[str, ...]) -> str:
    """Make a bearer token for a server that acts for an account; the secret is returned once and kept hashed.

    Raises AccountError for a name that is not 1 to 100 characters with one that is seen, and for an unknown scope.
    """
    now = runtime.clock()
    name = name.strip()
    # SQLite keeps a longer one too, but its backup would then not be taken by PostgreSQL.
    if not is_seen(name) or len(name) > NAME_LENGTH:
        raise AccountError(f"the name has {len(name)} characters; want 1 to {NAME_LENGTH}, not all blank")
    if unknown := set(scopes) - set(SCOPES):
        raise AccountError(f"scope {min(unknown)!r} is unknown; want {' or '.join(SCOPES)}")
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    with runtime.database.transaction() as connection:
        token_id = accounts.add_token(
            connection,
            digest=digest(secret.encode()),
            account_id=account_id,
            name=name,
            scopes=" ".join(scopes),
            created_at=now,
        )
        about: dict[str, str | int] = {"token": token_id, "scopes": " ".join(scopes)}
        append_entry(connection, Entry(now, actor, Event.TOKEN_ADDED, f"account:{account_id}", detail=about))
    return secret


def revoke_token(runtime: Runtime, actor: Actor, token_id: int) -> bool:
    """Revoke a bearer token; tells whether it was alive."""
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        revoked = accounts.revoke_token(connection, token_id, now)
        if revoked:
            append_entry(connection, Entry(now, actor, Event.TOKEN_REVOKED, f"token:{token_id}"))
        return revoked


def list_tokens(runtime: Runtime) -> list[ApiToken]:
    """List every bearer token, without secrets."""
    with runtime.database.reading() as connection:
        return accounts.list_tokens(connection)
