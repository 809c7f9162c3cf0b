"""An article's body made safe and plain: a few tags, no pictures, no scripts, every text inside a block."""

import re
from html import escape

import nh3

from gateway.articles.markup import INLINE, Node, parse
from gateway.articles.shape import SPACES, TAGS, flow, holds_blocks

# An opening is a taste: of a text that is one long paragraph it must not give all away.
OPENING_LIMIT = 600

_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_SPAN = re.compile(r"[1-9][0-9]?")


def sanitise(markup: str) -> str:
    """Make any markup a body that is safe to show; doing it twice changes nothing more.

    Raises StoryFaultError where the markup is too long or too deep.
    """
    return tidy(parse(markup))


def tidy(root: Node) -> str:
    """Write a tree as a safe body; nh3 has the last word on every tag, attribute and address."""
    body = Node("", children=[*flow(root)]).render()
    return nh3.clean(
        body,
        tags=TAGS,
        attributes={
            "*": {"lang", "dir"},
            "a": {"href"},
            "td": {"colspan", "rowspan"},
            "th": {"colspan", "rowspan", "scope"},
        },
        attribute_filter=_kept,
        url_schemes={"http", "https"},
        url_relative="deny",
        link_rel="noopener noreferrer",
    )


def from_text(text: str) -> str:
    """Make plain text a body: an empty line parts paragraphs, or each line where no line is empty."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    parts = re.split(r"\n\s*\n", lines) if re.search(r"\n\s*\n", lines) else lines.split("\n")
    return sanitise("".join(f"<p>{escape(part, quote=False)}</p>" for part in parts))


def plain_text(body_html: str) -> str:
    """Return the text of a body as a reader would copy it: an empty line between blocks."""
    return "\n\n".join(_lines(leaf) for leaf in _leaves(parse(body_html)))


def characters(body_html: str) -> int:
    """Count the characters of a body's plain text, in Unicode code points."""
    return len(plain_text(body_html))


def first_paragraph(body_html: str) -> str:
    """Return the opening that everybody may read, as one safe paragraph.

    It has at most 600 characters and at most half of the whole text; where the paragraph goes on, it ends in "…".
    """
    leaves = _leaves(parse(body_html))
    if not leaves:
        return ""
    opening = next((leaf for leaf in leaves if leaf.tag == "p"), leaves[0])
    text = opening.text()
    limit = min(OPENING_LIMIT, len(plain_text(body_html)) // 2)
    if len(text) <= limit:
        return tidy(Node("", children=[Node("p", opening.attributes, opening.children)]))
    return f"<p>{escape(_cut(text, limit), quote=False)}…</p>"


def _cut(text: str, limit: int) -> str:
    head = text[:limit]
    space = head.rfind(" ")
    # Chinese and Japanese have no spaces to cut at; a space far back would cost most of the opening.
    return (head[:space] if space > limit // 2 else head).rstrip(" ,;:–—-")


def _leaves(root: Node) -> list[Node]:
    blocks = Node("", children=[*flow(root)])
    return [node for node in blocks.walk() if node.tag and node.tag not in INLINE and _is_leaf(node)]


def _is_leaf(node: Node) -> bool:
    return not holds_blocks(node) and bool(node.text())


def _lines(leaf: Node) -> str:
    parts: list[str] = []
    _gather(leaf, parts)
    return "\n".join(" ".join(line.split()) for line in "".join(parts).split("\n")).strip()


def _gather(node: Node, parts: list[str]) -> None:
    for child in node.children:
        if isinstance(child, str):
            parts.append(SPACES.sub(" ", child))
        elif child.tag == "br":
            parts.append("\n")
        else:
            _gather(child, parts)


def _kept(_tag: str, name: str, value: str) -> str | None:
    if name == "lang":
        return value if _LANGUAGE.fullmatch(value) else None
    if name == "dir":
        return value if value in {"ltr", "rtl", "auto"} else None
    if name in {"colspan", "rowspan"}:
        return value if _SPAN.fullmatch(value) else None
    if name == "scope":
        return value if value in {"row", "col"} else None
    return value
