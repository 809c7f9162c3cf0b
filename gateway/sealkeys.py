"""The keys that sign checkpoints: a file of their own, which only the machine that runs the jobs has to hold."""

import json
import os
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.checkpoint import public_bytes


class SealKeyError(ValueError):
    """The file of sealing keys cannot be used; the text names the file and what is wrong."""


class SealKeys:
    """The sealing keys, oldest first; each of them signs every checkpoint, so that a new one is introduced by an old."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def private_keys(self) -> list[Ed25519PrivateKey]:
        """Read the keys, making a first one where there is no file; raises SealKeyError."""
        return self._held()[0]

    def public_keys(self) -> list[bytes]:
        """List the public halves of the keys, and of those that were retired: what they signed stays signed."""
        keys, retired = self._held()
        held = [public_bytes(key) for key in keys]
        return held + [each for each in retired if each not in held]

    def rotate(self) -> Ed25519PrivateKey:
        """Add a key, which from now on signs beside those there are; returns it."""
        keys, retired = self._held()
        key = Ed25519PrivateKey.generate()
        self._write([*keys, key], retired)
        return key

    def retire(self, public: bytes) -> None:
        """Drop a key, named by its public half; raises SealKeyError for the last and for an unknown one."""
        keys, retired = self._held()
        left = [key for key in keys if public_bytes(key) != public]
        if len(left) == len(keys):
            raise SealKeyError(f"{self.path}: has no such key")
        if not left:
            raise SealKeyError(f"{self.path}: that is the only key; run `gateway audit rotate` first")
        self._write(left, [*retired, public])

    def _held(self) -> tuple[list[Ed25519PrivateKey], list[bytes]]:
        """Read the keys and the public halves of the retired ones, making a first key where there is no file."""
        try:
            if not self.path.exists():
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._write([Ed25519PrivateKey.generate()], [], fresh=True)
            content = json.loads(self.path.read_text("utf-8"))
            keys = [
                Ed25519PrivateKey.from_private_bytes(bytes.fromhex(each)) for each in content["seal_keys"]
            ]
            retired = [bytes.fromhex(each) for each in content.get("retired", [])]
        except OSError as error:
            raise SealKeyError(f"{self.path}: cannot be used ({error.strerror})") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SealKeyError(f'{self.path}: want JSON {{"seal_keys": [hex of 32 bytes, …]}}') from None
        if not keys:
            raise SealKeyError(f"{self.path}: holds no key")
        return keys, retired

    def _write(self, keys: list[Ed25519PrivateKey], retired: list[bytes], *, fresh: bool = False) -> None:
        held = {
            "seal_keys": [key.private_bytes_raw().hex() for key in keys],
            "retired": [each.hex() for each in retired],
        }
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(held, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            if fresh:
                os.link(name, self.path)
            else:
                Path(name).replace(self.path)
        except FileExistsError:
            pass  # Another process made it first, and its key is as good.
        finally:
            Path(name).unlink(missing_ok=True)
