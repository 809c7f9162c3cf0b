"""The language being spoken: read from its catalogue, chosen for a request, held in a context variable."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from markupsafe import Markup, escape
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "de": "Deutsch"}
SOURCE: Final = "en"


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
