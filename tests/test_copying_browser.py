"""Copying in a real browser: what lands on the clipboard, what is said, what is reported, and what is left alone."""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import jsonify, request
from playwright.sync_api import Page, expect
from pypdf import PageObject, PdfReader

from tests import gallery
from tests.browser import NewPerson, assert_accessible

pytestmark = pytest.mark.browser

PASSAGE = 500
NOTICE = "Please use the share button."
ADDRESS = "https://ledger.example/articles/article-1"
CUT = "[… The copy was cut here.]"
FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
SELECT = """([from, to]) => {
  const [first, last] = [from, to].map((each) => document.querySelector(each));
  const range = document.createRange();
  range.setStart(first, 0);
  range.setEnd(last, last.childNodes.length);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}"""
READ = """async () => {
  const [item] = await navigator.clipboard.read();
  const read = async (type) => item.types.includes(type) ? (await item.getType(type)).text() : "";
  return { text: await read("text/plain"), html: await read("text/html") };
}"""


@dataclass
class Paper:
    """A gallery with one article, what its page reported, and how it is answered."""

    address: str = ""
    body: str = ""
    person: Any = None
    reports: list[dict[str, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    closed: dict[str, str] | None = None

    def article(self, slug: str) -> str:
        template, values = gallery.pages()["article-by-gift"]
        changed = vars(values["article"]) | ({"body_html": self.body} if self.body else {})
        values = {**values, "article": gallery.Thing(**changed), "confirm": None, "person": self.person}
        return gallery.show(template, values)

    def report(self, slug: str) -> Any:
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.reports.append(request.form.to_dict())
        return jsonify(closed=self.closed), status

    def share(self, slug: str) -> str:
        template, values = gallery.pages()["share"]
        return gallery.show(template.replace("subscriber/", "subscriber/_"), values)


@pytest.fixture
def paper() -> Iterator[Paper]:
    """Serve an article with views that note what they are sent."""
    made = Paper()
    app = gallery.make_app(
        reader_article=made.article, copying_report=made.report, subscriber_share=made.share
    )
    with gallery.served(app) as made.address:
        yield made


@pytest.fixture
def reader(new_person: NewPerson, paper: Paper) -> Callable[[], Page]:
    """Yield a function that opens the article in a browser whose clipboard may be read."""

    def open_article() -> Page:
        page = new_person(permissions=["clipboard-read", "clipboard-write"])
        page.goto(f"{paper.address}/articles/article-1")
        page.evaluate("navigator.clipboard.writeText('before')")
        return page

    return open_article


def select(page: Page, first: str, last: str | None = None) -> None:
    """Select from the beginning of one element to the end of another."""
    page.evaluate(SELECT, [first, last or first])


def copied(page: Page, key: str = "c") -> dict[str, str]:
    """Press Ctrl and a key, and read both flavours of the clipboard."""
    page.keyboard.press(f"Control+{key}")
    found: dict[str, str] = page.evaluate(READ)
    return found


def points(page: Page, paper: Paper, count: int) -> list[dict[str, str]]:
    """Wait until so many reports came."""
    for _ in range(200):
        if len(paper.reports) >= count:
            break
        page.wait_for_timeout(25)
    assert len(paper.reports) == count
    return paper.reports


def test_a_short_passage_goes_whole_with_its_source(reader: Callable[[], Page], paper: Paper) -> None:
    page = reader()
    select(page, ".prose p")
    selected = page.evaluate("getSelection().toString()")
    taken = copied(page)
    assert taken["text"].startswith(selected.strip() + "\n\n")
    for said in (gallery.TIDE.headline, "The Northern Ledger", ADDRESS, NOTICE):
        assert said in taken["text"]
        assert said in taken["html"]
    assert CUT not in taken["text"]
    assert f'href="{ADDRESS}"' in taken["html"]
    (report,) = points(page, paper, 1)
    assert report["characters"] == str(len(selected.strip()))
    assert (report["kind"], report["sequence"], report["nonce"]) == ("copy", "1", "n")
    assert re.fullmatch("[0-9a-f]{32}", report["id"])


def test_a_long_passage_is_cut_between_words_with_notice_and_both_ways(
    reader: Callable[[], Page], paper: Paper
) -> None:
    page = reader()
    select(page, ".prose")
    taken = copied(page)
    beginning, _, rest = taken["text"].partition("\n\n" + CUT)
    assert PASSAGE - 40 < len(beginning) <= PASSAGE
    whole = page.evaluate("document.querySelector('.prose').innerText")
    assert " ".join(whole.split()).startswith(" ".join(beginning.split()))
    assert " ".join(whole.split())[len(" ".join(beginning.split()))] in " ,.;"
    assert NOTICE in rest
    assert f"{ADDRESS}/share" in rest
    length = points(page, paper, 1)[0]["characters"]
    assert int(length) > PASSAGE
    assert f"/licence?article=article-1&characters={length}" in rest
    assert "Ink against outage" not in taken["html"]
    assert CUT in taken["html"]


def test_what_happened_is_said_politely_and_the_ways_forward_are_shown(
    reader: Callable[[], Page], paper: Paper
) -> None:
    page = reader()
    live = page.get_by_role("status")
    expect(live).to_have_text("")
    select(page, ".prose")
    copied(page)
    expect(live).to_have_text("Only the beginning was copied: a passage may have up to 500 characters.")
    expect(page.get_by_role("link", name="Make a gift link instead")).to_be_visible()
    ask = page.get_by_role("link", name="Ask for a licence").filter(visible=True).last
    assert "characters=" in (ask.get_attribute("href") or "")
    assert page.evaluate("document.activeElement === document.body"), "the focus stays where it was"
    assert_accessible(page)
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("link", name="Make a gift link instead")).to_be_hidden()
    select(page, ".prose p")
    copied(page)
    expect(live).to_have_text("Copied, with the source added.")
    points(page, paper, 2)


def test_a_subscriber_is_led_straight_to_the_share_dialog(reader: Callable[[], Page], paper: Paper) -> None:
    paper.person = gallery.SUBSCRIBER
    page = reader()
    select(page, ".prose")
    copied(page)
    page.get_by_role("link", name="Make a gift link instead").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Make the gift link")).to_be_visible()


def test_a_name_or_a_figure_is_never_touched(reader: Callable[[], Page], paper: Paper) -> None:
    page = reader()
    select(page, ".prose h2")
    assert copied(page)["text"].strip() == "Ink against outage"
    assert copied(page)["html"].count("Ink against outage") == 1
    expect(page.get_by_role("status")).to_have_text("")
    assert [each["characters"] for each in points(page, paper, 2)] == ["18", "18"], "they count all the same"


def test_a_copy_of_nothing_is_no_report(reader: Callable[[], Page], paper: Paper) -> None:
    page = reader()
    page.evaluate("getSelection().removeAllRanges()")
    copied(page)
    select(page, ".prose p")
    copied(page)
    assert len(points(page, paper, 1)) == 1


def test_lengths_are_counted_in_code_points(reader: Callable[[], Page], paper: Paper) -> None:
    paper.body = f"<p id='short'>{'𝄞' * 59}</p><p id='long'>{'𝄞' * 60}</p><p id='family'>{FAMILY * 120}</p>"
    page = reader()
    select(page, "#short")
    assert copied(page)["text"].strip() == "𝄞" * 59
    select(page, "#long")
    assert copied(page)["text"].startswith("𝄞" * 60 + "\n\n")
    select(page, "#family")
    assert copied(page)["text"].partition("\n\n")[0] == FAMILY * 100, "no family is parted"
    assert [each["characters"] for each in points(page, paper, 3)] == ["59", "60", "600"]


def test_a_form_field_is_never_touched(reader: Callable[[], Page], paper: Paper) -> None:
    paper.body = f"<p>{'words and ' * 80}</p>"
    page = reader()
    page.evaluate(
        """(text) => {
          const area = document.createElement("textarea");
          area.value = text;
          document.querySelector("article .prose").append(area);
          area.focus();
          area.select();
        }""",
        "typed " * 200,
    )
    assert copied(page)["text"] == "typed " * 200
    assert copied(page, "x")["text"] == "typed " * 200
    assert page.evaluate("document.querySelector('textarea').value") == ""
    assert paper.reports == []


def test_cutting_out_of_the_article_is_copying(reader: Callable[[], Page], paper: Paper) -> None:
    page = reader()
    select(page, ".prose p")
    assert NOTICE in copied(page, "x")["text"]
    assert page.evaluate("document.querySelector('.prose p').textContent").startswith("At five")
    points(page, paper, 1)


def test_dragging_carries_the_same_and_counts_when_it_is_dropped(
    reader: Callable[[], Page], paper: Paper
) -> None:
    page = reader()
    page.evaluate(
        """() => {
          const box = document.createElement("div");
          box.id = "box";
          box.style.cssText = "position:fixed;inset:0 auto auto 0;width:90px;height:90px;z-index:99";
          box.addEventListener("dragover", (event) => event.preventDefault());
          box.addEventListener("drop", (event) => {
            event.preventDefault();
            window.got = ["text/plain", "text/html"].map((type) => event.dataTransfer.getData(type));
          });
          document.body.append(box);
        }"""
    )
    select(page, ".prose p")
    page.evaluate("document.querySelector('.prose p').scrollIntoView({ block: 'center' })")
    spot = page.evaluate(
        "(() => { const { left, top } = getSelection().getRangeAt(0).getClientRects()[0]; return [left + 20, top + 8] })()"
    )
    page.mouse.move(*spot)
    page.mouse.down()
    page.mouse.move(300, 300, steps=4)
    page.mouse.move(45, 45, steps=8)
    page.mouse.up()
    points(page, paper, 1)
    text, html = page.evaluate("window.got")
    assert text.startswith("At five in the morning")
    assert NOTICE in text
    assert NOTICE in html


def test_what_lies_outside_the_article_does_not_travel_with_it(
    reader: Callable[[], Page], paper: Paper
) -> None:
    paper.person = gallery.SUBSCRIBER
    page = reader()
    page.keyboard.press("Control+a")
    taken = copied(page)
    assert taken["text"].startswith("Coast\n\nThe woman who writes down the sea")
    assert "Skip to the content" not in taken["text"]
    assert "Share" not in taken["text"].partition(CUT)[0]
    assert "<img" not in taken["html"]
    assert "class=" not in taken["html"]


def test_outside_the_article_nothing_is_touched(reader: Callable[[], Page], paper: Paper) -> None:
    page = reader()
    select(page, ".notice")
    taken = copied(page)
    assert taken["text"].count(NOTICE) == 1
    assert ADDRESS not in taken["text"]
    assert paper.reports == []


def test_selection_and_context_menu_are_left_alone(reader: Callable[[], Page]) -> None:
    page = reader()
    assert page.evaluate("getComputedStyle(document.querySelector('.prose p')).userSelect") != "none"
    untouched = page.evaluate(
        """() => ["contextmenu", "selectstart", "keydown", "mousedown", "pointerdown"].map((name) =>
          document.querySelector(".prose p").dispatchEvent(new Event(name, { bubbles: true, cancelable: true })))"""
    )
    assert untouched == [True] * 5


def test_a_report_that_was_lost_is_sent_again_and_later_ones_wait_for_it(
    reader: Callable[[], Page], paper: Paper
) -> None:
    paper.answers = [503]
    page = reader()
    for paragraph in (".prose p:nth-of-type(1)", ".prose p:nth-of-type(2)"):
        select(page, paragraph)
        copied(page)
    assert [each["sequence"] for each in points(page, paper, 2)] == ["1", "2"]


def test_past_the_total_the_page_gives_no_more_text_and_says_until_when(
    reader: Callable[[], Page], paper: Paper
) -> None:
    paper.closed = {"until": "2999-01-01T00:00:00+00:00", "said": "The text opens again on Tuesday."}
    page = reader()
    select(page, ".prose p")
    copied(page)
    expect(page.get_by_role("status")).to_contain_text("The text opens again on Tuesday.")
    taken = copied(page)
    assert "At five in the morning" not in taken["text"]
    assert NOTICE in taken["text"]
    assert f"{ADDRESS}/share" in taken["text"]
    expect(page.get_by_role("status")).to_contain_text("Nothing was copied")
    select(page, ".prose h2")
    assert copied(page)["text"].strip() == "Ink against outage"
    points(page, paper, 3)


def test_without_script_everything_can_be_read_and_copied(new_person: NewPerson, paper: Paper) -> None:
    page = new_person(java_script_enabled=False)
    page.goto(f"{paper.address}/articles/article-1")
    expect(page.get_by_text("Last winter the automatic gauge")).to_be_visible()
    expect(page.get_by_text("Make a gift link instead")).to_have_count(1)
    expect(page.get_by_role("link", name="Make a gift link instead")).to_be_hidden()


def test_every_printed_page_has_the_notice_and_the_mark_and_the_text_is_whole(
    reader: Callable[[], Page], paper: Paper
) -> None:
    paper.body = "".join(
        f"<p>Paragraph {number} begins. {'The curve goes on through the winter. ' * 14}Paragraph {number} ends.</p>"
        for number in range(40)
    )
    page = reader()
    printed = PdfReader(io.BytesIO(page.pdf(format="A4")))
    page.pdf(format="A4")
    assert len(printed.pages) >= 6
    for sheet in printed.pages:
        said = " ".join(sheet.extract_text().split())
        assert "Gift K7QD2M4X, given on 11 July 2026" in said
        assert NOTICE in said
        assert ADDRESS in said
        assert _lowest(sheet, "The curve goes on") > _highest(sheet, NOTICE)
    text = " ".join(" ".join(sheet.extract_text().split()) for sheet in printed.pages)
    for number in range(40):
        assert f"Paragraph {number} begins." in text
        assert f"Paragraph {number} ends." in text
    (report,) = points(page, paper, 1)
    assert (report["kind"], report["characters"]) == ("print", str(gallery.REPORTING.characters))


def _heights(sheet: PageObject, wanted: str) -> list[float]:
    found: list[float] = []

    def note(text: str, user: list[float], place: list[float], *_font: object) -> None:
        # A full stop that the page has in a piece of its own is in any text.
        if len(text.strip()) >= 8 and text.strip()[:12] in wanted:
            found.append(user[5] + user[3] * place[5])

    sheet.extract_text(visitor_text=note)
    return found


def _lowest(sheet: PageObject, wanted: str) -> float:
    return min(_heights(sheet, wanted), default=float("inf"))


def _highest(sheet: PageObject, wanted: str) -> float:
    return max(_heights(sheet, wanted))
