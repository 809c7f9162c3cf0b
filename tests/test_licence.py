"""What a request for a licence may say, and what is made of what a stranger typed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.licence import Wish, mail_again_at, one_line, some_lines

WISH = Wish(
    "teaching", "Mira Ode", "mira@school.example", "Thirty pupils.", slug="tide-book", characters="1097"
)
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def test_a_whole_request_is_right() -> None:
    assert WISH.wrong() == ()
    assert WISH.length == 1097
    assert replace(WISH, characters="", text="").wrong() == ()
    assert replace(WISH, slug="", about="The tide book").wrong() == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("purpose", ""),
        ("purpose", "theft"),
        ("name", ""),
        ("name", "n" * 121),
        ("email", ""),
        ("email", "mira"),
        ("email", "mira@school"),
        ("email", "mira@school.example\r\nBcc: all@example.org"),
        ("email", "mira@school.example, all@example.org"),
        ("email", "a..b@school.example"),
        ("email", "<mira@school.example>"),
        ("email", "mira@-school.example"),
        ("email", "a" * 65 + "@school.example"),
        ("email", "mira@" + "a." * 130 + "example"),
        ("email", "mirä@school.example"),
        ("characters", "-1"),
        ("characters", "0"),
        ("characters", "1e9"),
        ("characters", "NaN"),
        ("characters", "1.5"),
        ("characters", "1000000000000"),
        ("characters", "999999999"),
        ("characters", "٣"),
        ("text", "t" * 2_001),
        ("about", "a" * 301),
    ],
)
def test_what_cannot_be_taken_is_named(field: str, value: str) -> None:
    assert replace(WISH, **{field: value}).wrong() == (field,)


def test_a_request_without_an_article_says_so() -> None:
    assert replace(WISH, slug="").wrong() == ("about",)


@given(st.text())
def test_one_line_is_one_line_that_every_database_and_header_takes(text: str) -> None:
    line = one_line(text)
    assert line.splitlines() in ([], [line])
    assert line == one_line(line)
    assert "\0" not in line
    line.encode()
    message = EmailMessage(policy=SMTP)
    message["Reply-To"] = Address(line, "mira", "school.example")
    message["Subject"] = line
    head = message.as_bytes().decode("ascii").replace("\r\n ", " ").strip().splitlines()
    assert {each.partition(":")[0] for each in head} == {"Reply-To", "Subject"}


@given(st.text())
def test_some_lines_keep_paragraphs_and_nothing_that_no_page_shows(text: str) -> None:
    kept = some_lines(text)
    assert kept == some_lines(kept)
    assert "\n\n\n" not in kept
    assert not {"\0", "\r", "\t", "\x1b"} & set(kept)
    kept.encode()


def test_a_mail_that_fails_is_tried_again_ever_more_rarely_but_four_times_a_day() -> None:
    waits = [mail_again_at(NOON, tries) - NOON for tries in range(12)]
    assert waits[:4] == [timedelta(minutes=each) for each in (1, 2, 4, 8)]
    assert waits == sorted(waits)
    assert waits[-1] == mail_again_at(NOON, 10_000) - NOON == timedelta(hours=6)
