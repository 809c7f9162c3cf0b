"""Every event is explained, written somewhere, and carries no field that is not."""

import re
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from gateway.eventbook import BOOK
from gateway.ledger import OPERATOR, Actor, Entry, Event
from gateway.store.entries import append_entry
from gateway.web.storywords import HAPPENED
from tests.eventbook import WRITTEN, document
from tests.house import NOON, House

PACKAGE = Path(__file__).parents[1] / "gateway"
ELSEWHERE = ("ledger.py", "eventbook.py")


def test_the_page_is_what_the_book_says() -> None:
    assert WRITTEN.read_text("utf-8") == document(), "run `python -m tests.eventbook`"


def test_every_event_is_explained_in_the_order_of_its_making() -> None:
    assert set(BOOK) == set(Event)
    assert all(about.meaning.endswith(".") and about.actor and about.subject for about in BOOK.values())


def test_every_event_of_a_story_is_said_in_plain_words() -> None:
    of_stories = {
        event for event, about in BOOK.items() if "gift:" in about.subject or "case:" in about.subject
    }
    assert set(HAPPENED) == of_stories


@pytest.mark.parametrize("event", list(Event))
def test_every_event_is_written_by_somebody(event: Event) -> None:
    code = "".join(path.read_text("utf-8") for path in PACKAGE.rglob("*.py") if path.name not in ELSEWHERE)
    assert re.search(rf"\bEvent\.{event.name}\b", code), f"nobody writes {event.value}"


def test_a_field_that_no_page_explains_fails_the_test_that_writes_it(house: House) -> None:
    with (
        pytest.raises(AssertionError, match="key:added has no field 'colour'"),
        _transaction(house) as connection,
    ):
        append_entry(connection, Entry(NOON, OPERATOR, Event.KEY_ADDED, "key:1", detail={"colour": "red"}))


def test_what_stands_beside_an_entry_is_explained_too(house: House) -> None:
    who = Actor("operator", personal={"shoe": "7"})
    with (
        pytest.raises(AssertionError, match="nothing called 'shoe' stands beside key:added"),
        _transaction(house) as connection,
    ):
        append_entry(connection, Entry(NOON, who, Event.KEY_ADDED, "key:1"))


def _transaction(house: House) -> AbstractContextManager[Connection]:
    return house.runtime.database.transaction()
