"""Importing: every file on its own, the same again without change, and nobody's decision undone by a file."""

import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from errno import EACCES
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from gateway import models
from gateway.articles.importing import Line, Outcome, Report, describe, import_paths
from gateway.articles.keeping import STATED
from gateway.keys import open_key_ring
from gateway.ledger import Event
from gateway.models import account, allowance, gift
from gateway.resources import folder as folder_named
from gateway.runtime import Runtime
from gateway.store import articles, entries
from gateway.store.articles import Article
from gateway.store.engine import open_database
from gateway.store.policies import add_version

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
FIRST = "2026-02-01T08:00:00Z"
SECOND = "2026-02-02T08:00:00Z"


@pytest.fixture
def runtime(database_url: str, tmp_path: Path) -> Iterator[Runtime]:
    keys = open_key_ring(tmp_path / "keys.json")
    runtime = Runtime(open_database(database_url), keys, "http://127.0.0.1:8000", clock=lambda: NOW)
    text = (folder_named("policies") / "ft.toml").read_text("utf-8")
    stated = {
        "name": "ft",
        "text": text,
        "digest": sha256(text.encode()).hexdigest(),
        "proposed_by": "operator",
    }
    with runtime.database.transaction() as connection:
        add_version(connection, **stated, takes_effect_at=NOW, proposed_at=NOW)
    yield runtime
    runtime.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "in"
    path.mkdir()
    return path


def ninjs(folder: Path, name: str = "a.json", **more: Any) -> Path:
    item = {"uri": "urn:x:1", "headline": "A headline", "body_xhtml": "<p>Some words.</p><p>And more.</p>"}
    path = folder / name
    path.write_text(json.dumps({**item, **more}), encoding="utf-8")
    return path


def import_one(runtime: Runtime, path: Path) -> Line:
    (line,) = import_paths(runtime, [path]).lines
    return line


def article(runtime: Runtime, article_id: int | None) -> Article:
    assert article_id is not None
    with runtime.database.reading() as connection:
        found = articles.find_article(connection, article_id)
    assert found is not None
    return found


def events(runtime: Runtime) -> list[str]:
    with runtime.database.reading() as connection:
        return [line.event for line in entries.list_entries(connection, entries.EntryFilter(), limit=50)][
            ::-1
        ]


def test_the_wire_is_seven_articles_two_unchanged_and_five_refused(
    runtime: Runtime, shared_data: Path
) -> None:
    report = import_paths(runtime, [shared_data / "ninjs" / "wire"])
    counts = {outcome: report.count(outcome) for outcome in Outcome}
    assert counts == {"added": 7, "updated": 0, "unchanged": 2, "refused": 5, "failed": 0}
    assert report.exit_code == 1
    told = describe(report)
    for name in (
        "SIPA_image_3",
        "ap_image",
        "imageEncodedRights",
        "imageLinkedRights",
        "UEFA-ChampionLeague",
    ):
        assert name in told
    assert told.endswith("14 files: 7 added, 0 updated, 2 unchanged, 5 refused, 0 failed")
    again = import_paths(runtime, [shared_data / "ninjs" / "wire"])
    assert (again.count(Outcome.UNCHANGED), again.count(Outcome.REFUSED)) == (9, 5)


def test_an_article_has_its_slug_opening_length_and_pictures(runtime: Runtime, shared_data: Path) -> None:
    line = import_one(runtime, shared_data / "ninjs" / "wire" / "2.1-tt_text_image_2.json")
    found = article(runtime, line.article_id)
    assert found.slug == "militarovning-i-jatteformat-halls-2023"
    assert found.first_paragraph.startswith("<p>Pandemin")
    assert found.characters == 934
    assert found.pictures[0].credit == "Karl Melander/TT"
    assert found.published_at == datetime(2021, 5, 26, 11, 40, 18, tzinfo=UTC)
    with runtime.database.reading() as connection:
        assert articles.find_article(connection, found.id) == found


def test_a_later_version_updates_and_keeps_the_slug_and_the_day(runtime: Runtime, folder: Path) -> None:
    first = import_one(runtime, ninjs(folder, version="1", firstcreated=FIRST, versioncreated=FIRST))
    later = import_one(
        runtime, ninjs(folder, version="2", versioncreated=SECOND, headline="Another headline")
    )
    assert (first.outcome, later.outcome, later.article_id) == ("added", "updated", first.article_id)
    found = article(runtime, first.article_id)
    assert (found.headline, found.slug, found.revision) == ("Another headline", "a-headline", 2)
    assert (found.published_at, found.updated_at) == (
        datetime(2026, 2, 1, 8, tzinfo=UTC),
        datetime(2026, 2, 2, 8, tzinfo=UTC),
    )
    assert events(runtime) == [Event.ARTICLE_ADDED, Event.ARTICLE_CHANGED]


