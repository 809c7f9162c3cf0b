"""Every page as a browser shows it: accessible, no wider than its window, quick to the finger, kind to paper."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests import gallery
from tests.browser import NewPerson, assert_accessible, assert_fits

# Refusals share one template; these have each of its parts.
REFUSALS = (
    "refused-gift-expired",
    "refused-article-not_giftable",
    "refused-request-too_fast",
    "refused-copy-total_reached",
)
NAMES = [name for name in gallery.pages() if not name.startswith("refused-") or name in REFUSALS]
WINDOWS = {
    "phone, light": {"viewport": {"width": 320, "height": 640}, "color_scheme": "light"},
    "desktop, dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
}
FINGER_PX = 44
# Links inside a sentence and the boxes beside a label that is itself pressable may be smaller.
TARGETS = (
    ".button, .masthead-nav a, .footer nav a, .tabs a, label.check, label.choice, input, select, summary"
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Serve the gallery."""
    with gallery.served(gallery.make_app()) as address:
        yield address


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("language", ["en", "de"])
def test_every_page_is_accessible_and_fits(
    new_person: NewPerson, address: str, window: str, language: str
) -> None:
    page = new_person(**WINDOWS[window])
    for name in NAMES:
        page.goto(f"{address}/{language}/{name}.html")
        assert_fits(page)
        # Colours and structure are the same in both languages; axe is slow.
        if (language == "en") == (window == "phone, light"):
            assert_accessible(page)


@pytest.mark.parametrize("window", WINDOWS)
def test_no_column_of_the_log_is_cut_off(new_person: NewPerson, address: str, window: str) -> None:
    page = new_person(**WINDOWS[window])
    page.goto(f"{address}/en/log.html")
    table = page.locator(".scroll").evaluate("it => [it.scrollWidth, it.clientWidth]")
    assert table[0] == table[1]


def test_what_is_pressed_is_as_large_as_a_finger(new_person: NewPerson, address: str) -> None:
    page = new_person(**WINDOWS["phone, light"])
    for name in (
        "front",
        "card",
        "share-open",
        "issued",
        "gifts",
        "sign-in",
        "account",
        "log",
        "desk-account",
        "licence-wrong",
        "licences",
        "desk-licence",
    ):
        page.goto(f"{address}/en/{name}.html")
        assert _small_targets(page) == [], name


def test_a_page_on_paper_has_the_notice_and_the_gift_and_no_buttons(
    new_person: NewPerson, address: str
) -> None:
    page = new_person()
    page.goto(f"{address}/en/article-by-gift.html")
    page.emulate_media(media="print")
    assert page.get_by_text("Please use the share button.").first.is_visible()
    assert page.get_by_text("Gift K7QD2M4X, given on 11 July 2026").is_visible()
    assert not page.locator(".masthead-nav").is_visible()
    page.goto(f"{address}/en/article.html")
    assert page.locator("share-button:visible").count() == 0


def test_the_keyboard_reaches_the_content_first_and_shows_where_it_is(page: Page, address: str) -> None:
    page.goto(f"{address}/en/front.html")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    box = skip.bounding_box()
    assert box is not None
    assert box["y"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.closest('main') !== null")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert (focused, outline) == (True, "solid")


def _small_targets(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        """([wanted, least]) => [...document.querySelectorAll(wanted)]
            .filter((each) => each.checkVisibility() && !each.matches("[type=hidden], [type=radio], [type=checkbox]"))
            .filter((each) => each.getBoundingClientRect().height < least - 0.5)
            .map((each) => each.outerHTML.slice(0, 120))""",
        [TARGETS, FINGER_PX],
    )
    return found
