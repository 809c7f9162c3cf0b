"""Real browsers at the door: what passes for a person and is none spends nothing, and a person counts once."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserType, Page, Route, expect

from gateway.ledger import account_actor
from gateway.sharing.issuing import Issued, Wish, issue_gift
from tests.browser import FLAGS, NAMES, PERSON, NewPerson, assert_accessible, assert_fits
from tests.served import WITHHELD, Site

pytestmark = pytest.mark.browser

WAIT_MS = 3300
"""A little more than the three seconds after which an input counts."""

Visitors = Callable[..., Page]


@pytest.fixture
def link(door: Site) -> str:
    """Yield a gift's link."""
    issued = issue_gift(door.runtime, account_actor(1), Wish(1, 1, "first"))
    assert isinstance(issued, Issued)
    return f"{door.url}/g/{issued.token}"


@pytest.fixture
def visitor(new_person: NewPerson) -> Visitors:
    """Yield a function that brings one more browser, which takes our own certificate for good."""
    return lambda **options: new_person(ignore_https_errors=True, **options)


def counts(site: Site) -> tuple[int, int]:
    """Count the gift's confirmed and unconfirmed devices."""
    with site.runtime.database.reading() as connection:
        row = connection.exec_driver_sql("SELECT confirmed, unconfirmed FROM gift").one()
        return row[0], row[1]


def open_link(page: Page, link: str) -> None:
    """Open a gift link and arrive at the text."""
    page.goto(link)
    page.wait_for_url(re.compile("/articles/"))
    expect(page.get_by_role("main")).to_contain_text(WITHHELD)


def read(page: Page) -> None:
    """Turn the wheel, as a person does, after the wait, and see it confirmed."""
    page.wait_for_timeout(WAIT_MS)
    with page.expect_response(re.compile("/confirm$")) as answer:
        page.mouse.wheel(0, 240)
    assert answer.value.status == 204


@pytest.mark.parametrize("door", ["https"], indirect=True)  # A minute is waited once.
def test_a_scanner_that_runs_scripts_scrolls_and_waits_a_minute_spends_nothing(
    visitor: Visitors, door: Site, link: str
) -> None:
    looking, submitting = visitor(), visitor()
    looking.goto(link)
    submitting.goto(link)
    submitting.evaluate("document.querySelector('gift-card form')?.submit()")
    for page in (looking, submitting):
        page.wait_for_url(re.compile("/articles/"))
    for _ in range(12):
        for page in (looking, submitting):
            page.evaluate("scrollBy(0, innerHeight); scrollTo(0, document.body.scrollHeight)")
        looking.wait_for_timeout(5000)
    for page in (looking, submitting):
        page.evaluate(
            """() => {
              for (const name of ["pointermove", "pointerdown", "wheel", "touchmove", "keydown"])
                for (const where of [window, document.body])
                  where.dispatchEvent(new Event(name, { bubbles: true }));
              document.querySelector("article")?.click();
            }"""
        )
    looking.wait_for_timeout(500)
    assert counts(door) == (0, 2)


def test_a_link_that_is_fetched_ahead_spends_nothing(visitor: Visitors, door: Site, link: str) -> None:
    page = visitor()
    page.goto(f"{door.url}/")
    path = link.removeprefix(door.url)
    with page.expect_response(re.compile("/g/")):
        page.evaluate(
            """(path) => {
              const ahead = document.createElement("link");
              ahead.rel = "prefetch";
              ahead.href = path;
              document.head.append(ahead);
            }""",
            path,
        )
    page.wait_for_timeout(500)
    door.runtime.tally.flush()
    with door.runtime.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM claim").scalar_one() == 0
        seen = connection.exec_driver_sql("SELECT visitor, views FROM card_view").all()
    assert [tuple(row) for row in seen] == [("preview", 1)]
    assert counts(door) == (0, 0)


