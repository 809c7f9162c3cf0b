"""Both replays side by side, act by act: what a policy would have changed, and how true the replay is."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.firing import DOUBLINGS, JITTER, REMEMBERED
from gateway.guard import Rule
from gateway.period import month_of
from gateway.policy import Policy
from gateway.runtime import InForce, Runtime
from gateway.simulating.acts import DONE, FREE, Copy, Giving, Kind, Opening, Step, Visit
from gateway.simulating.acts import Act as Done
from gateway.simulating.recorded import EVENTS, Record
from gateway.simulating.world import World
from gateway.store import firings, replaying
from gateway.store.firings import RuleReport
from gateway.store.scratch import Drawn, scratch

Progress = Callable[[float], None]
GIVEN = (DONE, FREE)
# Of so many entries both replays take a second or two.
SHORT = 3_000


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What one rule did in both replays; None where that policy has no such rule, or it never fired.

    The times are how long it shut people out or asked them for a press, added up.
    """

    rule: str
    before: RuleReport | None
    after: RuleReport | None
    held_before: timedelta
    held_after: timedelta

    @property
    def changed(self) -> bool:
        """Tell whether it did anything else."""
        counted = [None if each is None else (each.firings, each.people, each.then, each.mode)
                   for each in (self.before, self.after)]  # fmt: skip
        return counted[0] != counted[1] or self.held_before != self.held_after


@dataclass(slots=True)
class Simulation:
    """What acts from `since` to `until` came to under the version `base` and under another policy.

    `outcomes` counts them by kind, outcome under `base` and outcome under the other; `agreed` those of `compared`
    that `base` decides as it was decided then, when another version may have been in force; `unknown` openings of
    which nothing is kept any more; `refused_to` how many subscribers have gifts that the other policy alone refuses,
    `given_to` how many have gifts that `base` alone refuses. `entries` were read for it, with those from before `since`.
    """

    base: int
    since: datetime
    until: datetime
    outcomes: Counter[tuple[Kind, str, str]] = field(default_factory=Counter)
    compared: int = 0
    agreed: int = 0
    unknown: int = 0
    refused_to: int = 0
    given_to: int = 0
    entries: int = 0
    rules: tuple[RuleChange, ...] = ()

    @property
    def differs(self) -> bool:
        """Tell whether the other policy would have decided anything otherwise."""
        return any(before != after for _, before, after in self.outcomes) or any(
            each.changed for each in self.rules
        )

    def total(self, kind: Kind, outcome: str, *, after: bool) -> int:
        """Count the acts of a kind that came to an outcome under the one policy, or under the other (`after`)."""
        return sum(
            number
            for (each, old, new), number in self.outcomes.items()
            if each is kind and (new if after else old) == outcome
        )

    def changes(self, kind: Kind) -> list[tuple[str, str, int]]:
        """List what acts of a kind came to under the one and under the other, where that differs, most first."""
        found = [
            (old, new, number)
            for (each, old, new), number in self.outcomes.items()
            if each is kind and old != new
        ]
        return sorted(found, key=lambda change: (-change[2], change[0], change[1]))


class _Count:
    """Counts acts into a simulation, which names nobody; whom they concern is known as long as it counts."""

    def __init__(self, found: Simulation) -> None:
        self._found = found
        self._refused_to: set[int] = set()
        self._given_to: set[int] = set()

    def note(self, act: Done, kind: Kind, before: str, after: str) -> None:
        """Count one act."""
        found = self._found
        found.outcomes[kind, before, after] += 1
        if act.was:
            found.compared += 1
            found.agreed += before == act.was
        if isinstance(act, Giving) and (before in GIVEN) != (after in GIVEN):
            (self._refused_to if before in GIVEN else self._given_to).add(act.account)
            found.refused_to, found.given_to = len(self._refused_to), len(self._given_to)


def simulate(
    runtime: Runtime, candidate: Policy, *, days: int, progress: Progress | None = None
) -> Simulation:
    """Replay the last days' acts under the policy in force and under another, and compare what they come to.

    What came before is replayed too, from the first of the month and for the thirty days that a rule may look
    back, so that both begin with what was used and counted by then; it is not compared. `progress` is told the
    part that is done, from 0 to 1.
    """
    now = runtime.clock()
    since = now - timedelta(days=days)
    base = runtime.policies.in_force(now)
    zones = {base.policy.publisher.zone, candidate.publisher.zone}
    start = min([since - REMEMBERED, *(month_of(since, zone).starts_at for zone in zones)])
    found = Simulation(base.version, since, now)
    with runtime.database.reading() as real:
        # A connection of its own asks what was drawn, since the other is in the middle of its pages.
        drawn = _drawn_from(runtime, base)
        with scratch(drawn) as one, scratch(drawn) as other:
            record, count = Record(real, start, now), _Count(found)
            found.entries = replaying.count_lines(real, EVENTS, start, now)
            before, after = World(one, base.policy), World(other, candidate)
            for number, act in enumerate(record.acts()):
                old, new, kind = before.replay(act), after.replay(act), _kind_of(act)
                if kind is not None and act.at >= since:
                    count.note(act, kind, old, new)
                if progress is not None and number % 20 == 0:
                    progress((act.at - start) / (now - start))
            found.unknown = record.unknown
            found.rules = _rules(before, after, since)
    return found


def is_short(runtime: Runtime, days: int) -> bool:
    """Tell whether so many days are replayed within the time that a page may take."""
    now = runtime.clock()
    since = now - timedelta(days=days) - REMEMBERED
    with runtime.database.reading() as connection:
        return replaying.count_lines(connection, EVENTS, since, now) <= SHORT


def _kind_of(act: Done) -> Kind | None:
    match act:
        case Giving():
            return Kind.GIFT
        case Opening():
            return Kind.CLAIM
        case Step(kind=kind):
            return kind
        case Visit():
            return Kind.ACCOUNT
        case Copy():
            return Kind.COPY
    return None


def _rules(before: World, after: World, since: datetime) -> tuple[RuleChange, ...]:
    reports = [
        {each.rule: each for each in firings.report_rules(world.connection, since)}
        for world in (before, after)
    ]
    held = [firings.sum_held(world.connection, since) for world in (before, after)]
    names = [rule.name for world in (before, after) for rule in world.policy.rules]
    nothing = timedelta()
    return tuple(
        RuleChange(
            name,
            reports[0].get(name),
            reports[1].get(name),
            held[0].get(name, nothing),
            held[1].get(name, nothing),
        )
        for name in dict.fromkeys(names)
    )


def _drawn_from(runtime: Runtime, base: InForce) -> Drawn:
    """Say what was drawn when a rule really fired, and nought where it fires in a replay alone.

    Both replays so have the same times where the same happened, and the one under the policy of then the real ones.
    """
    rules = {rule.name: rule for rule in base.policy.rules}

    def drawn(name: str, who: str, at: datetime) -> float:
        rule = rules.get(name)
        if rule is None or rule.lasts is None:
            return 0.0
        with runtime.database.reading() as connection:
            fired = replaying.find_firing_at(connection, who, name, at)
        if fired is None or fired.until is None:
            return 0.0
        return _spread(rule, fired.level, fired.until - at)

    return drawn


def _spread(rule: Rule, level: int, lasted: timedelta) -> float:
    assert rule.lasts is not None  # noqa: S101 - The caller looked.
    least: timedelta = rule.lasts * 2 ** min(level, DOUBLINGS)
    return min(1.0, max(0.0, (lasted / least - 1) / JITTER))
