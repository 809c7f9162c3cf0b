"""A checkpoint as it is signed: C2SP's tlog-checkpoint in a signed note, one Ed25519 signature a key."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.verify import DASH, ED25519, key_id


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How large a log was, and the root of the tree over its entries then."""

    origin: str
    size: int
    root: bytes

    def signed(self, keys: Sequence[Ed25519PrivateKey], *besides: str) -> str:
        """Spell the signed note, with what it says besides in lines of their own.

        It states no time and Ed25519 draws nothing, so the same state gives the same note.
        """
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *besides)
        text = "".join(f"{line}\n" for line in lines)
        return text + "\n" + "".join(self._line(key, text) for key in keys)

    def _line(self, key: Ed25519PrivateKey, text: str) -> str:
        signature = key_id(self.origin, public_bytes(key)) + key.sign(text.encode())
        return f"{DASH}{self.origin} {base64.b64encode(signature).decode()}\n"


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """Return the 32 bytes of a key's public half."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def public_line(origin: str, key: Ed25519PrivateKey) -> str:
    """Spell a public key as verifiers take it, `NAME+ID+BASE64`; a key's name is the log's origin."""
    public = public_bytes(key)
    return f"{origin}+{key_id(origin, public).hex()}+{base64.b64encode(ED25519 + public).decode()}"


def check_origin(origin: str) -> str:
    """Return an origin that a note can name; raises ValueError for another."""
    if not origin or "+" in origin or not origin.isprintable() or any(each.isspace() for each in origin):
        raise ValueError(f"{origin!r} cannot name a log")
    return origin