def test_a_person_who_turns_the_wheel_counts_once_whatever_follows(
    visitor: Visitors, door: Site, link: str
) -> None:
    page = visitor()
    open_link(page, link)
    assert "kept=" not in page.url, "the mark is gone from the address"
    assert counts(door) == (0, 1)
    read(page)
    assert counts(door) == (1, 0)
    page.reload()
    expect(page.get_by_role("main")).to_contain_text(WITHHELD)
    second_tab = page.context.new_page()
    open_link(second_tab, link)
    second_tab.mouse.wheel(0, 200)
    page.goto(f"{door.url}/")
    page.go_back()
    expect(page.get_by_role("main")).to_contain_text(WITHHELD)
    page.wait_for_timeout(WAIT_MS)
    page.mouse.wheel(0, 200)
    page.wait_for_timeout(300)
    assert counts(door) == (1, 0)


def test_the_cookie_is_held_to_its_host_and_hidden_from_scripts(
    visitor: Visitors, door: Site, link: str
) -> None:
    page = visitor()
    open_link(page, link)
    secure = door.url.startswith("https")
    (cookie,) = [each for each in page.context.cookies() if each["name"].endswith("device")]
    assert cookie["name"] == ("__Host-device" if secure else "device")
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (secure, True, "Lax")
    assert (cookie["domain"], cookie["path"]) == ("127.0.0.1", "/")
    assert page.evaluate("document.cookie") == ""


def test_a_confirmation_lost_on_the_way_is_sent_again(visitor: Visitors, door: Site, link: str) -> None:
    page = visitor()
    open_link(page, link)
    lost: list[str] = []

    def lose(route: Route) -> None:
        if len(lost) < 2:
            lost.append(route.request.url)
            route.abort("connectionfailed")
        else:
            route.continue_()

    page.route(re.compile("/confirm$"), lose)
    page.wait_for_timeout(WAIT_MS)
    with page.expect_response(re.compile("/confirm$")) as answer:
        page.mouse.wheel(0, 200)
    assert (answer.value.status, len(lost)) == (204, 2)
    assert counts(door) == (1, 0)


def test_an_answer_lost_on_the_way_back_counts_once(visitor: Visitors, door: Site, link: str) -> None:
    page = visitor()
    open_link(page, link)
    lost: list[int] = []

    def lose_the_answer(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch().status)
        route.abort("connectionreset")

    page.route(re.compile("/confirm$"), lose_the_answer)
    page.wait_for_timeout(WAIT_MS)
    with page.expect_response(re.compile("/confirm$")) as answer:
        page.mouse.wheel(0, 200)
    assert (lost, answer.value.status) == ([204], 204)
    assert counts(door) == (1, 0)


def test_a_double_click_is_one_claim(visitor: Visitors, door: Site, link: str) -> None:
    page = visitor()
    # Chromium takes the claim up by itself; with the page hidden it waits for the button.
    page.add_init_script("Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });")
    page.goto(link)
    page.get_by_role("button", name="Read the article").dblclick(no_wait_after=True)
    page.wait_for_url(re.compile("/articles/"))
    expect(page.get_by_role("main")).to_contain_text(WITHHELD)
    assert counts(door) == (0, 1)


def test_a_second_device_and_a_private_window_count_as_others(
    visitor: Visitors, door: Site, link: str
) -> None:
    first, private = visitor(), visitor()
    for page in (first, private):
        open_link(page, link)
        read(page)
    assert counts(door) == (2, 0)
    private.context.clear_cookies()  # As closing the window does.
    private.reload()
    expect(private.get_by_role("main")).to_contain_text(
        "Came by a gift link? Open it again from the message."
    )
    expect(private.get_by_role("main")).not_to_contain_text(WITHHELD)


def test_without_script_the_button_opens_and_nothing_is_confirmed(
    visitor: Visitors, door: Site, link: str
) -> None:
    page = visitor(java_script_enabled=False)
    page.goto(link)
    page.get_by_role("button", name="Read the article").click()
    expect(page.get_by_role("main")).to_contain_text(WITHHELD)
    page.wait_for_timeout(WAIT_MS)
    page.mouse.wheel(0, 400)
    page.reload()
    expect(page.get_by_role("main")).to_contain_text(WITHHELD)
    assert counts(door) == (0, 1)


