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


def test_an_office_reads_on_behind_a_scanner_that_presses_every_button_before_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    smaller = [f"office with a scanner.{each}" for each in ("number=150", "every=1", "minutes=60")]
    asked = [word for each in smaller for word in ("--set", each)]
    assert main(["--seed", "7", "--kind", "office with a scanner", *asked]) == 0
    assert "seed 7: all reached" in capsys.readouterr().out


def test_more_articles_than_the_town_has_are_refused_with_their_number() -> None:
    with pytest.raises(ValueError, match="got 1201 links, the town has only 1200 articles"):
        main(["--kind", "office of 300", "--set", "office of 300.number=1201"])


def test_what_is_asked_at_once_is_counted_as_what_comes_one_after_the_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    kinds = ("passage copier, 64 at once", "guesser, 64 at once", "one device, 64 at once")
    asked = [word for kind in kinds for word in ("--kind", kind)]
    smaller = ["--set", "guesser, 64 at once.number=320", "--set", "passage copier, 64 at once.passage=200"]
    assert main(["--seed", "7", *asked, *smaller]) == 0
    told = capsys.readouterr().out
    assert "characters in all 2583, characters taken 2600" in told
    row = next(line for line in told.splitlines() if line.startswith("one device"))
    assert row.split()[5:10] == ["200", "24", "0", "176", "24"]


def test_a_number_that_is_none_of_a_kind_is_refused_with_what_could_be_set(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for wrong in ("leaker.noise=3", "leaker.crowd=many", "nobody.number=3", "leaker"):
        with pytest.raises(SystemExit):
            main(["--set", wrong])
    told = capsys.readouterr().err
    assert "of leaker can be set, with a whole number: links=6, crowd=150" in told
    assert "'nobody' is no kind" in told


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
