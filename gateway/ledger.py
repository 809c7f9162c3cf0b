"""What the log is made of: events, entries, and the one way an entry is spelled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from json.encoder import encode_basestring

from gateway.verify import salted

# RFC 8785 has the numbers of IEEE 754, which hold no whole number beyond these for certain.
LARGEST_NUMBER = 2**53 - 1

Words = Mapping[str, str | int]


class Event(StrEnum):
    """What can happen, as `subject:what`; every entry of the log is one of these."""

    GIFT_ISSUED = "gift:issued"
    GIFT_HANDED_BACK = "gift:handed_back"
    GIFT_REFUSED = "gift:refused"
    GIFT_REVOKED = "gift:revoked"
    GIFT_FROZEN = "gift:frozen"
    GIFT_THAWED = "gift:thawed"
    GIFT_LINK_RENEWED = "gift:link_renewed"
    GIFT_RELABELLED = "gift:relabelled"
    GIFT_NOTE_REPORTED = "gift:note_reported"
    GIFT_REPLACED = "gift:replaced"
    GIFT_DISPUTED = "gift:disputed"
    DISPUTE_REFUSED = "gift:dispute_refused"

    CREDIT_RETURNED = "credit:returned"
    CREDITS_GRANTED = "credit:granted"
    CREDITS_TAKEN_BACK = "credit:taken_back"

    CLAIM_MADE = "claim:made"
    CLAIM_REFUSED = "claim:refused"
    CLAIM_UNDONE = "claim:undone"
    READING_SERVED = "reading:served"
    READING_REFUSED = "reading:refused"
    READING_CONFIRMED = "reading:confirmed"
    CONFIRM_REFUSED = "reading:confirm_refused"
    READING_MOVED = "reading:moved"
    MOVE_REFUSED = "reading:move_refused"
    READING_GIVEN_BACK = "reading:given_back"
    GIVE_BACK_REFUSED = "reading:give_back_refused"
    OPENERS_FORGOTTEN = "gift:openers_forgotten"
    DEVICE_FORGOTTEN = "device:forgotten"
    RETENTION_APPLIED = "retention:applied"

    COPYING_CLOSED = "copy:closed"
    LICENCE_ASKED = "licence:asked"
    LICENCE_MAILED = "licence:mailed"
    LICENCE_STATE_CHANGED = "licence:state_changed"
    SUBSCRIBE_CLICKED = "subscribe:clicked"

    ACCOUNT_ADDED = "account:added"
    ACCOUNT_PLAN_CHANGED = "account:plan_changed"
    ACCOUNT_PASSWORD_CHANGED = "account:password_changed"
    ACCOUNT_SUSPENDED = "account:suspended"
    ACCOUNT_UNSUSPENDED = "account:unsuspended"
    ACCOUNT_ACT_REFUSED = "account:act_refused"
    SIGNED_IN = "session:begun"
    SIGN_IN_REFUSED = "session:refused"
    SIGNED_OUT = "session:ended"
    SESSIONS_ENDED = "session:all_ended"
    EVERYONE_SIGNED_OUT = "session:everyone_ended"
    TOKEN_ADDED = "token:added"
    TOKEN_REVOKED = "token:revoked"

    ARTICLE_ADDED = "article:added"
    ARTICLE_CHANGED = "article:changed"
    ARTICLE_RIGHTS_CHANGED = "article:rights_changed"

    RULE_FIRED = "rule:fired"
    RULE_WATCHED = "rule:watched"
    RULE_LIFTED = "rule:lifted"

    CASE_OPENED = "case:opened"
    CASE_ADDED_TO = "case:added_to"
    CASE_TAKEN = "case:taken"
    CASE_HANDED_OVER = "case:handed_over"
    CASE_GIVEN_BACK = "case:given_back"
    CASE_CLOSED = "case:closed"
    CASE_REOPENED = "case:reopened"

    POLICY_ADOPTED = "policy:adopted"
    POLICY_PROPOSED = "policy:proposed"
    POLICY_APPROVED = "policy:approved"
    POLICY_REJECTED = "policy:rejected"
    POLICY_WITHDRAWN = "policy:withdrawn"
    POLICY_SCHEDULED = "policy:scheduled"
    SIMULATION_ASKED = "simulation:asked"
    SIMULATION_ENDED = "simulation:ended"
    KEY_ADDED = "key:added"
    KEY_RETIRED = "key:retired"
    LOG_BEGUN = "log:begun"
    LOG_HEARTBEAT = "log:heartbeat"
    LOG_STOPPED = "log:stopped"
    LOG_EXPORTED = "log:exported"
    LOG_READ = "log:read"
    EXPORT_BEGUN = "export:begun"
    EXPORT_ENDED = "export:ended"
    LOG_MONTH_ARCHIVED = "log:month_archived"
    SEAL_KEY_ADDED = "seal_key:added"
    SEAL_KEY_RETIRED = "seal_key:retired"
    PERSON_EXPORTED = "person:exported"
    PERSON_ERASED = "person:erased"
    BACKUP_MADE = "backup:made"
    BACKUP_RESTORED = "backup:restored"
    RESTORE_CONFIRMED = "backup:confirmed"


class Outcome(StrEnum):
    """Whether the act was done."""

    PERMIT = "permit"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, under a pseudonym (`account:7`, `reader`, `operator`), seen as what, in which request.

    `personal` is what of a person stands beside the entry and may be erased there: `device`, `network`, `name`.
    """

    name: str
    visitor: str = ""
    request_id: str = ""
    personal: Mapping[str, str] = field(default_factory=dict)

    @property
    def known_as(self) -> str:
        """Who this is as far as is known at the moment: `reader:…` with the device, anybody else by name."""
        return known_as(self.name, self.personal.get("device"))


