"""The log's own spelling: RFC 8785, one way only, and nothing in it that could be taken for something else."""

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger import (
    GATEWAY,
    LARGEST_NUMBER,
    Entry,
    Event,
    SealedEntry,
    account_actor,
    known_as,
    reader_actor,
    sealed_personal,
    spelled,
    spelled_instant,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-LARGEST_NUMBER, LARGEST_NUMBER)
WORDS = st.dictionaries(TEXTS, TEXTS | NUMBERS)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@given(WORDS)
def test_what_is_spelled_reads_back_as_it_was_and_has_one_spelling(words: dict[str, str | int]) -> None:
    text = spelled(words)
    assert json.loads(text) == words
    assert spelled(dict(reversed(words.items()))) == text
    assert list(json.loads(text)) == sorted(words, key=lambda name: name.encode("utf-16-be"))
    assert not set(text) & set(map(chr, range(0x20)))


def test_the_example_of_the_standard_is_spelled_as_the_standard_has_it() -> None:
    # RFC 8785, 3.2.3, with texts only, in the order of the standard.
    names = ["\r", "1", "\x80", "\xf6", "\u20ac", "\U0001f600", "\ufb33"]
    assert list(json.loads(spelled(dict.fromkeys(sorted(names), "")))) == names
    assert spelled({"a": '€$\x0f\nA\'B"\\"/'}) == '{"a":"€$\\u000f\\nA\'B\\"\\\\\\"/"}'


@pytest.mark.parametrize("number", [LARGEST_NUMBER + 1, -LARGEST_NUMBER - 1])
def test_a_number_that_others_would_read_as_another_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="too large a number"):
        spelled({"n": number})


@given(TEXTS, TEXTS, WORDS, st.datetimes(timezones=st.just(UTC)), st.integers(1, 2**53))
def test_an_entry_is_spelled_as_its_fields_would_be(
    actor: str, reason: str, detail: dict[str, str | int], at: datetime, entry_id: int
) -> None:
    personal = sealed_personal({"device": (b"s" * 16, "d")})
    entry = SealedEntry(
        entry_id,
        at,
        actor,
        "gift:issued",
        "gift:A",
        "permit",
        reason,
        "",
        "person",
        "r",
        spelled(detail),
        personal,
    )
    read = json.loads(entry.canonical())
    assert list(read) == sorted(read)
    assert (read["actor"], read["reason"], read["detail"], read["id"]) == (actor, reason, detail, entry_id)
    assert datetime.fromisoformat(read["at"]) == at
    assert read["personal"] == {"device": hashlib.sha256(b"s" * 16 + b"d").hexdigest()}
    again = json.dumps(read, separators=(",", ":"), ensure_ascii=False, sort_keys=False)
    assert again.encode() == entry.canonical()


def test_an_instant_is_spelled_in_utc_to_the_microsecond() -> None:
    assert spelled_instant(NOON) == "2026-03-10T12:00:00.000000Z"
    assert spelled_instant(NOON.astimezone(timezone(timedelta(hours=5)))) == spelled_instant(NOON)


def test_a_reader_is_known_by_a_device_that_can_be_forgotten() -> None:
    reader = reader_actor(bytes(range(32)))
    assert (reader.name, reader.known_as) == ("reader", "reader:0001020304050607")
    assert known_as(reader.name, None) == "reader"
    assert account_actor(7).known_as == "account:7"


@pytest.mark.parametrize("kind", ["reader", "network"])
def test_a_subject_that_is_a_person_stands_beside_the_entry_too(kind: str) -> None:
    entry = Entry(NOON, GATEWAY, Event.RULE_FIRED, f"{kind}:00ff")
    assert entry.placed == (kind, {"subject": "00ff"})
    assert known_as(kind, "00ff") == entry.subject
    assert Entry(NOON, GATEWAY, Event.RULE_FIRED, "gift:ABCD").placed == ("gift:ABCD", {})
