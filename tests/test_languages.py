"""Every sentence is there in every language, and times and numbers are told with their zone."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from gettext import NullTranslations
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from flask import Flask, Response
from markupsafe import Markup

from gateway.decision import Reason
from gateway.web import languages, speech, telling
from gateway.web.speech import Lazy, Speech, choose
from gateway.web.wording import DONE, STATUSES, WORDINGS, done_words, words_for, words_for_status
from tests import catalogues, gallery

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "gateway" / "translations"
TRANSLATED = [code for code in speech.LANGUAGES if code != speech.SOURCE]
PLACE = re.compile(r"%\((\w+)\)s")
RENEWAL = datetime(2026, 7, 31, 23, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _speak_plainly_afterwards() -> Iterator[None]:
    yield
    speech.speak(speech.PLAIN)


def _texts(of: Message) -> tuple[str, ...]:
    return (of.id,) if isinstance(of.id, str) else tuple(of.id)


def _translations(of: Message | None) -> tuple[str, ...]:
    if of is None or of.string is None:
        return ()
    return (of.string,) if isinstance(of.string, str) else tuple(of.string)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated(language: str) -> None:
    known = catalogues.translations(language)
    missing = [
        wanted.id
        for wanted in catalogues.sentences()
        if wanted.id and not all(_translations(known.get(_texts(wanted)[0], wanted.context)) or [""])
    ]
    assert missing == [], "run `python -m tests.catalogues` and translate these"


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_left_over(language: str) -> None:
    wanted = catalogues.sentences()
    left = [
        each.id
        for each in catalogues.translations(language)
        if each.id and wanted.get(_texts(each)[0], each.context) is None
    ]
    assert left == [], "run `python -m tests.catalogues`, which drops them"


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_places_of_its_sentence(language: str) -> None:
    wrong = [
        each.id
        for each in catalogues.translations(language)
        if each.id
        for text in _translations(each)
        # A singular may leave its number out ("ein Tag"); the last form has every place.
        if not set(PLACE.findall(text)) <= set(PLACE.findall(_texts(each)[-1]))
        or set(PLACE.findall(_translations(each)[-1])) != set(PLACE.findall(_texts(each)[-1]))
        or PLACE.sub("", text).count("%")
    ]
    assert wrong == []


@pytest.mark.parametrize("word", ["Lesung", "Guthaben", "Geschenk-Link", "Grußwort", "Beschriftung"])
def test_one_thing_has_one_word_in_german(word: str) -> None:
    """A reading is a Lektüre, a credit a Geschenk, a label a Notiz, and a note a Nachricht on the card."""
    said = [part for each in catalogues.translations("de") if each.id for part in _translations(each)]
    assert [each for each in said if word in each] == []


def test_the_template_of_the_catalogues_holds_the_sentences_of_today(tmp_path: Path) -> None:
    catalogues.write(catalogues.sentences(), tmp_path / "messages.pot")
    assert (tmp_path / "messages.pot").read_text() == (FOLDER / "messages.pot").read_text(), (
        "run `python -m tests.catalogues`"
    )


def test_the_templates_say_nothing_outside_gettext() -> None:
    """A word between two tags that no `_()` holds would stay English in German."""
    untranslated = {
        f"{path.relative_to(ROOT)}: {text}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for text in _bare_texts(path.read_text(encoding="utf-8"))
    }
    assert untranslated == set()


def _bare_texts(template: str) -> Iterator[str]:
    template = re.sub(r"\{% block body_class %\}[\w-]*", "", template)
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "\0", template, flags=re.DOTALL)
    text = re.sub(r"<(\w+)(?:[^>\"']|\"[^\"]*\"|'[^']*')*>|</\w[^>]*>|<!\w+[^>]*>|&\w+;", "\0", text)
    for piece in text.split("\0"):
        words = piece.strip(" \n·–©#():,./")
        if words and words != "WhatsApp":
            yield words


def test_every_reason_has_its_words() -> None:
    assert set(WORDINGS) == set(Reason)
    for reason in Reason:
        words = words_for(reason)
        assert all(map(str, (words.title, words.text, words.next)))
        assert not str(words.title).endswith("."), f"{reason}: a headline has no full stop"


def test_since_and_until_have_a_place_for_the_moment_and_nothing_else() -> None:
    for words in (*WORDINGS.values(), *STATUSES.values()):
        assert PLACE.findall(str(words.since)) == ["moment"]
        assert PLACE.findall(str(words.until)) == ["moment"]


def test_an_unknown_status_still_has_words() -> None:
    assert words_for_status(418) == words_for_status(400)
    assert words_for_status(504) == words_for_status(500)


def test_only_our_own_codes_are_said_after_an_act() -> None:
    assert done_words("<script>") is None
    assert done_words("revoked") is DONE["revoked"]


def test_every_code_that_a_view_sends_after_an_act_has_its_words() -> None:
    sent = {
        keyword.value.value
        for path in (ROOT / "gateway" / "web").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "done" and isinstance(keyword.value, ast.Constant)
    }
    assert sent <= set(DONE)


@pytest.mark.parametrize(
    ("wish", "remembered", "accepted", "chosen"),
    [
        ("de", "en", "en", "de"),
        ("", "de", "en", "de"),
        ("xx", "yy", "de-AT,de;q=0.9,en;q=0.1", "de"),
        ("", "", "fr,de;q=0.5,en;q=0.4", "de"),
        ("", "", "en-US,en;q=0.9,de;q=0.8", "en"),
        ("", "", "fr,ja", "en"),
        ("", "", "", "en"),
        ("", "", ";;;q=,,", "en"),
    ],
)
def test_the_language_is_chosen_by_wish_then_cookie_then_browser(
    wish: str, remembered: str, accepted: str, chosen: str
) -> None:
    assert choose(wish, remembered, accepted) == chosen


@pytest.mark.parametrize(
    ("language", "zone", "told"),
    [
        ("en", "Europe/London", "1 August 2026 at 00:00 (British Summer Time)"),
        ("de", "Europe/London", "1. August 2026 um 00:00 Uhr (Britische Sommerzeit)"),
        ("en", "America/New_York", "31 July 2026 at 19:00 (Eastern Daylight Time)"),
        ("de", "Europe/Berlin", "1. August 2026 um 01:00 Uhr (Mitteleuropäische Sommerzeit)"),
        ("en", "Asia/Kolkata", "1 August 2026 at 04:30 (GMT+05:30)"),
    ],
)
def test_a_moment_names_its_zone(language: str, zone: str, told: str) -> None:
    speech.speak(Speech(language, NullTranslations(), zone))
    assert telling.moment(RENEWAL) == Markup(f'<time datetime="2026-07-31T23:00:00Z">{told}</time>')


def test_a_stamp_has_seconds_and_the_zones_abbreviation() -> None:
    speech.speak(Speech("de", NullTranslations(), "America/Argentina/Buenos_Aires"))
    assert telling.stamp(RENEWAL).striptags() == "31.07.2026, 20:00:00 UTC-03"
    assert telling.stamp(RENEWAL, "Europe/London").striptags() == "01.08.2026, 00:00:00 BST"
    assert telling.zone_name() == "America/Argentina/Buenos Aires"


def test_days_months_and_numbers_follow_the_language() -> None:
    speech.speak(Speech("de", NullTranslations(), "Europe/London"))
    assert telling.day(RENEWAL).striptags() == "1. August 2026"
    assert telling.long_day(RENEWAL).striptags() == "Samstag, 1. August 2026"
    assert (telling.month(date(2026, 3, 1)), telling.number(1234567)) == ("März 2026", "1.234.567")
    speech.speak(Speech("en", NullTranslations(), "Europe/London"))
    assert telling.long_day(RENEWAL).striptags() == "Saturday 1 August 2026"
    assert (telling.month(date(2026, 3, 1)), telling.number(1234567)) == ("March 2026", "1,234,567")


def test_a_lazy_sentence_is_translated_when_it_is_written_out() -> None:
    sentence = Lazy("Copy")
    assert str(sentence) == "Copy"
    speech.speak(Speech("de", speech.load(FOLDER)["de"], "UTC"))
    assert (str(sentence), f"{sentence}") == ("Kopieren", "Kopieren")


def test_what_is_filled_into_a_lazy_sentence_is_escaped() -> None:
    assert Lazy("for %(label)s") % {"label": "<b>Anna</b>"} == Markup("for &lt;b&gt;Anna&lt;/b&gt;")


def test_what_is_filled_into_a_pages_sentence_is_escaped_unless_it_is_markup() -> None:
    assert languages.gettext("for %(label)s", label="<b>") == Markup("for &lt;b&gt;")
    assert languages.gettext("for %(label)s", label=Markup("<b>")) == Markup("for <b>")
    assert languages.gettext("No %(such)s sentence") == "No %(such)s sentence", (
        "without values nothing is filled"
    )


def test_a_counted_sentence_takes_the_form_of_its_number() -> None:
    one, many = "%(count)s day", "%(count)s days"
    assert [languages.ngettext(one, many, n, count=n) for n in (1, 2)] == ["1 day", "2 days"]
    speech.speak(Speech("de", speech.load(FOLDER)["de"], "UTC"))
    assert [languages.ngettext(one, many, n, count=n) for n in (1, 2)] == ["1 Tag", "2 Tage"]
    assert languages.pgettext("count", "Read") == "Gelesen"


def test_a_missing_catalogue_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"messages\.po"):
        speech.load(tmp_path)


@pytest.fixture
def app() -> Flask:
    """Make an app that answers in its language."""
    made = Flask("speaking")
    languages.install(made, folder=FOLDER, zone=lambda: "Europe/London")

    @made.get("/")
    def answer() -> Response:
        return Response(
            str(languages.gettext("Copy")) + str(languages.language_links()), mimetype="text/html"
        )

    return made


def test_an_answer_names_its_language_and_what_it_depends_on(app: Flask) -> None:
    answer = app.test_client().get("/", headers={"Accept-Language": "de"})
    assert answer.text.startswith("Kopieren")
    assert answer.headers["Content-Language"] == "de"
    assert {"Accept-Language", "Cookie"} <= set(answer.vary)
    assert "Set-Cookie" not in answer.headers


def test_a_choice_in_the_address_is_remembered(app: Flask) -> None:
    client = app.test_client()
    chosen = client.get("/?lang=de", base_url="https://localhost")
    cookie = chosen.headers["Set-Cookie"]
    assert all(part in cookie for part in ("lang=de", "Secure", "HttpOnly", "SameSite=Lax"))
    assert client.get("/", base_url="https://localhost").text.startswith("Kopieren")
    assert "Set-Cookie" not in client.get("/?lang=xx", base_url="https://localhost").headers


def test_the_switch_keeps_what_was_asked_and_never_the_path(app: Flask) -> None:
    text = app.test_client().get("/?event=gift:issued&lang=de").text
    assert "?event=gift%3Aissued&lang=en" in text
    assert "/?" not in text


@pytest.mark.parametrize("language", speech.LANGUAGES)
def test_every_page_renders_in_every_language_without_style_or_script_in_line(language: str) -> None:
    app = gallery.make_app()
    for name in gallery.pages():
        html = gallery.render(app, name, language)
        assert f'<html lang="{language}">' in html, name
        assert not re.search(r"\sstyle=|\son\w+=|<style", html), name
        assert all("nonce=" in tag for tag in re.findall(r"<script[^>]*>", html)), name
        assert "%(" not in html, f"{name}: a place was not filled"


@pytest.mark.parametrize("name", ["card", "card-plain", "card-machine", "card-wait"])
def test_the_card_holds_no_word_of_the_articles_text(name: str) -> None:
    html = gallery.render(gallery.make_app(), name, "en")
    assert "diesel and toast" not in html
    assert f'content="{gallery.LINK}"' in html
    assert '<meta name="robots" content="noindex">' in html
    assert '"isAccessibleForFree": false' in html


def test_the_note_never_reaches_a_preview() -> None:
    html = gallery.render(gallery.make_app(), "card", "en")
    head = html.partition("</head>")[0]
    assert "gauge on the mole" not in head
    assert "gauge on the mole" in html


def test_every_template_is_in_the_gallery_or_part_of_one_that_is() -> None:
    shown = {template for template, _values in gallery.pages().values()}
    files = {path.relative_to(ROOT / "templates").as_posix() for path in (ROOT / "templates").rglob("*.html")}
    sources = {name: (ROOT / "templates" / name).read_text(encoding="utf-8") for name in files}
    used = {name for name in files for text in sources.values() if f'"{name}"' in text}
    assert files - shown - used == set()
