"""The language of an app's pages: chosen per request, remembered by a cookie, spoken by the templates."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from flask import Flask, Response, request
from jinja2 import Environment
from markupsafe import Markup

from gateway.web import telling
from gateway.web.speech import LANGUAGES, Speech, choose, load, speak, spoken
from gateway.web.state import itself

COOKIE: Final = "lang"
COOKIE_SECONDS: Final = 365 * 24 * 3600


# The three functions below take the place of Jinja's own "newstyle" ones, which build and fill a Markup at each call,
# a third of the time that a page takes. They keep its promise: what is filled in is escaped, unless it is Markup.


@lru_cache(maxsize=4096)
def _sentence(translations: NullTranslations, context: str | None, message: str) -> Markup:
    found = translations.gettext(message) if context is None else translations.pgettext(context, message)
    return Markup(found)  # noqa: S704  # Sentences are ours: from the templates and the catalogues.


def gettext(message: str, **values: object) -> Markup:
    """Translate one sentence and fill its places."""
    found = _sentence(spoken().translations, None, message)
    return found % values if values else found


def pgettext(context: str, message: str, **values: object) -> Markup:
    """Translate one sentence that means different things in different contexts, and fill its places."""
    found = _sentence(spoken().translations, context, message)
    return found % values if values else found


def ngettext(singular: str, plural: str, number: int, **values: object) -> Markup:
    """Translate one sentence that counts something, and fill its places."""
    found = Markup(spoken().translations.ngettext(singular, plural, number))  # noqa: S704  # Ours, as above.
    return found % values if values else found


_PLAIN_LINKS: Final = tuple((code, name, f"?{COOKIE}={code}") for code, name in LANGUAGES.items())


def language_links() -> tuple[tuple[str, str, str], ...]:
    """List code, own name and address of this page in each language, other parameters kept.

    The address is relative, so that a gift link's token is never written into a page by this switch.
    """
    if not request.args:
        return _PLAIN_LINKS
    kept = [(key, value) for key, value in request.args.items(multi=True) if key != COOKIE]
    return tuple((code, name, "?" + urlencode([*kept, (COOKIE, code)])) for code, name in LANGUAGES.items())


def prepare(environment: Environment) -> None:
    """Give a Jinja environment its translations, its filters for times and numbers, and `spoken`."""
    environment.filters |= {
        "moment": telling.moment, "stamp": telling.stamp, "day": telling.day, "long_day": telling.long_day,
        "month": telling.month, "number": telling.number, "date": telling.calendar_day,
        "percent": telling.percent,
    }  # fmt: skip
    environment.globals |= {
        "_": gettext, "gettext": gettext, "ngettext": ngettext, "pgettext": pgettext,
        "spoken": spoken, "language_links": language_links, "zone_name": telling.zone_name,
    }  # fmt: skip


def install(app: Flask, *, folder: Path, zone: Callable[[], str], secure_cookies: bool = True) -> None:
    """Speak every request's language in `app`, tell times in `zone()`, and remember a choice made by `?lang=`.

    `zone` is asked at each request, since a new policy version may name another. Raises FileNotFoundError
    where a language's catalogue is missing from `folder`.
    """
    catalogues = load(folder)
    prepare(app.jinja_env)

    @app.before_request
    def speak_their_language() -> None:
        asked = itself(request)
        accepted = asked.environ.get("HTTP_ACCEPT_LANGUAGE", "")
        language = choose(_named(asked.args)[:8], _named(asked.cookies)[:8], accepted[:200])
        speak(Speech(language, catalogues[language], zone()))

    @app.after_request
    def name_the_language(response: Response) -> Response:
        if (response.content_type or "").startswith("text/html"):
            response.headers.add("Content-Language", spoken().language)
            response.headers.add("Vary", "Accept-Language, Cookie")
        wish = _named(itself(request).args)
        if wish in LANGUAGES:
            response.set_cookie(
                COOKIE, wish, max_age=COOKIE_SECONDS, secure=secure_cookies, httponly=True, samesite="Lax"
            )
        return response


def _named(said: Mapping[str, str]) -> str:
    # Looking first: to ask werkzeug for what is absent costs several times as much.
    if COOKIE not in said:
        return ""
    return said[COOKIE]
