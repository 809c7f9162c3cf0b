"""What a giver may write: a note names no address, however it is dressed up, and plain words pass."""

import pytest

from gateway.decision import Deny, Permit, Reason
from gateway.sharing.wording import LABEL_LENGTH, NOTE_LENGTH, has_address, tidied, worded

ADDRESSES = [
    "example.com",
    "EXAMPLE.COM",
    "(example.com).",
    "foo_bar.com",
    "example.com:8080",
    "x.io/path",
    "t.me/x",
    "bit.ly/3x",
    "news.example.co.uk",
    "www.x",
    "https://x",
    "HTTPS://X.Y",
    "ftp://x",
    "mailto:a@b",
    "tel:+123",
    "javascript:alert(1)",
    "user@host.de",
    "localhost:8000",
    "localhost/x",
    "intranet:8080/x",
    "192.0.2.17",
    "[2001:db8::1]",
    "см. пример.рф",
    "münchen.de",
    "xn--e1afmkfd.xn--p1ai",
    "ｅｘａｍｐｌｅ.com",
    "example。com",
    "example．com",
    "example｡com",
    "exa\u200bmple.com",
    "example\u200b.com",
    "exam\u00adple.com",
    "moc\u202e.example.com",
    "evil.example/x",
    "wiki.intern/seite?x=1",
    "shop.evil/#a",
]
WORDS = [
    "that was good.Und dann",
    "that was it.So we left",
    "z.B. das Meer, d.h. die Elbe",
    "e.g. this, i.e. that",
    "Hello...world",
    "U.S.A. today",
    "Mr.Smith came",
    "Am 1.2.2026 um 10.30 Uhr",
    "at 10:30, ratio 3:10, Psalm 23:4",
    "Seite 5/6 und/oder 7",
    "z.B./d.h. heute, u.a./o.ä.",
    "v1.2/3, 3.5/5 stars",
    "3.5 stars, v1.2.3",
    "1.000.000 Euro, 100.000.000.000 Leute",
    "Nach § 5 Abs.3 S.2",
    "سلام",
    "👩\u200d👧 for you",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_in_a_note_is_found(address: str) -> None:
    assert has_address(f"Look at {address} soon")
    decision = worded("", f"Look:\n{address}")
    assert isinstance(decision, Deny)
    assert decision.reason is Reason.NOTE_HAS_LINK
    assert worded(address, "") == Permit()  # The label is the giver's own and goes nowhere.


@pytest.mark.parametrize("words", WORDS)
def test_plain_words_pass(words: str) -> None:
    assert not has_address(words)
    assert worded(words, words) == Permit()


def test_a_text_is_kept_without_what_controls_or_turns_it() -> None:
    assert tidied(" a\r\nb\rc\x00\x1b ") == "a\nb\nc"
    assert tidied("pay \u202eeerf\u202c") == "pay eerf"
    assert tidied("👩\u200d👧") == "👩\u200d👧"
    assert tidied("one\u2028two\u2029three") == "one\ntwo\nthree"
    assert tidied("a\u200b\u00ad\u2060\ufeff\u206f\ufff9\U000e0041\ue000b") == "ab"
    assert tidied("می\u200cخواهم \u200f!") == "می\u200cخواهم \u200f!"


@pytest.mark.parametrize("nothing", ["", "  ", "\n\r\n\t", "\u200b \u2060", "\u00a0\u3000", "\u202e"])
def test_nothing_to_see_is_nothing(nothing: str) -> None:
    assert tidied(nothing) == ""


def test_lengths_are_those_of_what_is_kept() -> None:
    assert worded("l" * LABEL_LENGTH + " ", "n" * NOTE_LENGTH + "\r\n") == Permit()
    long = worded("", "n" * (NOTE_LENGTH + 1))
    assert isinstance(long, Deny)
    assert (long.reason, long.detail) == (Reason.NOTE_TOO_LONG, {"length": 281, "limit": 280})
    assert isinstance(worded("l" * (LABEL_LENGTH + 1), ""), Deny)
