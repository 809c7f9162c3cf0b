"""What a simulation is told in at the command line: a table for people, the same figures as JSON for programs."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from gateway.simulating.acts import CLOSED, CUT, DONE, FREE, NOTHING, Kind
from gateway.simulating.comparing import RuleChange, Simulation
from gateway.store.firings import RuleReport

TITLES = {
    Kind.GIFT: "gifts wished for",
    Kind.CLAIM: "links taken up",
    Kind.SERVING: "texts to holders of a link",
    Kind.READING: "readings that count",
    Kind.ACCOUNT: "articles to subscribers",
    Kind.COPY: "copies and prints",
}
WORDS = {
    FREE: "handed back free",
    NOTHING: "not come to",
    CUT: "cut",
    CLOSED: "text closed",
}
OF_DONE = {Kind.GIFT: "given for a credit", Kind.COPY: "given whole"}
LIMITS = """\
It cannot be known what somebody who is refused would have done instead, nor what would have become of a gift that was
refused then; a copy that was cut counts as one character longer than what was given of it; whoever a link refused
counts as a device of its own, since the log does not name it."""


def told(found: Simulation, name: str) -> str:
    """Tell a simulation in a table, with how true the replay is and what it cannot know."""
    lines = [
        f"{name} against version {found.base}, from {found.since:%Y-%m-%d %H:%M} to {found.until:%Y-%m-%d %H:%M} UTC",
        f"{found.entries:,} entries were read, with those from before that a month or a rule may look back to",
        "",
        f"{'':40}{'in force':>12}{'this file':>12}{'change':>10}",
    ]
    for kind in Kind:
        lines += _kind(found, kind)
    lines += _rules(found)
    lines += ["", *_gifts(found), _truth(found), LIMITS]
    if not found.differs:
        lines.append("No act would have been decided otherwise.")
    return "\n".join(lines)


def data_of(found: Simulation) -> dict[str, Any]:
    """Return a simulation as plain data: instants in ISO 8601, times that rules held in seconds."""
    outcomes = [
        {"kind": kind.value, "in_force": before, "candidate": after, "acts": number}
        for (kind, before, after), number in sorted(found.outcomes.items())
    ]
    return {
        "base_version": found.base,
        "since": found.since.isoformat(),
        "until": found.until.isoformat(),
        "compared_with_what_happened": found.compared,
        "decided_as_then": found.agreed,
        "openings_of_unknown_devices": found.unknown,
        "entries_read": found.entries,
        "subscribers_refused": found.refused_to,
        "subscribers_allowed": found.given_to,
        "outcomes": outcomes,
        "rules": [_rule_data(each) for each in found.rules],
    }


def _kind(found: Simulation, kind: Kind) -> Iterator[str]:
    outcomes = sorted(
        {each for known, *pair in found.outcomes for each in pair if known is kind},
        key=lambda each: (each not in (DONE, FREE), each),
    )
    if outcomes:
        yield TITLES[kind]
    for outcome in outcomes:
        before, after = (found.total(kind, outcome, after=after) for after in (False, True))
        word = OF_DONE.get(kind, "done") if outcome == DONE else WORDS.get(outcome, outcome)
        yield f"  {word:38}{before:>12,}{after:>12,}{_change(after - before):>10}"


def _rules(found: Simulation) -> Iterator[str]:
    fired = [each for each in found.rules if each.before is not None or each.after is not None]
    if fired:
        yield "rules: firings, and hours of blocks and challenges"
    for each in fired:
        before, after = (0 if report is None else report.firings for report in (each.before, each.after))
        yield f"  {each.rule:38}{before:>12,}{after:>12,}{_change(after - before):>10}"
        if each.held_before or each.held_after:
            was, now = (held / timedelta(hours=1) for held in (each.held_before, each.held_after))
            yield f"  {'':38}{was:>10,.1f} h{now:>10,.1f} h{now - was:>+8,.1f} h"


def _gifts(found: Simulation) -> Iterator[str]:
    for accounts, verb, then in (
        (found.refused_to, "refused", "given"),
        (found.given_to, "given", "refused"),
    ):
        number = sum(
            count
            for before, after, count in found.changes(Kind.GIFT)
            if ((before in (DONE, FREE)) == (then == "given"))
            and ((before in (DONE, FREE)) != (after in (DONE, FREE)))
        )
        if number:
            plural = "s" if accounts != 1 else ""
            yield f"{number:,} gifts of {accounts:,} subscriber{plural} that are {then} would be {verb}."


def _truth(found: Simulation) -> str:
    unknown = f"; of {found.unknown:,} openings the device is not known any more" if found.unknown else ""
    return (
        f"The replay of version {found.base} decides {found.agreed:,} of {found.compared:,} acts as they were decided "
        f"when they happened{unknown}."
    )


def _rule_data(each: RuleChange) -> dict[str, Any]:
    return {
        "rule": each.rule,
        "in_force": _report_data(each.before, each.held_before),
        "candidate": _report_data(each.after, each.held_after),
    }


def _report_data(report: RuleReport | None, held: timedelta) -> dict[str, Any]:
    firings, people = (0, 0) if report is None else (report.firings, report.people)
    return {"firings": firings, "people": people, "held_seconds": round(held.total_seconds())}


def _change(number: int) -> str:
    return f"{number:+,}" if number else "="