@pytest.mark.parametrize(
    ("held", "older"),
    [
        ({"version": "3"}, {"version": "2"}),
        ({"versioncreated": SECOND}, {"versioncreated": FIRST}),
        ({"version": "2", "versioncreated": SECOND}, {"version": "2", "versioncreated": FIRST}),
        ({"version": "2", "versioncreated": SECOND}, {"version": "1a", "versioncreated": FIRST}),
    ],
)
def test_an_older_version_never_replaces_a_newer(
    runtime: Runtime, folder: Path, held: dict[str, str], older: dict[str, str]
) -> None:
    first = import_one(runtime, ninjs(folder, **held))
    line = import_one(runtime, ninjs(folder, headline="Old", **older))
    assert line.outcome is Outcome.UNCHANGED
    assert "older version" in line.why
    assert article(runtime, first.article_id).headline == "A headline"


def test_a_file_that_states_no_version_opens_no_way_to_older_ones(runtime: Runtime, folder: Path) -> None:
    first = import_one(runtime, ninjs(folder, version="3"))
    assert import_one(runtime, ninjs(folder, version="0", headline="Silent")).outcome is Outcome.UPDATED
    assert import_one(runtime, ninjs(folder, version="0", headline="Silent")).outcome is Outcome.UNCHANGED
    for older in ("1", "2"):
        assert import_one(runtime, ninjs(folder, version=older, headline="Old")).outcome is Outcome.UNCHANGED
    assert article(runtime, first.article_id).headline == "Silent"
    assert import_one(runtime, ninjs(folder, version="4", headline="New")).outcome is Outcome.UPDATED


def test_a_correction_under_the_same_version_is_taken(runtime: Runtime, folder: Path) -> None:
    import_one(runtime, ninjs(folder, version="2"))
    assert import_one(runtime, ninjs(folder, version="2", headline="Corrected")).outcome is Outcome.UPDATED


def test_an_embargo_in_a_later_version_shuts_the_article_at_once(runtime: Runtime, folder: Path) -> None:
    first = import_one(runtime, ninjs(folder, version="1"))
    assert article(runtime, first.article_id).rights.embargo_until is None
    import_one(runtime, ninjs(folder, version="2", embargoed="2026-04-01T00:00:00Z"))
    assert article(runtime, first.article_id).rights.embargo_until == datetime(2026, 4, 1, tzinfo=UTC)
    assert events(runtime)[-1] == Event.ARTICLE_RIGHTS_CHANGED


@pytest.mark.parametrize(
    "shut",
    [
        {"pubstatus": "withheld"},
        {"embargoed": "2026-04-01T00:00:00Z"},
        {"expires": "2026-02-28T00:00:00Z"},
    ],
)
def test_an_article_that_shuts_pays_back_the_gift_that_nobody_was_served(
    runtime: Runtime, folder: Path, shut: dict[str, str]
) -> None:
    first = import_one(runtime, ninjs(folder, version="1"))
    with runtime.database.transaction() as connection:
        person = {"email": "a@e.example", "name": "A", "role": "subscriber", "created_at": NOW}
        giver = connection.execute(insert(account).values(**person).returning(account.c.id)).scalar_one()
        connection.execute(insert(allowance).values(account_id=giver, period="2026-03", used=1))
        given = {"account_id": giver, "article_id": first.article_id, "issued_at": NOW, "period": "2026-03"}
        bounds = {"expires_at": NOW + timedelta(days=90), "unconfirmed_bound": 20, "policy_version": 1}
        names = {"capability": b"c" * 16, "reference": "ABCDEFGH", "key_id": "k", "giver_shown": False}
        connection.execute(insert(gift).values(**given, **bounds, **names))
    import_one(runtime, ninjs(folder, version="2", **shut))
    with runtime.database.reading() as connection:
        assert connection.scalar(select(allowance.c.used)) == 0
        assert connection.scalar(select(gift.c.credit_returned_at)) == NOW
    assert Event.CREDIT_RETURNED in events(runtime)


def test_a_withheld_article_is_withdrawn_and_a_later_usable_version_brings_it_back(
    runtime: Runtime, folder: Path
) -> None:
    first = import_one(runtime, ninjs(folder, version="1", versioncreated=FIRST))
    kill = {"uri": "urn:x:1", "version": "2", "versioncreated": SECOND, "pubstatus": "withheld"}
    notice = folder / "kill.json"
    notice.write_text(json.dumps(kill), encoding="utf-8")
    assert import_one(runtime, notice).outcome is Outcome.UPDATED
    assert article(runtime, first.article_id).rights.withdrawn_at == datetime(2026, 2, 2, 8, tzinfo=UTC)
    assert import_one(runtime, notice).outcome is Outcome.UNCHANGED
    assert import_one(runtime, ninjs(folder, version="1", versioncreated=FIRST)).outcome is Outcome.UNCHANGED
    assert article(runtime, first.article_id).rights.withdrawn_at is not None
    assert import_one(runtime, ninjs(folder, version="3")).outcome is Outcome.UPDATED
    assert article(runtime, first.article_id).rights.withdrawn_at is None


