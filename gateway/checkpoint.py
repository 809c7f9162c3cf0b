"""A checkpoint as it is signed: C2SP's tlog-checkpoint in a signed note, one Ed25519 signature a key."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.verify import DASH, ED25519, key_id

LONGEST_ORIGIN = 200
# No sign that ends a line or divides words, in any reading of Unicode, and no folder but its own.
_ORIGIN = re.compile(r"[A-Za-z0-9.:_\[\]-]+(/[A-Za-z0-9.:_-]+)*/[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How large a log was, and the root of the tree over its entries then."""

    origin: str
    size: int
    root: bytes

    def signed(self, keys: Sequence[Ed25519PrivateKey], *besides: str) -> str:
        """Spell the signed note, with what it says besides in lines of their own.

        It states no time and Ed25519 draws nothing, so the same state gives the same note. Raises ValueError for an
        origin or a line that would be read as something else: what is signed comes from the database.
        """
        lines = (check_origin(self.origin), str(self.size), base64.b64encode(self.root).decode(), *besides)
        if not all(line.isprintable() for line in besides):
            raise ValueError("a line of a checkpoint has a sign that cannot be signed for")
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
    """Return an origin that a note can name, such as news.example/log/3f518dc5; raises ValueError for another.

    Its last part is the folder of the log's checkpoints.
    """
    if len(origin) > LONGEST_ORIGIN or _ORIGIN.fullmatch(origin) is None:
        raise ValueError(f"{origin!r} cannot name a log; want HOST/…/NAME of letters, digits and . : _ -")
    return origin
