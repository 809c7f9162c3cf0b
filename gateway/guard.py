"""Bulk rules: what is counted, for whom, over which number in which time, and what happens then."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from gateway.policyparts import Contradiction, Form, Part, Span, words


class Metric(StrEnum):
    """What a rule counts; each is a number of distinct things, so that a double click counts once.

    COUNTER's code of practice (release 5.1, section 7.2) takes two clicks within 30 seconds as one action.
    `unconfirmed_articles` are the articles of unconfirmed claims: many devices on one link are one article. By network
    they are those that nobody there read, less two for each that somebody there did.
    `networks` that try a link count from the instant its last reading was taken, or always where it has no cap.
    `traps` are visits to the address that only a program finds; `spread_links` are links that a rule froze.
    """

    ARTICLES = "articles"
    CLAIMS = "claims"
    UNCONFIRMED_CLAIMS = "unconfirmed_claims"
    UNCONFIRMED_ARTICLES = "unconfirmed_articles"
    FORGED_TOKENS = "forged_tokens"
    TRAPS = "traps"
    NETWORKS = "networks"
    SPREAD_LINKS = "spread_links"
    COPIED_CHARACTERS = "copied_characters"
    COPIES_OVER_LIMIT = "copies_over_limit"
    GIFTS_ISSUED = "gifts_issued"


class By(StrEnum):
    """For whom a rule counts: a device, a /24 or /64, one gift, one account, one article."""

    READER = "reader"
    NETWORK = "network"
    LINK = "link"
    SUBSCRIBER = "subscriber"
    ARTICLE = "article"


class Then(StrEnum):
    """What happens past the number, from the mildest to the hardest."""

    LOG = "log"
    CHALLENGE = "challenge"
    BLOCK = "block"
    FREEZE = "freeze"


class Mode(StrEnum):
    """Whether a rule acts, or only notes what it would have done."""

    MONITOR = "monitor"
    ENFORCE = "enforce"


# What cannot be counted for somebody is refused rather than counted as nought: a forged token has no gift, and
# an article delivered through a link is always the same one.
COUNTED_FOR: dict[Metric, tuple[By, ...]] = {
    Metric.ARTICLES: (By.READER, By.NETWORK, By.SUBSCRIBER),
    Metric.CLAIMS: (By.READER, By.NETWORK, By.LINK, By.SUBSCRIBER, By.ARTICLE),
    Metric.UNCONFIRMED_CLAIMS: (By.READER, By.NETWORK, By.LINK, By.SUBSCRIBER, By.ARTICLE),
    Metric.UNCONFIRMED_ARTICLES: (By.READER, By.NETWORK),
    Metric.FORGED_TOKENS: (By.NETWORK,),
    Metric.TRAPS: (By.NETWORK,),
    Metric.NETWORKS: (By.READER, By.LINK, By.SUBSCRIBER, By.ARTICLE),
    Metric.SPREAD_LINKS: (By.SUBSCRIBER,),
    Metric.COPIED_CHARACTERS: (By.READER, By.NETWORK, By.SUBSCRIBER, By.ARTICLE),
    Metric.COPIES_OVER_LIMIT: (By.READER, By.NETWORK, By.SUBSCRIBER, By.ARTICLE),
    Metric.GIFTS_ISSUED: (By.SUBSCRIBER, By.ARTICLE),
}

# A block shuts somebody out, so it needs a somebody; a freeze shuts links, so it needs a link or their owner. An
# article is neither: what is read or copied much is logged, and the desk decides.
ACTS_ON: dict[Then, tuple[By, ...]] = {
    Then.LOG: tuple(By),
    Then.CHALLENGE: (By.READER, By.NETWORK, By.LINK, By.SUBSCRIBER),
    Then.BLOCK: (By.READER, By.NETWORK, By.SUBSCRIBER),
    Then.FREEZE: (By.LINK, By.SUBSCRIBER),
}

# A challenge is the card again, and these two happen where no card is shown.
NOT_CHALLENGED = (Metric.FORGED_TOKENS, Metric.GIFTS_ISSUED)

SHORTEST_MONTH = timedelta(days=28)
UNTIL_LIFTED = "until lifted"
_HARDNESS = {Then.LOG: 0, Then.CHALLENGE: 1, Then.BLOCK: 2, Then.FREEZE: 2}


class Rule(Part):
    """One bulk rule: `metric` counted `by` somebody, `over` a number `per` a time, `then` something.

    The rule fires on the first count above `over`: over = 24 lets 24 through and stops the 25th. `lasts` is
    the file's `for`; None where the rule only logs, where it lasts until lifted, and where a monitored rule
    says none.
    """

    name: Annotated[
        str,
        Form(r"[a-z][a-z0-9-]{0,62}", 'a name of at most 63 lower-case letters, digits and "-"'),
        Field(description="the rule's name, on pages and in the log"),
    ]
    metric: Annotated[Metric, Field(strict=False, description="what is counted")]
    by: Annotated[By, Field(strict=False, description="for whom it is counted")]
    over: Annotated[int, Field(ge=1, le=1_000_000_000, description="the highest count that still passes")]
    per: Annotated[timedelta, Span("1 minute", "30 days"), Field(description="the time looked back over")]
    then: Annotated[Then, Field(strict=False, description="what happens past the count")]
    lasts: Annotated[
        timedelta | None,
        Span("1 minute", "30 days", UNTIL_LIFTED),
        Field(alias="for", description="how long it lasts the first time"),
    ] = None
    mode: Annotated[Mode, Field(strict=False, description="whether it acts or only notes")]

    @property
    def freezes_a_link(self) -> bool:
        """Tell whether the rule shuts one gift's link because of those who come by it."""
        spreading = self.metric in (Metric.NETWORKS, Metric.CLAIMS)
        return self.then is Then.FREEZE and self.by is By.LINK and spreading

    @property
    def stops_giving(self) -> bool:
        """Tell whether the rule stops an account's gifts by their number over a month, as the plan does."""
        return (
            self.metric is Metric.GIFTS_ISSUED
            and self.by is By.SUBSCRIBER
            and self.then in (Then.BLOCK, Then.FREEZE)
            and self.per >= SHORTEST_MONTH
        )

    @property
    def freezes_a_giver(self) -> bool:
        """Tell whether the rule shuts every link of one account, and does so."""
        return self.then is Then.FREEZE and self.by is By.SUBSCRIBER and self.mode is Mode.ENFORCE

    def contradictions(self) -> Iterator[Contradiction]:
        """Yield a metric that cannot be counted for `by`, an act that makes no sense for it, a missing end."""
        if self.by not in COUNTED_FOR[self.metric]:
            wants = f"one that {self.metric} can be counted for: {', '.join(COUNTED_FOR[self.metric])}"
            yield Contradiction(("by",), f'"{self.by}"', wants)
        if self.by not in ACTS_ON[self.then]:
            fitting = [then for then in Then if self.by in ACTS_ON[then]]
            yield Contradiction(
                ("then",), f'"{self.then}"', f"one that suits by {self.by}: {', '.join(fitting)}"
            )
        elif self.then is Then.CHALLENGE and self.metric in NOT_CHALLENGED:
            wants = f"log or block: no card is shown where {self.metric} are counted"
            yield Contradiction(("then",), f'"{self.then}"', wants)
        yield from self._end_contradictions()

    def _end_contradictions(self) -> Iterator[Contradiction]:
        said = "lasts" in self.model_fields_set
        if self.then is Then.LOG and said:
            yield Contradiction(("for",), "a time", 'no such key: then = "log" lasts no time')
        if self.then is not Then.LOG and not said and self.mode is Mode.ENFORCE:
            yield Contradiction(
                ("for",), "nothing", f"how long the {self.then} lasts, since the rule is enforced"
            )
        if said and self.lasts is None and self.then in (Then.CHALLENGE, Then.BLOCK):
            wants = f"a time: who meets a {self.then} is told when it ends"
            yield Contradiction(("for",), f'"{UNTIL_LIFTED}"', wants)


