"""The desk in a real browser: from the rule that acted to the link that leaks, and what an auditor cannot do about it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from gateway.accounts.managing import NewAccount, add_account
from gateway.keeping.queue import queue_firings
from gateway.ledger import OPERATOR, account_actor
from gateway.link import BY_RULE
from gateway.sharing.issuing import Issued, Wish, issue_gift
from gateway.store import firings, freezing, gifts
from tests.browser import NewPerson, assert_accessible
from tests.served import PASSWORD, Site, serving_site

RULE = "link-networks-hard"
Way = Callable[[Page, str], None]


def by_the_overview(page: Page, reference: str) -> None:
    """Go from the alarm on the overview, by the case in the queue, to the link's page."""
    page.goto("/admin")
    assert_accessible(page)
    page.locator(".alarms").get_by_role("link", name="Spreading links").click()
    case = page.get_by_role("link", name="The tide book")
    # A click does not wait for the page it leads to; what only that page shows does.
    expect(case).to_be_visible()
    assert_accessible(page)
    case.click()
    gift = page.get_by_role("link", name=f"To the gift {reference}")
    expect(gift).to_be_visible()
    assert_accessible(page)
    gift.click()


def by_the_rules(page: Page, reference: str) -> None:
    """Go from whom rules keep from something to the link's page."""
    page.goto("/admin/rules")
    assert_accessible(page)
    page.get_by_role("link", name=f"gift:{reference}").first.click()


WAYS = (by_the_overview, by_the_rules)


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path) -> Iterator[Site]:
    """Yield a running gateway with an auditor beside its admin."""
    with serving_site(sqlite_url, tmp_path) as found:
        add_account(
            found.runtime, OPERATOR, NewAccount("olga@example.com", "Olga", "auditor", None, PASSWORD)
        )
        yield found


@pytest.fixture
def leak(site: Site) -> Issued:
    """Yield a gift whose link spread, so that a rule paused it."""
    issued = issue_gift(site.runtime, account_actor(1), Wish(1, 1, "leak"))
    assert isinstance(issued, Issued)
    now = site.runtime.clock()
    who = f"gift:{issued.gift.reference}"
    with site.runtime.database.transaction() as connection:
        freezing.freeze_gift(connection, issued.gift.id, now, f"{BY_RULE}{RULE}")
        firings.add_firing(
            connection, rule=RULE, metric="networks", by_whom="link", who=who, then="freeze", mode="enforce",
            count=61, at=now - timedelta(minutes=5), level=0,
        )  # fmt: skip
    queue_firings(site.runtime, now)
    return issued


def signed_in(new_person: NewPerson, site: Site, email: str) -> Page:
    """Sign somebody of the desk in, by the form."""
    page = new_person(base_url=site.url)
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    return page


def act(page: Page, heading: str, reason: str) -> None:
    """Fill in and send the form of an act that has this heading."""
    form = page.locator(".desk-acts form").filter(has=page.get_by_role("heading", name=heading, exact=True))
    form.get_by_label("Reason, for the log").fill(reason)
    form.get_by_role("button").click()


@pytest.mark.parametrize("way", WAYS)
def test_an_admin_goes_from_the_alarm_to_the_link_freezes_it_lifts_it_and_finds_both_in_the_log(
    new_person: NewPerson, site: Site, leak: Issued, way: Way
) -> None:
    page = signed_in(new_person, site, "admin@example.com")
    reference = leak.gift.reference
    way(page, reference)
    expect(page.get_by_text(f"Gift {reference}")).to_be_visible()
    act(page, "Let it work again", "One university, as its library wrote")
    expect(page.get_by_role("status")).to_have_text("The gift link works again.")
    act(page, "Pause the link", "It goes on spreading")
    expect(page.get_by_role("status")).to_have_text("The gift link is paused.")
    assert_accessible(page)
    act(page, "Let it work again", "The library closed its list")
    expect(page.get_by_role("status")).to_have_text("The gift link works again.")
    page.get_by_role("searchbox").first.fill(f"{site.url}/g/{leak.token}")
    page.get_by_role("button", name="Search").first.click()
    expect(page.get_by_text(f"Gift {reference}")).to_be_visible()
    assert "/g/" not in page.url
    page.get_by_role("link", name="Log", exact=True).click()
    page.get_by_role("link", name="What I did").click()
    rows = page.locator("table.log tbody tr").filter(has_text=f"gift:{reference}")
    events = rows.filter(has=page.get_by_text("gift:frozen", exact=True))
    expect(events).to_have_count(1)
    expect(events).to_contain_text("It goes on spreading")
    lifted = rows.filter(has=page.get_by_text("gift:thawed", exact=True))
    expect(lifted).to_have_count(2)
    expect(lifted.filter(has_text="The library closed its list")).to_have_count(1)
    assert_accessible(page)


@pytest.mark.parametrize("way", WAYS)
def test_an_auditor_sees_the_same_and_can_do_nothing(
    new_person: NewPerson, site: Site, leak: Issued, way: Way
) -> None:
    page = signed_in(new_person, site, "olga@example.com")
    page.goto("/admin/rules")
    expect(page.get_by_role("button", name="Lift it")).to_have_count(0)
    way(page, leak.gift.reference)
    expect(page.get_by_text(f"Gift {leak.gift.reference}")).to_be_visible()
    expect(page.locator(".desk-acts")).to_have_count(0)
    # The form is sent all the same, with the token of a form that an auditor does have.
    token = page.locator('.desk-search input[name="csrf_token"]').get_attribute("value") or ""
    sent = {"csrf_token": token, "reason": "I would like to", "act": "thaw"}
    answer = page.request.post(f"/admin/gifts/{leak.gift.reference}/thaw", form=sent)
    assert (answer.status, "account:forbidden" in answer.text()) == (403, True)
    page.goto("/admin/log?event=account:act_refused")
    expect(page.locator("table.log tbody tr").first).to_contain_text("account:forbidden")
    with site.runtime.database.reading() as connection:
        found = gifts.find_gift(connection, leak.gift.reference)
    assert found is not None
    assert found.frozen_at is not None


def test_a_file_of_the_log_is_downloaded(new_person: NewPerson, site: Site, leak: Issued) -> None:
    page = signed_in(new_person, site, "olga@example.com")
    page.goto(f"/admin/log?subject=gift:{leak.gift.reference}")
    with page.expect_download() as told:
        page.get_by_role("link", name="CSV").click()
    assert told.value.suggested_filename.startswith("log-")
    assert Path(told.value.path()).read_bytes().startswith(b"PK")
