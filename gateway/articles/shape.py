"""A tree of any markup reshaped into a row of plain blocks, every text inside one of them."""

import re

from gateway.articles.markup import INLINE, Node

TAGS = {
    *("p", "h2", "h3", "h4", "em", "strong", "a", "br", "sup", "sub", "blockquote", "ul", "ol", "li"),
    *("figure", "figcaption", "table", "caption", "thead", "tbody", "tr", "th", "td"),
}

_RENAMED = {"b": "strong", "i": "em", "h1": "h2", "h5": "h4", "h6": "h4", "tfoot": "tbody"}
_TEXTS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "dt", "dd", "pre", "figcaption", "caption"}
_LISTS = {"ul", "ol"}
_ROWS = {"table", "thead", "tbody", "tfoot", "tr"}
_PICTURES = {"img", "picture"}
SPACES = re.compile(r"[ \t\n\r\f]+")
# PostgreSQL keeps no NUL, and no reader sees the others.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")


def flow(holder: Node) -> list[Node]:
    """Make what a holder holds a row of blocks: loose text becomes paragraphs, wrappers fall away."""
    blocks: list[Node] = []
    run: list[Node | str] = []
    for child in holder.children:
        if isinstance(child, str) or (child.tag in INLINE and not holds_blocks(child)):
            run.append(child)
            continue
        blocks += _paragraphs(run)
        run = []
        blocks += _block(child)
    return blocks + _paragraphs(run)


def _block(node: Node) -> list[Node]:
    if node.tag in _PICTURES or (node.tag == "figure" and node.has(_PICTURES)):
        return []
    if node.tag in _TEXTS and not holds_blocks(node):
        inside = _inline(node.children)
        tag = node.tag if node.tag in TAGS and node.tag != "caption" else _RENAMED.get(node.tag, "p")
        return [Node(tag, node.attributes, inside)] if inside else []
    made: list[Node]
    if node.tag in _LISTS:
        made = _items(node)
    elif node.tag == "table":
        made = _rows(node)
    elif node.tag in {"blockquote", "figure"}:
        made = flow(node)
    else:
        return flow(node)
    return [Node(node.tag, node.attributes, [*made])] if made else []


def _items(node: Node) -> list[Node]:
    items = []
    for child in node.children:
        if isinstance(child, str):
            child = Node("li", children=[child])  # noqa: PLW2901  # A loose word in a list is an item of it.
        if child.tag == "li":
            items += _cell(child)
        else:
            items += _cell(Node("li", children=[child]))
    return items


def _rows(node: Node) -> list[Node]:
    made: list[Node] = []
    for child in node.children:
        if isinstance(child, str):
            continue
        if child.tag in _ROWS and child.tag != "table":
            inside = _rows(child)
            made += [Node(_RENAMED.get(child.tag, child.tag), child.attributes, [*inside])] if inside else []
        elif child.tag in {"td", "th"}:
            # An empty cell stays: without it the row's other cells would stand in the wrong columns.
            made += _cell(child) or [Node(child.tag, child.attributes)]
        elif child.tag == "caption":
            made += _cell(child)
    return made if any(row.text() for row in made) else []


def _cell(node: Node) -> list[Node]:
    inside: list[Node | str] = [*flow(node)] if holds_blocks(node) else _inline(node.children)
    return [Node(node.tag, node.attributes, inside)] if inside else []


def _paragraphs(run: list[Node | str]) -> list[Node]:
    """Part a run of text at two line breaks in a row, as agencies write paragraphs, and wrap each part."""
    parts: list[list[Node | str]] = [[]]
    breaks = 0
    for child in run:
        if isinstance(child, Node) and child.tag == "br":
            breaks += 1
        elif not isinstance(child, str) or child.strip():
            breaks = 0
        if breaks >= 2:
            parts.append([])
        else:
            parts[-1].append(child)
    return [Node("p", children=inside) for part in parts if (inside := _inline(part))]


def _inline(children: list[Node | str]) -> list[Node | str]:
    """Make what a text block holds words and inline elements only, without spaces or breaks at its ends."""
    made = _join(_words(children))
    while made and _is_blank(made[-1]):
        made.pop()
    while made and _is_blank(made[0]):
        made.pop(0)
    if made and isinstance(made[0], str):
        made[0] = made[0].lstrip(" ")
    if made and isinstance(made[-1], str):
        made[-1] = made[-1].rstrip(" ")
    return made


def _words(children: list[Node | str]) -> list[Node | str]:
    made: list[Node | str] = []
    for child in children:
        if isinstance(child, str):
            made.append(_CONTROLS.sub("", child))
        elif child.tag == "br":
            made.append(Node("br"))
        elif child.tag not in _PICTURES:
            inside = _join(_words(child.children))
            tag = _RENAMED.get(child.tag, child.tag)
            bare = tag not in TAGS or (tag == "a" and not _is_web_address(child.attributes.get("href", "")))
            if bare:
                made += inside
            elif any(not _is_blank(each) for each in inside):
                made.append(Node(tag, child.attributes, inside))
            else:
                made.append(" ")
    return made


def _join(children: list[Node | str]) -> list[Node | str]:
    made: list[Node | str] = []
    for child in children:
        if isinstance(child, str) and made and isinstance(made[-1], str):
            made[-1] += child
        else:
            made.append(child)
    spaced = [SPACES.sub(" ", each) if isinstance(each, str) else each for each in made]
    return [each for each in spaced if each != ""]


def _is_blank(child: Node | str) -> bool:
    return not child.strip() if isinstance(child, str) else child.tag == "br" or not child.text()


def holds_blocks(node: Node) -> bool:
    return any(
        below.tag not in INLINE and below.tag not in _PICTURES for below in node.walk() if below is not node
    )


def _is_web_address(href: str) -> bool:
    return href.lower().startswith(("http://", "https://"))
