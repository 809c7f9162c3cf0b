"""The measurement runs; how fast anything is, a busy machine cannot say and no test asks."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bench import pages, readings
from bench.__main__ import main
from bench.measuring import Spread
from bench.table import Row
from bench.world import World, reference


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Yield a folder outside pytest's own, which PostgreSQL's account may not enter where the tests run as root."""
    with TemporaryDirectory(prefix="gateway-bench-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_every_flow_is_measured_and_found_in_the_log(
    kind: str, open_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = ["--gifts", "40", "--gifts", "60"]
    assert main(["--quick", "--database", kind, *sizes, "--folder", str(open_folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    told = [line.split()[:3] for line in lines if " ≥ " in line]
    assert told == [
        [flow, kind, gifts] for flow in ("read", "card", "claim", "issue") for gifts in ("40", "60")
    ]
    assert sum(" ≤ 1.2× " in line for line in lines) == 4


def test_a_row_says_by_how_much_it_falls_short() -> None:
    row = Row("read", "sqlite", 1000, 1.0, Spread(0.2, 0.3, 0.4), 0.4)
    assert not row.reached
    assert row.line().endswith("short by 25%")


def test_a_slowdown_is_reached_from_below() -> None:
    assert Row("read", "sqlite", 1_000_000, 1.0, Spread(1.0, 1.1, 1.2), 1.2, slower=True).reached


def test_no_two_gifts_and_no_two_issues_are_alike() -> None:
    world = World(10_000, "key")
    references = {reference(gift) for gift in range(1, world.gifts + 1)}
    given = {(world.account_of(gift), world.article_of(gift)) for gift in range(1, world.gifts + 1)}
    issued = {world.untouched(number) for number in range(20_000)}
    assert len(references) == len(given) == world.gifts
    assert len(issued) == 20_000
    assert not given & issued


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_every_page_of_the_desk_is_measured_over_a_log_that_verifies(
    kind: str, open_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--entries", "3000", "--asked", "2", "--prove", "--database", kind, "--folder", str(open_folder)]
    assert pages.main(asked) == 0
    said = capsys.readouterr().out
    assert "verified 3,000 in" in said
    assert "all agree" in said
    assert "answered" not in said
    for page in (
        "/admin/log ",
        "/admin/log?subject=network",
        "/admin/gifts/<reference:reference>",
        "/admin/rules",
    ):
        assert page in said


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_a_claim_is_measured_at_two_numbers_of_readings(
    kind: str, open_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(readings.SIZES, kind, (400, 800))
    assert readings.main(["--pairs", "1", "--database", kind, "--folder", str(open_folder)]) == 0
    said = capsys.readouterr().out
    assert "a whole request" in said
    assert "the transaction alone" in said
