"""A rule that fired: whom it keeps from doing what, until when, and for how much longer the next time."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.guard import By, Metric, Mode, Rule, Then

# A repetition is one within this time; what lies further back is forgiven.
REMEMBERED = timedelta(days=30)
LONGEST = timedelta(days=30)
DOUBLINGS = 5
JITTER = 0.1


class Act(StrEnum):
    """What a rule may stand in the way of; `guess` is trying a token that we never signed."""

    ISSUE = "issue"
    CLAIM = "claim"
    READ = "read"
    GUESS = "guess"


_ABOUT_GIVING = (Metric.CLAIMS, Metric.UNCONFIRMED_CLAIMS, Metric.NETWORKS, Metric.SPREAD_LINKS)
_ABOUT_TEXT = (Metric.ARTICLES, Metric.COPIED_CHARACTERS, Metric.COPIES_OVER_LIMIT)

# Which metrics an act adds to. What is missing here is counted outside the request, by `gateway.tally`.
_COUNTED_AT: dict[Act, tuple[Metric, ...]] = {
    Act.ISSUE: (Metric.GIFTS_ISSUED,),
    Act.CLAIM: (
        Metric.CLAIMS,
        Metric.UNCONFIRMED_CLAIMS,
        Metric.UNCONFIRMED_ARTICLES,
        Metric.NETWORKS,
        Metric.ARTICLES,
    ),
    Act.READ: (Metric.ARTICLES,),
    Act.GUESS: (),
}


def adds_to(act: Act, rule: Rule) -> bool:
    """Tell whether an act adds to what a rule counts.

    A claim may lead to one more article of its reader and of its network, but never of the link's giver; and what
    networks try a link is counted outside the request.
    """
    if act is Act.CLAIM and rule.metric is Metric.ARTICLES:
        return rule.by in (By.READER, By.NETWORK)
    if rule.metric is Metric.NETWORKS and rule.by is not By.READER:
        return False
    return rule.metric in _COUNTED_AT[act]


@dataclass(frozen=True, slots=True)
class Firing:
    """One time that a rule fired on somebody, named as the log names them; `until` None lasts until lifted."""

    id: int
    rule: str
    metric: Metric
    by: By
    who: str
    then: Then
    mode: Mode
    count: int
    at: datetime
    until: datetime | None
    level: int
    lifted_at: datetime | None

    def is_of(self, rule: Rule) -> bool:
        """Tell whether a rule is still the one that fired; one that now does something else, or only watches, is not."""
        mine = (self.rule, self.metric, self.by, self.then, self.mode)
        return mine == (rule.name, rule.metric, rule.by, rule.then, rule.mode)

    def in_force(self, now: datetime) -> bool:
        """Tell whether it still holds; a monitored one holds in name only."""
        return self.lifted_at is None and (self.until is None or now < self.until)

    def acts(self, now: datetime) -> bool:
        """Tell whether it holds and stands in the way of anything."""
        return self.mode is Mode.ENFORCE and self.then is not Then.LOG and self.in_force(now)

    def shuts_out(self, act: Act, now: datetime) -> bool:
        """Tell whether it keeps somebody from an act; a freeze shuts the link itself, which tells by its own row."""
        held = self.then is not Then.FREEZE and not counts_anew(self.metric, self.by)
        return held and self.acts(now) and self.concerns(act)

    def concerns(self, act: Act) -> bool:
        """Tell whether this kind of firing stands in the way of an act."""
        return act in acts_of(self.metric, self.by, self.then)


def acts_of(metric: Metric, by: By, then: Then) -> tuple[Act, ...]:
    """Name the acts that a rule of this kind stands in the way of.

    Who has a link that we signed is no guesser, so forged tokens shut out nothing but guessing; and what becomes
    of a subscriber's links is held against giving, never against their own reading. Where claims are counted, only
    new claims are shut out: who took a gift up before is still given its text. A freeze shuts links, and nobody's
    reading.
    """
    if then is Then.FREEZE:
        return (Act.ISSUE, Act.CLAIM)
    if metric is Metric.FORGED_TOKENS:
        return (Act.GUESS,)
    if metric is Metric.GIFTS_ISSUED:
        return (Act.ISSUE,)
    if by is By.SUBSCRIBER and metric in _ABOUT_GIVING:
        return (Act.CLAIM,) if then is Then.CHALLENGE else (Act.ISSUE,)
    if by is By.SUBSCRIBER:
        return (Act.READ,)
    return (Act.CLAIM, Act.READ) if metric in _ABOUT_TEXT else (Act.CLAIM,)


def counts_anew(metric: Metric, by: By) -> bool:
    """Tell whether a rule that fired holds only while its count is past its number, which each act asks anew.

    Of unread articles by network it does: people there may read on what was taken up, and each reading lowers the
    count. Whoever reads nothing stays past it.
    """
    return metric is Metric.UNCONFIRMED_ARTICLES and by is By.NETWORK


def ends_at(rule: Rule, now: datetime, *, level: int, spread: float) -> datetime | None:
    """Say until when a rule that fires at `now` holds; None until lifted.

    The time doubles with each `level`, the number of times before, up to 32-fold and never past 30 days; `spread`
    from 0 to 1 adds up to a tenth, so that many who were shut out together do not come back together. What only
    logs, and what is watched without a stated time, holds for the time it looks back over: one note each.
    """
    if rule.lasts is None:
        return None if rule.then is Then.FREEZE and rule.mode is Mode.ENFORCE else now + rule.per
    lasts: timedelta = rule.lasts * 2 ** min(level, DOUBLINGS) * (1 + JITTER * spread)
    return now + min(lasts, max(LONGEST, rule.lasts))


def still_said(firing: Firing, rules: Iterable[Rule]) -> bool:
    """Tell whether the policy still says what fired: the present decides, so what it dropped shuts nobody out."""
    return any(firing.is_of(rule) for rule in rules)


def counted_since(firings: Iterable[Firing], rule: Rule, names: Collection[str], now: datetime) -> datetime:
    """Say from when a rule counts: as far back as it looks, but not past the last time an admin lifted it.

    `names` are all names of the one it counts for: a network has another every month.
    """
    lifted = (
        firing.lifted_at
        for firing in firings
        if firing.rule == rule.name and firing.who in names and firing.lifted_at is not None
    )
    return max([now - rule.per, *lifted])
