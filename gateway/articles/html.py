"""A saved web page read into a story, from what it states in JSON-LD, Open Graph and its own markup.

Names are schema.org's (NewsArticle) and Open Graph's (og:, article:); where both speak, JSON-LD is heard first.
"""

from collections.abc import Mapping
from datetime import datetime

from gateway.articles.body import page_body
from gateway.articles.fields import Fields, instant, written
from gateway.articles.page import Page, read_page
from gateway.articles.sanitise import from_text
from gateway.articles.story import Picture, Story, StoryFaultError, StoryRefusedError, is_language
from gateway.rights import Rights

SOURCE = "html"


def parse_html(markup: str) -> Story:
    """Read a saved page; raises StoryRefusedError where it holds no article, StoryFaultError where it is broken."""
    page = read_page(markup)
    said = page.article()
    headline = _line(said.get("headline")) or page.first("og:title", "twitter:title")
    body = page_body(markup, headline=headline) or _stated_body(said)
    if not body:
        raise StoryRefusedError(
            "no article found: no itemprop=articleBody, <article> or JSON-LD articleBody with text"
        )
    if not headline:
        raise StoryRefusedError("no headline found: the page states neither og:title nor a JSON-LD headline")
    return Story(
        source=SOURCE,
        source_id=_address(page, said),
        source_version=0,
        language=_language(_line(said.get("inLanguage")), page.language),
        headline=headline,
        standfirst=_line(said.get("description")) or page.first("og:description", "description"),
        byline=_byline(page, said),
        section=_section(said) or page.first("article:section"),
        published_at=_moment(said, "datePublished") or _lenient(page.first("article:published_time")),
        updated_at=_moment(said, "dateModified") or _lenient(page.first("article:modified_time")),
        body_html=body,
        rights=_rights(page, said),
        pictures=_pictures(page, said),
    )


def _stated_body(said: Mapping[str, object]) -> str:
    body = said.get("articleBody")
    return from_text(body) if isinstance(body, str) else ""


def _address(page: Page, said: Mapping[str, object]) -> str:
    main = said.get("mainEntityOfPage")
    stated = [
        page.canonical,
        page.first("og:url"),
        _line(said.get("url")),
        _line(main.get("@id")) if isinstance(main, dict) else _line(main),
        page.saved_from,
    ]
    found = next((each for each in stated if each.lower().startswith(("https://", "http://"))), "")
    if not found:
        raise StoryRefusedError(
            "the page states no address of its own; want link rel=canonical, og:url or a JSON-LD url"
        )
    return found.partition("#")[0]


def _language(*stated: str) -> str:
    """Take the first that is a language tag; pages also write English or en_GB."""
    tags = (each.replace("_", "-") for each in stated)
    return next((tag for tag in tags if is_language(tag)), "")


def _byline(page: Page, said: Mapping[str, object]) -> str:
    author = _line(said.get("author")) or page.first("author", "article:author")
    # Open Graph wants a profile's address here, which is no name.
    return "" if author.startswith(("http://", "https://")) else author


def _section(said: Mapping[str, object]) -> str:
    section = said.get("articleSection")
    return _line(section[0] if isinstance(section, list) and section else section)


def _rights(page: Page, said: Mapping[str, object]) -> Rights:
    expires = _line(said.get("expires")) or page.first("article:expiration_time")
    return Rights(
        free=said.get("isAccessibleForFree")
        in (True, "True", "true", "http://schema.org/True", "https://schema.org/True"),
        # A date that ends a right is never guessed at: without a zone it is an error.
        expires_at=instant(expires, name="expires") if expires else None,
        copyright_holder=_line(said.get("copyrightHolder")),
        copyright_notice=_line(said.get("copyrightNotice")) or page.first("copyright"),
    )


def _pictures(page: Page, said: Mapping[str, object]) -> tuple[Picture, ...]:
    stated = said.get("image")
    found = [_picture(each) for each in (stated if isinstance(stated, list) else [stated])]
    pictures = [each for each in found if each is not None]
    href = page.first("og:image:secure_url", "og:image", "og:image:url")
    if not pictures and href.lower().startswith(("https://", "http://")):
        sizes = Fields({"width": page.first("og:image:width"), "height": page.first("og:image:height")})
        alt = page.first("og:image:alt")
        pictures = [Picture(href, alt=alt, width=sizes.size("width"), height=sizes.size("height"))]
    # A list of bare addresses is one picture cut to several shapes, by Google's advice to publishers.
    return tuple(
        pictures[:1]
        if isinstance(stated, list) and not any(isinstance(e, dict) for e in stated)
        else pictures
    )


def _picture(stated: object) -> Picture | None:
    image: Mapping[str, object] = stated if isinstance(stated, dict) else {"url": stated}
    href = _line(image.get("url")) or _line(image.get("contentUrl"))
    if not href.lower().startswith(("https://", "http://")):
        return None
    sizes = Fields({"width": image.get("width"), "height": image.get("height")})
    terms = [_line(image.get("copyrightNotice")), _line(image.get("license"))]
    return Picture(
        href=href,
        caption=_line(image.get("caption")),
        credit=_line(image.get("creditText")) or _line(image.get("author")) or _line(image.get("creator")),
        copyright_holder=_line(image.get("copyrightHolder")),
        usage_terms=" ".join(term for term in terms if term),
        width=sizes.size("width"),
        height=sizes.size("height"),
    )


def _line(value: object, depth: int = 3) -> str:
    """Return what a JSON-LD value says in words: a text, a thing's name, or several of them."""
    if isinstance(value, str):
        return written(value)
    if isinstance(value, dict) and depth:
        return _line(value.get("name") or value.get("@value"), depth - 1)
    if isinstance(value, list) and depth:
        return ", ".join(line for each in value if (line := _line(each, depth - 1)))
    return ""


def _moment(said: Mapping[str, object], name: str) -> datetime | None:
    return _lenient(_line(said.get(name)))


def _lenient(value: str) -> datetime | None:
    """Read a date that only informs; one without time or zone says too little to be kept."""
    try:
        return instant(value, name="date") if value else None
    except StoryFaultError:
        return None
