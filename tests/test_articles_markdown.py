"""Markdown with TOML front matter: everything can be said, and nothing is guessed."""

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.articles.markdown import FrontMatter, PictureStated, RightsStated, parse_markdown
from gateway.articles.story import Picture, Story, StoryError, StoryFaultError, StoryRefusedError
from gateway.rights import Rights

WHOLE = """+++
id = "harbour-1"
version = 4
headline = "A headline"
language = "en-GB"
standfirst = "In short."
byline = "Ada Moor"
section = "Culture"
published = 2026-03-01T09:30:00Z
updated = 2026-03-02T10:30:00+01:00
slug = "a-slug"

[rights]
giftable = false
not_giftable_because = "An agency's text."
free = false
embargo_until = 2026-04-01T00:00:00+02:00
expires_at = 2027-04-01T00:00:00Z
withdrawn_at = 2028-01-01T00:00:00Z
copyright_holder = "The Paper"
copyright_notice = "© The Paper"

[[pictures]]
href = "https://e.example/a.jpg"
alt = "A harbour"
caption = "The harbour."
credit = "P. Hoto"
copyright_holder = "An Agency"
usage_terms = "One use."
travels = false
width = 1200
height = 675
+++
First *words* and a [link](https://e.example/).

## Then

| a | b |
|---|---|
| 1 | 2 |

<script>alert(1)</script> ![no](https://e.example/b.jpg)
"""


def short(front: str = "", body: str = "Text.") -> str:
    return f'+++\nid = "x"\nheadline = "H"\n{front}\n+++\n{body}'


def test_all_that_can_be_stated_is_read() -> None:
    found = parse_markdown(WHOLE)
    assert found == Story(
        source="markdown",
        source_id="harbour-1",
        source_version=4,
        headline="A headline",
        language="en-GB",
        standfirst="In short.",
        byline="Ada Moor",
        section="Culture",
        slug="a-slug",
        published_at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
        updated_at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
        states_giving=True,
        body_html=found.body_html,
        rights=Rights(
            giftable=False,
            not_giftable_because="An agency's text.",
            embargo_until=datetime(2026, 3, 31, 22, tzinfo=UTC),
            expires_at=datetime(2027, 4, 1, tzinfo=UTC),
            withdrawn_at=datetime(2028, 1, 1, tzinfo=UTC),
            copyright_holder="The Paper",
            copyright_notice="© The Paper",
        ),
        pictures=(
            Picture(
                href="https://e.example/a.jpg",
                alt="A harbour",
                caption="The harbour.",
                credit="P. Hoto",
                copyright_holder="An Agency",
                usage_terms="One use.",
                travels=False,
                width=1200,
                height=675,
            ),
        ),
    )
    assert found.body_html == (
        '<p>First <em>words</em> and a <a href="https://e.example/" rel="noopener noreferrer">link</a>.</p>'
        "<h2>Then</h2>"
        "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>"
        "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"
    )


def test_what_is_not_stated_stays_empty() -> None:
    found = parse_markdown(short())
    assert (found.language, found.byline, found.section, found.published_at, found.pictures) == (
        "",
        "",
        "",
        None,
        (),
    )
    assert found.rights == Rights()
    assert found.states_giving is False


def test_windows_line_ends_and_a_rule_of_plus_signs_in_the_text_are_fine() -> None:
    found = parse_markdown(short(body="One.\n\n+++\n\nTwo.").replace("\n", "\r\n"))
    assert found.body_html == "<p>One.</p><p>+++</p><p>Two.</p>"


@pytest.mark.parametrize(
    ("front", "says"),
    [
        ("colour = 1", "colour: no such key"),
        ("[rights]\ngiftible = true", "rights.giftible: no such key"),
        ("[rights]\ngiftable = 1", "rights.giftable: .*got '1'"),
        ('version = "2"', "version: .*got '2'"),
        ("version = true", "version: .*got 'True'"),
        ("version = -1", "version: "),
        ("published = 2026-03-01", "published: "),
        ("published = 2026-03-01T09:30:00", "published: .*timezone"),
        ("published = 0001-01-01T00:00:00+10:00", "published: the instant leaves the calendar"),
        ("[rights]\nexpires_at = 9999-12-31T23:59:59-10:00", "rights.expires_at: the instant leaves"),
        ('slug = "A Slug"', "slug: "),
        ('language = "plain English"', "language is 'plain English'"),
        ('[[pictures]]\nhref = "a.jpg"', "pictures.0.href: want an address"),
        ('[[pictures]]\nhref = "javascript:x"', "pictures.0.href: want an address"),
        ("[[pictures]]\nalt = 'x'", "pictures.0.href is missing"),
        ('[rights]\nnot_giftable_because = "x"', "want giftable = false"),
        (
            "[rights]\nembargo_until = 2027-01-01T00:00:00Z\nexpires_at = 2026-01-01T00:00:00Z",
            "never be read",
        ),
        ("= 1", "no TOML: .*line 4"),
        ("id = 'y'", "no TOML: .*line 4"),
    ],
)
def test_what_is_stated_wrongly_is_named(front: str, says: str) -> None:
    with pytest.raises(StoryFaultError, match=says):
        parse_markdown(short(front))


@pytest.mark.parametrize("headline", [" ", "\\u200b", "\\u2800"])
def test_a_headline_that_nobody_sees_is_none(headline: str) -> None:
    with pytest.raises(StoryFaultError, match="the headline is blank"):
        parse_markdown(short().replace('"H"', f'"{headline}"'))


@pytest.mark.parametrize("text", ["", "# Just text", "+++\nid = 'x'\n", "text\n+++\nid = 'x'\n+++\n"])
def test_a_text_without_front_matter_is_refused(text: str) -> None:
    with pytest.raises(StoryRefusedError, match="no front matter"):
        parse_markdown(text)


def test_front_matter_without_a_text_is_refused() -> None:
    with pytest.raises(StoryRefusedError, match="no text after"):
        parse_markdown(short(body="\n\n![only a picture](https://e.example/a.jpg)\n"))


def test_an_id_or_headline_that_is_missing_is_named() -> None:
    with pytest.raises(StoryFaultError, match="id is missing; headline is missing"):
        parse_markdown("+++\n+++\ntext")


@given(st.text(max_size=120), st.text(max_size=120))
def test_any_text_gives_a_story_or_the_readers_own_error(front: str, body: str) -> None:
    for text in (front, f"+++\n{front}\n+++\n{body}", short(body=body)):
        try:
            assert parse_markdown(text).body_html
        except StoryError:
            continue


def test_quotes_and_lists_nested_without_end_are_no_trouble() -> None:
    for body in ("> " * 5_000 + "x", "- " * 5_000 + "x", "*" * 20_000, "[" * 20_000, "`" * 20_001):
        try:
            parse_markdown(short(body=body))
        except StoryError:
            continue


def test_the_documented_front_matter_is_read_and_shows_every_key() -> None:
    text = (Path(__file__).parents[1] / "docs" / "articles.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```toml\n(\+\+\+\n.*?)```", text, re.DOTALL)
    assert parse_markdown(example).body_html == "<p>The text, in <strong>Markdown</strong>.</p>"
    stated = tomllib.loads(example.split("+++")[1])
    assert stated.keys() == FrontMatter.model_fields.keys()
    assert stated["rights"].keys() == RightsStated.model_fields.keys()
    assert stated["pictures"][0].keys() == PictureStated.model_fields.keys()
