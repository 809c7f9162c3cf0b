"""Slugs: readable where the headline has letters for it, derived from the source where it has not."""

import re
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.articles.slug import alternatives, slug_for, slugified


@pytest.mark.parametrize(
    ("headline", "language", "slug"),
    [
        (
            "Captain of wrecked cruise ship on trial in Italy",
            "en",
            "captain-of-wrecked-cruise-ship-on-trial-in-italy",
        ),
        ("Die größte Überraschung", "de-CH", "die-groesste-ueberraschung"),
        ("Militärövning i jätteformat hålls 2023", "sv", "militarovning-i-jatteformat-halls-2023"),
        ("Who’s afraid of O'Brien?", "en", "whos-afraid-of-obrien"),
        ("Smørrebrød, Łódź & Œuvre", "", "smorrebrod-lodz-oeuvre"),
    ],
)
def test_a_headline_in_latin_letters_is_spelled(headline: str, language: str, slug: str) -> None:
    assert slug_for(headline, language=language, source_id="urn:x:1") == slug


@pytest.mark.parametrize(
    ("source_id", "slug"),
    [
        ("http://www.businesswire.com/news/home/20130605006126/zh", "20130605006126-zh"),
        ("urn:newsml:dpa.com:20090101:190510-99-167362", "190510-99-167362"),
        ("图", "article"),
    ],
)
def test_a_headline_in_other_letters_takes_the_end_of_its_sources_identifier(
    source_id: str, slug: str
) -> None:
    assert (
        slug_for("Cambrios被Gartner評選為「最酷供應商」而且還有更多", language="zh", source_id=source_id)
        == slug
    )


@given(st.text(max_size=200), st.sampled_from(["", "de", "en", "zh"]), st.text(min_size=1, max_size=50))
def test_any_headline_gives_a_slug_of_one_to_eighty_characters(
    headline: str, language: str, source_id: str
) -> None:
    slug = slug_for(headline, language=language, source_id=source_id)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
    assert len(slug) <= 80


def test_a_long_headline_is_cut_between_words() -> None:
    assert slugified("word " * 40, language="") == "-".join(["word"] * 16)
    assert slugified("x" * 200, language="") == "x" * 80


def test_a_taken_slug_is_counted_up() -> None:
    assert [*islice(alternatives("a"), 3)] == ["a", "a-2", "a-3"]
