"""The gift link: a signed capability, and whether the gift behind it stands."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import Signer
from itsdangerous.encoding import base64_encode
from itsdangerous.signer import SigningAlgorithm

from gateway.decision import Decision, Deny, Permit, Reason

CAPABILITY_BYTES = 16
TOKEN_LENGTH = 66  # 22 characters of capability, a dot, 43 characters of HMAC-SHA256.
SALT = b"gateway.gift-link.v1"
REFERENCE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U to misread.
UNSERVED_CLAIM_LIFE = timedelta(minutes=10)
CONFIRM_AFTER = timedelta(seconds=3)
BY_RULE = "rule:"  # What a freeze by a rule says before the rule's name, where an admin's says the reason.


@dataclass(frozen=True, slots=True)
class Key:
    """One signing key: a short public id and 32 secret bytes."""

    id: str
    secret: bytes


@dataclass(frozen=True, slots=True)
class Gift:
    """One gift as it was issued and as it stands; instants are aware UTC, counts are devices."""

    id: int
    capability: bytes
    reference: str
    key_id: str
    account_id: int
    article_id: int
    issued_at: datetime
    expires_at: datetime
    readers: int | None
    unconfirmed_bound: int
    policy_version: int
    period: str
    credit_returned_at: datetime | None
    label: str
    note: str
    giver_shown: bool
    confirmed: int
    unconfirmed: int
    served_at: datetime | None
    read_up_at: datetime | None
    revoked_at: datetime | None
    revoked_because: str
    frozen_at: datetime | None
    frozen_because: str
    frozen_until: datetime | None
    replaces: int | None

    @property
    def read_up(self) -> bool:
        """Tell whether every reading was taken."""
        return self.readers is not None and self.confirmed >= self.readers

    @property
    def spread(self) -> bool:
        """Tell whether a rule froze it."""
        return self.frozen_at is not None and self.frozen_because.startswith(BY_RULE)


class _Sha256(SigningAlgorithm):
    """HMAC-SHA256 in one call, which costs a third of making an object for it."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        """Sign a value."""
        return hmac.digest(key, value, "sha256")


class OneKeySigner(Signer):
    """Itsdangerous' signer, which derives its key once and not with every signature; HMAC-SHA256 unless told otherwise."""

    def __init__(self, secret: bytes, salt: bytes, algorithm: SigningAlgorithm | None = None) -> None:
        super().__init__(
            secret,
            salt=salt,
            key_derivation="hmac",
            digest_method=hashlib.sha256,
            algorithm=algorithm or _Sha256(),
        )
        self._derived = super().derive_key()

    def derive_key(self, secret_key: str | bytes | None = None) -> bytes:
        """Return the one key there is; itsdangerous' own lists of keys are not used."""
        return self._derived

    def sign(self, value: str | bytes) -> bytes:
        """Sign a value in one step; a page carries several stamps."""
        signed = value.encode() if isinstance(value, str) else value
        return b"%b.%b" % (signed, base64_encode(self.algorithm.get_signature(self._derived, signed)))


class LinkSigner:
    """Signs capabilities with the newest key and knows every key that still verifies."""

    def __init__(self, keys: Sequence[Key]) -> None:
        """Take the keys oldest to newest; raises ValueError when there is none."""
        if not keys:
            raise ValueError("a link signer wants at least one key")
        self._signers = {key.id: OneKeySigner(key.secret, SALT) for key in reversed(keys)}
        self.newest = keys[-1].id

    @property
    def key_ids(self) -> frozenset[str]:
        """The ids of every key that still verifies."""
        return frozenset(self._signers)

    def sign(self, capability: bytes, key_id: str) -> str | None:
        """Spell the token of a 16-byte capability under one key; None when that key is retired."""
        signer = self._signers.get(key_id)
        return None if signer is None else signer.sign(_spell(capability)).decode("ascii")

    def verify(self, token: str) -> bytes | None:
        """Return the 16-byte capability of a token, or None for anything we did not spell exactly so.

        The token is signed anew and compared whole: base64 has four spellings of one signature, and only
        ours may pass, so that a link has one text.
        """
        if len(token) != TOKEN_LENGTH or not token.isascii():
            return None
        value = token.partition(".")[0].encode("ascii")
        given = token.encode("ascii")
        if not any(hmac.compare_digest(signer.sign(value), given) for signer in self._signers.values()):
            return None
        try:
            return base64.urlsafe_b64decode(value + b"==")
        except binascii.Error:
            return None


