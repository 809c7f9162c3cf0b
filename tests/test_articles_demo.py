"""The demo: what it promises a newcomer is in it, and loading it twice changes nothing."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway import demo
from gateway.articles.demo import demo_stories, load_demo
from gateway.articles.importing import Outcome
from gateway.articles.sanitise import plain_text
from gateway.articles.story import Story
from gateway.decision import Deny, Permit, Reason
from gateway.keys import open_key_ring
from gateway.runtime import Runtime
from gateway.store import articles
from gateway.store.engine import open_database

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def stories() -> list[Story]:
    return [story for _, story in demo_stories(NOW)]


@pytest.fixture
def runtime(sqlite_url: str, tmp_path: Path) -> Iterator[Runtime]:
    later = [NOW]
    keys = open_key_ring(tmp_path / "keys.json")
    # Every reading of the clock is later than the one before, as in life.
    runtime = Runtime(open_database(sqlite_url), keys, "http://127.0.0.1:8000", clock=lambda: _tick(later))
    yield runtime
    runtime.close()


def _tick(later: list[datetime]) -> datetime:
    later[0] += timedelta(minutes=1)
    return later[0]


def test_every_article_file_is_in_the_manifest_once(stories: list[Story]) -> None:
    named = [path.name for path, _ in demo_stories(NOW)]
    assert sorted(named) == sorted(path.name for path in demo.ARTICLES.iterdir())
    assert len({story.source_id for story in stories}) == len(stories) == 12


def test_the_lengths_spread_from_two_hundred_words_to_well_over_a_thousand(stories: list[Story]) -> None:
    lengths = sorted(len(re.findall(r"\w[\w’'-]*", plain_text(story.body_html))) for story in stories)
    assert 200 <= lengths[0] <= 250
    assert 1_200 <= lengths[-1] <= 1_500


def test_at_least_three_articles_are_german_and_the_others_english(stories: list[Story]) -> None:
    languages = [story.language for story in stories]
    assert languages.count("de") >= 3
    assert set(languages) == {"de", "en-GB"}


def test_each_kind_of_right_has_its_article(stories: list[Story]) -> None:
    found = {story.source_id: story.rights.giving(NOW) for story in stories}
    denied = {name: answer.reason for name, answer in found.items() if isinstance(answer, Deny)}
    assert denied == {
        "demo/rate-decision": Reason.ARTICLE_NOT_GIFTABLE,
        "demo/power-cut": Reason.ARTICLE_FREE,
        "demo/comet": Reason.ARTICLE_EMBARGOED,
        "demo/lantern-fair": Reason.ARTICLE_EXPIRED,
    }
    assert sum(isinstance(answer, Permit) for answer in found.values()) == 8


def test_one_picture_is_an_agencys_and_stays_and_the_others_travel(stories: list[Story]) -> None:
    pictures = [picture for story in stories for picture in story.pictures]
    staying = [picture for picture in pictures if not picture.travels]
    assert [picture.copyright_holder for picture in staying] == ["Meridian Images"]
    assert len(pictures) - len(staying) >= 6


def test_every_picture_has_words_a_file_and_a_small_size(stories: list[Story]) -> None:
    pictures = [picture for story in stories for picture in story.pictures]
    for picture in pictures:
        assert picture.alt
        assert picture.credit
        content = (demo.PICTURES / picture.href.removeprefix("/pictures/")).read_bytes()
        assert len(content) <= 80 * 1024
        # The extended WebP header states width and height less one in 24 bits each (RFC 9649, section 2.7).
        assert content[12:16] == b"VP8X"
        size = tuple(int.from_bytes(content[at : at + 3], "little") + 1 for at in (24, 27))
        assert size == (picture.width, picture.height) == (1200, 675)
    assert {f"/pictures/{path.name}" for path in demo.PICTURES.iterdir()} == {
        picture.href for picture in pictures
    }


def test_loading_twice_changes_nothing_even_days_later(runtime: Runtime) -> None:
    assert load_demo(runtime).count(Outcome.ADDED) == 12
    with runtime.database.reading() as connection:
        before = articles.list_all_articles(connection)
    again = load_demo(runtime)
    assert again.count(Outcome.UNCHANGED) == 12
    assert not again.failed
    with runtime.database.reading() as connection:
        assert articles.list_all_articles(connection) == before
        assert [line.slug for line in articles.list_articles(connection, NOW)][:2] == [
            "the-last-man-to-ring-the-bell-at-marren-junction",
            "council-votes-to-bury-the-aldergate-flyover-and-half-its-traffic-with-it",
        ]
        assert len(articles.list_articles(connection, NOW)) == 10
        assert len(articles.list_sections(connection)) >= 6
