"""Find every sentence that people are shown, and bring the catalogues up to date with them.

`python -m tests.catalogues` rewrites the template and each language's file; sentences that are gone are dropped,
new ones are written without a translation, which tests/test_languages.py then names.
"""

from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from gateway.web.speech import LANGUAGES, SOURCE

ROOT = Path(__file__).parents[1]
CATALOGUES = ROOT / "gateway" / "translations"
METHODS = [("gateway/**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {"templates/**.html": {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}}
HEADER = [
    ("Project-Id-Version", "gateway"),
    ("MIME-Version", "1.0"),
    ("Content-Type", "text/plain; charset=utf-8"),
]


def sentences() -> Catalog:
    """Collect the messages of all code and templates, without where they stand."""
    found = _empty(None)
    for folder in ("gateway", "templates"):
        for name, _line, message, _comments, context in _extracted(folder):
            assert name
            found.add(message, context=context)
    return found


def _extracted(folder: str) -> Iterator[tuple[str, int, str | tuple[str, ...], list[str], str | None]]:
    methods = [
        (pattern.removeprefix(f"{folder}/"), how) for pattern, how in METHODS if pattern.startswith(folder)
    ]
    options = {pattern.removeprefix(f"{folder}/"): chosen for pattern, chosen in OPTIONS.items()}
    yield from extract_from_dir(ROOT / folder, method_map=methods, options_map=options)


def translations(language: str) -> Catalog:
    """Read one language's file."""
    with _file_of(language).open("rb") as file:
        return read_po(file, locale=language)


def _empty(language: str | None) -> Catalog:
    return Catalog(locale=language, header_comment="# Sentences of the gateway.", fuzzy=False)


def _file_of(language: str) -> Path:
    return CATALOGUES / language / "LC_MESSAGES" / "messages.po"


def write(catalogue: Catalog, path: Path) -> None:
    """Write a catalogue sorted and without dates, so that the same sentences give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=110, sort_output=True, omit_header=True)
    header = dict(HEADER)
    if catalogue.locale is not None:
        header |= {"Language": str(catalogue.locale), "Plural-Forms": catalogue.plural_forms}
    lines = "".join(f'"{name}: {value}\\n"\n' for name, value in header.items())
    path.write_text(f'msgid ""\nmsgstr ""\n{lines}\n' + path.read_text(encoding="utf-8"), encoding="utf-8")


def update() -> None:
    """Rewrite the template and every language's file."""
    wanted = sentences()
    write(wanted, CATALOGUES / "messages.pot")
    for language in LANGUAGES:
        if language == SOURCE:
            continue
        known = translations(language) if _file_of(language).exists() else _empty(language)
        fresh = _empty(language)
        for message in wanted:
            if message.id:
                old = known.get(message.id, message.context)
                fresh.add(message.id, old.string if old else "", context=message.context)
        write(fresh, _file_of(language))


if __name__ == "__main__":
    update()
