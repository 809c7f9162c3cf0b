"""Counting what rules ask about, and letting those fire whose number is passed: noted, and carried out."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from gateway.firing import REMEMBERED, Firing, counted_since, ends_at
from gateway.guard import By, Metric, Mode, Rule, Then
from gateway.ledger import GATEWAY, Entry, Event
from gateway.link import BY_RULE
from gateway.parties import Parties
from gateway.policy import Policy
from gateway.store import counting, firings, freezing
from gateway.store.counting import Question
from gateway.store.entries import REPLAYED, append_entry


@dataclass(frozen=True, slots=True)
class Counted:
    """A rule with the names of the one it was counted for, the present one first, and the number it came to."""

    rule: Rule
    names: tuple[str, ...]
    number: int


def known_of(connection: Connection, parties: Parties, now: datetime) -> list[Firing]:
    """List what holds against those who take part, and what an admin lifted as far back as rules may look."""
    names = [name for each in parties.names.values() for name in each]
    return firings.list_firings(connection, names, now, lifted_since=now - REMEMBERED)


def count(
    connection: Connection,
    rules: Sequence[Rule],
    parties: Parties,
    known: Sequence[Firing],
    now: datetime,
    *,
    this_one: int,
) -> list[Counted]:
    """Count for every rule, from as far back as it looks; `this_one` adds the act that is being decided."""
    asked: dict[tuple[Metric, By, datetime], int] = {}
    names = parties.names
    since = {rule.name: counted_since(known, rule, names[rule.by], now) for rule in rules}
    for rule in rules:
        key = (rule.metric, rule.by, since[rule.name])
        asked[key] = max(asked.get(key, 0), rule.over + 1)
    questions = [Question(metric, by, at, most) for (metric, by, at), most in asked.items()]
    found = dict(zip(asked, counting.count(connection, questions, parties), strict=True))
    return [
        Counted(rule, names[rule.by], found[rule.metric, rule.by, since[rule.name]] + this_one)
        for rule in rules
    ]


def fire(
    connection: Connection,
    policy: Policy,
    counted: Iterable[Counted],
    known: Sequence[Firing],
    parties: Parties,
    now: datetime,
) -> list[Firing]:
    """Let every rule fire that was passed, once while it holds; returns those that fired now or hold already."""
    found = []
    for each in counted:
        if each.number <= each.rule.over:
            continue
        # A rule that only watched until now has to fire anew before it acts.
        holding = next(
            (f for f in known if f.is_of(each.rule) and f.who in each.names and f.in_force(now)), None
        )
        if holding is None:
            holding = _note(connection, each, now)
            _carry_out(connection, policy, holding, parties, now)
        found.append(holding)
    return found


def count_and_fire(
    connection: Connection, policy: Policy, rules: Sequence[Rule], parties: Parties, now: datetime
) -> list[Firing]:
    """Count what was done already, and let the rules fire that it takes past their number."""
    known = known_of(connection, parties, now)
    counted = count(connection, rules, parties, known, now, this_one=0)
    return fire(connection, policy, counted, known, parties, now)


def _note(connection: Connection, counted: Counted, now: datetime) -> Firing:
    rule, who = counted.rule, counted.names[0]
    level = firings.count_firings(connection, rule, counted.names, now - REMEMBERED)
    until = ends_at(rule, now, level=level, spread=_drawn(connection, rule, who, now))
    firing = Firing(
        0,
        rule.name,
        rule.metric,
        rule.by,
        who,
        rule.then,
        rule.mode,
        counted.number,
        now,
        until,
        level,
        None,
    )
    firings.add_firing(
        connection,
        rule=rule.name,
        metric=rule.metric.value,
        by_whom=rule.by.value,
        who=who,
        then=rule.then.value,
        mode=rule.mode.value,
        count=counted.number,
        at=now,
        until=until,
        level=level,
    )
    event = Event.RULE_FIRED if rule.mode is Mode.ENFORCE else Event.RULE_WATCHED
    about: dict[str, str | int] = {"rule": rule.name, "then": rule.then.value, "count": counted.number}
    append_entry(connection, Entry(now, GATEWAY, event, who, detail=about))
    return firing


def _drawn(connection: Connection, rule: Rule, who: str, now: datetime) -> float:
    """Draw by how much a time is spread; a replay brings along what was drawn then."""
    replayed = connection.info.get(REPLAYED)
    return secrets.randbelow(1000) / 1000 if replayed is None else float(replayed(rule.name, who, now))


def _carry_out(
    connection: Connection, policy: Policy, firing: Firing, parties: Parties, now: datetime
) -> None:
    if firing.then is not Then.FREEZE or firing.mode is not Mode.ENFORCE:
        return
    because = f"{BY_RULE}{firing.rule}"
    if firing.by is By.LINK and parties.gift is not None:
        frozen = freezing.freeze_gift(connection, parties.gift, now, because, until=firing.until)
    elif firing.by is By.SUBSCRIBER and parties.subscriber is not None:
        frozen = freezing.freeze_gifts(connection, parties.subscriber, now, because, until=firing.until)
    else:
        frozen = []
    for reference in frozen:
        about = {"because": because, "rule": firing.rule}
        line = Entry(now, GATEWAY, Event.GIFT_FROZEN, f"gift:{reference}", detail=about)
        append_entry(connection, line)
    if frozen and parties.subscriber is not None:
        _flag_giver(connection, policy, parties.subscriber, now)


def _flag_giver(connection: Connection, policy: Policy, subscriber: int, now: datetime) -> None:
    """Let the rules on a giver's spread links fire once one more of them was frozen."""
    rules = [rule for rule in policy.rules if rule.metric is Metric.SPREAD_LINKS]
    count_and_fire(connection, policy, rules, Parties(subscriber=subscriber), now)
