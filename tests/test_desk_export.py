"""Views of the desk as files: what is on the page is in the file, with a digest that anybody can check and the log knows."""

import csv
import hashlib
import io
import json
import socket
import subprocess
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from gateway.app import build_app
from gateway.auditing import EntryFilter, exporting
from gateway.auditing.bundle import Body, Form, bundled, safe_cell, spelled_rows
from gateway.keys import digest
from gateway.ledger import Actor
from gateway.settings import Settings
from gateway.store import accounts, upkeep
from gateway.store.copies import each_row, layouts, snapshot
from gateway.store.engine import open_database
from tests.house import NOON, House
from tests.sealed import log_of
from tests.serving import Serving
from tests.test_rules_pages import ask, signed_in

DANGEROUS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\uff1d1",
    "\uff0b1",
    "\uff0d1",
    "\uff201",
)


@pytest.fixture
def app(house: House) -> Flask:
    """Yield the whole app on a fresh database, with the test's clock."""
    return build_app(house.runtime, Settings(var=house.folder))


@pytest.fixture
def auditor(house: House, app: Flask) -> FlaskClient:
    """Yield the browser of an auditor, who may look at all."""
    return signed_in(house, app, "auditor")


def taken(client: FlaskClient, address: str) -> dict[str, bytes]:
    """Take a view as a file; returns the files in it, their digests checked by `sha256sum`."""
    answer = ask(client, "GET", address)
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    return unpacked(answer.data)


