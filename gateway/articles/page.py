"""What a web page says of itself: its meta elements, links, language and JSON-LD, gathered in one pass."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

import nh3

from gateway.articles.fields import load_json, written
from gateway.articles.markup import check_bounds
from gateway.articles.story import StoryFaultError

# Browsers write this into a page that they save.
_SAVED_FROM = re.compile(r"<!-- saved from url=\(\d+\)(https?://\S+)")
_BEGINNING = 2_000
_LANGUAGE = re.compile(r"""<html\b[^<>]{0,500}?\slang\s*=\s*["']?([A-Za-z0-9_-]{2,35})""", re.IGNORECASE)


@dataclass(slots=True)
class Page:
    """What was found; `meta` holds the first content for each name or property, in small letters."""

    language: str = ""
    canonical: str = ""
    saved_from: str = ""
    meta: dict[str, str] = field(default_factory=dict)
    linked_data: list[str] = field(default_factory=list)

    def first(self, *names: str) -> str:
        """Return the first of these meta elements that says anything, as one line."""
        return next((line for name in names if (line := written(self.meta.get(name, "")))), "")

    def article(self) -> Mapping[str, object]:
        """Return the first JSON-LD object that is an article of any kind; empty where there is none.

        A block that is no JSON is passed over: pages often carry several, some broken, and none is the page's text.
        """
        for block in self.linked_data:
            try:
                value = load_json(block)
            except StoryFaultError:
                continue
            for item in _objects(value):
                if _is_article(item.get("@type")):
                    return item
        return {}


def read_page(markup: str) -> Page:
    """Gather what a page says of itself; raises StoryFaultError where it is too long or too deep."""
    check_bounds(markup)
    language = _LANGUAGE.search(markup)
    saved_from = _SAVED_FROM.search(markup[:_BEGINNING])
    reader = _Reader()
    reader.page.language = written(language[1]) if language else ""
    reader.page.saved_from = saved_from[1] if saved_from else ""
    reader.feed(_well_formed(markup))
    reader.close()
    return reader.page


def _well_formed(markup: str) -> str:
    """Keep only what speaks of the page, as nh3 writes it.

    The standard library's parser alone needs 39 s for 20,000 tags without an end; nh3's does not.
    """
    return nh3.clean(
        markup.encode("utf-8", "replace").decode(),
        tags={"meta", "link", "script"},
        clean_content_tags={"style", "title", "textarea", "svg", "math", "noscript", "template"},
        attributes={
            "meta": {"name", "property", "itemprop", "content"},
            "link": {"rel", "href"},
            "script": {"type"},
        },
        link_rel=None,
    )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._block: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "meta":
            name = (values.get("property") or values.get("name") or values.get("itemprop") or "").lower()
            if name and values.get("content"):
                self.page.meta.setdefault(name, values["content"])
        elif tag == "link" and "canonical" in values.get("rel", "").lower().split():
            self.page.canonical = self.page.canonical or written(values.get("href", ""))
        elif (
            tag == "script" and values.get("type", "").lower().split(";")[0].strip() == "application/ld+json"
        ):
            self._block = []

    def handle_data(self, data: str) -> None:
        if self._block is not None:
            self._block.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._block is not None:
            self.page.linked_data.append("".join(self._block))
            self._block = None


def _objects(value: object) -> Iterator[Mapping[str, object]]:
    if isinstance(value, list):
        for each in value:
            if isinstance(each, dict):
                yield each
    elif isinstance(value, dict):
        yield value
        graph = value.get("@graph")
        if isinstance(graph, list):
            yield from (each for each in graph if isinstance(each, dict))


def _is_article(kind: object) -> bool:
    kinds = kind if isinstance(kind, list) else [kind]
    return any(isinstance(each, str) and each.endswith(("Article", "BlogPosting")) for each in kinds)
