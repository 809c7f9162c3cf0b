"""Whole pages that are alike but for a few places: drawn once for each set of facts, filled for each answer."""

import re
import secrets
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from flask import Flask, current_app, request
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

from gateway.web import asking, headers
from gateway.web.languages import language_links
from gateway.web.showing import ShownPerson, shown_person, shown_policy
from gateway.web.speech import LANGUAGES, Speech, spoken
from gateway.web.state import itself

EXTENSION: Final = "gateway-pages"
KEPT: Final = 512

# Drawn anew by each process, so that no article's text can be taken for a place; and of letters which neither markup
# nor an address spells otherwise.
_MARK: Final = f"place-{secrets.token_hex(8)}-"
_PLACE: Final = re.compile(f"{_MARK}([a-z_]+)-")

# Nothing in the pages may ask for what belongs to one request only; a template that did would find these.
_NOTHING: Final = dict.fromkeys(("request", "session", "g", "config"))

Places = Mapping[str, object]


@cache
def place(name: str) -> Markup:
    """Stand for what is filled in later; templates write it, and may ask only whether there is something."""
    return Markup(f"{_MARK}{name}-")  # noqa: S704  # Letters of ours.


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A page as drawn, in UTF-8: its pieces, every other of them empty for the place of `gaps` that goes there.

    `names` are the places that it has, each once.
    """

    pieces: tuple[bytes, ...]
    gaps: tuple[str, ...]
    names: tuple[str, ...]

    def filled(self, known: Places) -> bytes:
        """Fill the places; each is written once, however often the page has it."""
        written = {name: _written(known[name]) for name in self.names}
        pieces = list(self.pieces)
        pieces[1::2] = [written[name] for name in self.gaps]
        return b"".join(pieces)


def install(app: Flask) -> None:
    """Keep the pages of `app` that `page` draws."""
    environment = app.jinja_env
    apart = {"csp_nonce": place("csp_nonce"), "csrf_token": _csrf_token, "language_links": _links}

    # The language is spoken while a page is drawn and stands in its key; `root` is in the addresses it writes.
    @lru_cache(KEPT)
    def drawn(name: str, facts: tuple[tuple[str, Hashable], ...], _speech: Speech, _root: str) -> _Drawn:
        pieces = _PLACE.split(environment.get_template(name).render(facts, **apart, **_NOTHING))
        gaps = tuple(pieces[1::2])
        texts = (piece.encode() if at % 2 == 0 else b"" for at, piece in enumerate(pieces))
        return _Drawn(tuple(texts), gaps, tuple(dict.fromkeys(gaps)))

    app.extensions[EXTENSION] = drawn


def page(name: str, places: Places, /, **facts: Hashable) -> bytes:
    """Draw a page by its facts, or take it as drawn before, and fill its places for this answer; in UTF-8.

    A page sees its facts, the policy, the language and whether somebody is signed in; all that is a person's,
    a gift's or this answer's own comes by places, so what was drawn for one can be filled for another. A place
    is escaped unless it is markup, and one that is a function is asked only where the page has it.
    """
    person = shown_person(asking.account())
    facts |= {"policy": shown_policy(), "person": None if person is None else _anybody(person.role)}
    drawn = itself(current_app).extensions[EXTENSION]
    found: _Drawn = drawn(name, tuple(facts.items()), spoken(), itself(request).script_root)
    return found.filled({**_always(person), **places})


def _always(person: ShownPerson | None) -> dict[str, object]:
    always: dict[str, object] = {"csp_nonce": headers.nonce, "csrf_token": generate_csrf}
    for code, _, address in language_links():
        always[f"link_{code}"] = address
    if person is not None:
        always |= {"person_name": person.name, "person_email": person.email, "plan_label": person.plan_label}
    return always


@lru_cache(8)
def _anybody(role: str) -> ShownPerson:
    return ShownPerson(0, place("person_name"), place("person_email"), role, place("plan_label"))


def _links() -> tuple[tuple[str, str, Markup], ...]:
    return tuple((code, name, place(f"link_{code}")) for code, name in LANGUAGES.items())


def _csrf_token() -> Markup:
    return place("csrf_token")


def _written(value: object) -> bytes:
    if callable(value):
        value = value()
    # Markup is as it is to be written, and `escape` would copy it.
    return (value if isinstance(value, Markup) else escape(value)).encode()
