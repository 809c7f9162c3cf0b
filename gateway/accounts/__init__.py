"""Accounts: who signs in, who administers them, and which servers act for them."""

from gateway.store.accounts import Account, ApiToken, Session

__all__ = ["Account", "ApiToken", "Session"]
