"""What the policy room's templates are handed: policies, their difference and a simulation as plain mappings."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.auditing.policyroom import Compared, PolicyVersion, Proposal
from gateway.auditing.simulations import Asked
from gateway.decision import Reason
from gateway.policy import Policy
from gateway.policydiff import differences, group_of
from gateway.simulating.acts import CLOSED, CUT, DONE, FREE, NOTHING, Kind
from gateway.simulating.comparing import RuleChange, Simulation
from gateway.web.desk import called, page_of
from gateway.web.policywords import SECTIONS, sentences, span
from gateway.web.speech import Lazy
from gateway.web.speech import Lazy as _
from gateway.web.telling import number
from gateway.web.wording import words_for

KINDS: Final[Mapping[Kind, Lazy]] = {
    Kind.GIFT: _("Gifts that subscribers wished to give"),
    Kind.CLAIM: _("Gift links that devices took up"),
    Kind.SERVING: _("Texts that went to who holds a gift link"),
    Kind.READING: _("Readings that count"),
    Kind.ACCOUNT: _("Articles that subscribers opened"),
    Kind.COPY: _("Copies and prints"),
}
OUTCOMES: Final[Mapping[str, Lazy]] = {
    DONE: _("done"),
    FREE: _("handed back free"),
    NOTHING: _("not come to, since the step before was refused"),
    CUT: _("cut to a passage"),
    CLOSED: _("text closed to the reader"),
}
OF_DONE: Final[Mapping[Kind, Lazy]] = {
    Kind.GIFT: _("given for a credit"),
    Kind.COPY: _("given whole"),
}


def shown_policy_words(policy: Policy) -> list[dict[str, Any]]:
    """Show a policy in sections of sentences, each with its key."""
    said: dict[str, list[tuple[str, Any]]] = {name: [] for name in SECTIONS}
    for key, sentence in sentences(policy).items():
        said[key.partition(".")[0]].append((key, sentence))
    return [{"title": SECTIONS[name], "lines": lines} for name, lines in said.items()]


def shown_version(version: PolicyVersion, people: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Show a version in a list; `people` says what accounts are called."""
    names = ("version", "name", "digest", "takes_effect_at", "proposed_at", "withdrawn_at")
    shown = {name: getattr(version, name) for name in names}
    return shown | {"by": called(version.proposed_by, people or {}), "by_url": page_of(version.proposed_by)}


def shown_proposal(found: Proposal, people: Mapping[str, str]) -> dict[str, Any]:
    """Show a proposal; `people` says what accounts are called."""
    names = (
        "id",
        "name",
        "text",
        "digest",
        "because",
        "base",
        "takes_effect_at",
        "proposed_at",
        "proposed_by",
    )
    decided = ("state", "version", "decided_at", "decided_by", "decided_because")
    shown = {name: getattr(found, name) for name in (*names, *decided)}
    urls = {
        "by_url": page_of(found.proposed_by),
        "decided_url": found.decided_by and page_of(found.decided_by),
    }
    who = {"proposed_by": called(found.proposed_by, people)}
    if found.decided_by:
        who["decided_by"] = called(found.decided_by, people)
    return shown | urls | who


def shown_asked(found: Asked, people: Mapping[str, str]) -> dict[str, Any]:
    """Show a replay that was asked for; `people` says what accounts are called."""
    names = ("id", "name", "text", "digest", "days", "asked_at", "state", "begun", "begun_at", "percent")
    shown = {name: getattr(found, name) for name in (*names, "ended_at", "is_open")}
    return shown | {"by": called(found.asked_by, people), "by_url": page_of(found.asked_by)}


def shown_comparison(compared: Compared) -> dict[str, Any]:
    """Show what a policy changes: a pair of sentences for each thing, and the keys that differ with their values."""
    return {
        "base": shown_version(compared.base),
        "later": None if compared.later is None else shown_version(compared.later),
        "left": compared.left,
        "changes": list(_changes(compared)),
    }


def _changes(compared: Compared) -> Iterator[dict[str, Any]]:
    before, after = sentences(compared.base_policy), sentences(compared.policy)
    found = differences(compared.base_policy, compared.policy)
    for group in dict.fromkeys(each.group for each in found):
        keys = [each for each in found if group_of(each.key) == group]
        yield {
            "group": group,
            "section": SECTIONS[group.partition(".")[0]],
            "before": before.get(group),
            "after": after.get(group),
            "keys": keys,
        }


def shown_simulation(found: Simulation) -> dict[str, Any]:
    """Show a simulation: for each kind of act what it came to under both policies, and what rules did."""
    kinds = [{"title": KINDS[kind], "rows": rows} for kind in Kind if (rows := list(_rows(found, kind)))]
    counts = ("compared", "agreed", "unknown", "refused_to", "given_to", "entries")
    names = ("base", "since", "until", "differs", *counts)
    return {name: getattr(found, name) for name in names} | {
        "kinds": kinds,
        "refused": _turned(found, given_before=True),
        "allowed": _turned(found, given_before=False),
        "rules": [_rule(each) for each in found.rules if each.before is not None or each.after is not None],
    }


def _turned(found: Simulation, *, given_before: bool) -> int:
    changes = found.changes(Kind.GIFT)
    given = (DONE, FREE)
    return sum(
        count
        for before, after, count in changes
        if (before in given) == given_before and (after in given) != given_before
    )


def _rows(found: Simulation, kind: Kind) -> Iterator[dict[str, Any]]:
    outcomes = {each for known, *pair in found.outcomes for each in pair if known is kind}
    for outcome in sorted(outcomes, key=lambda each: (each not in (DONE, FREE), each)):
        before, after = (found.total(kind, outcome, after=after) for after in (False, True))
        yield {
            "words": _word(kind, outcome),
            "before": before,
            "after": after,
            "change": _signed(after - before),
        }


def _signed(change: int) -> str:
    if not change:
        return "="
    return f"+{number(change)}" if change > 0 else f"−{number(-change)}"


def _word(kind: Kind, outcome: str) -> object:
    if outcome == DONE and kind in OF_DONE:
        return OF_DONE[kind]
    return OUTCOMES[outcome] if outcome in OUTCOMES else words_for(Reason(outcome)).title


def _rule(each: RuleChange) -> dict[str, Any]:
    fired = [0 if report is None else report.firings for report in (each.before, each.after)]
    people = [0 if report is None else report.people for report in (each.before, each.after)]
    held = [span(_minutes(time)) if time else None for time in (each.held_before, each.held_after)]
    return {
        "rule": each.rule,
        "fired_before": fired[0],
        "fired_after": fired[1],
        "people_before": people[0],
        "people_after": people[1],
        "held_before": held[0],
        "held_after": held[1],
    }


def _minutes(time: Any) -> Any:
    """Round a time to whole minutes, and past two days to whole hours."""
    from_minutes = round(time.total_seconds() / 60)
    whole = from_minutes if from_minutes < 2 * 24 * 60 else round(from_minutes / 60) * 60
    return type(time)(minutes=max(whole, 1))