def test_a_cancelled_article_stays_withdrawn_whatever_comes_after(runtime: Runtime, folder: Path) -> None:
    first = import_one(runtime, ninjs(folder, version="1"))
    import_one(runtime, ninjs(folder, version="2", pubstatus="withheld"))
    import_one(runtime, ninjs(folder, version="3", pubstatus="canceled"))
    later = import_one(runtime, ninjs(folder, version="4"))
    assert later.outcome is Outcome.UPDATED
    assert "stays withdrawn" in later.why
    assert article(runtime, first.article_id).rights.withdrawn_at is not None


@pytest.mark.parametrize("status", ["withheld", "canceled"])
def test_a_withdrawal_stated_for_later_gives_way_to_one_now(
    runtime: Runtime, folder: Path, status: str
) -> None:
    first = import_one(runtime, ninjs(folder, version="1"))
    with runtime.database.transaction() as connection:
        later = {"withdrawn_at": NOW + timedelta(days=9), "withdrawn_because": STATED}
        connection.execute(update(models.article).values(**later))
    assert import_one(runtime, ninjs(folder, version="2", pubstatus=status)).outcome is Outcome.UPDATED
    assert article(runtime, first.article_id).rights.withdrawn_at == NOW


def test_a_withdrawal_of_what_is_not_held_is_refused(runtime: Runtime, folder: Path) -> None:
    line = import_one(runtime, ninjs(folder, pubstatus="canceled"))
    assert line.outcome is Outcome.REFUSED
    assert "canceled (pubStatus), and no earlier version is held" in line.why


def test_what_an_admin_decided_survives_a_file_that_is_silent_on_it(runtime: Runtime, folder: Path) -> None:
    first = import_one(runtime, ninjs(folder, version="1"))
    assert first.article_id is not None
    with runtime.database.transaction() as connection:
        articles.change_giving(
            connection, first.article_id, giftable=False, because="The photographer objects."
        )
        articles.withdraw_article(connection, first.article_id, because="A court's order.", now=NOW)
    import_one(runtime, ninjs(folder, version="2"))
    found = article(runtime, first.article_id)
    assert found.rights.giftable is False
    assert found.rights.not_giftable_because == "The photographer objects."
    assert (found.rights.withdrawn_at, found.withdrawn_because) == (NOW, "A court's order.")


def test_one_bad_file_never_stops_the_others(runtime: Runtime, folder: Path) -> None:
    (folder / "0-broken.json").write_text("{", encoding="utf-8")
    (folder / "1-latin.html").write_bytes(b"<p>caf\xe9")
    (folder / "2-deep.json").write_text("[" * 100_000, encoding="utf-8")
    with (folder / "3-large.json").open("wb") as stream:
        stream.truncate(50 * 1024 * 1024)
    (folder / "4-note.md").write_text("no front matter", encoding="utf-8")
    (folder / "5-gone.json").symlink_to(folder / "nowhere")
    ninjs(folder, "6-good.json")
    (folder / "7-notes.txt").write_text("not ours", encoding="utf-8")
    (folder / "8-digits.json").write_text(f'{{"version": {"9" * 5001}}}', encoding="utf-8")
    digits = f'+++\nid = "x"\nversion = {"9" * 5001}\n+++\nText'
    (folder / "9-digits.md").write_text(digits, encoding="utf-8")
    first_day = '+++\nid = "y"\nheadline = "Y"\npublished = 0001-01-01T00:00:00+10:00\n+++\nText'
    (folder / "10-calendar.md").write_text(first_day, encoding="utf-8")
    seen: list[tuple[int, int]] = []
    paths = [
        folder / ("n" * 300),
        folder,
        folder / "5-gone.json",
        folder / "7-notes.txt",
        folder / "missing.json",
        folder / "MISSING",
        folder / "6-good.json",
    ]
    report = import_paths(runtime, paths, on_progress=lambda done, total, _line: seen.append((done, total)))
    told = {line.path.name: f"{line.outcome}: {line.why}" for line in report.lines}
    assert told.keys() >= {"0-broken.json", "missing.json"}
    assert told["0-broken.json"].startswith("failed: this is no JSON")
    assert told["MISSING"] == told["missing.json"]
    assert told["MISSING"] == "failed: there is no such file or folder; want one that holds articles"
    for name in ("8-digits.json", "9-digits.md"):
        assert told[name] == "failed: a number in it is too long; want at most 4,300 digits"
    assert told["1-latin.html"] == "failed: it is not UTF-8: byte 6 is 0xe9"
    assert told["2-deep.json"].startswith("failed: the JSON nests too deep")
    assert told["3-large.json"].startswith("failed: it is larger than 8 MiB")
    assert told["4-note.md"].startswith("refused: it begins with no front matter")
    assert told["5-gone.json"] == told["missing.json"]
    assert told["6-good.json"] == "added: "
    assert told["7-notes.txt"].startswith("refused: its name ends in '.txt'")
    assert told["10-calendar.md"].startswith("failed: published: the instant leaves the calendar in UTC")
    assert told["n" * 300] == "failed: it cannot be read: File name too long"
    assert seen == [(number, 14) for number in range(1, 15)]


