"""The demo's first month: lived through the gateway's own use cases, in the order of time, sealed and counted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.accounts.managing import find_by_email
from gateway.app import open_runtime
from gateway.auditing.alarm import seal_alarm
from gateway.auditing.overview import overview, today
from gateway.cli.demo import PEOPLE
from gateway.cli.demohistory import GIFTS, SPAN, live_first_month
from gateway.days import Span
from gateway.figures import Figure
from gateway.runtime import Runtime
from gateway.settings import Settings
from gateway.sharing.credits import allowance_in


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def lived(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Runtime]:
    """Yield the runtime of a demo that has just been prepared."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("empty_postgresql_url")
    settings = Settings(var=tmp_path, database_url=url)
    runtime = open_runtime(settings)
    live_first_month(runtime, settings, PEOPLE)
    yield runtime
    runtime.close()


def ask(runtime: Runtime, query: str) -> list[tuple[object, ...]]:
    """Ask the database."""
    with runtime.database.reading() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def test_an_admin_finds_a_month_in_the_figures_and_two_cases_in_the_queue(lived: Runtime) -> None:
    now = today(lived)
    found = overview(lived, Span(now - SPAN, now))
    assert found.uncounted == 0
    assert found.now.total(Figure.ISSUED) == GIFTS
    assert found.now.total(Figure.CONFIRMED) > GIFTS
    assert sum(found.now.within(Figure.ISSUED, part) > 0 for part in found.now.span.buckets()) > 20
    assert found.now.total(Figure.FROZEN) == 1
    cases = ask(lived, "SELECT kind FROM desk_case WHERE closed_at IS NULL ORDER BY kind")
    assert cases == [("licence_request",), ("spreading_link",)]


def test_its_entries_are_in_the_order_of_time_and_sealed(lived: Runtime) -> None:
    instants = [at for (at,) in ask(lived, "SELECT at FROM entry ORDER BY id")]
    assert instants == sorted(instants, key=str)
    assert ask(lived, "SELECT count(*) FROM outbox") == [(0,)]
    assert seal_alarm(lived) is None


def test_who_tries_the_demo_has_every_credit_left(lived: Runtime) -> None:
    policy = lived.policies.in_force(lived.clock()).policy
    for person in PEOPLE[:2]:
        account = find_by_email(lived, person.email)
        assert account is not None
        with lived.database.reading() as connection:
            allowance = allowance_in(connection, account, policy, lived.clock())
        assert allowance is not None
        assert allowance.used == 0
