"""Backups and restores: on both databases and from one kind to the other, all or nothing, links shut at first."""

import json
import shutil
import threading
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from gateway.keeping.archive import BackupError
from gateway.keeping.backup import make_backup
from gateway.keeping.keys import Retired, retire_key, rotate_key
from gateway.keeping.restore import confirm_restore, restore_backup
from gateway.keeping.revocations import RevocationsError, export_revocations
from gateway.ledger import OPERATOR
from gateway.models import article, metadata
from gateway.sharing.revoking import revoke_gift
from gateway.store import copies, schema
from tests.house import House

Opener = Callable[..., House]
EMPTY = pytest.mark.parametrize("into", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])


@pytest.fixture
def elsewhere(
    into: str, request: pytest.FixtureRequest, open_house: Opener, tmp_path: Path, house: House
) -> House:
    """Yield a gateway on another database, an empty one, that knows the same keys."""
    on_sqlite = into == "sqlite"
    address = (
        f"sqlite:///{tmp_path / 'other.db'}" if on_sqlite else request.getfixturevalue("empty_postgresql_url")
    )
    (tmp_path / "elsewhere").mkdir()
    shutil.copy(house.folder / "keys.json", tmp_path / "elsewhere" / "keys.json")
    return open_house(address, adopt=False, var="elsewhere")


@pytest.fixture
def backup(house: House) -> Path:
    """Yield a backup of a gateway in use."""
    fill(house)
    path = house.folder / "backup.zip"
    make_backup(house.runtime, OPERATOR, path)
    return path


def fill(house: House) -> None:
    """Use a gateway: gifts in every state, odd words, bytes, instants to the microsecond, nulls and dates."""
    house.clock.now += timedelta(microseconds=123456)
    giver, tide, comet = house.subscriber(), house.article(), house.article("comet-ü")
    house.gift(giver, tide, label="für „Ada“ – 🦉\u2028\n\x1f", note="Read this")
    claimed = house.gift(giver, comet)
    house.claim(claimed)
    revoked = house.gift(house.subscriber("premium"), tide)
    revoke_gift(house.runtime, OPERATOR, revoked.gift.reference, because="mistake")
    house.runtime.tally.add_view(claimed.gift.id, "preview", house.clock.now)
    house.runtime.tally.add_forged(b"n" * 16, house.clock.now)
    house.runtime.tally.flush()


def content(house: House) -> dict[str, list[Any]]:
    """Read every table that a backup keeps."""
    with house.runtime.database.transaction() as connection:
        return {
            layout.name: sorted(map(tuple, copies.each_row(connection, layout)), key=repr)
            for layout in copies.layouts()
        }


@EMPTY
def test_a_restore_is_what_the_backup_saw(house: House, backup: Path, elsewhere: House) -> None:
    before = content(house)
    (made,) = [row for row in before["entry"] if "backup:made" in row]
    before["entry"].remove(made)
    restored = restore_backup(elsewhere.runtime, OPERATOR, backup, revocations=None, replace=False)
    after = content(elsewhere)
    assert [row[2:4] for row in after["entry"] if row not in before["entry"]] == [
        ("operator", "backup:restored")
    ]
    after["entry"] = [row for row in after["entry"] if row in before["entry"]]
    assert [row[3] for row in after.pop("restoration")] == [None]
    assert before.pop("restoration") == []
    assert after == before
    assert restored.rows == sum(map(len, before.values()))
    assert (restored.revocations, restored.links_without_key) == (0, 0)


@EMPTY
def test_life_goes_on_in_what_was_restored(backup: Path, elsewhere: House) -> None:
    restore_backup(elsewhere.runtime, OPERATOR, backup, revocations=None, replace=False)
    last = elsewhere.value("SELECT MAX(id) FROM gift")
    elsewhere.people = 10
    giver = elsewhere.subscriber()
    assert elsewhere.gift(giver, elsewhere.article("new-one")).gift.id == last + 1
    with elsewhere.runtime.database.reading() as connection:
        assert schema.drift(connection) == []


@EMPTY
def test_every_link_stays_shut_until_the_restore_is_confirmed(backup: Path, elsewhere: House) -> None:
    restore_backup(elsewhere.runtime, OPERATOR, backup, revocations=None, replace=False)
    assert elsewhere.runtime.policies.links_shut
    assert confirm_restore(elsewhere.runtime, OPERATOR, because="checked") == 1
    assert not elsewhere.runtime.policies.links_shut
    assert confirm_restore(elsewhere.runtime, OPERATOR, because="checked") == 0
    (entry,) = elsewhere.entries("backup:confirmed")
    assert json.loads(entry.detail) == {"restores": 1, "because": "checked"}