def test_what_may_not_be_looked_at_is_a_line_of_its_own(
    runtime: Runtime, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever runs the tests may look anywhere, so the refusal is made up.
    bad, stat = ninjs(folder, "bad.json"), Path.stat

    def refusing(path: Path, **how: bool) -> os.stat_result:
        if path == bad:
            raise PermissionError(EACCES, "Permission denied", str(path))
        return stat(path, **how)

    ninjs(folder, "good.json", uri="urn:x:2")
    monkeypatch.setattr(Path, "stat", refusing)
    told = [f"{line.outcome}: {line.why}" for line in import_paths(runtime, [folder, bad]).lines]
    assert told == ["failed: it cannot be read: Permission denied", "added: "]


def test_a_name_that_is_not_utf_8_is_described_in_characters_that_can_be_printed(
    runtime: Runtime, folder: Path
) -> None:
    odd = folder / os.fsdecode(b"caf\xe9.md")
    report = import_paths(runtime, [odd])
    assert "caf\\udce9.md: there is no such file or folder" in describe(report).encode().decode()


def test_hidden_files_and_the_folders_of_saved_pages_are_passed_over(runtime: Runtime, folder: Path) -> None:
    (folder / ".hidden").mkdir()
    (folder / "page_files").mkdir()
    ninjs(folder / ".hidden", "a.json")
    ninjs(folder / "page_files", "b.json")
    report = import_paths(runtime, [folder])
    assert report == Report(())
    assert report.exit_code == 1
    assert describe(report).startswith("No files to import")


def test_two_articles_of_one_headline_get_two_slugs(runtime: Runtime, folder: Path) -> None:
    lines = [import_one(runtime, ninjs(folder, uri=f"urn:x:{number}")) for number in range(3)]
    slugs = [article(runtime, line.article_id).slug for line in lines]
    assert slugs == ["a-headline", "a-headline-2", "a-headline-3"]


def test_pictures_are_replaced_with_the_version(runtime: Runtime, folder: Path) -> None:
    photo = {"type": "picture", "renditions": {"a": {"href": "https://e.example/a.jpg"}}}
    first = import_one(runtime, ninjs(folder, version="1", associations={"one": photo, "two": photo}))
    assert len(article(runtime, first.article_id).pictures) == 2
    import_one(runtime, ninjs(folder, version="2"))
    assert article(runtime, first.article_id).pictures == ()


def test_the_list_shows_what_may_be_read_now_newest_first(runtime: Runtime, folder: Path) -> None:
    later = (NOW + timedelta(days=1)).isoformat()
    before = (NOW - timedelta(days=1)).isoformat()
    for number, more in enumerate(
        [
            {"headline": "Undated"},
            {"headline": "Early", "versioncreated": FIRST},
            {"headline": "Late", "versioncreated": SECOND},
            {"headline": "Embargoed", "embargoed": later},
            {"headline": "Expired", "expires": before},
        ]
    ):
        import_one(runtime, ninjs(folder, uri=f"urn:x:{number}", **more))
    with runtime.database.reading() as connection:
        assert [line.headline for line in articles.list_articles(connection, NOW)] == [
            "Late",
            "Early",
            "Undated",
        ]
        assert len(articles.list_articles(connection, NOW + timedelta(days=2))) == 4
        assert len(articles.list_all_articles(connection)) == 5
        assert [line.headline for line in articles.list_articles(connection, NOW, limit=1, offset=1)] == [
            "Early"
        ]


def test_a_database_that_is_away_is_no_files_fault(runtime: Runtime, folder: Path, tmp_path: Path) -> None:
    ninjs(folder)
    away = Runtime(
        open_database(f"sqlite:///{tmp_path / 'none' / 'x.db'}"), runtime.keys, "http://127.0.0.1:8000"
    )
    with pytest.raises(Exception, match="unable to open database file"):
        import_paths(away, [folder])
    away.close()


def test_copies_of_one_file_under_two_names_are_one_article(runtime: Runtime, folder: Path) -> None:
    shutil.copy(ninjs(folder), folder / "b.json")
    assert [line.outcome for line in import_paths(runtime, [folder]).lines] == ["added", "unchanged"]
