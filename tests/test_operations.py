"""What an operator's machines ask, and what the process's log says of each request."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
import structlog
from flask import Flask

from gateway import logs
from gateway.app import build_app, create_app
from gateway.keys import open_key_ring
from gateway.ledger import account_actor
from gateway.settings import Settings
from gateway.sharing.issuing import Issued, Wish, issue_gift
from gateway.store import sealing
from tests.served import Site

BASE = "http://127.0.0.1:8000"
PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
WELL = {"database": "ok", "tables": "ok", "policy": "ok", "keys": "ok", "log": "ok", "limits": "ok"}
NewApp = Callable[..., Flask]


@pytest.fixture
def new_app(site: Site, tmp_path: Path) -> NewApp:
    """Yield a function that builds an app around the site's runtime, with more settings."""
    return lambda **settings: build_app(site.runtime, Settings(var=tmp_path / "var", **settings))


@pytest.fixture
def database_away(tmp_path: Path) -> Flask:
    """Yield an app whose database nobody answers for, and never did; its keys are there."""
    open_key_ring(tmp_path / "keys.json")
    return create_app(Settings(var=tmp_path, database_url="postgresql+psycopg://nobody@127.0.0.1:1/none"))


def readiness(app: Flask) -> tuple[int, dict[str, str]]:
    """Ask whether the app is ready."""
    answer = app.test_client().get("/readyz", base_url=BASE)
    assert answer.json is not None
    assert answer.json["ready"] is (answer.status_code == 200)
    return answer.status_code, answer.json["parts"]


def figure(app: Flask, name: str) -> float:
    """Read one figure, spelled with its labels, as Prometheus would; 0 where there is none."""
    text = app.test_client().get("/metrics", base_url=BASE).text
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return 0.0 if found is None else float(found[1])


def test_a_gateway_that_can_work_is_ready(new_app: NewApp) -> None:
    assert readiness(new_app()) == (200, WELL)


def test_a_living_process_says_so_without_its_database(database_away: Flask) -> None:
    answer = database_away.test_client().get("/healthz", base_url=BASE)
    assert (answer.status_code, answer.text) == (200, "alive\n")
    assert database_away.test_client().get("/metrics", base_url=BASE).status_code == 200


def test_a_database_at_another_step_is_not_ready(new_app: NewApp, site: Site) -> None:
    app = new_app()
    with site.runtime.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'of next year'")
    assert readiness(app) == (503, {**WELL, "tables": "ahead", "policy": "missing", "log": "missing"})
    with site.runtime.database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM alembic_version")
    assert readiness(app) == (503, {**WELL, "tables": "missing", "policy": "missing", "log": "missing"})


def test_a_database_without_a_policy_is_not_ready(new_app: NewApp, site: Site) -> None:
    app = new_app()
    with site.runtime.database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM policy_version")
    assert readiness(app) == (503, {**WELL, "policy": "missing"})


def test_a_database_that_is_away_is_named(database_away: Flask) -> None:
    away = {**WELL, "database": "away", "tables": "away", "policy": "away", "log": "away", "limits": "away"}
    assert readiness(database_away) == (503, away)
    # Where it should be is nobody's business outside.
    assert "127.0.0.1" not in database_away.test_client().get("/readyz", base_url=BASE).text


def test_a_missing_key_file_is_named(new_app: NewApp, site: Site) -> None:
    app = new_app()
    site.runtime.keys.path.unlink()
    site.runtime.keys._looked_at = 0.0  # As if a second had passed since the last look.
    assert readiness(app) == (503, {**WELL, "keys": "away"})


def test_a_store_of_limits_that_is_away_is_named(new_app: NewApp) -> None:
    assert readiness(new_app(limits_url="redis://127.0.0.1:1/0")) == (503, {**WELL, "limits": "away"})