def test_a_database_in_use_is_not_overwritten_unless_told(house: House, backup: Path) -> None:
    house.subscriber()
    before = content(house)
    with pytest.raises(BackupError, match="--replace"):
        restore_backup(house.runtime, OPERATOR, backup, revocations=None, replace=False)
    assert content(house) == before
    restore_backup(house.runtime, OPERATOR, backup, revocations=None, replace=True)
    assert len(content(house)["account"]) == len(before["account"]) - 1


def test_a_migrated_database_with_nobody_in_it_counts_as_empty(
    backup: Path, open_house: Opener, tmp_path: Path
) -> None:
    fresh = open_house(f"sqlite:///{tmp_path / 'fresh.db'}", adopt=False)
    schema.upgrade(fresh.runtime.database)
    assert restore_backup(fresh.runtime, OPERATOR, backup, revocations=None, replace=False).rows > 0


def test_what_was_revoked_since_the_backup_is_revoked_again(house: House, tmp_path: Path) -> None:
    giver, tide = house.subscriber(), house.article()
    paid_back, served, kept = (house.gift(giver, tide) for _ in range(3))
    with house.runtime.database.transaction() as connection:
        connection.exec_driver_sql(f"UPDATE gift SET served_at = issued_at WHERE id = {served.gift.id}")
    make_backup(house.runtime, OPERATOR, tmp_path / "backup.zip")
    house.clock.forward(hours=1)
    for issued in (paid_back, served):
        revoke_gift(house.runtime, OPERATOR, issued.gift.reference, because="leaked")
    export_revocations(house.runtime, tmp_path / "revocations.jsonl")
    before = content(house)
    house.clock.forward(hours=1)
    restored = restore_backup(
        house.runtime,
        OPERATOR,
        tmp_path / "backup.zip",
        revocations=tmp_path / "revocations.jsonl",
        replace=True,
    )
    assert restored.revocations == 2
    after = content(house)
    assert after["gift"] == before["gift"]
    assert after["allowance"] == before["allowance"]
    replayed = [json.loads(entry.detail) for entry in house.entries("gift:revoked")]
    assert [about["because"] for about in replayed] == ["leaked"] * 2
    assert all(about["replayed"] == 1 for about in replayed)
    assert len(house.entries("credit:returned")) == 1
    assert kept.gift.reference not in {
        entry.subject.removeprefix("gift:") for entry in house.entries("gift:revoked")
    }


def test_a_file_of_revocations_that_cannot_be_read_stops_the_restore_whole(
    house: House, backup: Path
) -> None:
    before = content(house)
    (house.folder / "bad.jsonl").write_text('{"gift": "ABCDEFGH"}\n')
    with pytest.raises(RevocationsError, match=r"bad\.jsonl:1: is no revocation"):
        restore_backup(house.runtime, OPERATOR, backup, revocations=house.folder / "bad.jsonl", replace=True)
    assert content(house) == before


def damaged(backup: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """Write the backup again with its parts changed, or left out."""
    path = backup.with_name("damaged.zip")
    with zipfile.ZipFile(backup) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            changed = change(name, old.read(name))
            if changed is not None:
                new.writestr(name, changed)
    return path


def with_manifest(**values: Any) -> Callable[[str, bytes], bytes]:
    """Make a change of some of the manifest's values."""

    def change(name: str, part: bytes) -> bytes:
        return part if name != "manifest.json" else json.dumps({**json.loads(part), **values}).encode()

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda name, part: part + b"[]\n" if name == "gift.jsonl" else part,
            "gift.jsonl is not what its manifest",
        ),
        (
            lambda name, part: part.replace(b"Sam", b"Tom") if name == "account.jsonl" else part,
            "account.jsonl is not",
        ),
        (lambda name, part: None if name == "entry.jsonl" else part, "entry.jsonl is missing"),
        (lambda name, part: None if name == "manifest.json" else part, "is no backup of the gateway"),
        (lambda name, part: b"{" if name == "manifest.json" else part, "is no backup of the gateway"),
        (with_manifest(format=2), "is of format 2; this release reads format 1"),
        (with_manifest(revision="9999"), "was made by a newer release .* 9999"),
        (with_manifest(parts=[{}]), "its manifest.json is damaged"),
    ],
)
def test_a_damaged_or_newer_backup_is_refused_by_name(
    house: House, backup: Path, change: Any, told: str
) -> None:
    before = content(house)
    with pytest.raises(BackupError, match=told):
        restore_backup(house.runtime, OPERATOR, damaged(backup, change), revocations=None, replace=True)
    assert content(house) == before


@pytest.mark.parametrize("cut", [0, 100, -30])
def test_a_file_that_is_cut_or_no_backup_is_refused(house: House, backup: Path, cut: int) -> None:
    backup.write_bytes(backup.read_bytes()[:cut])
    with pytest.raises(BackupError, match="is damaged, or no backup"):
        restore_backup(house.runtime, OPERATOR, backup, revocations=None, replace=True)