def ladder_contradictions(rules: Sequence[Rule]) -> Iterator[Contradiction]:
    """Yield what cannot hold between rules: one name twice, one limit twice, a hard tier below its soft one.

    Paths begin with a rule's number in `rules`, that of the later one, which is most likely the one just added. A harder rule on the same metric and `by` must leave the milder
    one a count at which it alone fires; a lower number over the same or a longer time never does.
    """
    for number, rule in enumerate(rules):
        for earlier in rules[:number]:
            if rule.name == earlier.name:
                yield Contradiction((number, "name"), f'"{rule.name}"', "a name that no other rule has")
            if (rule.metric, rule.by, rule.over, rule.per) == (
                earlier.metric,
                earlier.by,
                earlier.over,
                earlier.per,
            ):
                wants = f"another number or time than rule {earlier.name} has"
                yield Contradiction((number, "over"), str(rule.over), wants)
        for soft in rules[:number]:
            if _swallows(rule, soft):
                wants = (
                    f"more than {soft.over}, the number of the milder rule {soft.name}, or a time shorter than "
                    f"{words(soft.per)}"
                )
                yield Contradiction((number, "over"), f"{rule.over} per {words(rule.per)}", wants)
        for hard in rules[:number]:
            if _swallows(hard, rule):
                wants = (
                    f"less than {hard.over}, the number of the harder rule {hard.name}, or a time longer than "
                    f"{words(hard.per)}"
                )
                yield Contradiction((number, "over"), f"{rule.over} per {words(rule.per)}", wants)


def _swallows(hard: Rule, soft: Rule) -> bool:
    """Tell whether `hard` always fires no later than the milder `soft`, which then never comes to bear."""
    if (hard.metric, hard.by) != (soft.metric, soft.by) or _HARDNESS[hard.then] <= _HARDNESS[soft.then]:
        return False
    return hard.over <= soft.over and hard.per >= soft.per and (hard.over, hard.per) != (soft.over, soft.per)
