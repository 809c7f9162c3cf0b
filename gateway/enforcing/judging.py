"""Deciding whether an act may be done: what is in force against who takes part, and what the act would make of the counts."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from gateway.decision import Deny, Reason
from gateway.enforcing.fires import count, count_and_fire, fire, known_of
from gateway.firing import Act, Firing, adds_to, still_said
from gateway.guard import Metric, Then
from gateway.link import CONFIRM_AFTER
from gateway.parties import Parties
from gateway.policy import Policy
from gateway.store import turns

# Copies are counted after their row was added; every other act before it is done.
_COPIES = (Metric.COPIED_CHARACTERS, Metric.COPIES_OVER_LIMIT)


def judge(
    connection: Connection,
    policy: Policy,
    act: Act,
    parties: Parties,
    now: datetime,
    *,
    pressed: bool = False,
) -> Deny | None:
    """Decide whether an act may be done, and let the rules fire that it would take past their number.

    Where a reader, a network or a link is challenged, only a button's press after the wait goes on (`pressed`).
    """
    if act is not Act.ISSUE:  # Whoever issues holds the account's row already.
        turns.take_turn(connection, parties)
    known = known_of(connection, parties, now)
    standing = shut_out(policy, act, known, now, pressed=pressed)
    if standing is not None:
        return standing
    named = parties.names
    rules = [rule for rule in policy.rules if rule.by in named and adds_to(act, rule)]
    counted = count(connection, rules, parties, known, now, this_one=1)
    fired = fire(connection, policy, counted, known, parties, now)
    return _strictest((each for each in fired if each.acts(now) and each.concerns(act)), now, pressed=pressed)


def wait_for_giver(connection: Connection, policy: Policy, capability: bytes) -> None:
    """Let claims of one giver's gifts go one after the other, before they hold a row, where a rule freezes them all.

    Else a claim that such a rule fires at would wait for gifts whose claims wait for its turn to end.
    """
    if any(rule.freezes_a_giver and adds_to(Act.CLAIM, rule) for rule in policy.rules):
        turns.take_givers_turn(connection, capability)


def shut_out(
    policy: Policy, act: Act, known: Iterable[Firing], now: datetime, *, pressed: bool = False
) -> Deny | None:
    """Tell what holds against an act already; what the policy no longer says holds against nobody."""
    standing = (each for each in known if each.shuts_out(act, now) and still_said(each, policy.rules))
    return _strictest(standing, now, pressed=pressed)


def judge_copy(connection: Connection, policy: Policy, parties: Parties, now: datetime) -> Deny | None:
    """Count a copy whose row was just added, and tell what it shuts its reader out of, if anything."""
    turns.take_turn(connection, parties)
    named = parties.names
    rules = [rule for rule in policy.rules if rule.metric in _COPIES and rule.by in named]
    fired = count_and_fire(connection, policy, rules, parties, now)
    return _strictest((each for each in fired if each.acts(now) and each.concerns(Act.READ)), now)


def _strictest(found: Iterable[Firing], now: datetime, *, pressed: bool = False) -> Deny | None:
    """Say the hardest of what stands in the way; a press goes past every challenge, and past nothing else."""
    # Of two blocks the longer one is told, else who comes back when they were told to meets the other.
    order = (Then.CHALLENGE, Then.FREEZE, Then.BLOCK)
    endless = datetime.max.replace(tzinfo=UTC)
    strict = max(found, key=lambda each: (order.index(each.then), each.until or endless), default=None)
    if strict is None or (pressed and strict.then is Then.CHALLENGE):
        return None
    return _refusal(strict, now)


def _refusal(firing: Firing, now: datetime) -> Deny:
    about = {"rule": firing.rule}
    if firing.then is Then.CHALLENGE:
        return Deny(Reason.RULE_CHALLENGED, until=now + CONFIRM_AFTER, detail=about)
    if firing.then is Then.FREEZE:
        return Deny(Reason.GIFT_FROZEN, since=firing.at, until=firing.until, detail=about)
    return Deny(
        Reason.RULE_BLOCKED, since=firing.at, until=firing.until or now + timedelta(days=1), detail=about
    )
