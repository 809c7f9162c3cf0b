"""What every command begins with: the settings and the runtime, closed again at the end."""

from collections.abc import Iterator
from contextlib import contextmanager

from gateway.accounts import Account
from gateway.accounts.managing import find_by_email
from gateway.app import open_runtime
from gateway.runtime import Runtime
from gateway.settings import read_settings


class RefusedError(Exception):
    """An act that is refused; the text says why and what would do."""


@contextmanager
def opened() -> Iterator[Runtime]:
    """Yield the runtime of the settings in the environment."""
    runtime = open_runtime(read_settings())
    try:
        yield runtime
    finally:
        runtime.close()


def account_named(runtime: Runtime, email: str) -> Account:
    """Find an account by its address; raises RefusedError where there is none."""
    found = find_by_email(runtime, email)
    if found is None:
        raise RefusedError(f"{email}: no such account; `gateway accounts list` shows them")
    return found
