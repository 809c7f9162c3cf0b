"""What bulk rules did: whom they keep from something now, what they would have done, and an admin's word against them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.auditing.acts import Act, Word, permitted, refuse_within
from gateway.decision import Decision, Deny, Reason
from gateway.firing import REMEMBERED, Firing, still_said
from gateway.guard import Rule, Then
from gateway.ledger import Actor, Entry, Event
from gateway.link import BY_RULE, Gift, new_capability, new_reference
from gateway.runtime import Runtime
from gateway.store import firings, freezing, gifts
from gateway.store.accounts import Account
from gateway.store.entries import append_entry
from gateway.store.firings import RuleReport

REPORTED = timedelta(days=30)
PAGE = 50
# A replacement was paid for by the gift it replaces, so it belongs to no month and no credit comes back for it.
NO_PERIOD = ""


@dataclass(frozen=True, slots=True)
class Ruling:
    """The rules in force, whom they keep from something at this moment, and what they did lately.

    `older` is the firing to continue `in_force` before, None at the end.
    """

    rules: tuple[Rule, ...]
    in_force: tuple[Firing, ...]
    older: int | None
    report: tuple[RuleReport, ...]
    since: datetime


def ruling(runtime: Runtime, *, days: int = REPORTED.days, before: int | None = None) -> Ruling:
    """Tell what the bulk rules do and did."""
    now = runtime.clock()
    since = now - timedelta(days=days)
    rules = runtime.policies.in_force(now).policy.rules
    with runtime.database.reading() as connection:
        in_force, older = _in_force(connection, rules, now, before)
        report = tuple(firings.report_rules(connection, since))
    return Ruling(rules, in_force, older, report, since)


def _in_force(
    connection: Connection, rules: tuple[Rule, ...], now: datetime, before: int | None
) -> tuple[tuple[Firing, ...], int | None]:
    found: list[Firing] = []
    while some := firings.list_in_force(connection, now, before=before, limit=PAGE + 1):
        # A link that was frozen stays so until it is thawed; all else ends with the rule that said it.
        found += [each for each in some if each.then is Then.FREEZE or still_said(each, rules)]
        if len(found) > PAGE or len(some) <= PAGE:
            break
        before = some[-1].id
    return tuple(found[:PAGE]), found[PAGE - 1].id if len(found) > PAGE else None


def flags_of(runtime: Runtime, who: str) -> tuple[Firing, ...]:
    """List what fired on somebody within the time that repetitions are remembered, newest first."""
    now = runtime.clock()
    with runtime.database.reading() as connection:
        return tuple(firings.list_flags(connection, who, now - REMEMBERED))


def lift(runtime: Runtime, actor: Actor, admin: Account, firing_id: int, because: str) -> Decision:
    """End what a rule did to somebody; it counts anew from now. A link that it froze works again."""
    with runtime.database.reading() as connection:
        found = firings.find_firing(connection, firing_id)
        whose = None if found is None else _account_of(connection, found.who)
    act = Act(Event.RULE_LIFTED, "" if found is None else found.who)
    decision = permitted(runtime, actor, admin, act, because=because, on=whose)
    if isinstance(decision, Deny):
        return decision
    if found is None:
        return Deny(Reason.RULE_UNKNOWN)
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        if firings.lift_firing(connection, firing_id, now=now, by=actor.name, because=because.strip()):
            about: dict[str, str | int] = {"rule": found.rule, "because": because.strip()}
            append_entry(connection, Entry(now, actor, Event.RULE_LIFTED, found.who, detail=about))
            for reference in freezing.thaw_ruled_gifts(connection, found.who, f"{BY_RULE}{found.rule}"):
                line = Entry(now, actor, Event.GIFT_THAWED, f"gift:{reference}", detail=about)
                append_entry(connection, line)
            return decision
        return refuse_within(connection, actor, act, Deny(Reason.ACT_ALREADY), now)


def replace_gift(runtime: Runtime, actor: Actor, admin: Account, reference: str, word: Word) -> Gift | Deny:
    """Give the giver of a link that spread one new link free of charge, since the leak was not theirs; once a gift.

    The old link ends for good and no longer counts against its giver.
    """
    with runtime.database.reading() as connection:
        found = gifts.find_gift(connection, reference)
    if found is None:
        return Deny(Reason.GIFT_UNKNOWN)
    act, on, said = Act(Event.GIFT_REPLACED, f"gift:{reference}"), found.account_id, word.because
    decision = permitted(runtime, actor, admin, act, because=said, on=on, confirmed=word.confirmed)
    if isinstance(decision, Deny):
        return decision
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        gift = gifts.take_gift(connection, reference)
        if gift is None or not gift.spread or gift.revoked_at is not None:
            return refuse_within(connection, actor, act, Deny(Reason.GIFT_NOT_SPREAD), now)
        words = word.because.strip()
        gifts.change_gift(
            connection, gift.id, revoked_at=now, revoked_because=words, frozen_because="", frozen_at=None
        )
        # The rule held against the old link until lifted; it would stand in the desk's list for ever.
        firings.lift_firings(connection, f"gift:{reference}", now=now, by=actor.name, because=words)
        fresh = _replacement(runtime, gift, now)
        new = gifts.add_gift(connection, new_reference, **fresh)
        about: dict[str, str | int] = {"by": new.reference, "account": gift.account_id, "because": words}
        append_entry(connection, Entry(now, actor, Event.GIFT_REPLACED, act.subject, detail=about))
        return new


def _account_of(connection: Connection, who: str) -> int | None:
    """Find whose account it is that a rule fired on, by itself or by a link of theirs."""
    kind, _, key = who.partition(":")
    if kind == "account":
        return int(key)
    found = gifts.find_gift(connection, key) if kind == "gift" else None
    return None if found is None else found.account_id


def _replacement(runtime: Runtime, gift: Gift, now: datetime) -> dict[str, object]:
    kept = (
        "account_id",
        "article_id",
        "readers",
        "unconfirmed_bound",
        "policy_version",
        "label",
        "note",
        "giver_shown",
    )
    return {name: getattr(gift, name) for name in kept} | {
        "capability": new_capability(),
        "key_id": runtime.keys.signer.newest,
        "issued_at": now,
        "expires_at": now + (gift.expires_at - gift.issued_at),
        "period": NO_PERIOD,
        "replaces": gift.id,
    }
