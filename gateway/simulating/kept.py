"""A simulation as it is kept: its numbers as JSON, which name nobody, and read back whole."""

import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from gateway.guard import Mode, Then
from gateway.simulating.acts import Kind
from gateway.simulating.comparing import RuleChange, Simulation
from gateway.store.firings import RuleReport

_COUNTS = ("base", "compared", "agreed", "unknown", "refused_to", "given_to", "entries")
_MICROSECOND = timedelta(microseconds=1)


def spelled(found: Simulation) -> str:
    """Spell a simulation: instants in ISO 8601, the times that rules held in microseconds."""
    said = {name: getattr(found, name) for name in _COUNTS} | {
        "since": found.since.isoformat(),
        "until": found.until.isoformat(),
        "outcomes": [[*key, number] for key, number in sorted(found.outcomes.items())],
        "rules": [_spelled_rule(each) for each in found.rules],
    }
    return json.dumps(said, separators=(",", ":"))


def read(text: str) -> Simulation:
    """Read back what `spelled` spelled."""
    said = json.loads(text)
    return Simulation(
        since=datetime.fromisoformat(said["since"]),
        until=datetime.fromisoformat(said["until"]),
        outcomes=Counter({(Kind(kind), old, new): number for kind, old, new, number in said["outcomes"]}),
        rules=tuple(_rule(each) for each in said["rules"]),
        **{name: said[name] for name in _COUNTS},
    )


def _spelled_rule(each: RuleChange) -> dict[str, Any]:
    return {
        "rule": each.rule,
        "before": _spelled_report(each.before),
        "after": _spelled_report(each.after),
        "held": [each.held_before // _MICROSECOND, each.held_after // _MICROSECOND],
    }


def _spelled_report(report: RuleReport | None) -> list[Any] | None:
    if report is None:
        return None
    counts = [report.firings, report.people, report.lifted]
    return [report.mode, report.then, counts, report.last_at.isoformat()]


def _rule(said: dict[str, Any]) -> RuleChange:
    before, after = (_report(said["rule"], said[when]) for when in ("before", "after"))
    held_before, held_after = (_MICROSECOND * number for number in said["held"])
    return RuleChange(said["rule"], before, after, held_before, held_after)


def _report(rule: str, said: list[Any] | None) -> RuleReport | None:
    if said is None:
        return None
    mode, then, (firings, people, lifted), last_at = said
    last = datetime.fromisoformat(last_at)
    return RuleReport(rule, Mode(mode), Then(then), firings, people, lifted, last)
