"""The one module that touches keys: a file of signing keys, oldest to newest, and what is derived from them."""

import hashlib
import hmac
import json
import os
import secrets
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from gateway.link import Key, LinkSigner

RELOAD_SECONDS = 1.0


class KeyFileError(ValueError):
    """The key file cannot be used; the text names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Every key of one reading of the file: those that sign links, and the root the other purposes derive from."""

    link_keys: tuple[Key, ...]
    root: bytes

    def derived(self, purpose: str) -> bytes:
        """Derive 32 bytes for one purpose, such as `session.v1`."""
        return hmac.digest(self.root, f"gateway.{purpose}".encode(), "sha256")


class KeyRing:
    """The key file, read again when it changed, so that a rotation reaches every worker by itself."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._stamp: tuple[int, int] | None = None
        self._looked_at = 0.0
        self.keys = Keys((), b"")
        self._signer: LinkSigner | None = None
        self.reload()

    @property
    def signer(self) -> LinkSigner:
        """The signer of the file as it stands; looks at the file at most once a second."""
        if time.monotonic() - self._looked_at > RELOAD_SECONDS:
            self.reload()
        if self._signer is None:
            raise KeyFileError(f"{self.path}: holds no key")
        return self._signer

    def verify(self, token: str) -> bytes | None:
        """Return a token's capability; a token no known key signed makes the file be looked at once more.

        Another worker may have signed with a key this one has not read yet.
        """
        capability = self.signer.verify(token)
        if capability is None and self.reload():
            return self.signer.verify(token)
        return capability

    def rotate(self) -> str:
        """Add a new key that signs from now on; returns its id."""
        key = Key(secrets.token_hex(4), secrets.token_bytes(32))
        self.reload(force=True)
        self._write((*self.keys.link_keys, key), self.keys.root)
        return key.id

    def retire(self, key_id: str) -> None:
        """Drop one key, so that what it signed no longer verifies; raises KeyFileError for the last or an unknown one."""
        self.reload(force=True)
        left = tuple(key for key in self.keys.link_keys if key.id != key_id)
        if len(left) == len(self.keys.link_keys):
            known = ", ".join(key.id for key in self.keys.link_keys)
            raise KeyFileError(f"{self.path}: no key {key_id!r}; the keys are {known}")
        if not left:
            raise KeyFileError(f"{self.path}: {key_id!r} is the only key; run `gateway keys rotate` first")
        self._write(left, self.keys.root)

    def reload(self, *, force: bool = False) -> bool:
        """Read the file again if it changed; tells whether it did. Raises KeyFileError."""
        with self._lock:
            self._looked_at = time.monotonic()
            try:
                found = self.path.stat()
                stamp = (found.st_mtime_ns, found.st_ino)
                if stamp == self._stamp and not force:
                    return False
                self.keys = _read(self.path)
            except OSError as error:
                raise KeyFileError(f"{self.path}: cannot be read ({error.strerror})") from None
            self._stamp = stamp
            self._signer = LinkSigner(self.keys.link_keys)
            return True

    def _write(self, keys: tuple[Key, ...], root: bytes) -> None:
        _write(self.path, keys, root)
        self.reload(force=True)


def open_key_ring(path: Path, *, needed: Callable[[], bool] = lambda: False) -> KeyRing:
    """Open the key file, making one with a first key where there is none; raises KeyFileError.

    `needed` is asked before a file is made: where it says that links live by keys of a file that was there once,
    new keys would only hide that it is gone.
    """
    if not path.exists():
        if needed():
            raise KeyFileError(
                f"{path}: is not there, and the database holds gifts whose links its keys signed; put the key file "
                "back, or name where it is in GATEWAY_KEYS"
            )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(
                path,
                (Key(secrets.token_hex(4), secrets.token_bytes(32)),),
                secrets.token_bytes(32),
                fresh=True,
            )
        except FileExistsError:
            pass  # Another process made it first, and its keys are as good.
        except OSError as error:
            raise KeyFileError(f"{path}: cannot be made ({error.strerror})") from None
    return KeyRing(path)


def digest(secret: bytes) -> bytes:
    """Return the SHA-256 of a random secret, which is how such secrets are kept at rest."""
    return hashlib.sha256(secret).digest()


def _read(path: Path) -> Keys:
    try:
        content = json.loads(path.read_text("utf-8"))
        keys = tuple(Key(str(row["id"]), bytes.fromhex(row["secret"])) for row in content["link_keys"])
        root = bytes.fromhex(content["root"])
    except (ValueError, KeyError, TypeError):
        raise KeyFileError(
            f'{path}: want JSON {{"root": hex, "link_keys": [{{"id", "secret": hex}}]}}'
        ) from None
    if not keys or len(root) < 32 or any(len(key.secret) < 32 for key in keys):
        raise KeyFileError(f"{path}: want at least one link key, and 32 bytes or more for every secret")
    return Keys(keys, root)


def _write(path: Path, keys: tuple[Key, ...], root: bytes, *, fresh: bool = False) -> None:
    content = {"root": root.hex(), "link_keys": [{"id": key.id, "secret": key.secret.hex()} for key in keys]}
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        if fresh:
            os.link(name, path)  # Fails where another process was first, and then loses nothing.
        else:
            Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
