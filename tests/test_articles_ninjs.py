"""The ninjs reader, against the wire files that agencies send and against whatever else a file may hold."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.articles.ninjs import ENCODED, parse_ninjs
from gateway.articles.sanitise import plain_text
from gateway.articles.story import Story, StoryError, StoryFaultError, StoryRefusedError, Withdrawal

ARTICLES = {
    "1.4-businesswire-newsml-20130515006361.json": "Dell Redefines Workstation Computing Boundaries with Smallest Tower"
    " and Most Powerful Rack Workstations",
    "1.4-businesswire-newsml-20130605006126.json": "Cambrios被Gartner評選為「最酷供應商」",
    "1.4-ninjsExComplex1.json": "Captain of wrecked cruise ship on trial in Italy",
    "1.4-ninjsExMediumText1.json": "Captain of wrecked cruise ship on trial in Italy",
    "2.1-businesswire-newsml-20130731006140.json": "Lunch Taking a Toll? Let Applebee’s® Industrial Strength Lunch Decoy"
    " Stand In",
    "2.1-dpa_text.json": "Faktencheck Derby-Elfmeter: Hat Schiedsrichter Zwayer recht?",
    "2.1-tt_text_image_2.json": "Militärövning i jätteformat hålls 2023",
    "3.0-businesswire-newsml-20130605006126.json": "Cambrios被Gartner評選為「最酷供應商」",
    "3.0-dpa_text.json": "Faktencheck Derby-Elfmeter: Hat Schiedsrichter Zwayer recht?",
}
NO_ARTICLES = {
    "3.0-20231004-UEFA-ChampionLeague.json": "an event",
    "3.0-SIPA_image_3.json": "a picture",
    "3.0-ap_image.json": "a picture",
    "3.0-imageEncodedRights.json": "a picture",
    "3.0-imageLinkedRights.json": "a picture",
}


def wire(shared_data: Path, name: str) -> Story:
    found = parse_ninjs((shared_data / "ninjs" / "wire" / name).read_text(encoding="utf-8"))
    assert isinstance(found, Story)
    return found


def item(**more: object) -> str:
    return json.dumps(
        {"uri": "urn:x:1", "headline": "A headline", "body_xhtml": "<p>Some words.</p>", **more}
    )


def story(**more: object) -> Story:
    found = parse_ninjs(item(**more))
    assert isinstance(found, Story)
    return found


def test_every_wire_file_is_either_an_article_or_refused(shared_data: Path) -> None:
    present = {path.name for path in (shared_data / "ninjs" / "wire").glob("*.json")}
    assert present == {*ARTICLES, *NO_ARTICLES}


@pytest.mark.parametrize(("name", "headline"), ARTICLES.items())
def test_a_wire_file_with_a_body_is_a_story(shared_data: Path, name: str, headline: str) -> None:
    found = wire(shared_data, name)
    assert found.headline == headline
    assert len(plain_text(found.body_html)) > 100
    assert headline not in plain_text(found.body_html)


@pytest.mark.parametrize(("name", "kind"), NO_ARTICLES.items())
def test_a_bare_picture_and_an_event_are_refused_with_what_they_are(
    shared_data: Path, name: str, kind: str
) -> None:
    with pytest.raises(StoryRefusedError, match=f"it is {kind}.*not an article"):
        wire(shared_data, name)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1.4-businesswire-newsml-20130605006126.json", "3.0-businesswire-newsml-20130605006126.json"),
        ("2.1-dpa_text.json", "3.0-dpa_text.json"),
    ],
)
def test_the_same_item_in_another_ninjs_version_is_the_same_story(
    shared_data: Path, old: str, new: str
) -> None:
    assert wire(shared_data, old) == wire(shared_data, new)
    assert wire(shared_data, old).digest() == wire(shared_data, new).digest()


def test_the_dpa_story_states_its_rights_version_and_dates(shared_data: Path) -> None:
    found = wire(shared_data, "3.0-dpa_text.json")
    assert found.source_id == "urn:newsml:dpa.com:20090101:190510-99-167362"
    assert found.source_version == 2
    assert (found.language, found.byline) == ("de", "Von Christian Hollmann, dpa")
    assert found.updated_at == datetime(2019, 5, 10, 14, 2, 28, tzinfo=UTC)
    assert found.rights.copyright_holder == "dpa"
    assert found.rights.copyright_notice == "Copyright 2019, dpa (www.dpa.de). Alle Rechte vorbehalten"


def test_what_a_file_does_not_state_stays_empty(shared_data: Path) -> None:
    found = wire(shared_data, "1.4-businesswire-newsml-20130605006126.json")
    assert (found.byline, found.section, found.standfirst, found.pictures) == ("", "", "", ())
    assert (found.rights.copyright_holder, found.rights.copyright_notice) == ("", "")
    assert found.published_at is None
    swedish = wire(shared_data, "2.1-tt_text_image_2.json")
    # Its description is its own first lines, cut off in the middle of a word: that is no standfirst.
    assert (swedish.standfirst, swedish.byline) == ("", "")


def test_a_picture_of_an_article_keeps_its_credit_and_nothing_is_said_about_travelling(
    shared_data: Path,
) -> None:
    (picture,) = wire(shared_data, "2.1-tt_text_image_2.json").pictures
    assert picture.credit == "Karl Melander/TT"
    assert picture.caption.startswith("En stor internationell försvarsövning")
    assert (picture.width, picture.height) == (1024, 683)
    assert picture.travels is None
    (ship,) = wire(shared_data, "1.4-ninjsExComplex1.json").pictures
    assert ship.credit == "Paulo Santalucia"
    assert ship.href.endswith("-big.jpg")


def test_photographs_come_before_logos_and_films_stay_away(shared_data: Path) -> None:
    dell = wire(shared_data, "1.4-businesswire-newsml-20130515006361.json").pictures
    assert [picture.href.rsplit("/", 1)[1] for picture in dell] == [
        "0025lf.jpg",
        "00095.jpg",
        "dell_blue_rgb.jpg",
    ]
    (logo,) = wire(shared_data, "2.1-businesswire-newsml-20130731006140.json").pictures
    assert logo.href.endswith("AB_LOGO_webready.jpg")


def test_the_expiry_of_the_swedish_story_is_kept(shared_data: Path) -> None:
    found = wire(shared_data, "2.1-tt_text_image_2.json")
    assert found.rights.expires_at == datetime(2023, 5, 30, 22, 0, tzinfo=UTC)


def test_a_headline_a_caption_and_a_dateline_of_a_page_are_not_repeated_in_the_body(
    shared_data: Path,
) -> None:
    body = wire(shared_data, "2.1-tt_text_image_2.json").body_html
    assert body.startswith("<p>Pandemin satte stopp")
    assert "Karl Melander" not in body
    assert "Arkivbild" not in body


@pytest.mark.parametrize("name", ["embargoed", "embargoedUntil"])
def test_an_embargo_is_read_in_both_spellings(name: str) -> None:
    assert story(**{name: "2031-01-01T00:00:00+01:00"}).rights.embargo_until == datetime(
        2030, 12, 31, 23, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "value", ["2031-01-01", "soon", "2031-01-01T00:00:00", 20310101, "0001-01-01T00:00:00+14:00"]
)
def test_an_embargo_that_cannot_be_read_is_an_error_and_never_ignored(value: object) -> None:
    with pytest.raises(StoryFaultError, match="embargoed is"):
        story(embargoed=value)


@pytest.mark.parametrize("status", ["withheld", "canceled"])
def test_an_item_that_may_not_be_published_is_a_withdrawal(status: str) -> None:
    said = parse_ninjs(item(pubstatus=status, version="3", versioncreated="2026-01-02T03:04:05Z"))
    assert said == Withdrawal("ninjs", "urn:x:1", 3, status, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))


def test_an_unknown_publishing_status_never_counts_as_usable() -> None:
    with pytest.raises(StoryFaultError, match="pubStatus is 'killed'"):
        story(pubStatus="killed")


def test_rights_in_code_stop_gifts_and_pictures_until_somebody_has_read_them() -> None:
    coded = {"langid": "http://w3.org/ns/odrl/2/", "encodedrights": "{}"}
    photo = {"type": "picture", "rightsinfo": coded, "renditions": {"a": {"href": "https://e.example/a.jpg"}}}
    found = story(rightsinfo=coded, associations={"photo": photo})
    assert (found.rights.giftable, found.rights.not_giftable_because) == (False, ENCODED)
    assert found.pictures[0].travels is False


def test_a_picture_that_may_not_be_published_stays_away() -> None:
    photo = {"type": "picture", "renditions": [{"name": "a", "href": "https://e.example/a.jpg"}]}
    kept = story(associations=[{**photo, "name": "kept"}]).pictures
    gone = story(
        associations=[{**photo, "pubstatus": "canceled"}, {**photo, "expires": "2020-01-01T00:00:00Z"}]
    )
    assert (len(kept), gone.pictures) == (1, ())


def test_a_type_alone_makes_no_article_a_picture() -> None:
    assert story(type="picture").headline == "A headline"


def test_a_standfirst_is_only_what_calls_itself_one() -> None:
    found = story(
        descriptions=[{"role": "text", "value": "caption"}, {"role": "summary", "value": "In short."}]
    )
    assert found.standfirst == "In short."


def test_plain_text_becomes_paragraphs_and_xml_of_other_kinds_is_left() -> None:
    bodies = [
        {"role": "nitf", "contentType": "application/xml", "value": "<nitf>no</nitf>"},
        {"role": "text", "contentType": "text/plain", "value": "One < two.\n\nThree\nfour."},
    ]
    found = parse_ninjs(json.dumps({"uri": "u", "headlines": [{"value": "H"}], "bodies": bodies}))
    assert isinstance(found, Story)
    assert found.body_html == "<p>One &lt; two.</p><p>Three four.</p>"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no JSON"),
        ("[1]", "no object"),
        ('{"headline": "x"}', "uri is missing"),
        ('{"uri": 7}', "uri is a number; want a text"),
        ('{"uri": "u", "headline": "x", "bodies": {"a": 1}}', "bodies"),
        ('{"uri": "u", "uRi": "v"}', "twice"),
        ("[" * 100_000, "nests too deep"),
        ('{"uri": "' + "u" * 501 + '", "headline": "h", "body_text": "b"}', "501 characters"),
        ('{"uri": "u", "headline": "h", "body_text": "b", "language": "Englisch!"}', "language"),
        ('{"uri": "u", "body_text": "b"}', "no headline"),
        ('{"uri": "u", "headline": "\\u200b", "body_text": "b"}', "the headline is blank"),
    ],
)
def test_a_broken_file_is_named_with_what_is_right(text: str, says: str) -> None:
    with pytest.raises(StoryError, match=says):
        parse_ninjs(text)


def test_half_a_surrogate_and_control_characters_do_not_survive() -> None:
    found = story(headline="a\ud800\u0000b", body_xhtml="<p>x\udfff\u0000\u0001y</p>")
    assert found.headline == "a?b"
    found.body_html.encode()
    assert "\x00" not in found.body_html
    assert "\x01" not in found.body_html


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
)
NAMES = st.sampled_from(
    [
        "headline",
        "headline_main",
        "headlines",
        "body_xhtml",
        "body_text",
        "bodies",
        "type",
        "pubstatus",
        "version",
        "versioncreated",
        "embargoed",
        "expires",
        "associations",
        "renditions",
        "descriptions",
        "description_text",
        "rightsinfo",
        "language",
        "byline",
        "by",
        "copyrightnotice",
    ]
)
PARTS = st.dictionaries(
    st.sampled_from(
        [
            "role",
            "value",
            "contenttype",
            "type",
            "href",
            "renditions",
            "mimetype",
            "width",
            "rightsinfo",
            "encodedrights",
        ]
    ),
    LEAVES | st.sampled_from(["picture", "https://e.example/a.jpg", "text/html", "<p>a", "main"]),
)


@given(st.dictionaries(NAMES, VALUES | PARTS | st.lists(PARTS, max_size=3)))
def test_any_item_gives_a_story_or_the_readers_own_error(values: dict[str, object]) -> None:
    try:
        found = parse_ninjs(json.dumps({"uri": "u", **values}))
    except StoryError:
        return
    assert isinstance(found, Story | Withdrawal)
    if isinstance(found, Story):
        found.digest()


@given(
    st.binary(max_size=200).map(lambda content: content.decode("utf-8", "replace")) | VALUES.map(json.dumps)
)
def test_any_text_gives_a_story_or_the_readers_own_error(text: str) -> None:
    with pytest.raises(StoryError):
        parse_ninjs(text)
