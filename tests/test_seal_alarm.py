"""The desk says when the log is not sealed as it should be, since when, why, and what to do about it."""

import pytest

from gateway.auditing.alarm import LATE_AFTER
from gateway.store import sealing
from tests.people import Person
from tests.served import Site
from tests.test_admin_desk import admin, app, auditor, clock, sign_in
from tests.test_gift_links import Clock

__all__ = ["admin", "app", "auditor", "clock", "sign_in"]

PAGES = ("/admin", "/admin/log")


def alarm_on(page: str) -> str:
    """Return the alarm's own part of a page; empty where there is none."""
    return page.partition('<section class="said bad" role="alert" aria-labelledby="seal-name">')[2].partition(
        "</section>"
    )[0]


def stop_log(site: Site, because: str) -> int:
    """Stop the log as the sealer does; returns its row."""
    now = site.runtime.clock()
    with site.runtime.database.transaction() as connection:
        log_id = sealing.add_log(connection, origin="log/1", begun_at=now, kept=0)
        sealing.add_stop(connection, log_id, at=now, because=because)
    return log_id


@pytest.mark.parametrize("address", PAGES)
def test_a_stopped_log_is_an_alarm_until_another_begins(
    site: Site, auditor: Person, clock: Clock, address: str
) -> None:
    assert alarm_on(auditor.see(address).text) == ""
    stop_log(site, "the tree has 7 leaves, <not> 8")
    stopped = clock.now.strftime("%d")
    clock.pass_by(days=2)
    alarm = alarm_on(auditor.see(address).text)
    assert "the tree has 7 leaves, &lt;not&gt; 8" in alarm
    assert f"{stopped.lstrip('0')} " in alarm
    assert "gateway audit verify" in alarm
    assert "gateway audit begin" in alarm
    with site.runtime.database.transaction() as connection:
        sealing.add_log(connection, origin="log/2", begun_at=clock.now, kept=0)
        connection.exec_driver_sql("DELETE FROM outbox")
    assert alarm_on(auditor.see(address).text) == ""


@pytest.mark.parametrize("address", PAGES)
def test_a_log_that_waits_too_long_to_be_sealed_is_an_alarm(
    admin: Person, clock: Clock, address: str
) -> None:
    assert alarm_on(admin.see(address).text) == ""
    clock.pass_by(seconds=LATE_AFTER.total_seconds())
    alarm = alarm_on(admin.see(address).text)
    assert "gateway jobs run" in alarm
    assert "gateway audit begin" not in alarm
