"""Markup as a small tree: what nh3 has already made well-formed, so that it can be looked at and reshaped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

import nh3

from gateway.articles.story import StoryFaultError

# nh3's own cost grows with the square of the depth and more: 26 s were measured for 100,000 blocks in one another,
# 128 s for 40,000 formatting elements. So elements and those left open are bounded before it looks, and the depth
# after; real articles stay below 30 levels.
MAX_ELEMENTS = 40_000
MAX_LEFT_OPEN = 1_000
MAX_DEPTH = 100
MAX_CHARACTERS = 4_000_000

INLINE = {"a", "b", "bdi", "bdo", "br", "em", "i", "strong", "sub", "sup", "span"}
BLOCKS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li", "dl", "dt", "dd", "pre"}
TABLES = {"table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th"}
FIGURES = {"figure", "figcaption", "img", "picture"}
SECTIONS = {
    "article",
    "section",
    "main",
    "div",
    "header",
    "footer",
    "nav",
    "aside",
    "form",
    "address",
    "details",
}
# Their content is no text of an article, whoever wrote it.
SILENT = {
    *(
        "script",
        "style",
        "template",
        "noscript",
        "noembed",
        "noframes",
        "iframe",
        "object",
        "audio",
        "video",
        "canvas",
    ),
    *(
        "svg",
        "math",
        "head",
        "title",
        "select",
        "textarea",
        "button",
        "datalist",
        "dialog",
        "xmp",
        "plaintext",
    ),
}
_VOID = {"br", "img", "hr", "input", "meta", "link", "source", "wbr", "area", "base", "col", "embed", "track"}
_TAG = re.compile("<(/?)([A-Za-z][A-Za-z0-9]*)")
# The next one of these ends the one before, so one without an end tag nests nothing.
_SELF_ENDING = {"p", "li", "dt", "dd", "td", "th", "tr", "option", "thead", "tbody", "tfoot"}
_ATTRIBUTES = {
    "*": {"lang", "dir", "class", "itemprop"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}


@dataclass(slots=True)
class Node:
    """An element with its children, which are elements and strings; the root's tag is empty."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        """Yield this element and every element below it, in the order of the text."""
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.walk()

    def text(self) -> str:
        """Return the text below this element as one run, spaces collapsed."""
        return " ".join("".join(_strings(self)).split())

    def has(self, tags: set[str]) -> bool:
        """Say whether an element of one of these tags stands below this one."""
        return any(node.tag in tags for node in self.walk() if node is not self)

    def render(self) -> str:
        """Write the element as HTML; the root writes only its children."""
        inside = "".join(escape(c, quote=False) if isinstance(c, str) else c.render() for c in self.children)
        if not self.tag:
            return inside
        attributes = "".join(f' {name}="{escape(value)}"' for name, value in self.attributes.items())
        return f"<{self.tag}{attributes}>" + ("" if self.tag in _VOID else f"{inside}</{self.tag}>")


def parse(markup: str) -> Node:
    """Parse a page or a piece of one into a tree without scripts, styles, forms' fields and comments.

    Raises StoryFaultError where it is too long or nested too deep to be an article.
    """
    check_bounds(markup)
    well_formed = nh3.clean(
        # A half of a surrogate pair, which JSON can spell, is no character and cannot be written anywhere.
        markup.encode("utf-8", "replace").decode(),
        tags=INLINE | BLOCKS | TABLES | FIGURES | SECTIONS,
        clean_content_tags=SILENT,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https"},
        link_rel=None,
    )
    builder = _Builder()
    builder.feed(well_formed)
    builder.close()
    return builder.root


def check_bounds(markup: str) -> None:
    """Bound what nh3 is given, so that no file takes minutes; raises StoryFaultError past the bounds."""
    if len(markup) > MAX_CHARACTERS:
        raise StoryFaultError(
            f"the text has {len(markup):,} characters of markup; want at most {MAX_CHARACTERS:,}"
        )
    started = 0
    left_open: Counter[str] = Counter()
    for end, name in _TAG.findall(markup):
        tag = name.lower()
        if tag in _VOID or tag in _SELF_ENDING:
            continue
        if end:
            left_open[tag] = max(0, left_open[tag] - 1)
            continue
        started += 1
        left_open[tag] += 1
        if started > MAX_ELEMENTS:
            raise StoryFaultError(
                f"the markup has more than {MAX_ELEMENTS:,} elements; want an article's HTML"
            )
        if left_open[tag] > MAX_LEFT_OPEN:
            raise StoryFaultError(
                f"the markup leaves more than {MAX_LEFT_OPEN:,} <{tag}> open; want an article's HTML"
            )


def _strings(node: Node) -> Iterator[str]:
    for child in node.children:
        if isinstance(child, str):
            yield child
        elif child.tag == "br":
            yield " "
        else:
            yield from _strings(child)
            yield "" if child.tag in INLINE else " "


class _Builder(HTMLParser):
    """Build the tree from well-formed markup; only such markup comes here."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Node("")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in _VOID:
            self._open.append(node)
        if len(self._open) > MAX_DEPTH:
            raise StoryFaultError(
                f"the markup nests more than {MAX_DEPTH} elements deep; want an article's HTML"
            )

    def handle_endtag(self, tag: str) -> None:
        if len(self._open) > 1 and self._open[-1].tag == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)
