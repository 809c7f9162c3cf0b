"""What is no reason: a text that shows nothing, however many characters it has."""

import pytest

from gateway.visible import is_hidden, is_seen
from tests.commands import Terminal
from tests.people import Person
from tests.served import Site
from tests.test_admin_desk import admin, app, auditor, clock, entries, sign_in

__all__ = ["admin", "app", "auditor", "clock", "sign_in"]

NOTHING = [
    "",
    " \t\n",
    "\u200b",
    "\u200b \u2060\ufeff",
    "\u00ad",
    "\u3164",
    "\u2800\u115f",
    "\u0301",
    "\u202e",
    "\ufe0f",
    "\ud800",
]


@pytest.mark.parametrize("text", NOTHING)
def test_blanks_and_what_nobody_sees_say_nothing(text: str) -> None:
    assert not is_seen(text)


@pytest.mark.parametrize("text", ["x", "…", "ü", "訴", "\u200bok", "7", "€", "😀", "e\u0301"])
def test_any_sign_that_is_seen_says_something(text: str) -> None:
    assert is_seen(text)


@pytest.mark.parametrize(
    "sign", ["\0", "\x1b", "\r", "\u00ad", "\u200b", "\u202e", "\u2066", "\ufeff", "\ue000"]
)
def test_what_works_without_being_seen_is_hidden(sign: str) -> None:
    assert is_hidden(sign)


@pytest.mark.parametrize("sign", ["x", " ", "\n", "\u200d", "\u200f", "\u0301", "\ufe0f", "\u3164"])
def test_what_is_seen_or_needed_is_not_hidden(sign: str) -> None:
    assert not is_hidden(sign)


@pytest.mark.parametrize("reason", ["\u200b", "\u2060 \u3164"])
def test_the_desk_takes_no_reason_that_nobody_sees(site: Site, admin: Person, reason: str) -> None:
    assert admin.act("/admin/accounts/1/suspend", reason=reason).status_code == 422
    assert entries(site, event="account:suspended") == []
    (line,) = entries(site, event="account:act_refused")
    assert line.reason == "reason:missing"


@pytest.mark.parametrize(
    "command",
    [
        ("accounts", "suspend", "sub@example.com"),
        ("accounts", "unsuspend", "sub@example.com"),
        ("accounts", "sign-out", "--all", "--yes"),
        ("gifts", "revoke", "--all"),
        ("people", "erase", "sub@example.com"),
        ("restore-confirm",),
    ],
)
def test_no_command_takes_a_reason_that_nobody_sees(terminal: Terminal, command: tuple[str, ...]) -> None:
    for reason in ("", " ", "\u200b"):
        assert "want a reason that is not blank" in terminal.fault(2, *command, "--reason", reason)
