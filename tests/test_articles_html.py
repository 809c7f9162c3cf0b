"""Saved web pages: what they state of themselves is taken, the furniture around the article is not."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.articles.html import parse_html
from gateway.articles.sanitise import plain_text
from gateway.articles.story import Picture, StoryError, StoryFaultError, StoryRefusedError

LINKED = {
    "@context": "https://schema.org",
    "@graph": [
        {"@type": "WebSite", "name": "A Paper"},
        {
            "@type": ["ReportageNewsArticle"],
            "headline": "The headline",
            "description": "In short.",
            "inLanguage": "en_GB",
            "datePublished": "2026-03-01T09:30:00+01:00",
            "dateModified": "2026-03-01",
            "author": [{"@type": "Person", "name": "Ada Moor"}, {"@type": "Person", "name": "Ben Hale"}],
            "articleSection": ["Culture", "Books"],
            "isAccessibleForFree": False,
            "copyrightHolder": {"@type": "Organization", "name": "The Paper Ltd"},
            "copyrightNotice": "© The Paper Ltd",
            "expires": "2027-03-01T00:00:00Z",
            "image": {
                "@type": "ImageObject",
                "url": "https://e.example/a.jpg",
                "caption": "A caption",
                "creditText": "P. Hoto",
                "license": "https://e.example/terms",
                "width": 1200,
                "height": "675",
            },
        },
    ],
}
PAGE = f"""<!doctype html><html lang="en"><head><title>The headline | A Paper</title>
<link rel="canonical" href="https://paper.example/the-headline#top">
<meta property="og:title" content="Another headline"><meta property="og:image" content="https://e.example/og.jpg">
<script type="application/ld+json">{json.dumps(LINKED)}</script>
<script type="application/ld+json">{{broken</script></head>
<body><header><h1>A Paper</h1></header><nav>Home</nav>
<article><header><h1>The headline</h1><p>By Ada Moor</p></header>
<p>First paragraph.</p><figure><img src="/a.jpg"><figcaption>A caption</figcaption></figure>
<aside>Read also</aside><p>Second <b onclick="x()">paragraph</b>.</p>
<form><button>Subscribe</button></form><footer>Share this</footer><script>track()</script></article>
<article><h2>Another story</h2></article><footer>Imprint</footer></body></html>"""


def page(head: str = "", body: str = "<article><p>Some text.</p></article>") -> str:
    return (
        '<html><head><link rel="canonical" href="https://paper.example/a">'
        f'<meta property="og:title" content="H">{head}</head><body>{body}</body></html>'
    )


def test_a_page_says_who_wrote_what_when_and_with_which_rights() -> None:
    found = parse_html(PAGE)
    assert (found.source, found.source_id) == ("html", "https://paper.example/the-headline")
    assert (found.headline, found.standfirst) == ("The headline", "In short.")
    assert (found.byline, found.section, found.language) == ("Ada Moor, Ben Hale", "Culture", "en-GB")
    assert found.published_at == datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
    assert found.updated_at is None
    assert found.rights.copyright_holder == "The Paper Ltd"
    assert found.rights.expires_at == datetime(2027, 3, 1, tzinfo=UTC)
    assert found.rights.free is False
    assert found.pictures == (
        Picture(
            href="https://e.example/a.jpg",
            caption="A caption",
            credit="P. Hoto",
            usage_terms="https://e.example/terms",
            width=1200,
            height=675,
        ),
    )


def test_the_body_is_the_article_without_the_pages_furniture() -> None:
    assert parse_html(PAGE).body_html == "<p>First paragraph.</p><p>Second <strong>paragraph</strong>.</p>"


def test_open_graph_alone_is_enough() -> None:
    head = (
        '<meta property="article:published_time" content="2026-03-01T09:30:00Z">'
        '<meta property="article:section" content="Sport"><meta name="author" content="Ada Moor">'
        '<meta property="og:image" content="https://e.example/og.jpg"><meta property="og:image:alt" content="Alt">'
        '<meta property="og:image:width" content="1200">'
    )
    found = parse_html(page(head))
    assert (found.headline, found.byline, found.section) == ("H", "Ada Moor", "Sport")
    assert found.published_at == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    assert found.pictures == (Picture(href="https://e.example/og.jpg", alt="Alt", width=1200),)
    assert found.language == ""


def test_the_element_that_says_it_is_the_body_is_taken_before_the_article_around_it() -> None:
    body = '<article><p>By somebody</p><div itemprop="articleBody"><p>The text.</p></div></article>'
    assert parse_html(page(body=body)).body_html == "<p>The text.</p>"


def test_a_body_stated_in_json_ld_alone_is_taken() -> None:
    linked = json.dumps({"@type": "NewsArticle", "articleBody": "One <b>.\n\nTwo."})
    found = parse_html(page(f'<script type="application/ld+json">{linked}</script>', body="<div>menu</div>"))
    assert plain_text(found.body_html) == "One <b>.\n\nTwo."


def test_a_page_saved_by_a_browser_says_where_it_came_from() -> None:
    saved = "<!-- saved from url=(0031)https://paper.example/from-there --><html>"
    found = parse_html(saved + page().replace('rel="canonical"', 'rel="stylesheet"'))
    assert found.source_id == "https://paper.example/from-there"


@pytest.mark.parametrize(
    ("stated", "free"), [("true", True), ('"True"', True), ("false", False), ("null", False)]
)
def test_an_article_is_free_only_where_its_page_says_so(stated: str, free: bool) -> None:  # noqa: FBT001
    linked = f'{{"@type": "NewsArticle", "isAccessibleForFree": {stated}}}'
    assert parse_html(page(f'<script type="application/ld+json">{linked}</script>')).rights.free is free


def test_an_expiry_without_a_zone_is_an_error_and_never_ignored() -> None:
    with pytest.raises(StoryFaultError, match="expires is '2027-03-01'"):
        parse_html(page('<meta property="article:expiration_time" content="2027-03-01">'))


@pytest.mark.parametrize(
    ("markup", "says"),
    [
        ("", "no article found"),
        (page(body="<p>Just a page.</p>"), "no article found"),
        (page(body="<article><img src=x></article>"), "no article found"),
        ("<article>Text.</article>", "no headline found"),
        (page().replace("https://paper", "/paper"), "no address of its own"),
    ],
)
def test_a_page_without_an_article_is_refused_clearly(markup: str, says: str) -> None:
    with pytest.raises(StoryRefusedError, match=says):
        parse_html(markup)


def test_a_headline_that_nobody_sees_is_none() -> None:
    stated = '<link rel="canonical" href="https://e.example/"><meta property="og:title" content="\u200b">'
    with pytest.raises(StoryFaultError, match="the headline is blank"):
        parse_html(f"{stated}<article>Text.</article>")


PIECES = st.sampled_from(
    [
        *(
            "<article>",
            "</article>",
            '<div itemprop="articleBody">',
            "<p>",
            "text",
            "<![",
            "<![CDATA[x",
            "<!x",
            "<?",
            "</",
        ),
        *(
            '<meta property="og:title" content="H">',
            '<link rel="canonical" href="https://e.example/">',
            "&#",
            "<script ",
        ),
        *(
            '<script type="application/ld+json">',
            "</script>",
            '{"@type": "NewsArticle", "image": [1, {"url": []}]}',
        ),
        *(
            '{"@type": ["Article"], "author": {"name": {"name": []}}, "expires": 1}',
            "<!--",
            "-->",
            '<html lang="',
            '">',
        ),
    ]
)


@given(st.lists(PIECES | st.text(max_size=5), max_size=25).map("".join))
def test_any_text_gives_a_story_or_the_readers_own_error(markup: str) -> None:
    try:
        assert parse_html(markup).body_html
    except StoryError:
        return
