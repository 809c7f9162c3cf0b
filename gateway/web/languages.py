"""The page's language: chosen per request, held in a context variable, spoken by templates, dates and numbers."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from flask import Flask, Response, request
from jinja2 import Environment
from markupsafe import Markup, escape
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "de": "Deutsch"}
SOURCE: Final = "en"
COOKIE: Final = "lang"
COOKIE_SECONDS: Final = 365 * 24 * 3600

# British forms for English: the gateway speaks of days before months, and of hours up to 24.
LOCALES: Final[Mapping[str, str]] = {"en": "en_GB", "de": "de_DE"}
MOMENT: Final[Mapping[str, str]] = {
    "en": "d MMMM y 'at' HH:mm '('zzzz')'",
    "de": "d. MMMM y 'um' HH:mm 'Uhr' '('zzzz')'",
}
DAY: Final[Mapping[str, str]] = {"en": "d MMMM y", "de": "d. MMMM y"}
LONG_DAY: Final[Mapping[str, str]] = {"en": "EEEE d MMMM y", "de": "EEEE, d. MMMM y"}
STAMP: Final[Mapping[str, str]] = {"en": "d MMM y, HH:mm:ss", "de": "dd.MM.y, HH:mm:ss"}
MONTH: Final[Mapping[str, str]] = {"en": "MMMM y", "de": "MMMM y"}


@dataclass(frozen=True, slots=True)
class Speech:
    """One language and the zone in which its times are told."""

    language: str
    translations: NullTranslations
    zone: str


# Outside a request, as in the command line, the source text is spoken and times are told in UTC.
PLAIN: Final = Speech(SOURCE, NullTranslations(), "UTC")
_speech: ContextVar[Speech] = ContextVar("speech", default=PLAIN)


@dataclass(frozen=True, slots=True)
class Lazy:
    """A sentence of the source text that is translated when it is written out, not when it is imported."""

    message: str

    def __str__(self) -> str:
        """Return the sentence in the language being spoken."""
        return _speech.get().translations.gettext(self.message)

    def __html__(self) -> str:
        """Return the sentence escaped, so that templates print it as text."""
        return str(escape(str(self)))

    def __mod__(self, values: Mapping[str, object]) -> Markup:
        """Fill the sentence's named places; values that are not markup are escaped."""
        return Markup(self.__html__()) % values  # noqa: S704  # Escaped by `__html__`.


def load(folder: Path) -> dict[str, NullTranslations]:
    """Read every language's `.po` file under `folder`; raise FileNotFoundError where one is missing.

    The catalogue is compiled in memory, so no built file can lag behind its source.
    """
    catalogues: dict[str, NullTranslations] = {SOURCE: NullTranslations()}
    for language in LANGUAGES:
        if language == SOURCE:
            continue
        with (folder / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
            catalogue = read_po(file, locale=language)
        compiled = BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        catalogues[language] = GNUTranslations(compiled)
    return catalogues


@lru_cache(maxsize=1024)
def choose(wish: str, remembered: str, accepted: str) -> str:
    """Choose the language: the wish in the address, else the cookie's, else the best of `Accept-Language`."""
    for named in (wish, remembered):
        if named in LANGUAGES:
            return named
    best = parse_accept_header(accepted, LanguageAccept).best_match(LANGUAGES, default=SOURCE)
    return best or SOURCE


def speak(speech: Speech) -> None:
    """Speak this language in this zone until told otherwise, in the running request or thread."""
    _speech.set(speech)


def spoken() -> Speech:
    """Return the language being spoken and its zone."""
    return _speech.get()


def gettext(message: str) -> str:
    """Translate one message."""
    return _speech.get().translations.gettext(message)


def ngettext(singular: str, plural: str, number: int) -> str:
    """Translate one message that counts something."""
    return _speech.get().translations.ngettext(singular, plural, number)


def pgettext(context: str, message: str) -> str:
    """Translate one message that means different things in different contexts."""
    return _speech.get().translations.pgettext(context, message)


def npgettext(context: str, singular: str, plural: str, number: int) -> str:
    """Translate one counting message that means different things in different contexts."""
    return _speech.get().translations.npgettext(context, singular, plural, number)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=4096)
