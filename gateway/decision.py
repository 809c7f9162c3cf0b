"""A decision is a value: `Permit`, or `Deny` with the one `Reason` that page, API, log and test all name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Reason(StrEnum):
    """Why something was refused, as `subject:why`; the text is a public, stable code."""

    QUOTA_SPENT = "quota:spent"

    ARTICLE_UNKNOWN = "article:unknown"
    ARTICLE_FREE = "article:free"
    ARTICLE_NOT_GIFTABLE = "article:not_giftable"
    ARTICLE_EMBARGOED = "article:embargoed"
    ARTICLE_EXPIRED = "article:expired"
    ARTICLE_WITHDRAWN = "article:withdrawn"

    ACCOUNT_UNKNOWN = "account:unknown"
    ACCOUNT_SUSPENDED = "account:suspended"
    ACCOUNT_WITHOUT_PLAN = "account:without_plan"
    ACCOUNT_PLAN_DROPPED = "account:plan_dropped"
    ACCOUNT_OWN = "account:own"
    ACT_UNCONFIRMED = "act:unconfirmed"
    ACT_ALREADY = "act:already"
    ACCOUNT_SIGNED_OUT = "account:signed_out"
    ACCOUNT_FORBIDDEN = "account:forbidden"
    SIGN_IN_FAILED = "sign_in:failed"
    SIGN_IN_TOO_FAST = "sign_in:too_fast"

    GIFT_UNKNOWN = "gift:unknown"
    GIFT_EXPIRED = "gift:expired"
    GIFT_REVOKED = "gift:revoked"
    GIFT_FROZEN = "gift:frozen"
    GIFT_READ_UP = "gift:read_up"
    GIFT_UNCONFIRMED_FULL = "gift:unconfirmed_full"
    GIFT_KEY_RETIRED = "gift:key_retired"
    GIFT_STILL_OPEN = "gift:still_open"
    GIFT_NOT_SPREAD = "gift:not_spread"
    LINK_FOREIGN = "link:foreign"
    LINK_DAMAGED = "link:damaged"

    CLAIM_UNKNOWN = "claim:unknown"
    CLAIM_LAPSED = "claim:lapsed"
    CLAIM_TOO_SOON = "claim:too_soon"
    CLAIM_FOREIGN = "claim:foreign_origin"
    CLAIM_BY_MACHINE = "claim:by_machine"

    RULE_BLOCKED = "rule:blocked"
    RULE_CHALLENGED = "rule:challenged"
    RULE_UNKNOWN = "rule:unknown"
    NETWORK_UNKNOWN = "network:unknown"
    READING_BY_MACHINE = "reading:by_machine"
    READING_NONE = "reading:none"
    READING_UNCOUNTED = "reading:uncounted"
    READING_GIVEN_BACK = "reading:given_back"
    TRANSFER_UNKNOWN = "transfer:unknown"
    TRANSFER_EXPIRED = "transfer:expired"
    TRANSFER_TOO_OFTEN = "transfer:too_often"
    COPY_TOTAL = "copy:total_reached"
    COPY_INVALID = "copy:invalid"
    COPY_REUSED = "copy:number_reused"

    LICENCE_INVALID = "licence:invalid"
    LICENCE_UNKNOWN = "licence:unknown"

    POLICY_UNKNOWN = "policy:unknown"
    POLICY_INVALID = "policy:invalid"
    POLICY_TOO_LARGE = "policy:too_large"
    POLICY_SAME = "policy:same"
    POLICY_INSTANT = "policy:instant"
    POLICY_TOO_SOON = "policy:too_soon"
    POLICY_PLANS_IN_USE = "policy:plans_in_use"
    SIMULATION_UNKNOWN = "simulation:unknown"
    SIMULATION_OPEN = "simulation:open"
    SIMULATION_ENDED = "simulation:ended"
    PROPOSAL_UNKNOWN = "proposal:unknown"
    PROPOSAL_OWN = "proposal:own"
    PROPOSAL_OTHERS = "proposal:others"
    PROPOSAL_WAITS = "proposal:waits"
    PROPOSAL_SETTLED = "proposal:settled"
    PROPOSAL_CHANGED = "proposal:changed"
    PROPOSAL_OUTDATED = "proposal:outdated"

    CASE_UNKNOWN = "case:unknown"
    CASE_TAKEN = "case:taken"
    CASE_NOT_TAKEN = "case:not_taken"
    CASE_CLOSED = "case:closed"
    CASE_NOT_CLOSED = "case:not_closed"
    CASE_OPEN_AGAIN = "case:open_again"
    CASE_FOLLOWS = "case:follows"
    CASE_OWNER_UNFIT = "case:owner_unfit"
    DISPUTE_NONE = "dispute:none"
    DISPUTE_SENT = "dispute:sent"
    DISPUTE_TOO_LONG = "dispute:too_long"

    NOTE_TOO_LONG = "note:too_long"
    NOTE_HAS_LINK = "note:has_link"
    LABEL_TOO_LONG = "label:too_long"
    REASON_MISSING = "reason:missing"
    REASON_TOO_LONG = "reason:too_long"
    CREDITS_OUT_OF_RANGE = "credits:out_of_range"
    CREDITS_SPENT = "credits:spent"

    IDEMPOTENCY_KEY_MISSING = "idempotency:missing"
    IDEMPOTENCY_KEY_REUSED = "idempotency:reused"

    REQUEST_INVALID = "request:invalid"
    REQUEST_TOO_FAST = "request:too_fast"
    TOKEN_INVALID = "token:invalid"
    TOKEN_SCOPE = "token:scope"
    GATEWAY_RESTORED = "gateway:restored"
    DATABASE_AWAY = "database:away"


@dataclass(frozen=True, slots=True)
class Permit:
    """Allow the act."""


@dataclass(frozen=True, slots=True)
class Deny:
    """Refuse the act for one reason; `since` and `until` are aware UTC instants where they are known.

    `detail` carries what the answer tells beside the reason (a limit, a name), never personal data.
    """

    reason: Reason
    since: datetime | None = None
    until: datetime | None = None
    detail: Mapping[str, str | int] = field(default_factory=dict)


Decision = Permit | Deny
