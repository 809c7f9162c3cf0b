"""The traffic is what it says it is: a seed plays the same day twice, copiers are stopped, people are not."""

from pathlib import Path

import pytest

from bench.traffic.__main__ import main
from tests.house import POLICY


def test_people_pass_machines_spend_nothing_and_copiers_are_stopped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    kinds = (
        "friends",
        "family chat",
        "library terminal",
        "no cookies",
        "form scanners",
        "one device",
        "guesser",
    )
    asked = [word for kind in kinds for word in ("--kind", kind)]
    assert main(["--seed", "7", *asked]) == 0
    told = capsys.readouterr().out
    assert "seed 7: all reached" in told
    row = next(line for line in told.splitlines() if line.startswith("one device"))
    assert row.split()[2:7] == ["200", "24", "0", "176", "24"]


def test_a_seed_plays_the_same_day_again(capsys: pytest.CaptureFixture[str]) -> None:
    def played(seed: int) -> str:
        main(["--seed", str(seed), "--kind", "friends", "--kind", "commuters"])
        return capsys.readouterr().out.partition("seed ")[0]

    assert played(3) == played(3) != played(4)


def test_a_policy_without_rules_is_seen_to_stop_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = POLICY.read_text("utf-8")
    lax = tmp_path / "lax.toml"
    lax.write_text("rules = []\n" + text[: text.index("# Bulk rules.")], "utf-8")
    assert main(["--policy", str(lax), "--kind", "one device"]) == 1
    assert "MISSED ≤ 24 articles" in capsys.readouterr().out