@pytest.fixture
def without_cookies(browser: Any, tmp_path: Path) -> Iterator[Page]:
    """Yield a page of a browser whose person has switched cookies off."""
    folder = tmp_path / "profile" / "Default"
    folder.mkdir(parents=True)
    wish = {"profile": {"default_content_setting_values": {"cookies": 2}, "block_third_party_cookies": True}}
    (folder / "Preferences").write_text(json.dumps(wish), encoding="utf-8")
    chromium: BrowserType = browser.browser_type
    context = chromium.launch_persistent_context(
        str(folder.parent),
        executable_path=next(filter(None, map(shutil.which, NAMES))),
        args=FLAGS,
        ignore_https_errors=True,
        **PERSON,
    )
    yield context.pages[0]
    context.close()


def test_where_cookies_are_refused_the_reader_is_told_and_nothing_is_counted(
    without_cookies: Page, door: Site, link: str
) -> None:
    page = without_cookies
    page.goto(link)
    page.wait_for_url(re.compile("/articles/"))
    assert page.context.cookies() == []
    expect(page.get_by_role("status")).to_contain_text("Your browser kept no cookie.")
    expect(page.get_by_role("main")).not_to_contain_text(WITHHELD)
    assert counts(door) == (0, 0)
    assert_accessible(page)


def test_a_reading_goes_on_in_another_browser_and_counts_once(
    visitor: Visitors, door: Site, link: str
) -> None:
    app, browser = visitor(viewport={"width": 390, "height": 844}), visitor()
    open_link(app, link)
    read(app)
    app.get_by_role("button", name="Go on in another browser").click()
    address = app.get_by_label("Address for the other browser").input_value()
    assert app.url == address, "an app's own “open in browser” takes the address along"
    expect(app.get_by_alt_text("QR code of the address for the other browser")).to_be_visible()
    assert_accessible(app)
    assert_fits(app)
    browser.goto(address)
    expect(browser.get_by_role("main")).not_to_contain_text(WITHHELD)
    assert_accessible(browser)
    browser.get_by_role("button", name="Go on reading here").click()
    browser.wait_for_url(re.compile("/articles/"))
    expect(browser.get_by_role("main")).to_contain_text(WITHHELD)
    assert counts(door) == (1, 0)
    app.get_by_role("link", name="Read on here").click()
    expect(app.get_by_role("main")).not_to_contain_text(WITHHELD)
    expect(app.get_by_role("main")).to_contain_text("Came by a gift link? Open it again from the message.")
    late = visitor()
    late.goto(address)
    expect(late.get_by_role("heading", level=1)).to_have_text("This way over is used up")


def test_a_browser_without_cookies_takes_nothing_over(
    visitor: Visitors, without_cookies: Page, link: str
) -> None:
    app = visitor()
    open_link(app, link)
    app.get_by_role("button", name="Go on in another browser").click()
    address = app.get_by_label("Address for the other browser").input_value()
    without_cookies.goto(address)
    without_cookies.get_by_role("button", name="Go on reading here").click()
    expect(without_cookies.get_by_role("heading", level=1)).to_have_text("Your browser kept no cookie")
    app.get_by_role("link", name="Read on here").click()
    expect(app.get_by_role("main")).to_contain_text(WITHHELD)


def test_two_people_at_one_family_device_are_two_readers_once_it_is_forgotten(
    visitor: Visitors, door: Site, link: str
) -> None:
    page = visitor()
    open_link(page, link)
    read(page)
    open_link(page, link)  # The second person is taken for the first.
    assert counts(door) == (1, 0)
    page.get_by_role("link", name="Forget this device").click()
    page.get_by_role("button", name="Forget this device").click()
    expect(page.get_by_role("status")).to_contain_text("This device is forgotten.")
    assert [each for each in page.context.cookies() if "device" in each["name"]] == []
    assert_accessible(page)
    page.goto(f"{door.url}/articles/{door.slug}")
    expect(page.get_by_role("main")).not_to_contain_text(WITHHELD)
    open_link(page, link)
    read(page)
    assert counts(door) == (2, 0)
