"""Parts of pages that are alike in many answers: drawn once for each set of facts, then kept."""

from collections.abc import Hashable
from functools import lru_cache
from typing import Final

from flask import Flask, current_app, request
from markupsafe import Markup

from gateway.web.speech import Speech, spoken

EXTENSION: Final = "gateway-parts"
# A front page's articles in two languages many times over; the largest of them have some ten thousand characters.
KEPT: Final = 1024


def install(app: Flask) -> None:
    """Give the templates of `app` the function `part(name, **facts)`.

    A part sees its facts, the language and the zone, and nothing else of the page, so that what was drawn for one
    person can never be shown to another. It raises TypeError for a fact that cannot be a key.
    """
    environment = app.jinja_env

    # The language is spoken while a part is drawn and stands in its key; `root` is in the addresses it writes.
    @lru_cache(KEPT)
    def drawn(name: str, facts: tuple[tuple[str, Hashable], ...], _speech: Speech, _root: str) -> Markup:
        return Markup(environment.get_template(name).render(facts))  # noqa: S704  # The template has escaped it.

    def part(name: str, /, **facts: Hashable) -> Markup:
        return drawn(name, tuple(facts.items()), spoken(), request.script_root)

    environment.globals["part"] = app.extensions[EXTENSION] = part


def part(name: str, /, **facts: Hashable) -> Markup:
    """Draw a part for a view, as the templates' own `part` does."""
    drawn: Markup = current_app.extensions[EXTENSION](name, **facts)
    return drawn
