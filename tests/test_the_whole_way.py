"""One gift, from the share button to the log, by three people in three browsers."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import NewPerson, assert_accessible, assert_fits
from tests.served import PASSWORD, WITHHELD, Site

pytestmark = pytest.mark.browser


def sign_in(page: Page, site: Site, email: str) -> None:
    """Sign a person in by the form."""
    page.goto(f"{site.url}/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile("/(gifts|admin)"))


def give(page: Page, site: Site) -> str:
    """Give the article through the share dialog and return the link it shows."""
    page.goto(f"{site.url}/articles/{site.slug}")
    page.get_by_role("link", name="Share").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".allowance strong")).to_have_text("10")
    assert_accessible(page)
    dialog.get_by_role("button", name=re.compile("link", re.IGNORECASE)).first.click()
    field = dialog.locator("input[readonly][value*='/g/']")
    expect(field).to_be_visible()
    expect(dialog.locator(".allowance strong")).to_have_text("9")
    assert_accessible(page)
    return field.input_value()


def assert_counts(giver: Page, site: Site, *, read: int, opened: int) -> None:
    """Look at My gifts, whose only gift was read by so many and only opened by so many; one credit is gone."""
    giver.goto(f"{site.url}/gifts")
    main = giver.get_by_role("main")
    expect(main.locator(".allowance strong")).to_have_text("9")
    expect(main.locator("dl.counts strong")).to_have_text([str(read), str(opened)])


def test_a_gift_goes_the_whole_way(new_person: NewPerson, site: Site) -> None:
    giver, friend, admin = new_person(), new_person(), new_person()
    sign_in(giver, site, "sub@example.com")
    link = give(giver, site)

    friend.goto(f"{site.url}/articles/{site.slug}")
    expect(friend.get_by_role("main")).not_to_contain_text(WITHHELD)
    friend.goto(link)
    friend.wait_for_url(re.compile(f"/articles/{site.slug}"))
    expect(friend.get_by_role("main")).to_contain_text(WITHHELD)
    expect(friend).to_have_url(f"{site.url}/articles/{site.slug}")
    assert_counts(giver, site, read=0, opened=1)
    friend.wait_for_timeout(3200)
    with friend.expect_response(re.compile("/confirm$")) as confirmed:
        friend.mouse.move(200, 300)
        friend.mouse.move(220, 320)
    assert confirmed.value.status == 204
    assert_accessible(friend)
    friend.reload()
    expect(friend.get_by_role("main")).to_contain_text(WITHHELD)

    assert_counts(giver, site, read=1, opened=0)
    assert_accessible(giver)
    assert_fits(giver)

    sign_in(admin, site, "admin@example.com")
    admin.goto(f"{site.url}/admin/log")
    rows = admin.locator("table.log tbody tr")
    for event in ("gift:issued", "claim:made", "reading:served", "reading:confirmed"):
        expect(rows.filter(has=admin.get_by_text(event, exact=True))).to_have_count(1)
    assert_accessible(admin)


def test_the_whole_way_goes_without_script(new_person: NewPerson, site: Site) -> None:
    giver, friend = new_person(java_script_enabled=False), new_person(java_script_enabled=False)
    sign_in(giver, site, "sub@example.com")
    giver.goto(f"{site.url}/articles/{site.slug}/share")
    giver.get_by_role("main").get_by_role("button", name=re.compile("link", re.IGNORECASE)).first.click()
    link = giver.locator("input[readonly][value*='/g/']").input_value()
    friend.goto(link)
    friend.get_by_role("button", name="Read the article").click()
    expect(friend.get_by_role("main")).to_contain_text(WITHHELD)
