"""What a body may hold after sanitising, for every input."""

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.articles.sanitise import characters, first_paragraph, from_text, plain_text, sanitise
from gateway.articles.shape import TAGS
from gateway.articles.story import StoryFaultError

PIECES = [
    *(
        "<p>",
        "</p>",
        "<div>",
        "</div>",
        "<b>",
        "</b>",
        "<i>",
        "<em>",
        "</em>",
        "<h1>",
        "</h1>",
        "<ul>",
        "<li>",
        "</ul>",
    ),
    *(
        "<table>",
        "<tr>",
        "<td>",
        "<th colspan=9>",
        "</table>",
        "<blockquote>",
        "</blockquote>",
        "<br>",
        "<br/><br>",
    ),
    *(
        "<figure>",
        "<figcaption>",
        "</figure>",
        "<img src=x onerror=alert(1)>",
        "<script>",
        "</script>",
        "<svg>",
        "<math>",
    ),
    *(
        "<style>",
        "</style>",
        "<svg><style><img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>",
        "</a>",
    ),
    *(
        "<a href='https://e.example/?a=1&b=2' onclick=x target=_blank>",
        '<p lang="de" dir="rtl" style="x">',
        "<!--",
        "-->",
    ),
    *(
        "<![CDATA[",
        "]]>",
        "&lt;script&gt;",
        "&nbsp;",
        "&#0;",
        "&#x1;",
        "&#xD800;",
        "\x00",
        "\u2028",
        "\xa0",
        " ",
        "\n",
    ),
    *(
        "<iframe srcdoc='<p>x'>",
        "<textarea>",
        "<title>",
        "<noscript>",
        "<form>",
        "<a href=' jAvA\tscript:x'>",
        "word",
        "ß",
    ),
    *(
        "<p lang='en\" onload=\"x'>",
        "<math><mtext><table><mglyph><style><img src onerror=alert(1)>",
        "<dl><dt>",
        "<pre>",
    ),
]
MARKUP = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=30).map("".join)


class Reader(HTMLParser):
    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.loose = ""
        self.depth = 0
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.depth += tag != "br"

    def handle_endtag(self, tag: str) -> None:
        self.depth -= 1

    def handle_data(self, data: str) -> None:
        if not self.depth:
            self.loose += data


@given(MARKUP)
@example("<em>a<p>b</p></em>")
@example("<li>a<table><tr><td>b</table>c")
def test_only_the_allowed_tags_attributes_and_addresses_survive(markup: str) -> None:
    allowed = {"lang", "dir", "href", "rel", "colspan", "rowspan", "scope"}
    read = Reader(sanitise(markup))
    for tag, attributes in read.tags:
        assert tag in TAGS
        assert set(attributes) <= allowed
        if tag == "a":
            assert re.match("https?://", attributes["href"] or "")
            assert attributes["rel"] == "noopener noreferrer"
    assert not read.loose.strip()


@given(MARKUP)
def test_sanitising_twice_changes_nothing_more(markup: str) -> None:
    once = sanitise(markup)
    assert sanitise(once) == once


@given(MARKUP)
def test_no_control_character_is_kept_and_all_can_be_written_as_utf_8(markup: str) -> None:
    body = sanitise(markup)
    body.encode()
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", body)


@given(MARKUP)
def test_the_opening_gives_at_most_half_of_the_text(markup: str) -> None:
    body = sanitise(markup)
    opening = first_paragraph(body)
    assert characters(opening) <= characters(body) // 2 + 1
    assert sanitise(opening) == opening


@given(st.text(max_size=80))
def test_plain_text_survives_letter_by_letter(text: str) -> None:
    kept = re.sub("[\x00-\x1f\x7f-\x9f]", " ", text)
    assert plain_text(from_text(kept)).split() == kept.encode("utf-8", "replace").decode().split()


@pytest.mark.parametrize(
    ("markup", "body"),
    [
        ("loose <b>words</b><br><br>and more", "<p>loose <strong>words</strong></p><p>and more</p>"),
        ("<div>a<p>b</p>c</div>", "<p>a</p><p>b</p><p>c</p>"),
        ("<h1>Top</h1><h5>Low</h5>", "<h2>Top</h2><h4>Low</h4>"),
        (
            "<ul>x<li>a<li>b<ul><li>c</ul></ul>",
            "<ul><li>x</li><li>a</li><li><p>b</p><ul><li>c</li></ul></li></ul>",
        ),
        ("<figure><img src=x><figcaption>of a picture</figcaption></figure><p>b", "<p>b</p>"),
        (
            "<figure><blockquote>q</blockquote><figcaption>who</figcaption></figure>",
            "<figure><blockquote><p>q</p></blockquote><figcaption>who</figcaption></figure>",
        ),
        ("<p><a href=/about>here</a> and <a href=mailto:x@e.example>there</a>", "<p>here and there</p>"),
        (
            "<table><caption>c<tr><th scope=row>1<td colspan=2>2<td colspan=9999></table>",
            '<table><caption>c</caption><tbody><tr><th scope="row">1</th><td colspan="2">2</td><td></td></tr></tbody></table>',
        ),
        (
            '<p lang="de-CH" dir="rtl">a<p lang="&quot;x" dir="up">b',
            '<p lang="de-CH" dir="rtl">a</p><p>b</p>',
        ),
        ("<p> </p><p>&nbsp;</p><p><em> </em></p>", ""),
        ("<p>H<sub>2</sub>O\n   is<br>wet", "<p>H<sub>2</sub>O is<br>wet</p>"),
    ],
)
def test_a_body_is_made_plain(markup: str, body: str) -> None:
    assert sanitise(markup) == body


def test_the_length_counts_code_points_of_what_a_reader_sees() -> None:
    body = "<h2>Über</h2><p>a &amp; b<br>c</p>"
    assert plain_text(body) == "Über\n\na & b\nc"
    assert characters(body) == 13


def test_the_opening_keeps_its_links_and_a_single_long_paragraph_is_cut_at_a_word() -> None:
    whole = "<p>First <em>words</em>.</p><p>Then many more of them, enough for half.</p>"
    assert first_paragraph(whole) == "<p>First <em>words</em>.</p>"
    only = f"<p>{'word ' * 400}</p>"
    opening = first_paragraph(only)
    assert opening.endswith("word…</p>")
    assert len(opening) <= 600 + len("<p>…</p>")
    assert first_paragraph("") == ""


def test_an_opening_without_spaces_is_cut_too() -> None:
    assert first_paragraph(f"<p>{'字' * 100}</p>") == f"<p>{'字' * 50}…</p>"


@pytest.mark.parametrize("tag", ["<div>", "<b a={}>", "<blockquote>", "<ul>", "<table><td>", "<div></x>"])
@pytest.mark.parametrize("count", [300, 100_000])
def test_a_text_nested_too_deep_is_refused_at_once(tag: str, count: int) -> None:
    started = time.monotonic()
    with pytest.raises(StoryFaultError, match=r"nests more than|more than 1,000|more than 40,000"):
        sanitise("".join(tag.format(number) for number in range(count)) + "x")
    assert time.monotonic() - started < 10
