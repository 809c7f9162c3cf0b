"""A stamp on a page: signed proof of what was shown when, so that a form's answer can be measured by our clock."""

import hashlib
from datetime import UTC, datetime

from itsdangerous import BadSignature
from itsdangerous.signer import SigningAlgorithm

from gateway.link import OneKeySigner


class _Blake2(SigningAlgorithm):
    """Keyed BLAKE2b (RFC 7693) of 32 bytes: a third of what HMAC costs, and an article's page carries four stamps."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        """Sign a value."""
        return hashlib.blake2b(value, key=key, digest_size=32).digest()


class PageStamp:
    """Stamps a subject (a gift's reference, a claim's number) with an instant, for one purpose."""

    def __init__(self, secret: bytes, purpose: str) -> None:
        self._signer = OneKeySigner(secret, f"gateway.{purpose}".encode(), _Blake2())

    def sign(self, subject: str, now: datetime) -> str:
        """Stamp a subject; the stamp shows its instant in milliseconds since 1970."""
        return self._signer.sign(f"{subject}.{int(now.timestamp() * 1000)}").decode("ascii")

    def verify(self, stamp: str) -> tuple[str, datetime] | None:
        """Return the subject and the instant of a stamp, or None for one that is not ours."""
        if len(stamp) > 200 or not stamp.isascii():
            return None
        try:
            subject, _, milliseconds = self._signer.unsign(stamp).decode("ascii").rpartition(".")
        except BadSignature:
            return None
        return subject, datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
