"""The policy: the one object that decides quota, lifetime, caps, notices, copying and bulk rules."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from string import Formatter
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from gateway.decision import Decision, Deny, Reason
from gateway.guard import Metric, Rule, ladder_contradictions
from gateway.passage import CopyLimits
from gateway.policyfile import parse_as
from gateway.policyparts import (
    Contradiction,
    Email,
    Filled,
    Form,
    Line,
    NumberOr,
    Part,
    Span,
    WebAddress,
    Zone,
    wanting,
    words,
)
from gateway.rights import Rights

UNLIMITED = "unlimited"
PLACEHOLDERS = ("publisher", "licensing", "site", "subscribe", "gifts")
_OR = {"en": "or", "de": "oder"}


class Action(StrEnum):
    """What may be done with an article, in the words of W3C ODRL 2.2."""

    DISTRIBUTE = "distribute"
    READ = "read"
    EXTRACT = "extract"


class SameArticle(StrEnum):
    """What giving an article again costs a subscriber who has an open gift of it."""

    FREE_WHILE_OPEN = "free_while_open"


class Refund(StrEnum):
    """When a credit comes back."""

    UNSERVED_IN_ITS_MONTH = "unserved_in_its_month"


def _notice(text: str) -> str:
    try:
        found = list(Formatter().parse(text))
    except ValueError:
        raise wanting("braces in pairs around a placeholder; a brace as such is written twice") from None
    for _, name, form, conversion in found:
        if name is not None and (name not in PLACEHOLDERS or form or conversion):
            raise wanting(f"only known placeholders: {', '.join(f'{{{each}}}' for each in PLACEHOLDERS)}")
    return text


Notice = Annotated[Filled, AfterValidator(_notice)]
Language = Annotated[str, Form(r"[a-z]{2,3}(-[A-Z]{2})?", "a language code, such as en, de or pt-BR")]
PlanName = Annotated[
    str, Form(r"[a-z0-9][a-z0-9_-]{0,63}", 'a name of at most 64 lower-case letters, digits, "-" and "_"')
]


class Publisher(Part):
    """Who publishes, in which zone its months run, and whom to write to."""

    name: Annotated[Line, Field(max_length=200, description="the publisher's name, as readers know it")]
    zone: Annotated[Zone, Field(description="the IANA time zone its months run in")]
    licensing: Annotated[Email, Field(description="the licensing desk's e-mail address")]
    site: Annotated[WebAddress, Field(description="the address of its front page")]
    subscribe: Annotated[WebAddress, Field(description="the page that sells subscriptions")]


class Plan(Part):
    """What a subscriber of one plan may give: `gifts` in a calendar month of the publisher's zone."""

    label: Annotated[Line, Field(max_length=100, description="the plan's name, as subscribers know it")]
    gifts: Annotated[int, Field(ge=0, le=1_000_000, description="how many gifts in a calendar month")]


class GiftTerms(Part):
    """What a gift is issued with and keeps; `readers` is None where any number may read."""

    life: Annotated[timedelta, Span("1 day", "3650 days"), Field(description="how long a link lives")]
    readers: Annotated[
        int | None, NumberOr(UNLIMITED, 1, 1_000_000), Field(description="how many devices may read")
    ]
    unconfirmed: Annotated[
        int, Field(ge=1, le=1_000_000, description="how many devices more may hold it without reading")
    ]
    same_article: Annotated[SameArticle, Field(strict=False, description="what the same article again costs")]
    refund: Annotated[Refund, Field(strict=False, description="when a credit comes back")]


class Retention(Part):
    """How long data is kept: `openers` after a gift has ended, `entries` of the log since they were written."""

    openers: Annotated[
        timedelta, Span("1 day", "3650 days"), Field(description="how long data on openers outlives a gift")
    ]
    # Half a year is what is needed to look into an abuse that comes to light with the next quarter's figures.
    entries: Annotated[
        timedelta, Span("183 days", "36500 days"), Field(description="how long entries of the log are kept")
    ]