def _time_element(value: datetime, pattern: str, language: str, zone: str, *, short_zone: bool) -> Markup:
    local = value.astimezone(_zone(zone))
    text = format_datetime(local, pattern, tzinfo=_zone(zone), locale=LOCALES[language])
    if short_zone:
        name = local.tzname() or ""
        text = f"{text} UTC{name}" if name[:1] in "+-" else f"{text} {name}"
    machine = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Markup('<time datetime="{}">{}</time>').format(machine, text)


def moment(value: datetime, zone: str | None = None) -> Markup:
    """Write an instant in full, to the minute, with the name of its zone, as a `time` element."""
    now = _speech.get()
    return _time_element(value, MOMENT[now.language], now.language, zone or now.zone, short_zone=False)


def stamp(value: datetime, zone: str | None = None) -> Markup:
    """Write an instant briefly, to the second, with the zone's abbreviation, for lists and logs."""
    now = _speech.get()
    return _time_element(value, STAMP[now.language], now.language, zone or now.zone, short_zone=True)


def day(value: datetime, zone: str | None = None) -> Markup:
    """Write the day of an instant in the publisher's zone; every page names that zone in its footer."""
    now = _speech.get()
    return _time_element(value, DAY[now.language], now.language, zone or now.zone, short_zone=False)


def long_day(value: datetime, zone: str | None = None) -> Markup:
    """Write the day of an instant with its weekday, for the front page."""
    now = _speech.get()
    return _time_element(value, LONG_DAY[now.language], now.language, zone or now.zone, short_zone=False)


@lru_cache(maxsize=512)
def _month(value: date, language: str) -> str:
    return format_date(value, MONTH[language], locale=LOCALES[language])


def month(value: date) -> str:
    """Write a calendar month by its first day."""
    return _month(value, _speech.get().language)


@lru_cache(maxsize=4096)
def _number(value: int, language: str) -> str:
    return format_decimal(value, locale=LOCALES[language])


def number(value: int) -> str:
    """Write a whole number with the language's separators."""
    return _number(value, _speech.get().language)


def zone_name(zone: str | None = None) -> str:
    """Name a zone as people read it: `Europe/London`, with the underscores of its identifier as spaces."""
    return (zone or _speech.get().zone).replace("_", " ")


def language_links() -> list[tuple[str, str, str]]:
    """List code, own name and address of this page in each language, other parameters kept.

    The address is relative, so that a gift link's token is never written into a page by this switch.
    """
    kept = [(key, value) for key, value in request.args.items(multi=True) if key != COOKIE]
    return [(code, name, "?" + urlencode([*kept, (COOKIE, code)])) for code, name in LANGUAGES.items()]


def prepare(environment: Environment) -> None:
    """Give a Jinja environment its translations, its filters for times and numbers, and `spoken`."""
    environment.add_extension("jinja2.ext.i18n")
    extended: Any = environment  # The i18n extension adds this method to the environment at run time.
    extended.install_gettext_callables(
        gettext, ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.filters |= {
        "moment": moment, "stamp": stamp, "day": day, "long_day": long_day,
        "month": month, "number": number,
    }  # fmt: skip
    environment.globals |= {"spoken": spoken, "language_links": language_links, "zone_name": zone_name}


def install(app: Flask, *, folder: Path, zone: Callable[[], str], secure_cookies: bool = True) -> None:
    """Speak every request's language in `app`, tell times in `zone()`, and remember a choice made by `?lang=`.

    `zone` is asked at each request, since a new policy version may name another. Raises FileNotFoundError
    where a language's catalogue is missing from `folder`.
    """
    catalogues = load(folder)
    prepare(app.jinja_env)

    @app.before_request
    def speak_their_language() -> None:
        wish = request.args.get(COOKIE, "")
        accepted = request.headers.get("Accept-Language", "")
        language = choose(wish[:8], request.cookies.get(COOKIE, "")[:8], accepted[:200])
        speak(Speech(language, catalogues[language], zone()))

    @app.after_request
    def name_the_language(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.headers["Content-Language"] = _speech.get().language
            response.vary.update(("Accept-Language", "Cookie"))
        wish = request.args.get(COOKIE, "")
        if wish in LANGUAGES:
            response.set_cookie(
                COOKIE, wish, max_age=COOKIE_SECONDS, secure=secure_cookies, httponly=True, samesite="Lax"
            )
        return response
