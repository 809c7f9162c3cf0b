"""Slugs: the readable, unchanging last part of an article's address."""

import re
import unicodedata
from collections.abc import Iterator

MAX_SLUG = 80
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
# What Unicode does not take apart into a Latin letter and a mark.
_LATIN = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i"}
)
_OTHER = re.compile(r"[^a-z0-9]+")


def slug_for(headline: str, *, language: str, source_id: str) -> str:
    """Make a slug of 1 to 80 characters `a-z 0-9 -` from a headline, else from its source's identifier.

    A headline in letters that have no Latin form (Chinese, Arabic, Cyrillic) would leave a few stray words, so the
    identifier's last part is taken where fewer than two thirds of the letters survive.
    """
    slug = slugified(headline, language=language)
    letters = sum(character.isalnum() for character in headline)
    if slug and 3 * len(slug.replace("-", "")) >= 2 * letters:
        return slug
    parts = [part for part in re.split(r"[/:#?]+", source_id) if re.search(r"[A-Za-z0-9]", part)]
    # An address often ends in a bare language or page number, which says nothing alone.
    tail = parts[-2:] if parts and len(parts[-1]) < 6 else parts[-1:]
    return slugified("-".join(tail), language="") or "article"


def slugified(text: str, *, language: str) -> str:
    """Spell a text with `a-z 0-9 -` only, at most 80 characters, cut between words; "" where nothing is left."""
    small = unicodedata.normalize("NFC", text).lower()
    if language.lower().split("-")[0] == "de":
        small = small.translate(_GERMAN)
    bare = unicodedata.normalize("NFKD", small.translate(_LATIN)).replace("'", "").replace("’", "")
    letters = "".join(character for character in bare if not unicodedata.combining(character))
    slug = _OTHER.sub("-", letters).strip("-")
    if len(slug) <= MAX_SLUG:
        return slug
    head, _, _ = slug[: MAX_SLUG + 1].rpartition("-")
    return head or slug[:MAX_SLUG]


def alternatives(slug: str) -> Iterator[str]:
    """Yield the slug, then slug-2, slug-3 and so on, for the one after the last that is taken."""
    yield slug
    number = 2
    while True:
        yield f"{slug}-{number}"
        number += 1
