"""The small scripts in a real browser: what they add, and that nothing needs them."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Response, redirect, request
from playwright.sync_api import Page, expect

from tests import gallery
from tests.browser import NewPerson, assert_accessible

AFTER_MS = 600
PAUSE_MS = 250


@dataclass
class Desk:
    """What the server saw, and how it answers."""

    address: str = ""
    confirms: list[str] = field(default_factory=list)
    claims: list[dict[str, str]] = field(default_factory=list)
    issues: list[dict[str, str]] = field(default_factory=list)
    shares: int = 0
    confirm_answers: list[int] = field(default_factory=list)
    issue_answer: str = "issued"

    def share(self, slug: str) -> Response:
        self.shares += 1
        return self._dialog("share")

    def issue(self, slug: str) -> Response:
        self.issues.append(request.form.to_dict())
        if self.issue_answer == "signed out":
            return Response("<h1>Sign in</h1>", 401, mimetype="text/html")
        return self._dialog(self.issue_answer)

    def claim(self, token: str) -> Any:
        self.claims.append(request.form.to_dict())
        return redirect("/en/article-by-gift.html", 303)

    def confirm(self, slug: str) -> Response:
        self.confirms.append(request.form["nonce"])
        return Response("", self.confirm_answers.pop(0) if self.confirm_answers else 204)

    def card(self, token: str) -> str:
        template, values = gallery.pages()["card"]
        return gallery.show(template, {**values, "auto_claim": "auto" in request.args})

    def reading(self, slug: str) -> str:
        template, values = gallery.pages()["article-by-gift"]
        confirm = {"url": f"/articles/{slug}/confirm", "nonce": "n-1", "after_ms": AFTER_MS}
        return gallery.show(template, {**values, "confirm": confirm})

    def _dialog(self, name: str) -> Response:
        template, values = gallery.pages()[name]
        if request.values.get("part") == "dialog":
            template = template.replace("subscriber/", "subscriber/_")
        return Response(
            gallery.show(template, values), 422 if name == "share-error" else 200, mimetype="text/html"
        )


@pytest.fixture
def desk() -> Iterator[Desk]:
    """Serve the gallery with views that note what they are sent."""
    made = Desk()
    app = gallery.make_app(
        subscriber_share=made.share,
        subscriber_issue=made.issue,
        reader_claim=made.claim,
        reader_confirm=made.confirm,
        reader_card=made.card,
        reader_article=made.reading,
    )
    with gallery.served(app) as made.address:
        yield made


def _until(done: Any, seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        time.sleep(0.02)
    assert done()


def _open_dialog(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.address}/en/article.html")
    assert desk.shares == 0, "nothing is fetched before it is asked for"
    page.locator(".share-top").get_by_role("link", name="Share").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_the_share_dialog_is_fetched_when_asked_for(page: Page, desk: Desk) -> None:
    _open_dialog(page, desk)
    dialog = page.get_by_role("dialog", name="The woman who writes down the sea")
    expect(dialog.get_by_text("of 10 gifts left this month")).to_be_visible()
    assert (desk.shares, desk.issues) == (1, [])
    assert_accessible(page)


def test_the_link_is_made_inside_the_dialog_and_can_be_copied(new_person: NewPerson, desk: Desk) -> None:
    page = new_person(permissions=["clipboard-read", "clipboard-write"])
    _open_dialog(page, desk)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("For whom").fill("Anna")
    dialog.get_by_role("button", name="Make the gift link").click()
    expect(dialog.get_by_label("Your gift link")).to_have_value(gallery.LINK)
    assert desk.issues[0] | {"part": "dialog", "label": "Anna", "show_name": "1"} == desk.issues[0]
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == gallery.LINK
    assert_accessible(page)


def test_where_the_clipboard_is_closed_the_address_is_selected(new_person: NewPerson, desk: Desk) -> None:
    page = new_person()
    page.add_init_script(
        "navigator.clipboard.writeText = () => Promise.reject(new Error('no'));"
        "document.execCommand = () => false;"
    )
    page.goto(f"{desk.address}/en/issued.html")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("The address is selected: copy it by hand.")).to_be_visible()
    assert page.evaluate("getSelection().toString()") == gallery.LINK


def test_a_mistake_in_the_form_is_shown_in_the_dialog(page: Page, desk: Desk) -> None:
    desk.issue_answer = "share-error"
    _open_dialog(page, desk)
    page.get_by_role("button", name="Make the gift link").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("The note contains an address")


def test_who_was_signed_out_meanwhile_is_led_to_the_page(page: Page, desk: Desk) -> None:
    desk.issue_answer = "signed out"
    _open_dialog(page, desk)
    page.get_by_role("button", name="Make the gift link").click()
    page.wait_for_url(re.compile(r"/articles/article-1/share$"))


def test_without_a_network_the_dialog_keeps_what_was_typed_and_says_so(page: Page, desk: Desk) -> None:
    _open_dialog(page, desk)
    page.get_by_label("For whom").fill("Anna")
    page.route("**/share", lambda route: route.abort())
    button = page.get_by_role("button", name="Make the gift link")
    button.click()
    expect(page.get_by_text("The share dialog did not load.")).to_be_visible()
    expect(page.get_by_label("For whom")).to_have_value("Anna")
    expect(button).to_be_enabled()


def test_escape_closes_the_dialog_and_the_focus_returns(page: Page, desk: Desk) -> None:
    _open_dialog(page, desk)
    expect(page.get_by_label("For whom")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.evaluate("document.activeElement.textContent.trim()") == "Share"


def test_without_script_sharing_is_a_page(new_person: NewPerson, desk: Desk) -> None:
    page = new_person(java_script_enabled=False)
    page.goto(f"{desk.address}/en/article.html")
    page.get_by_role("link", name="Share").first.click()
    page.get_by_role("button", name="Make the gift link").click()
    expect(page.get_by_label("Your gift link")).to_have_value(gallery.LINK)
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)


def test_the_card_takes_the_gift_up_by_itself_once_and_says_nobody_pressed(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.address}/g/token?auto=1")
    page.wait_for_url("**/en/article-by-gift.html")
    assert desk.claims == [{"nonce": "n", "pressed": ""}]


def test_a_pressed_button_says_so(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.address}/g/token")
    page.evaluate("document.querySelector('gift-card button').click()")
    page.wait_for_url("**/en/article-by-gift.html")
    assert desk.claims[0]["pressed"] == "", "a script's click is nobody's press"
    page.goto(f"{desk.address}/g/token")
    page.get_by_role("button", name="Read the article").click()
    page.wait_for_url("**/en/article-by-gift.html")
    assert desk.claims[1]["pressed"] == "1"


def test_a_hidden_page_takes_nothing_up_until_it_is_seen(page: Page, desk: Desk) -> None:
    page.add_init_script(
        "window.seen = 'hidden';"
        "Object.defineProperty(document, 'visibilityState', { get: () => window.seen });"
    )
    page.goto(f"{desk.address}/g/token?auto=1")
    page.wait_for_timeout(PAUSE_MS)
    assert desk.claims == []
    page.evaluate("window.seen = 'visible'; document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_url("**/en/article-by-gift.html")
    assert len(desk.claims) == 1


def test_without_script_the_cards_button_opens_the_gift(new_person: NewPerson, desk: Desk) -> None:
    page = new_person(java_script_enabled=False)
    page.goto(f"{desk.address}/g/token?auto=1")
    page.get_by_role("button", name="Read the article").click()
    page.wait_for_url("**/en/article-by-gift.html")


def test_a_reading_is_confirmed_once_by_the_first_movement_after_the_wait(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.address}/articles/article-1")
    page.mouse.move(100, 100)
    page.wait_for_timeout(PAUSE_MS)
    assert desk.confirms == [], "too early by the server's reckoning"
    page.wait_for_timeout(AFTER_MS)
    page.mouse.move(200, 200)
    page.mouse.move(300, 300)
    page.keyboard.press("ArrowDown")
    _until(lambda: desk.confirms)
    page.wait_for_timeout(PAUSE_MS)
    assert desk.confirms == ["n-1"]


def test_scrolling_and_made_up_events_confirm_nothing(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.address}/articles/article-1")
    page.wait_for_timeout(AFTER_MS + 100)
    page.evaluate(
        """() => {
          scrollTo(0, 400);
          for (const name of ["pointermove", "pointerdown", "wheel", "touchmove", "keydown"])
            dispatchEvent(new Event(name, { bubbles: true }));
        }"""
    )
    page.wait_for_timeout(PAUSE_MS)
    assert desk.confirms == []


@pytest.mark.parametrize("act", ["wheel", "key", "press"])
def test_each_kind_of_input_confirms(page: Page, desk: Desk, act: str) -> None:
    page.goto(f"{desk.address}/articles/article-1")
    page.wait_for_timeout(AFTER_MS + 100)
    acts = {
        "wheel": lambda: page.mouse.wheel(0, 200),
        "key": lambda: page.keyboard.press("Tab"),
        "press": lambda: page.mouse.down(button="left"),
    }
    acts[act]()
    _until(lambda: desk.confirms)


def test_a_confirmation_that_failed_is_sent_again(page: Page, desk: Desk) -> None:
    desk.confirm_answers = [503]
    page.goto(f"{desk.address}/articles/article-1")
    page.wait_for_timeout(AFTER_MS + 100)
    page.keyboard.press("Tab")
    _until(lambda: len(desk.confirms) == 2)


def test_a_confirmation_that_came_too_soon_waits_for_another_movement(page: Page, desk: Desk) -> None:
    desk.confirm_answers = [425]
    page.goto(f"{desk.address}/articles/article-1")
    page.wait_for_timeout(AFTER_MS + 100)
    page.keyboard.press("Tab")
    _until(lambda: len(desk.confirms) == 1)
    page.wait_for_timeout(1100)
    assert len(desk.confirms) == 1
    page.keyboard.press("Tab")
    _until(lambda: len(desk.confirms) == 2)


def test_the_devices_own_sheet_is_offered_where_there_is_one(new_person: NewPerson, desk: Desk) -> None:
    page = new_person()
    page.add_init_script("navigator.share = async (what) => { window.shared = what; }")
    page.goto(f"{desk.address}/en/issued.html")
    page.get_by_role("button", name="Other apps").click()
    assert page.evaluate("window.shared.url") == gallery.LINK
    plain = new_person()
    plain.add_init_script("Object.defineProperty(navigator, 'share', { value: undefined })")
    plain.goto(f"{desk.address}/en/issued.html")
    expect(plain.get_by_role("button", name="Other apps")).to_have_count(0)