def new_capability() -> bytes:
    """Draw 128 random bits."""
    return secrets.token_bytes(CAPABILITY_BYTES)


def new_reference() -> str:
    """Draw a gift's public reference: eight characters that name it and open nothing."""
    # A byte is eight times the alphabet, so no letter is likelier than another.
    return "".join(REFERENCE_ALPHABET[byte & 31] for byte in secrets.token_bytes(8))


def same_again(open_gifts: Sequence[Gift], key_ids: Container[str], label: str = "") -> Gift | None:
    """Choose the open gift of an article, of those given newest first, that asking once more hands back.

    That is the one with the label asked for, else the first: what came after it is a link of its own, made for
    somebody else. One whose key was retired is the last choice.
    """
    alive = [gift for gift in open_gifts if gift.key_id in key_ids] or open_gifts
    labelled = [gift for gift in alive if label and gift.label == label]
    chosen = labelled or alive
    return chosen[-1] if chosen else None


def by_hand(because: str) -> str:
    """Spell an admin's reason as a frozen gift keeps it, so that it is never taken for a rule's: a blank stands before."""
    said = because.strip()
    return f" {said}" if said.casefold().startswith(BY_RULE) else said


def standing(gift: Gift, now: datetime) -> Decision:
    """Decide whether a gift is open to a new reader at `now`; its article's rights are asked apart."""
    if gift.revoked_at is not None:
        return Deny(Reason.GIFT_REVOKED, since=gift.revoked_at)
    if gift.expires_at <= now:
        return Deny(Reason.GIFT_EXPIRED, since=gift.expires_at)
    if gift.read_up:
        return Deny(Reason.GIFT_READ_UP, since=gift.read_up_at, detail={"readers": gift.readers or 0})
    return unfrozen(gift, now)


def standing_for_a_holder(gift: Gift, now: datetime) -> Decision:
    """Decide whether a device that took the gift up may go on reading.

    A full link shuts out newcomers only, and so does one that a rule froze: others made it spread, by opening it.
    """
    decision = standing(gift, now)
    if isinstance(decision, Deny) and decision.reason is Reason.GIFT_READ_UP:
        decision = unfrozen(gift, now)
    if isinstance(decision, Deny) and decision.reason is Reason.GIFT_FROZEN and gift.spread:
        return Permit()
    return decision


def standing_at_the_desk(gift: Gift, key_ids: Container[str], now: datetime) -> Decision:
    """Decide what whoever looks after gifts is told of one; `key_ids` are those of the keys that still verify.

    A pause comes before that everybody has read, since it can be ended, and a link that no key signs opens nothing.
    """
    decision, pause = standing(gift, now), unfrozen(gift, now)
    if isinstance(decision, Deny):
        return pause if decision.reason is Reason.GIFT_READ_UP and isinstance(pause, Deny) else decision
    return decision if gift.key_id in key_ids else Deny(Reason.GIFT_KEY_RETIRED)


def unfrozen(gift: Gift, now: datetime) -> Decision:
    """Decide whether a gift is not frozen at `now`, whatever else may shut it."""
    if gift.frozen_at is None or (gift.frozen_until is not None and gift.frozen_until <= now):
        return Permit()
    return Deny(Reason.GIFT_FROZEN, since=gift.frozen_at, until=gift.frozen_until)


def _spell(capability: bytes) -> bytes:
    return base64.urlsafe_b64encode(capability).rstrip(b"=")