def unpacked(data: bytes) -> dict[str, bytes]:
    """Read the files of a bundle."""
    with ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def table(content: bytes) -> list[dict[str, str]]:
    """Read CSV as a program does."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def lines(content: bytes) -> list[dict[str, object]]:
    """Read JSON Lines."""
    return [json.loads(line) for line in content.splitlines()]


def test_the_file_holds_what_the_filter_finds_and_says_so(house: House, auditor: FlaskClient) -> None:
    giver, article = house.subscriber(), house.article()
    house.claim(house.gift(giver, article))
    house.gift(giver, article)
    files = taken(auditor, "/admin/log/export?event=gift:issued&form=csv")
    assert set(files) == {"log.csv", "manifest.json", "SHA256SUMS"}
    issued = house.entries("gift:issued")[::-1]
    assert [(int(row["id"]), row["actor"], row["subject"]) for row in table(files["log.csv"])] == [
        (each.id, each.actor, each.subject) for each in issued
    ]
    said = json.loads(files["manifest.json"])
    assert (said["of"], said["filter"], said["rows"], said["checkpoint"]) == (
        "log",
        "event=gift:issued",
        2,
        None,
    )
    assert said["sha256"] == hashlib.sha256(files["log.csv"]).hexdigest()
    found = lines(taken(auditor, "/admin/log/export?event=claim:made&form=jsonl")["log.jsonl"])
    (claim,) = house.entries("claim:made")
    assert [(row["actor"], row["id"]) for row in found] == [(claim.actor, claim.id)]
    assert str(claim.actor).startswith("reader:")


def test_the_digests_are_checked_by_sha256sum(auditor: FlaskClient, tmp_path: Path) -> None:
    folder = tmp_path / "view"
    folder.mkdir()
    for name, content in taken(auditor, "/admin/log/export?form=jsonl").items():
        (folder / name).write_bytes(content)
    check = ["sha256sum", "-c", "SHA256SUMS"]
    done = subprocess.run(check, cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout == "log.jsonl: OK\nmanifest.json: OK\n"
    rows = (folder / "log.jsonl").read_text()
    assert "policy:adopted" in rows
    (folder / "log.jsonl").write_text(rows.replace("policy:adopted", "policy:adapted"))
    assert subprocess.run(check, cwd=folder, capture_output=True, check=False).returncode == 1


def test_both_ends_of_an_export_are_entries_and_the_last_has_its_digest(
    house: House, auditor: FlaskClient
) -> None:
    reader = digest(b"phone")[:8].hex()
    own = house.value("SELECT id FROM account WHERE role = 'auditor'")
    files = taken(auditor, f"/admin/log/export?actor=reader:{reader}&form=csv")
    (begun,), (ended,) = house.entries("export:begun"), house.entries("export:ended")
    assert (begun.actor, begun.subject) == (ended.actor, ended.subject) == (f"account:{own}", "log")
    assert json.loads(begun.detail) == {"filter": "actor=reader", "form": "csv"}
    told = hashlib.sha256(files["log.csv"]).hexdigest()
    assert json.loads(ended.detail) == {
        "filter": "actor=reader", "form": "csv", "rows": 0, "sha256": told, "whole": 1,
    }  # fmt: skip
    assert house.value(f"SELECT count(*) FROM entry_person WHERE value = '{reader}'") == 2


def test_the_head_of_an_export_and_one_that_is_not_understood_are_no_exports(
    house: House, app: Flask, auditor: FlaskClient
) -> None:
    for wrong in ("log/export?since=yesterday", "log/export?form=xlsx", "gifts/export?state=lost"):
        assert ask(auditor, "GET", f"/admin/{wrong}").status_code == 400
    assert ask(auditor, "HEAD", "/admin/log/export").status_code == 200
    sub = signed_in(house, app, "subscriber", "standard")
    for what in ("log", "gifts", "accounts"):
        assert ask(sub, "GET", f"/admin/{what}/export").status_code == 403
    assert house.entries("export:begun") == []


def test_gifts_and_accounts_are_exported_without_links_labels_and_passwords(
    house: House, auditor: FlaskClient
) -> None:
    giver, article = house.subscriber(), house.article()
    issued = [house.gift(giver, article, label="Aunt Ada") for _ in range(2)]
    with house.runtime.database.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE gift SET revoked_at = issued_at, revoked_because = '=EVIL()' WHERE id = 1"
        )
    files = taken(auditor, "/admin/gifts/export?form=csv")
    rows = table(files["gifts.csv"])
    assert [(row["reference"], row["state"]) for row in rows] == [
        (issued[0].gift.reference, "gift:revoked"),
        (issued[1].gift.reference, "open"),
    ]
    assert rows[0]["revoked_because"] == "'=EVIL()"
    assert b"Aunt Ada" not in files["gifts.csv"]
    assert (
        lines(taken(auditor, "/admin/gifts/export?form=jsonl&state=revoked")["gifts.jsonl"])[0][
            "revoked_because"
        ]
        == "=EVIL()"
    )
    files = taken(auditor, "/admin/accounts/export?q=Sam&form=jsonl")
    (found,) = lines(files["accounts.jsonl"])
    assert (found["id"], found["email"]) == (giver, "sub1@example.com")
    assert "password_hash" not in found
    assert json.loads(house.entries("export:ended")[0].detail)["filter"] == "q=…"
    assert house.value("SELECT value FROM entry_person WHERE field = 'sought_text'") == "sam"


def test_the_checkpoint_that_covers_the_rows_goes_along(house: House, auditor: FlaskClient) -> None:
    log = log_of(house)
    log.write(5)
    log.sealer.beat()
    files = taken(auditor, "/admin/log/export?event=policy:adopted&form=csv")
    newest = log.shelf.newest()
    assert newest is not None
    assert files["checkpoint.txt"].decode() == newest.spelled()
    said = json.loads(files["manifest.json"])
    assert said["checkpoint"] == {"origin": newest.origin, "size": newest.size, "root": newest.root.hex()}
    assert said["covered"] == said["rows"] == len(table(files["log.csv"])) == 6
    leaves = [int(row["leaf"]) for row in table(files["log.csv"])]
    assert leaves == sorted(leaves)
    house.gift(house.subscriber(), house.article())
    said = json.loads(taken(auditor, "/admin/log/export?event=gift:issued&form=csv")["manifest.json"])
    assert (said["rows"], said["covered"]) == (1, 0)


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_cell_is_a_formula(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["plain", "a=b", "1-2", "", None, 7, -7, True, {"a": 1}])
def test_what_is_no_formula_stays_as_it_is(value: object) -> None:
    assert not safe_cell(value).startswith("'")


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["a", "b"]), st.text(st.characters(codec="utf-8")), min_size=2, max_size=2
        )
    )
)
def test_every_text_comes_out_of_the_file_as_it_went_in(rows: list[dict[str, str]]) -> None:
    body = Body()
    content = b"".join(spelled_rows(Form.JSON_LINES, ("a", "b"), rows, body))
    assert [json.loads(line) for line in content.split(b"\n") if line] == rows
    assert (body.rows, body.digest) == (len(rows), hashlib.sha256(content).hexdigest())
    content = b"".join(spelled_rows(Form.CSV, ("a", "b"), rows, Body()))
    # An apostrophe before what would be a formula is all that may differ.
    read = [dict(row) for row in table(content)]
    assert read == [{name: safe_cell(row[name]) for name in ("a", "b")} for row in rows]


def test_a_file_of_any_length_needs_little_memory() -> None:
    row = {"text": "A reader took a gift up, and this is a line about it. " * 4}
    body = Body()
    chunks = spelled_rows(Form.JSON_LINES, ("text",), (row for _ in range(100_000)), body)
    tracemalloc.start()
    sent = sum(len(each) for each in bundled("rows.jsonl", chunks, body, (), NOON))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (body.rows, sent > 0) == (100_000, True)
    assert most < 3_000_000


def test_an_export_that_is_broken_off_says_how_far_it_came(house: House) -> None:
    with house.runtime.database.transaction() as connection:
        for number in range(5000):
            accounts.add_account(
                connection, email=f"{number}@example.com", name="Sam", role="auditor", created_at=NOON
            )
    view = exporting.accounts_view("")
    sent = exporting.export(house.runtime, Actor("account:1"), view, Form.CSV, lambda: None)
    assert [bool(next(sent)) for _ in range(2)] == [True, True]
    sent.close()
    told = json.loads(house.entries("export:ended")[0].detail)
    assert told["whole"] == 0
    assert 0 < told["rows"] < 5000


def test_what_is_streamed_leaves_the_connection_as_it_was(house: House) -> None:
    house.gift(house.subscriber(), house.article())
    with snapshot(house.runtime.database) as connection:
        before = dict(connection.get_execution_options())
        assert [list(each_row(connection, layout)) for layout in layouts()]
        assert list(upkeep.each_revocation(connection)) == []
        view = exporting.log_view(EntryFilter())
        assert list(view.rows(connection, NOON))
        assert dict(connection.get_execution_options()) == before


@pytest.mark.postgresql
def test_who_goes_away_ends_the_query(postgresql_url: str, start_gateway: Callable[..., Serving]) -> None:
    serving = start_gateway(postgresql_url, workers=1)
    database = open_database(postgresql_url)
    secret = "x" * 43
    with database.transaction() as connection:
        number = accounts.add_account(
            connection, email="olga@example.com", name="Olga", role="auditor", created_at=NOON
        )
        values = {
            "account_id": number,
            "created_at": NOON,
            "expires_at": NOON.replace(year=2099),
            "agent": "",
        }
        accounts.add_session(connection, digest=digest(secret.encode()), **values)
        connection.exec_driver_sql("ALTER TABLE entry DISABLE TRIGGER ALL")
        # What compresses badly fills the line's buffers, so that the server waits for the reader.
        connection.exec_driver_sql(
            "INSERT INTO entry (at, actor, event, subject, outcome, detail) SELECT now(), 'gateway', 'key:added', "
            "'key:x', 'permit', '{\"key\":\"' || repeat(md5(n::text) || md5((n * 7)::text), 40) || '\"}' "
            "FROM generate_series(1, 60000) n"
        )
    line = socket.create_connection(("127.0.0.1", serving.gateway.port))
    request = (
        f"GET /admin/log/export?form=jsonl HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: sign_in={secret}\r\n\r\n"
    )
    line.sendall(request.encode())
    assert b"200 OK" in line.recv(4096)
    plain = postgresql_url.replace("postgresql+psycopg", "postgresql")
    under_way = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_xmin IS NOT NULL AND pid <> pg_backend_pid()"
    with psycopg.connect(plain, autocommit=True) as watcher:
        assert wait_for(lambda: watcher.execute(under_way).fetchone() == (1,))
        line.close()
        assert wait_for(lambda: watcher.execute(under_way).fetchone() == (0,))
        ended = "SELECT detail FROM entry WHERE event = 'export:ended'"
        assert wait_for(lambda: watcher.execute(ended).fetchone() is not None)
        (detail,) = watcher.execute(ended).fetchone() or ("{}",)
    told = json.loads(detail)
    assert told["whole"] == 0
    assert 0 < told["rows"] < 60_000
    database.close()


def wait_for(what: Callable[[], bool], seconds: float = 15.0) -> bool:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    ("query", "left_out"),
    [
        ("", ["log:heartbeat", "log:read"]),
        ("&outcome=permit", ["log:heartbeat", "log:read"]),
        ("&subject=log", ["log:heartbeat"]),
        ("&event=log:read", None),
    ],
)
def test_what_a_file_of_the_log_leaves_out_is_named_in_it_and_on_the_page(
    auditor: FlaskClient, query: str, left_out: list[str] | None
) -> None:
    ask(auditor, "GET", "/admin/log")
    files = taken(auditor, f"/admin/log/export?form=jsonl{query}")
    assert json.loads(files["manifest.json"]).get("left_out") == left_out
    told = {str(each["event"]) for each in lines(files["log.jsonl"])}
    assert not told & set(left_out or ())
    page = ask(auditor, "GET", f"/admin/log?x=1{query}").text
    assert all(f"<code>{event}</code>" in page.partition("Left out")[2] for event in left_out or ())
    assert ("Left out" in page) is (left_out is not None)