def test_a_bit_that_fell_over_is_found(house: House, backup: Path) -> None:
    content_ = bytearray(backup.read_bytes())
    content_[len(content_) // 3] ^= 0x10
    backup.write_bytes(content_)
    with pytest.raises(BackupError):
        restore_backup(house.runtime, OPERATOR, backup, revocations=None, replace=True)


def test_a_backup_that_contradicts_itself_changes_nothing(house: House, backup: Path) -> None:
    # Its sums are right, as those of a tool that edited it would be, and a gift in it is nobody's.
    parts = json.loads(zipfile.ZipFile(backup).read("manifest.json"))["parts"]
    without = [part for part in parts if part["layout"]["name"] != "account"]
    before = content(house)
    with pytest.raises(BackupError, match="contradicts itself"):
        restore_backup(
            house.runtime,
            OPERATOR,
            damaged(backup, with_manifest(parts=without)),
            revocations=None,
            replace=True,
        )
    assert content(house) == before


def test_a_backup_sees_one_instant_while_others_write(house: House) -> None:
    giver, tide = house.subscriber(), house.article()
    first = house.gift(giver, tide)
    with copies.snapshot(house.runtime.database) as connection:
        gifts = next(layout for layout in copies.layouts() if layout.name == "gift")
        assert len(list(copies.each_row(connection, gifts))) == 1
        writer = threading.Thread(target=lambda: house.gift(giver, tide))
        writer.start()
        writer.join(10)
        assert not writer.is_alive(), "a reading holds a writer up"
        assert [row[2] for row in copies.each_row(connection, gifts)] == [first.gift.reference]
    assert house.value("SELECT COUNT(*) FROM gift") == 2


def test_a_backup_takes_flat_memory(house: House, tmp_path: Path) -> None:
    house.article()
    with house.runtime.database.transaction() as connection:
        first = dict(connection.execute(article.select()).mappings().one())
        rows = [
            {
                **first,
                "id": number,
                "source_id": str(number),
                "slug": str(number),
                "body_html": f"{number}" * 2000,
            }
            for number in range(10, 3010)
        ]
        connection.execute(insert(article), rows)
    del rows
    tracemalloc.start()
    made = make_backup(house.runtime, OPERATOR, tmp_path / "backup.zip")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    held = sum(len(str(number)) * 2000 for number in range(10, 3010))
    assert made.manifest.rows > 3000
    assert most < held / 2, f"{most} bytes for a table of {held}"


def test_a_backup_is_its_owners_alone_and_never_half_there(house: House, tmp_path: Path) -> None:
    path = tmp_path / "backup.zip"
    make_backup(house.runtime, OPERATOR, path)
    assert path.stat().st_mode & 0o077 == 0
    assert list(tmp_path.glob(".backup*")) == []
    with pytest.raises(
        BackupError, match=r"absent/backup\.zip: cannot be written \(No such file or directory\)"
    ):
        make_backup(house.runtime, OPERATOR, tmp_path / "absent" / "backup.zip")
    assert len(house.entries("backup:made")) == 1


def test_a_restore_without_the_keys_says_how_many_links_are_lost(
    backup: Path, open_house: Opener, tmp_path: Path
) -> None:
    keyless = open_house(f"sqlite:///{tmp_path / 'keyless.db'}", adopt=False)
    restored = restore_backup(keyless.runtime, OPERATOR, backup, revocations=None, replace=False)
    assert restored.links_without_key == 2


def test_a_restore_asks_for_no_key_that_was_retired_as_compromised(
    house: House, open_house: Opener, tmp_path: Path
) -> None:
    fill(house)
    dead = house.runtime.keys.signer.newest
    rotate_key(house.runtime, OPERATOR)
    assert isinstance(retire_key(house.runtime, OPERATOR, dead, compromised=True), Retired)
    path = tmp_path / "retired.zip"
    make_backup(house.runtime, OPERATOR, path)
    keyless = open_house(f"sqlite:///{tmp_path / 'keyless.db'}", adopt=False)
    restored = restore_backup(keyless.runtime, OPERATOR, path, revocations=None, replace=False)
    assert restored.links_without_key == 0


def test_what_must_not_come_back_is_not_in_a_backup(backup: Path) -> None:
    with zipfile.ZipFile(backup) as archive:
        kept = {name.removesuffix(".jsonl") for name in archive.namelist()} - {"manifest.json"}
    assert set(metadata.tables) - kept == {"session", "lease", "limit_hit", "outbox"}


def test_a_file_that_is_there_is_written_over_only_when_told(house: House, backup: Path) -> None:
    before = backup.read_bytes()
    with pytest.raises(BackupError, match="is there already; name another file, or say --replace"):
        make_backup(house.runtime, OPERATOR, backup)
    assert backup.read_bytes() == before
    make_backup(house.runtime, OPERATOR, backup, replace=True)
    assert backup.read_bytes() != before
