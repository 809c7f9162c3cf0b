"""Deciding whether an act may be done: what is in force against who takes part, and what the act would make of the counts."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.decision import Deny, Reason
from gateway.enforcing.fires import count, fire, known_of
from gateway.firing import Act, Firing, adds_to
from gateway.guard import Metric, Then
from gateway.link import CONFIRM_AFTER
from gateway.parties import Parties
from gateway.policy import Policy
from gateway.store import counting

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
        counting.take_turn(connection, parties)
    known = known_of(connection, parties, now)
    standing = _strictest(firing for firing in known if firing.shuts_out(act, now))
    if standing is not None and not (pressed and standing.then is Then.CHALLENGE):
        return _refusal(standing, now)
    rules = [rule for rule in policy.rules if adds_to(act, rule) and rule.by in parties.names]
    counted = count(connection, rules, parties, known, now, this_one=1)
    fired = _strictest(
        firing
        for firing in fire(connection, policy, counted, known, parties, now)
        if firing.acts(now) and (firing.concerns(act) or firing.then is Then.FREEZE)
    )
    if fired is None or (pressed and fired.then is Then.CHALLENGE):
        return None
    return _refusal(fired, now)


def judge_copy(connection: Connection, policy: Policy, parties: Parties, now: datetime) -> Deny | None:
    """Count a copy whose row was just added, and tell what it shuts its reader out of, if anything."""
    counting.take_turn(connection, parties)
    known = known_of(connection, parties, now)
    rules = [rule for rule in policy.rules if rule.metric in _COPIES and rule.by in parties.names]
    counted = count(connection, rules, parties, known, now, this_one=0)
    fired = _strictest(
        firing
        for firing in fire(connection, policy, counted, known, parties, now)
        if firing.acts(now) and firing.concerns(Act.READ)
    )
    return None if fired is None else _refusal(fired, now)


def _strictest(found: Iterable[Firing]) -> Firing | None:
    order = (Then.CHALLENGE, Then.FREEZE, Then.BLOCK)
    return max(found, key=lambda firing: order.index(firing.then), default=None)


def _refusal(firing: Firing, now: datetime) -> Deny:
    about = {"rule": firing.rule}
    if firing.then is Then.CHALLENGE:
        return Deny(Reason.RULE_CHALLENGED, until=now + CONFIRM_AFTER, detail=about)
    if firing.then is Then.FREEZE:
        return Deny(Reason.GIFT_FROZEN, since=firing.at, until=firing.until, detail=about)
    return Deny(
        Reason.RULE_BLOCKED, since=firing.at, until=firing.until or now + timedelta(days=1), detail=about
    )