def test_a_log_that_nobody_seals_is_told_and_turns_nobody_away(
    new_app: NewApp, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = new_app()
    monkeypatch.setattr("gateway.auditing.alarm.LATE_AFTER", timedelta(0))
    assert readiness(app) == (200, {**WELL, "log": "late"})
    with site.runtime.database.transaction() as connection:
        log_id = sealing.add_log(connection, origin="log/1", begun_at=site.runtime.clock(), kept=0)
        sealing.add_stop(connection, log_id, at=site.runtime.clock(), because="somebody was here")
    assert readiness(app) == (200, {**WELL, "log": "stopped"})


def test_requests_are_counted_by_endpoint_and_status(new_app: NewApp, site: Site) -> None:
    app = new_app()
    read = 'gateway_requests_total{endpoint="reader.article",status="200"}'
    timed = 'gateway_request_seconds_count{endpoint="reader.article"}'
    lost = 'gateway_requests_total{endpoint="none",status="404"}'
    before = [figure(app, name) for name in (read, timed, lost)]
    client = app.test_client()
    for address in (f"/articles/{site.slug}", f"/articles/{site.slug}", "/no/such/page"):
        client.get(address, base_url=BASE)
    assert [figure(app, name) for name in (read, timed, lost)] == [
        before[0] + 2,
        before[1] + 2,
        before[2] + 1,
    ]


def test_grants_and_refusals_are_counted_by_reason(new_app: NewApp, site: Site) -> None:
    app = new_app()
    issued = 'gateway_acts_total{event="gift:issued",reason=""}'
    spent = 'gateway_acts_total{event="gift:refused",reason="quota:spent"}'
    before = figure(app, issued), figure(app, spent)
    for number in range(13):
        issue_gift(site.runtime, account_actor(1), Wish(1, 1, f"key {number}", separate=True))
    assert (figure(app, issued), figure(app, spent)) == (before[0] + 10, before[1] + 3)


def test_workers_that_share_a_folder_add_up(tmp_path: Path) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    work = "from gateway import metrics; metrics.count_request('reader.card', 200, 0.01)"
    for _ in range(3):
        subprocess.run([sys.executable, "-c", work], env=environment, check=True)
    tell = "from gateway import metrics; print(metrics.exposition().decode())"
    told = subprocess.run(
        [sys.executable, "-c", tell], env=environment, check=True, capture_output=True, text=True
    ).stdout
    assert 'gateway_requests_total{endpoint="reader.card",status="200"} 3.0' in told
    assert 'gateway_request_seconds_count{endpoint="reader.card"} 3.0' in told


def test_a_request_is_one_line_without_token_or_address(new_app: NewApp, site: Site) -> None:
    app = new_app()
    issued = issue_gift(site.runtime, account_actor(1), Wish(1, 1, "key"))
    assert isinstance(issued, Issued)
    written = StringIO()
    before = structlog.get_config()
    try:
        logs.configure(to=written)
        answer = app.test_client().get(
            f"/g/{issued.token}?from=mail",
            base_url=BASE,
            headers={"User-Agent": PERSON},
            environ_base={"REMOTE_ADDR": "192.0.2.7"},
        )
        app.test_client().get("/healthz", base_url=BASE)
        for guessed in (f"/g/{issued.token}x", "/full-text"):
            assert app.test_client().get(guessed, base_url=BASE).status_code in (403, 404)
    finally:
        structlog.configure(**before)
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert len(lines) == 1
    line = lines[0]
    assert answer.status_code == line["status"] == 200
    assert (line["event"], line["level"], line["method"]) == ("request", "info", "GET")
    assert (line["endpoint"], line["visitor"]) == ("reader.card", "person")
    assert line["ms"] > 0
    assert re.fullmatch(r"[0-9a-f]{16}", line["request_id"])
    for kept_out in (str(issued.token), str(issued.token)[:20], "192.0.2", "/g/", "from=mail"):
        assert kept_out not in written.getvalue()


def test_an_answer_to_nonsense_is_a_line_too(new_app: NewApp) -> None:
    app = new_app()
    written = StringIO()
    before = structlog.get_config()
    try:
        logs.configure(to=written)
        app.test_client().open("/no/such/page", method="EXTREMELY-LONG-VERB", base_url=BASE)
    finally:
        structlog.configure(**before)
    line = json.loads(written.getvalue())
    assert (line["method"], line["endpoint"], line["status"]) == ("other", "none", 404)
