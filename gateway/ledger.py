"""What the log is made of: events, entries, and the one way an entry is spelled."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum


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

    CREDIT_RETURNED = "credit:returned"
    CREDITS_GRANTED = "credit:granted"

    CLAIM_MADE = "claim:made"
    CLAIM_REFUSED = "claim:refused"
    CLAIM_UNDONE = "claim:undone"
    READING_SERVED = "reading:served"
    READING_REFUSED = "reading:refused"
    READING_CONFIRMED = "reading:confirmed"
    CONFIRM_REFUSED = "reading:confirm_refused"

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
    TOKEN_ADDED = "token:added"
    TOKEN_REVOKED = "token:revoked"

    ARTICLE_ADDED = "article:added"
    ARTICLE_CHANGED = "article:changed"
    ARTICLE_RIGHTS_CHANGED = "article:rights_changed"

    RULE_FIRED = "rule:fired"
    RULE_WATCHED = "rule:watched"
    RULE_LIFTED = "rule:lifted"

    POLICY_ADOPTED = "policy:adopted"
    POLICY_PROPOSED = "policy:proposed"
    KEY_ADDED = "key:added"
    KEY_RETIRED = "key:retired"
    LOG_READ = "log:read"
    BACKUP_MADE = "backup:made"
    BACKUP_RESTORED = "backup:restored"
    RESTORE_CONFIRMED = "backup:confirmed"


class Outcome(StrEnum):
    """Whether the act was done."""

    PERMIT = "permit"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, under a pseudonym (`account:7`, `reader:…`, `operator`), seen as what, in which request."""

    name: str
    visitor: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log; `detail` holds words and numbers, never a token, an address or a name."""

    at: datetime
    actor: Actor
    event: Event
    subject: str
    outcome: Outcome = Outcome.PERMIT
    reason: str = ""
    detail: Mapping[str, str | int] = field(default_factory=dict)


OPERATOR = Actor("operator")
GATEWAY = Actor("gateway")


def account_actor(account_id: int, *, visitor: str = "", request_id: str = "") -> Actor:
    """Name an account as an actor."""
    return Actor(f"account:{account_id}", visitor, request_id)


def reader_actor(device: bytes, *, visitor: str = "", request_id: str = "") -> Actor:
    """Name a reader's device as an actor by the first 64 bits of its digest."""
    return Actor(f"reader:{device[:8].hex()}", visitor, request_id)


def spelled(detail: Mapping[str, str | int]) -> str:
    """Spell an entry's detail in one way only: sorted keys, no spaces, Unicode as it is."""
    return json.dumps(dict(detail), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def minute_of(at: datetime) -> datetime:
    """Return the start of the minute that holds an instant."""
    return at.astimezone(UTC).replace(second=0, microsecond=0)