# What is named by a digest of something that is a person's, and so may have to be forgotten.
PERSONAL_KINDS = frozenset({"reader", "network"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log; `detail` holds words and numbers, never a token, an address or a name."""

    at: datetime
    actor: Actor
    event: Event
    subject: str
    outcome: Outcome = Outcome.PERMIT
    reason: str = ""
    detail: Words = field(default_factory=dict)
    rule: str = ""

    @property
    def placed(self) -> tuple[str, dict[str, str]]:
        """The subject as it is sealed, and the personal values beside the entry: a reader or network is one of them."""
        kind, _, value = self.subject.partition(":")
        if kind in PERSONAL_KINDS and value:
            return kind, {**self.actor.personal, "subject": value}
        return self.subject, dict(self.actor.personal)


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """An entry as it was written, with all that its leaf is the hash of; `detail` and `personal` are spelled."""

    id: int
    at: datetime
    actor: str
    event: str
    subject: str
    outcome: str
    reason: str
    rule: str
    visitor: str
    request_id: str
    detail: str
    personal: str

    def canonical(self) -> bytes:
        """Spell the entry as RFC 8785 wants it: every field in order of its name, in UTF-8."""
        text = encode_basestring
        return (
            f'{{"actor":{text(self.actor)},"at":"{spelled_instant(self.at)}","detail":{self.detail},'
            f'"event":{text(self.event)},"id":{self.id},"outcome":{text(self.outcome)},"personal":{self.personal},'
            f'"reason":{text(self.reason)},"request_id":{text(self.request_id)},"rule":{text(self.rule)},'
            f'"subject":{text(self.subject)},"visitor":{text(self.visitor)}}}'
        ).encode()


OPERATOR = Actor("operator")
GATEWAY = Actor("gateway")
READER = "reader"


def account_actor(account_id: int, *, visitor: str = "", request_id: str = "") -> Actor:
    """Name an account as an actor."""
    return Actor(f"account:{account_id}", visitor, request_id)


def reader_actor(device: bytes, *, visitor: str = "", request_id: str = "") -> Actor:
    """Name a reader as an actor; the first 64 bits of the device's digest stand beside the entry, where they can go."""
    return Actor(READER, visitor, request_id, {"device": device[:8].hex()})


def known_as(name: str, value: str | None) -> str:
    """Name somebody by what is known: a reader whose device was erased is `reader` and no more."""
    return f"{name}:{value}" if name in PERSONAL_KINDS and value else name


def sealed_personal(personal: Mapping[str, tuple[bytes, str]]) -> str:
    """Spell what an entry holds of the personal values beside it: their hashes, each with a salt of its own."""
    return spelled({what: salted(salt, value) for what, (salt, value) in personal.items()})


def spelled(detail: Words) -> str:
    """Spell words and numbers in the one way of RFC 8785; raises ValueError for a number that it cannot hold."""
    # Names are sorted as UTF-16, which differs from Unicode's order past the basic plane.
    names = sorted(detail, key=lambda name: name.encode("utf-16-be"))
    return "{" + ",".join(f"{encode_basestring(name)}:{_spelled(detail[name])}" for name in names) + "}"


def spelled_instant(at: datetime) -> str:
    """Spell an instant to the microsecond, in UTC."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def minute_of(at: datetime) -> datetime:
    """Return the start of the minute that holds an instant."""
    return at.astimezone(UTC).replace(second=0, microsecond=0)


def _spelled(value: str | int) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    if not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        raise ValueError(f"{value} is too large a number for the log")
    return str(int(value))
