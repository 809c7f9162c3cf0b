"""The whole way of another policy in a real browser: looked at, replayed, proposed, approved by another, in force."""

import time

import pytest
from playwright.sync_api import Page, expect

from gateway.accounts.managing import NewAccount, add_account
from gateway.app import open_runtime
from gateway.ledger import OPERATOR, Actor
from gateway.settings import Settings
from gateway.sharing.issuing import Issued, Wish, issue_gift
from tests.browser import NewPerson, assert_accessible, assert_fits
from tests.house import POLICY, STORY
from tests.served import PASSWORD
from tests.serving import Gateway, Serving


@pytest.fixture
def filled(gateway_server: Serving) -> Gateway:
    """Yield a served gateway of two workers with two admins, an auditor, and a subscriber who gave three gifts."""
    gateway = gateway_server.gateway
    (gateway.var / "tide.md").write_text(STORY.format(slug="tide-book"))
    gateway.command("articles", "import", str(gateway.var / "tide.md"))
    address = gateway.environment["GATEWAY_DATABASE_URL"]
    runtime = open_runtime(Settings(var=gateway.var, database_url=address, base_url=gateway.url))
    for name, role, plan in (
        ("sam", "subscriber", "standard"),
        ("ada", "admin", None),
        ("bob", "admin", None),
        ("olga", "auditor", None),
    ):
        add_account(runtime, OPERATOR, NewAccount(f"{name}@example.com", name.title(), role, plan, PASSWORD))
    for number in range(3):
        wish = Wish(1, 1, f"key {number}", separate=True)
        assert isinstance(issue_gift(runtime, Actor("account:1"), wish), Issued)
    runtime.close()
    return gateway


pytestmark = pytest.mark.browser


def sign_in(page: Page, gateway: Gateway, name: str) -> None:
    """Sign somebody in and go to the policy room."""
    page.goto(f"{gateway.url}/sign-in?next=/admin/policy")
    page.get_by_label("E-mail address").fill(f"{name}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Policy", exact=True)).to_be_visible()


def test_one_admin_proposes_and_another_lets_it_apply_in_every_worker(
    filled: Gateway, new_person: NewPerson
) -> None:
    ada, bob, olga = (new_person() for _ in range(3))
    for page, name in ((ada, "ada"), (bob, "bob"), (olga, "olga")):
        sign_in(page, filled, name)
    expect(olga.get_by_role("link", name="Propose another policy")).to_have_count(0)
    ada.get_by_role("link", name="Propose another policy").click()
    ada.get_by_label("The policy, as TOML").fill("gifts = ")
    ada.get_by_role("button", name="Check it").click()
    expect(ada.get_by_role("alert")).to_contain_text("This is no policy yet")
    ada.get_by_label("The policy, as TOML").fill(
        POLICY.read_text("utf-8").replace("gifts = 10\n", "gifts = 2\n")
    )
    ada.get_by_label("What would it have done in the last").select_option("30")
    ada.get_by_role("button", name="Check it").click()
    expect(ada.get_by_text("Standard (plan standard): 2 gifts in a calendar month.")).to_be_visible()
    expect(ada.get_by_text("1 gift would be refused")).to_be_visible()
    assert_accessible(ada)
    assert_fits(ada)
    ada.get_by_label("Reason, for the log and for the other admin").fill("Two are enough")
    ada.get_by_role("button", name="Propose it").click()
    expect(ada.get_by_role("status")).to_contain_text("Another admin has to approve it.")
    expect(ada.get_by_role("button", name="Approve it")).to_have_count(0)
    bob.goto(ada.url)
    olga.goto(ada.url)
    expect(olga.get_by_role("button", name="Approve it")).to_have_count(0)
    assert_accessible(bob)
    bob.locator("#approve-reason").fill("I agree")
    bob.get_by_role("button", name="Approve it").click()
    expect(bob.get_by_role("status")).to_contain_text("The policy is approved")
    end = time.monotonic() + 20
    while time.monotonic() < end:
        bob.goto(f"{filled.url}/admin/policy")
        if bob.get_by_text("Version 2 has applied since").count():
            break
        time.sleep(0.5)
    # Two workers answer in turn; many answers alike are the answers of both.
    for _ in range(12):
        bob.goto(f"{filled.url}/admin/policy")
        expect(bob.get_by_text("Standard (plan standard): 2 gifts in a calendar month.")).to_be_visible()
    olga.goto(f"{filled.url}/admin/log?event=policy:approved")
    expect(olga.get_by_text("I agree")).to_be_visible()
