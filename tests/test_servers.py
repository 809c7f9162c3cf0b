"""The servers that the tests run on are real, and each test has its own database there."""

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from playwright.sync_api import Page
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import Engine

from gateway.models import metadata
from tests.browser import assert_accessible, assert_fits
from tests.serving import Serving, installation


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


def test_a_fresh_database_has_every_table(engine: Engine) -> None:
    assert set(metadata.tables) <= set(inspect(engine).get_table_names())


@pytest.mark.parametrize("turn", [1, 2])
def test_what_one_test_writes_the_next_does_not_see(engine: Engine, turn: int) -> None:
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE left_behind AS SELECT {turn} AS turn"))


def test_postgresql_and_valkey_answer_with_their_own_names(postgresql_url: str, valkey_url: str) -> None:
    engine = create_engine(postgresql_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version()")).startswith("PostgreSQL 1")
    engine.dispose()
    with redis.Redis.from_url(valkey_url) as client:
        assert client.info("server")["server_name"] == "valkey"
        assert client.dbsize() == 0


def test_axe_passes_a_sound_page_and_names_what_is_wrong_with_another(page: Page) -> None:
    head = '<!doctype html><html lang="en"><title>News</title>'
    page.set_content(f"{head}<main><h1>News</h1></main>")
    assert_accessible(page)
    assert_fits(page)
    page.set_content(f'{head}<main><h1>News</h1><img src="data:,"></main>')
    with pytest.raises(AssertionError, match="image-alt"):
        assert_accessible(page)


def test_a_page_wider_than_a_phone_is_noticed(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 600})
    page.set_content('<body style="margin: 8px"><div style="width: 400px">wide</div>')
    with pytest.raises(AssertionError, match="408 px wide in a window of 320 px"):
        assert_fits(page)


def test_the_served_gateway_answers_from_its_own_database(gateway_server: Serving) -> None:
    with urllib.request.urlopen(f"{gateway_server.url}/healthz") as answer:
        assert answer.status == 200
    with urllib.request.urlopen(gateway_server.url) as answer:
        assert "<h1" in answer.read().decode()
    assert "Traceback" not in gateway_server.gateway.log


def test_a_command_that_surprises_by_its_status_fails_the_test(sqlite_url: str, tmp_path: Path) -> None:
    gateway = installation(sqlite_url, tmp_path)
    with pytest.raises(AssertionError, match="no-such-command"):
        gateway.command("no-such-command")
    assert "no-such-command" in gateway.command("no-such-command", fails=True)
