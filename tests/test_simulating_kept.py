"""What one stream of acts comes to under seven policies, kept: however a replay is made faster, no number may change.

tests/simulated.json was written before statements were prepared and shared, and anew when readings by a second link of an
article came to count. Where a number is meant to change, as by another rule of the domain, a run of this test leaves the
new file beside its database and says where.
"""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from gateway.enforcing import fires
from gateway.keeping.setup import adopt_policy
from gateway.policy import parse
from gateway.simulating.comparing import RuleChange, Simulation, simulate
from tests.test_simulating_streams import Town, tight

KEPT = Path(__file__).parent / "simulated.json"
NETWORKS = """
[[rules]]
name = "link-networks"
metric = "networks"
by = "link"
over = 2
per = "6 hours"
then = "freeze"
for = "2 hours"
mode = "enforce"

[[rules]]
name = "giver-networks"
metric = "networks"
by = "subscriber"
over = 3
per = "6 hours"
then = "challenge"
for = "2 hours"
mode = "enforce"

[[rules]]
name = "giver-leaks"
metric = "spread_links"
by = "subscriber"
over = 1
per = "1 day"
then = "block"
for = "2 hours"
mode = "enforce"

[[rules]]
name = "network-unread"
metric = "unconfirmed_articles"
by = "network"
over = 2
per = "1 day"
then = "challenge"
for = "1 hour"
mode = "enforce"
"""
SPEED = 'name = "giver-speed"\nmetric = "gifts_issued"'
OTHERS: dict[str, tuple[tuple[str, str], ...]] = {
    "the same": (),
    "fewer gifts": (("gifts = 4\n", "gifts = 2\n"), ("gifts = 7\n", "gifts = 1\n")),
    "copies instead of speed": (
        ("gifts = 4\n", "gifts = 40\n"),
        (SPEED, 'name = "giver-copies"\nmetric = "copied_characters"'),
    ),
    "one reader": (("readers = 2\n", "readers = 1\n"), ("unconfirmed = 2\n", "unconfirmed = 1\n")),
    "a short life": (('life = "2 days"', 'life = "1 day"'),),
    "stricter rules": (
        ("over = 3\n", "over = 2\n"),
        ('over = 2\nper = "2 hours"', 'over = 1\nper = "2 hours"'),
    ),
    "rules that watch": (('mode = "enforce"', 'mode = "monitor"'),),
}


def test_no_number_changes(
    database_url: str, open_house: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fires.secrets, "randbelow", random.Random(11).randrange)
    house = open_house(database_url, adopt=False)
    (tmp_path / "tight.toml").write_text(tight() + NETWORKS)
    adopt_policy(house.runtime, tmp_path / "tight.toml")
    # Its thread would write networks whenever the real time says.
    house.runtime.tally.close()
    town = Town(house, random.Random(7))
    town.fill()
    for _ in range(300):
        town.act()
        house.runtime.tally.flush()
    house.clock.forward(seconds=1)
    found = {}
    for name, changes in OTHERS.items():
        text = tight() + NETWORKS
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        for days in (30, 2):
            candidate = parse(text, name="other.toml")
            found[f"{name}, {days} days"] = _summed(simulate(house.runtime, candidate, days=days))
    new = tmp_path / KEPT.name
    new.write_text(json.dumps(found, indent=1) + "\n")
    assert found == json.loads(KEPT.read_text()), f"what it came to now is in {new}"


def _summed(found: Simulation) -> dict[str, Any]:
    outcomes = sorted(
        f"{kind} {before} > {after}: {number}" for (kind, before, after), number in found.outcomes.items()
    )
    return {
        "compared": [found.compared, found.agreed, found.unknown],
        "accounts": [found.refused_to, found.given_to],
        "outcomes": outcomes,
        "rules": [line for each in found.rules if (line := _rule(each))],
    }


def _rule(each: RuleChange) -> str:
    counts = [
        "never" if one is None else f"{one.firings} on {one.people}" for one in (each.before, each.after)
    ]
    if counts == ["never", "never"]:
        return ""
    return f"{each.rule}: {counts[0]} > {counts[1]}, {each.held_before} > {each.held_after}"
