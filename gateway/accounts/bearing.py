"""Servers at the door: whom a bearer token acts for, and whether its scopes reach far enough."""

import re

from gateway.accounts.tokens import find_bearer
from gateway.decision import Deny, Reason
from gateway.ledger import Entry, Event, Outcome, account_actor
from gateway.runtime import Runtime
from gateway.store.accounts import Account
from gateway.store.entries import append_entry

READ, WRITE = "gifts:read", "gifts:write"
SECRET = re.compile(r"gw_[A-Za-z0-9_-]{43}")


def admit_bearer(
    runtime: Runtime, secret: str, scope: str, *, visitor: str = "", request_id: str = ""
) -> Account | Deny:
    """Find for whom a token acts, if it is alive and has the scope; a scope that is missing is written down."""
    found = find_bearer(runtime, secret) if SECRET.fullmatch(secret) else None
    if found is None:
        return Deny(Reason.TOKEN_INVALID)
    account, scopes = found
    if scope in scopes:
        return account
    refusal = Deny(Reason.TOKEN_SCOPE, detail={"scope": scope})
    actor = account_actor(account.id, visitor=visitor, request_id=request_id)
    subject = f"account:{account.id}"
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        append_entry(
            connection,
            Entry(
                now, actor, Event.ACCOUNT_ACT_REFUSED, subject, Outcome.DENY, refusal.reason, refusal.detail
            ),
        )
    return refusal
