"""A case of the desk's queue: what wants a person, on which evidence, and who may do what about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.decision import Decision, Deny, Permit, Reason
from gateway.firing import Firing
from gateway.guard import By, Metric, Mode
from gateway.ledger import Words, spelled_instant
from gateway.link import BY_RULE, Gift

DISPUTE_LENGTH = 500


class Kind(StrEnum):
    """What a case is about."""

    SPREADING_LINK = "spreading_link"
    LEAKER = "leaker"
    SPIKE = "spike"
    LICENCE_REQUEST = "licence_request"
    REPORTED_NOTE = "reported_note"
    DISPUTE = "dispute"


class Standing(StrEnum):
    """How far the desk is with a case."""

    OPEN = "open"
    OWNED = "owned"
    CLOSED = "closed"


class CaseAct(StrEnum):
    """What an admin can do about a case."""

    TAKE = "take"
    HAND_OVER = "hand_over"
    GIVE_BACK = "give_back"
    CLOSE = "close"
    REOPEN = "reopen"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason to look, and the same one never twice for its kind: `origin` names what it was.

    `figures` holds plain words and whole numbers, by the kind of the case:
      spreading link, leaker  rule, metric, then, count, firing (its row)
      spike                   figure, month (YYYY-MM), count, before (all twelve months before, together)
      licence request         purpose, characters (0 for the whole)
      dispute                 ground (freeze, or flag), rule
    `words` is what a person wrote, and goes when they are erased.
    """

    kind: Kind
    subject: str
    origin: str
    at: datetime
    figures: Words = field(default_factory=dict)
    words: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One case: about whom or what, as the log names it, and whose account that is, where it is somebody's.

    One case is open at a time of a kind and subject; what is found meanwhile is added to it. `pieces` counts its evidence.
    """

    id: int
    kind: Kind
    subject: str
    account_id: int | None
    opened_at: datetime
    pieces: int
    owner_id: int | None
    owned_at: datetime | None
    closed_at: datetime | None
    closed_by: str
    closing_reason: str

    @property
    def standing(self) -> Standing:
        """How far the desk is with it."""
        if self.closed_at is not None:
            return Standing.CLOSED
        return Standing.OPEN if self.owner_id is None else Standing.OWNED


# Who asked for a licence waits for an answer, so such a case ends where the answer is given and nowhere else.
FOLLOWS = frozenset({Kind.LICENCE_REQUEST})
# What bulk rules count of links that go round, and for whom.
ABOUT_LINKS = (Metric.NETWORKS, Metric.CLAIMS, Metric.UNCONFIRMED_CLAIMS, Metric.SPREAD_LINKS)
FOR_WHOM: Mapping[By, Kind] = {By.LINK: Kind.SPREADING_LINK, By.SUBSCRIBER: Kind.LEAKER}


def decide(act: CaseAct, case: Case, admin: int) -> Decision:
    """Decide whether a case as it stands allows an admin's act; whose account it is about is asked before."""
    if act in (CaseAct.CLOSE, CaseAct.REOPEN) and case.kind in FOLLOWS:
        return Deny(Reason.CASE_FOLLOWS)
    if act is CaseAct.REOPEN:
        return Permit() if case.standing is Standing.CLOSED else Deny(Reason.CASE_NOT_CLOSED)
    if case.standing is Standing.CLOSED:
        return Deny(Reason.CASE_CLOSED, since=case.closed_at)
    if case.standing is Standing.OPEN:
        needs_owner = act in (CaseAct.HAND_OVER, CaseAct.GIVE_BACK)
        return Deny(Reason.CASE_NOT_TAKEN) if needs_owner else Permit()
    return _decide_owned(act, case, admin)


def _decide_owned(act: CaseAct, case: Case, admin: int) -> Decision:
    # Anybody may hand it over, to themselves too: whoever has it may be away.
    theirs = case.owner_id != admin and act is not CaseAct.HAND_OVER
    return Deny(Reason.CASE_TAKEN, since=case.owned_at) if theirs else Permit()


def acts_on(case: Case, admin: int) -> tuple[CaseAct, ...]:
    """List what an admin can do about a case as it stands; to take what one has already is no act."""
    found = [act for act in CaseAct if isinstance(decide(act, case, admin), Permit)]
    return tuple(act for act in found if act is not CaseAct.TAKE or case.owner_id is None)


def kind_of(firing: Firing) -> Kind | None:
    """Tell of which kind the case is that a rule's firing opens; None where nobody needs to look.

    What becomes of links counts: one that goes round, or a giver whose links keep doing so. A rule that only watches is
    being tried out, and what an admin lifted was looked at.
    """
    if firing.mode is not Mode.ENFORCE or firing.lifted_at is not None or firing.metric not in ABOUT_LINKS:
        return None
    return FOR_WHOM.get(firing.by)


def evidence_of(firing: Firing, kind: Kind) -> Evidence:
    """Make the evidence that a firing is."""
    figures: dict[str, str | int] = {
        "rule": firing.rule,
        "metric": firing.metric.value,
        "then": firing.then.value,
        "count": firing.count,
        "firing": firing.id,
    }
    return Evidence(kind, firing.who, f"firing:{firing.id}", firing.at, figures)


def asked_for(number: str, purpose: str, characters: int | None, at: datetime) -> Evidence:
    """Make the evidence that a request for a licence is."""
    subject = f"licence:{number}"
    figures: dict[str, str | int] = {"purpose": purpose, "characters": characters or 0}
    return Evidence(Kind.LICENCE_REQUEST, subject, subject, at, figures)


def reported(reference: str, at: datetime) -> Evidence:
    """Make the evidence that the first report of a gift's note is."""
    return Evidence(Kind.REPORTED_NOTE, f"gift:{reference}", f"note:{reference}", at)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a giver can object to, once: that a rule froze a link of theirs, or flagged their account; since when."""

    origin: str
    rule: str
    since: datetime
    flag: bool = False

    def evidence(self, reference: str, words: str, now: datetime) -> Evidence:
        """Make the evidence that the giver's word is, said at this instant."""
        figures: dict[str, str | int] = {"ground": "flag" if self.flag else "freeze", "rule": self.rule}
        figures["since"] = spelled_instant(self.since)
        return Evidence(Kind.DISPUTE, f"gift:{reference}", self.origin, now, figures, words)


def ground_of(gift: Gift, flags: Iterable[Firing], now: datetime) -> Ground | None:
    """Find what the giver of a gift can object to; `flags` are what fired on their account, newest first.

    A freeze by a rule comes first. A flag can be objected to on any gift that was there when it was raised, since the
    giver knows best which of them went round.
    """
    over = gift.revoked_at is not None or (gift.frozen_until is not None and gift.frozen_until <= now)
    if gift.spread and gift.frozen_at is not None and not over:
        rule = gift.frozen_because.removeprefix(BY_RULE)
        return Ground(f"freeze:{gift.reference}:{spelled_instant(gift.frozen_at)}", rule, gift.frozen_at)
    for flag in flags:
        if kind_of(flag) is Kind.LEAKER and gift.issued_at < flag.at:
            return Ground(f"flag:{flag.id}", flag.rule, flag.at, flag=True)
    return None
