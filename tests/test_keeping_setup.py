"""The first start, and what later starts make of the policy file."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection

from gateway.keeping import setup
from gateway.keeping.policies import propose_policy
from gateway.keeping.setup import adopt_policy, policy_file, set_up
from gateway.ledger import OPERATOR
from gateway.policyfile import PolicyError
from gateway.resources import folder
from gateway.settings import Settings
from gateway.store import schema
from gateway.store.policies import PolicyVersion
from tests.house import POLICY, House

Opener = Callable[..., House]


def another_policy(path: Path) -> Path:
    """Write a policy that gives eleven gifts instead of ten."""
    path.write_text(POLICY.read_text("utf-8").replace("gifts = 10\n", "gifts = 11\n"), "utf-8")
    return path


def test_the_file_is_version_1_at_first_start(database_url: str, open_house: Opener) -> None:
    house = open_house(database_url, adopt=False)
    adoption = adopt_policy(house.runtime, POLICY)
    assert (adoption.version, adoption.adopted) == (1, True)
    assert adoption.remark == f"policy version 1 is adopted from {POLICY}"
    (entry,) = house.entries("policy:adopted")
    assert (entry.actor, entry.subject) == ("operator", "policy:1")
    assert house.runtime.policies.in_force(house.clock.now).version == 1


def test_a_second_start_says_and_changes_nothing(house: House) -> None:
    again = adopt_policy(house.runtime, POLICY)
    assert (again.version, again.adopted, again.remark) == (1, False, "")
    assert len(house.entries("policy:adopted")) == 1


def test_a_file_that_differs_is_named_in_one_line_and_not_applied(house: House, tmp_path: Path) -> None:
    other = another_policy(tmp_path / "other.toml")
    adoption = adopt_policy(house.runtime, other)
    assert adoption.remark == (
        f"{other} differs from policy version 1 (ft.toml) and is not applied; "
        f"`gateway policy propose {other} --at now` applies it"
    )
    assert house.runtime.policies.in_force(house.clock.now).policy.plans["standard"].gifts == 10


def test_a_file_that_will_be_in_force_soon_is_not_called_foreign(house: House, tmp_path: Path) -> None:
    other = another_policy(tmp_path / "other.toml")
    propose_policy(house.runtime, OPERATOR, other.read_text("utf-8"), name="other.toml", at=None)
    assert adopt_policy(house.runtime, other).remark == ""


def test_a_file_that_is_no_policy_changes_nothing(
    database_url: str, open_house: Opener, tmp_path: Path
) -> None:
    house = open_house(database_url, adopt=False)
    (tmp_path / "bad.toml").write_text("[publisher]\nname = 3\n", "utf-8")
    with pytest.raises(PolicyError, match=r"bad.toml:2: publisher.name"):
        adopt_policy(house.runtime, tmp_path / "bad.toml")
    with pytest.raises(PolicyError, match=r"absent\.toml"):
        adopt_policy(house.runtime, tmp_path / "absent.toml")
    assert house.entries() == []


def test_two_first_starts_at_once_adopt_it_once(database_url: str, open_house: Opener) -> None:
    houses = [open_house(database_url, adopt=False) for _ in range(2)]
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda each=each: found.append(adopt_policy(each.runtime, POLICY).version))
        for each in houses
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1, 1]
    assert len(houses[0].entries("policy:adopted")) == 1


def test_whoever_looked_before_the_first_was_done_adopts_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, looks = setup.policies.list_versions, []

    def too_early(connection: Connection) -> list[PolicyVersion]:
        looks.append(connection)
        return [] if len(looks) == 1 else look(connection)

    monkeypatch.setattr(setup.policies, "list_versions", too_early)
    again = adopt_policy(house.runtime, POLICY)
    assert (again.version, again.adopted) == (1, False)
    assert len(house.entries("policy:adopted")) == 1


def test_a_bad_policy_is_found_before_any_table_is_made(
    empty_postgresql_url: str, open_house: Opener, tmp_path: Path
) -> None:
    house = open_house(empty_postgresql_url, adopt=False)
    (tmp_path / "bad.toml").write_text("", "utf-8")
    with pytest.raises(PolicyError):
        set_up(house.runtime, Settings(policy=tmp_path / "bad.toml"))
    with house.runtime.database.reading() as connection:
        assert schema.current(connection) is None


def test_the_policy_that_comes_along_is_the_first() -> None:
    assert policy_file(Settings()) == folder("policies") / "ft.toml"