class Policy(Part):
    """One publisher's policy, whole and free of contradiction; attributes are plain and never change."""

    publisher: Annotated[Publisher, Field(description="a table on the publisher")]
    plans: Annotated[
        dict[PlanName, Plan],
        Field(
            min_length=1,
            json_schema_extra={"additionalProperties": False},
            description="a table of plans, such as [plans.standard]",
        ),
    ]
    gift: Annotated[GiftTerms, Field(description="a table on gifts")]
    notice: Annotated[
        dict[Language, Notice],
        Field(
            json_schema_extra={"additionalProperties": False, "required": ["en", "de"]},
            description="a table of notices by language, en and de at least",
        ),
    ]
    copying: Annotated[CopyLimits, Field(description="a table on copying")]
    retention: Annotated[Retention, Field(description="a table on how long data is kept")]
    rules: Annotated[
        tuple[Rule, ...],
        Field(strict=False, description="bulk rules, each a [[rules]] table; none is rules = []"),
    ]

    def contradictions(self) -> Iterator[Contradiction]:
        """Yield what cannot hold between the parts of the policy."""
        for language in ("en", "de"):
            if language not in self.notice:
                yield Contradiction(
                    ("notice", language), "nothing", "the notice in this language of the pages"
                )
        if self.retention.entries < self.gift.life:
            wants = f"at least gift.life ({words(self.gift.life)}): the log tells a living link's whole story"
            yield Contradiction(("retention", "entries"), f'"{words(self.retention.entries)}"', wants)
        for found in ladder_contradictions(self.rules):
            yield Contradiction(("rules", *found.path), found.got, found.wants)
        for number, rule in enumerate(self.rules):
            yield from self._rule_contradictions(number, rule)

    def _rule_contradictions(self, number: int, rule: Rule) -> Iterator[Contradiction]:
        kept = self.retention.openers
        if rule.metric is not Metric.GIFTS_ISSUED and rule.per > kept:
            wants = f"at most retention.openers ({words(kept)}), after which there is nothing left to count"
            yield Contradiction(("rules", number, "per"), f'"{words(rule.per)}"', wants)
        readers = self.gift.readers
        if rule.freezes_a_link and readers is not None and rule.over < readers:
            why = (
                "each of them takes it up"
                if rule.metric is Metric.CLAIMS
                else "each may read from another network"
            )
            yield Contradiction(
                ("rules", number, "over"), str(rule.over), f"at least gift.readers ({readers}): {why}"
            )
        gifts = max(plan.gifts for plan in self.plans.values())
        if rule.stops_giving and rule.over < gifts:
            wants = f"at least {gifts}, the gifts that a plan gives in a month"
            yield Contradiction(("rules", number, "over"), str(rule.over), wants)

    def plan_named(self, name: str) -> Plan | None:
        """Find the plan an account names; None where the policy in force has none of that name."""
        return self.plans.get(name)

    def notice_in(self, language: str) -> str:
        """Say the copyright notice in `language`, or in English where the policy has it in no such language."""
        return self._notices.get(language) or self._notices["en"]

    @cached_property
    def gives_gifts(self) -> bool:
        """Tell whether any plan gives any gift."""
        return any(plan.gifts for plan in self.plans.values())

    @cached_property
    def _notices(self) -> dict[str, str]:
        facts = {
            "publisher": self.publisher.name,
            "licensing": self.publisher.licensing,
            "site": self.publisher.site,
            "subscribe": self.publisher.subscribe,
        }
        return {
            language: text.format(**facts, gifts=self._gifts_in(language))
            for language, text in self.notice.items()
        }

    def _gifts_in(self, language: str) -> str:
        """Write the plans' numbers as a reader says them: "10 or 20"."""
        numbers = [str(gifts) for gifts in sorted({plan.gifts for plan in self.plans.values()})]
        if len(numbers) == 1:
            return numbers[0]
        either = f" {_OR[language]} " if language in _OR else " / "
        return ", ".join(numbers[:-1]) + either + numbers[-1]


def parse(text: str, *, name: str) -> Policy:
    """Read a policy from TOML text; raises PolicyError, which names every problem in the file `name`."""
    return parse_as(Policy, text, name)


def evaluate(policy: Policy, action: Action, rights: Rights, now: datetime) -> Decision:
    """Decide whether `action` on an article with these rights is open to anybody at all at `now`.

    `distribute` is issuing a gift and reading by one; how many credits a subscriber has is not asked here, but
    where no plan gives any, nobody distributes. `read` and `extract` are for those who may read anyway.
    """
    if action is not Action.DISTRIBUTE:
        return rights.reading(now)
    decision = rights.giving(now)
    if isinstance(decision, Deny) or policy.gives_gifts:
        return decision
    return Deny(Reason.QUOTA_SPENT, detail={"limit": 0})


def digest(text: str) -> str:
    """Compute the SHA-256 of a policy's text in hexadecimal; line ends do not matter."""
    return sha256(text.replace("\r\n", "\n").encode()).hexdigest()


def json_schema() -> dict[str, Any]:
    """Describe the policy file as JSON Schema 2020-12; contradictions between keys are beyond it."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return schema | Policy.model_json_schema(by_alias=True)
