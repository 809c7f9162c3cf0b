"""The measurement runs; how fast anything is, a busy machine cannot say and no test asks."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import func, select

from bench import filling, pages, proving, readings, replaying, sealed_filling
from bench.__main__ import main
from bench.flows import network_address
from bench.keeping import kept
from bench.measuring import Spread
from bench.readers import Readings, naming, network_of
from bench.table import Row
from bench.world import World, reference
from bench.years import Years
from gateway.checkpoint import public_bytes
from gateway.keeping import rolling
from gateway.keeping.proving import verify_log
from gateway.keys import open_key_ring
from gateway.models import claim, outbox
from gateway.runtime import Runtime
from gateway.store import schema
from gateway.store.engine import open_database
from tests.house import House


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


def test_a_log_is_sealed_and_proved(capsys: pytest.CaptureFixture[str]) -> None:
    assert proving.main(["--entries", "300", "--database", "sqlite"]) == 0
    # The other two are of the policy and of the log that begins.
    assert capsys.readouterr().out.startswith("sqlite, 302 entries: sealed in ")


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


# On PostgreSQL so many that two processes write them.
@pytest.mark.parametrize(
    ("kind", "entries"),
    [
        ("sqlite", 1_000),
        pytest.param("postgresql", sealed_filling.AT_ONCE + 500, marks=pytest.mark.postgresql),
    ],
)
def test_a_filled_log_is_what_the_sealer_would_have_made_of_it(
    kind: str, entries: int, open_folder: Path
) -> None:
    folder = open_folder / kind
    folder.mkdir()
    keys = open_key_ring(open_folder / "keys.json")
    with pages.filled(kind, Years(entries, keys.signer.newest), folder) as (address, place):
        runtime = Runtime(open_database(address), keys, "https://bench.example")
        seal_keys, shelf = sealed_filling.places(place)
        report = verify_log(runtime, shelf, [public_bytes(key) for key in seal_keys.private_keys()])
        checked = rolling.check(runtime, lambda _: None)
        with runtime.database.reading() as connection:
            differs = schema.drift(connection)
            waiting = connection.execute(select(func.count()).select_from(outbox)).scalar_one()
        runtime.close()
    assert (report.told, report.entries) == ([], entries)
    assert (checked.differences, checked.leaves) == ((), entries)
    assert (differs, waiting) == ([], 0)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_what_a_broken_fill_left_is_not_taken_for_a_whole_one(kind: str, open_folder: Path) -> None:
    asked: list[str] = []

    def breaks(address: str) -> None:
        schema.upgrade(opened := open_database(address))
        opened.close()
        raise KeyboardInterrupt

    def fills(address: str) -> None:
        asked.append(address)
        schema.upgrade(opened := open_database(address))
        opened.close()

    with pytest.raises(KeyboardInterrupt), kept(kind, open_folder / kind, {"some_1_a": breaks}):
        pass
    for _ in range(2):
        with kept(kind, open_folder / kind, {"some_1_a": fills}) as addresses:
            assert list(addresses) == ["some_1_a"]
    assert len(asked) == 1


def test_every_page_of_the_desk_is_measured(
    open_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "WARMING", 0)
    asked = ["--entries", "1000", "--asked", "2", "--prove", "--database", "sqlite"]
    assert pages.main([*asked, "--folder", str(open_folder)]) == 0
    said = capsys.readouterr().out
    assert "verified 1,000 in" in said
    assert "all agree" in said
    assert "answered" not in said
    for page in (
        "/admin/log ",
        "/admin/log?subject=network",
        "/admin/gifts/<reference:reference>",
        "/admin/policy/proposals/<row:number>",
        "/admin/rules",
    ):
        assert page in said


def test_a_claim_is_measured_at_two_numbers_of_readings(
    open_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(readings.SIZES, "sqlite", (400, 800))
    assert readings.main(["--pairs", "1", "--database", "sqlite", "--folder", str(open_folder)]) == 0
    said = capsys.readouterr().out
    assert "a whole request" in said
    assert "the transaction alone" in said


def test_a_replay_is_measured_on_acts_that_were_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert replaying.main(["--acts", "300", "--rounds", "1"]) == 0
    said = capsys.readouterr().out
    assert "when they were done" in said
    assert "replayed under both policies" in said


def test_readers_come_from_networks_that_the_gateway_looks_for(house: House) -> None:
    now = house.clock.now
    of = Readings(20_000, "key", now)
    filling.fill_tables(
        house.runtime.database,
        lambda instant: (each for each in of.beside(instant) if each.table == "network_salt"),
    )
    name = naming(house.runtime.database, house.runtime.keys.keys.derived("network.v1"))
    filling.fill_tables(house.runtime.database, lambda instant: of.block(15_001, 20_001, name, instant))
    office = 19_996
    (asked, before) = house.runtime.networks.names(network_address(network_of(office)), now)
    with house.runtime.database.reading() as connection:
        found = connection.execute(
            select(func.count()).where(claim.c.network.in_([asked, before]))
        ).scalar_one()
    assert found >= 2
    assert name(network_of(office), now) == asked
