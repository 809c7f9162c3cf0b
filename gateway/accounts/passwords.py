"""Passwords: how they are kept and compared."""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

PASSWORD_LENGTH = (10, 200)

# RFC 9106's second recommended set: 64 MiB, three passes, four lanes.
_hasher = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4)


@cache
def nobody() -> str:
    """Return the hash of a password that nobody knows, drawn when it is first needed."""
    return _hasher.hash(secrets.token_hex(16))


class AccountError(ValueError):
    """An account cannot be made or changed so; the text says what was wrong and what is right."""


def hash_password(password: str) -> str:
    """Hash a password for keeping; raises AccountError for one too short or too long."""
    shortest, longest = PASSWORD_LENGTH
    if not shortest <= len(password) <= longest:
        raise AccountError(f"the password has {len(password)} characters; want {shortest} to {longest}")
    return _hasher.hash(password)


def verified(hashed: str, password: str) -> bool:
    """Tell whether a password is the one that was hashed; takes the same time for nobody's hash."""
    try:
        return _hasher.verify(hashed, password[: PASSWORD_LENGTH[1] + 1])
    except (VerificationError, InvalidHashError):
        return False
