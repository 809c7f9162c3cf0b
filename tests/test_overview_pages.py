"""The desk's pages of figures: the numbers of the log behind them, for admins and auditors, and for nobody else."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from gateway.keeping.publishing import Shelf
from gateway.keeping.sealing import Sealer
from gateway.ledger import Event
from gateway.reading.using import CLICK_WITHIN
from gateway.sealkeys import SealKeys
from gateway.sharing.issuing import Issued
from gateway.store.entries import EntryFilter, list_entries
from tests.people import Person, signed_in
from tests.served import Site
from tests.test_admin_desk import ADA, OLGA, SAM, admin, app, auditor, clock, given, sign_in
from tests.test_gift_links import BASE, PERSON, Clock, claim, fetch

__all__ = ["admin", "app", "auditor", "clock", "given", "sign_in"]

PAGES = (
    "/admin",
    "/admin?period=year",
    "/admin?since=2020-01-01&until=2020-02-29",
    "/admin/usage",
    "/admin/usage?since=2026-01&until=2026-03",
    "/admin/report",
    "/admin/usage/item-report.csv",
    "/admin/usage/item-report.json",
)
GPT = "Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)"
VIA = re.compile(r'href="(/subscribe\?via=[^"]+)"')


@pytest.fixture
def seal(site: Site, clock: Clock, tmp_path: Path) -> Callable[[], None]:
    """Yield a function that writes what is counted and seals what waits."""
    assert site.runtime.clock is clock
    sealer = Sealer(site.runtime, SealKeys(tmp_path / "seal.json"), Shelf(tmp_path / "checkpoints"))

    def now() -> None:
        site.runtime.tally.flush()
        sealer.beat()

    return now


def figure(page: str, label: str) -> int:
    """Read one large figure of a page."""
    found = re.search(rf">{label}(?:</a>)?</h3>\s*<p class=\"figure-count\"><strong>([\d,]+)</strong>", page)
    assert found is not None, label
    return int(found[1].replace(",", ""))


def test_the_overview_shows_what_happened_and_leads_to_its_entries(
    site: Site, app: Flask, admin: Person, given: Issued, seal: Callable[[], None]
) -> None:
    claim(app.test_client(), given.token or "")
    seal()
    page = admin.see("/admin").text
    assert [figure(page, each) for each in ("Gifts issued", "Taken up", "Read")] == [1, 1, 0]
    (address,) = set(re.findall(r'href="(/admin/log\?[^"]+event=claim:made[^"]*)"', page))
    log = admin.see(address.replace("&amp;", "&")).text
    assert log.count("<code>claim:made</code>") == 1
    assert given.gift.reference in log
    assert "The tide book" in page
    assert "Standard" in page
    assert site.slug


@pytest.mark.parametrize("address", PAGES)
def test_admins_and_auditors_see_figures_and_nobody_else(
    app: Flask, admin: Person, auditor: Person, sign_in: Callable[[int], Person], address: str
) -> None:
    for person in (admin, auditor):
        assert person.see(address).status_code in (200, 302)
    assert sign_in(SAM).see(address).status_code == 403
    assert fetch(app.test_client(), "GET", address).status_code == 303


def test_reading_the_figures_is_no_reading_of_the_log(site: Site, admin: Person) -> None:
    def count() -> int:
        with site.runtime.database.reading() as connection:
            return len(list_entries(connection, EntryFilter(), limit=500))

    before = count()
    for address in PAGES:
        admin.see(address)
    assert count() == before


@pytest.mark.parametrize(
    "address",
    [
        "/admin?period=tomorrow",
        "/admin?since=2026-02-30",
        "/admin?since=2026-03-02&until=2026-03-01",
        "/admin?since=0001-01-01&until=0001-01-02",
        "/admin?since=9999-12-31",
        "/admin?since=1990-01-01&until=2026-01-01",
        "/admin/usage?since=2026-13",
        "/admin/usage?since=march",
        "/admin/usage?since=2020-01&until=2026-01",
        "/admin/usage/item-report.csv?since=2026-00",
        "/admin/usage/item-report.json?since=2026-03&until=2026-02",
        "/admin/report/2026-13",
        "/admin/report/9999-01",
        "/admin/report/latest",
    ],
)
def test_what_is_no_span_is_refused_and_never_a_fault(admin: Person, address: str) -> None:
    assert admin.see(address).status_code == 400


def test_the_report_of_a_month_tells_it_beside_the_month_before(
    admin: Person, sign_in: Callable[[int], Person], given: Issued, clock: Clock, seal: Callable[[], None]
) -> None:
    seal()
    month = f"{clock.now:%Y-%m}"
    page = admin.see(f"/admin/report/{month}").text
    assert figure(page, "Gifts issued") == 1
    assert "This month is not over" in page
    assert given.slug
    clock.pass_by(days=32)
    admin = sign_in(ADA)
    after = admin.see(f"/admin/report/{month}").text
    assert "This month is not over" not in after
    assert re.search(r"<th scope=\"row\">Standard</th><td class=\"number\">1</td>", after)
    assert admin.see("/admin/report").headers["Location"].endswith(f"/admin/report/{month}")


def test_the_usage_report_is_given_as_a_file(
    app: Flask, admin: Person, given: Issued, seal: Callable[[], None]
) -> None:
    fetch(app.test_client(), "GET", f"/g/{given.token}")
    seal()
    answer = admin.see("/admin/usage/item-report.csv")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="usage-')
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert {row[11]: row[12] for row in rows[15:]} == {
        "Total_Item_Investigations": "1",
        "Unique_Item_Investigations": "1",
    }
    tree = admin.see("/admin/usage/item-report.json").get_json()
    assert tree["Report_Header"]["Release"] == "5.1"
    assert "Total_Item_Investigations" in admin.see("/admin/usage").text


def click_of(app: Flask, address: str) -> str:
    """Open a page as a person without a window and read where its first link to subscribe leads."""
    page = fetch(app.test_client(), "GET", address).text
    found = VIA.search(page)
    assert found is not None, page
    return found[1]


def clicks(site: Site) -> list[tuple[str, str]]:
    """List who went on to subscribe, oldest first: subject and detail."""
    site.runtime.tally.flush()
    with site.runtime.database.reading() as connection:
        found = list_entries(connection, EntryFilter(event=Event.SUBSCRIBE_CLICKED.value))
    return [(each.subject, each.detail) for each in reversed(found)]


def follow(app: Flask, address: str, **headers: str) -> None:
    """Follow a link."""
    said = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "User-Agent": PERSON, **headers}
    assert app.test_client().get(address, base_url=BASE, headers=said).status_code == 200


def test_who_goes_on_to_subscribe_is_counted_once_a_day_and_not_by_name(
    site: Site, app: Flask, given: Issued, clock: Clock
) -> None:
    card = click_of(app, f"/g/{given.token}")
    teaser = click_of(app, f"/articles/{site.slug}")
    clock.pass_by(seconds=3)
    for address in (card, card, teaser, teaser):
        follow(app, address)
        site.runtime.tally.flush()
    gift = f"gift:{given.gift.reference}"
    expected = [(gift, '{"from":"card"}'), ("article:1", '{"from":"teaser","section":"Life"}')]
    assert clicks(site) == expected
    with site.runtime.database.reading() as connection:
        beside = "SELECT COUNT(*) FROM entry_person JOIN entry ON entry.id = entry_id WHERE event = 'subscribe:clicked'"
        assert connection.exec_driver_sql(beside).scalar() == 0
    clock.pass_by(days=1)
    again = click_of(app, f"/g/{given.token}")
    clock.pass_by(seconds=3)
    follow(app, again)
    assert clicks(site) == [*expected, (gift, '{"from":"card"}')]


def test_an_ended_gift_leads_on_to_subscribe_too(
    site: Site, app: Flask, given: Issued, clock: Clock, admin: Person
) -> None:
    admin.act(f"/admin/gifts/{given.gift.reference}/revoke", reason="it leaked", confirm="1")
    address = click_of(app, f"/g/{given.token}")
    clock.pass_by(seconds=3)
    follow(app, address)
    assert clicks(site) == [(f"gift:{given.gift.reference}", '{"from":"refusal"}')]


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "curl/8.7"},
        {"User-Agent": GPT},
        {"Sec-Purpose": "prefetch"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Mode": "no-cors"},
    ],
)
def test_machines_and_other_sites_count_as_no_click(
    site: Site, app: Flask, given: Issued, clock: Clock, headers: dict[str, str]
) -> None:
    address = click_of(app, f"/g/{given.token}")
    clock.pass_by(seconds=3)
    follow(app, address, **headers)
    assert clicks(site) == []


def test_a_link_followed_at_once_too_late_or_made_up_counts_as_no_click(
    site: Site, app: Flask, given: Issued, clock: Clock, sign_in: Callable[[int], Person]
) -> None:
    address = click_of(app, f"/g/{given.token}")
    clock.pass_by(seconds=2.9)
    follow(app, address)
    follow(app, "/subscribe?via=card%2Fgift%3AAAAAAAAA.0.x")
    follow(app, "/subscribe")
    clock.pass_by(seconds=1)
    assert sign_in(SAM).see(address).status_code == 200
    clock.now += CLICK_WITHIN + timedelta(seconds=1)
    follow(app, address)
    assert clicks(site) == []


def test_who_is_signed_in_is_shown_no_stamped_way_to_subscribe(app: Flask, site: Site, given: Issued) -> None:
    for account in (ADA, OLGA):
        page = signed_in(app, site, account).see(f"/articles/{site.slug}").text
        assert 'class="button small" href="/subscribe' not in page
    assert given.token


def test_a_machine_that_is_kept_from_an_article_is_counted(
    app: Flask, site: Site, admin: Person, given: Issued, seal: Callable[[], None]
) -> None:
    for address in (f"/articles/{site.slug}", f"/g/{given.token}"):
        assert fetch(app.test_client(), "GET", address, agent=GPT).status_code == 403
    fetch(app.test_client(), "GET", f"/g/{given.token}")
    seal()
    page = admin.see("/admin").text
    assert figure(page, "Machines kept from the text") == 2
    assert figure(page, "Cards shown") == 1


def test_what_an_admin_mistypes_is_no_refusal_of_a_reader(
    app: Flask, admin: Person, given: Issued, seal: Callable[[], None]
) -> None:
    admin.act("/admin/accounts/1/suspend", reason=" ")
    reference = given.gift.reference
    admin.act(f"/admin/gifts/{reference}/revoke", reason="A mistake", confirm="1")
    claim(app.test_client(), given.token or "")
    seal()
    page = admin.see("/admin").text
    assert [figure(page, each) for each in ("Refusals", "Acts refused")] == [1, 1]
    assert "gift:revoked" in page
    assert "reason:missing" not in page
