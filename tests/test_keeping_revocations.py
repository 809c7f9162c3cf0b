"""The file of revocations: complete, never shorter than it was, and readable or named by line."""

from pathlib import Path

import pytest

from gateway.keeping.jobs import JobsRunner
from gateway.keeping.revocations import Exported, RevocationsError, export_revocations, read_revocations
from gateway.ledger import OPERATOR
from gateway.sharing.revoking import revoke_gift
from tests.house import House


def revoked(house: House, because: str = "mistake") -> str:
    """Issue a gift and revoke it; returns its reference."""
    issued = house.gift(house.subscriber(), house.article())
    revoke_gift(house.runtime, OPERATOR, issued.gift.reference, because=because)
    return issued.gift.reference


def test_every_revocation_is_in_the_file_once(house: House) -> None:
    path = house.folder / "revocations.jsonl"
    first = revoked(house, "„gone“\nfor good")
    assert export_revocations(house.runtime, path) == Exported(1, 1)
    second = revoked(house)
    assert export_revocations(house.runtime, path) == Exported(2, 1)
    assert export_revocations(house.runtime, path) == Exported(2, 0)
    found = list(read_revocations(path))
    assert [each.reference for each in found] == [first, second]
    assert (found[0].because, found[0].revoked_at) == ("„gone“\nfor good", house.clock.now)
    assert found[0].credit_returned_at == house.clock.now


def test_what_the_database_has_forgotten_stays_in_the_file(house: House) -> None:
    path = house.folder / "revocations.jsonl"
    reference = revoked(house)
    export_revocations(house.runtime, path)
    with house.runtime.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE gift SET revoked_at = NULL")
    assert export_revocations(house.runtime, path) == Exported(1, 0)
    assert [each.reference for each in read_revocations(path)] == [reference]


@pytest.mark.parametrize(
    "line",
    [
        "never mind",
        "[]",
        '{"gift": "ABCDEFGH", "because": "", "credit_returned_at": null}',
        '{"gift": "ABCDEFGH", "revoked_at": "2026-01-01T00:00:00", "because": "", "credit_returned_at": null}',
    ],
)
def test_a_line_that_is_no_revocation_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "revocations.jsonl"
    path.write_text(f"\n{line}\n")
    with pytest.raises(RevocationsError, match=r"revocations\.jsonl:2: is no revocation"):
        list(read_revocations(path))


def test_a_file_that_is_absent_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(RevocationsError, match=r"absent: cannot be read \(No such file or directory\)"):
        list(read_revocations(tmp_path / "absent"))
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(RevocationsError, match="is not UTF-8 text"):
        list(read_revocations(tmp_path / "bytes"))


def test_a_place_that_cannot_be_written_is_named(house: House, tmp_path: Path) -> None:
    with pytest.raises(RevocationsError, match="cannot be written"):
        export_revocations(house.runtime, tmp_path / "absent" / "revocations.jsonl")


def test_a_path_that_cannot_be_looked_at_is_named_and_ends_no_jobs(house: House, tmp_path: Path) -> None:
    path = tmp_path / ("n" * 300)
    with pytest.raises(RevocationsError, match=r"cannot be read \(File name too long\)"):
        export_revocations(house.runtime, path)
    assert JobsRunner(house.runtime, revocations=path).take_turn()
