"""The article inside a page's markup: found by what the page says of itself, without the page's furniture."""

from collections.abc import Iterable

from gateway.articles.markup import Node, parse
from gateway.articles.sanitise import tidy

# By schema.org's property, by the h-entry microformat, and by the class names of agencies and common systems.
_BODY_CLASSES = {
    *(
        "e-content",
        "entry-content",
        "post-content",
        "article-body",
        "article__body",
        "article-content",
        "bodytext",
    ),
    "articlebody",
}
_FURNITURE = {"nav", "aside", "footer", "header", "form"}


def article_body(markup: str, *, headline: str) -> str:
    """Return the sanitised body that a piece of markup holds, without its headline; "" where it holds no text.

    Where the markup is a whole page or article, only the element that says it is the body is taken.
    Raises StoryFaultError where the markup is too long or too deep.
    """
    root = parse(markup)
    return _written(_marked(root) or root, headline)


def page_body(markup: str, *, headline: str) -> str:
    """Return the sanitised body of a whole page; "" where no element says that it is the article.

    Raises StoryFaultError where the markup is too long or too deep.
    """
    root = parse(markup)
    found = _marked(root) or _largest(node for node in root.walk() if node.tag == "article")
    return "" if found is None else _written(found, headline)


def _marked(root: Node) -> Node | None:
    by_property = [
        node for node in root.walk() if "articlebody" in node.attributes.get("itemprop", "").lower().split()
    ]
    by_class = (
        node for node in root.walk() if _BODY_CLASSES & {*node.attributes.get("class", "").lower().split()}
    )
    return _largest(by_property) or _largest(by_class)


def _largest(nodes: Iterable[Node]) -> Node | None:
    """Choose the element with most text: beside the article a page holds teasers of others."""
    found = max(nodes, key=lambda node: len(node.text()), default=None)
    return found if found is not None and found.text() else None


def _written(body: Node, headline: str) -> str:
    said = " ".join(headline.split()).casefold()
    _strip(body, said)
    return tidy(Node("", children=[body] if body.tag else body.children))


def _strip(node: Node, headline: str) -> None:
    kept: list[Node | str] = []
    for child in node.children:
        if isinstance(child, Node):
            repeats = child.tag in {"h1", "h2"} and child.text().casefold() == headline
            if child.tag in _FURNITURE or repeats:
                continue
            _strip(child, headline)
        kept.append(child)
    node.children = kept
