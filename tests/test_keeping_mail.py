"""Mail to the licensing desk through a real server: once each, tried again, and with no header but ours."""

import socket
from datetime import timedelta
from urllib.parse import quote

import pytest

from gateway.keeping.jobs import JobsRunner
from gateway.keeping.people import erase_person, export_person, find_person
from gateway.keys import digest
from gateway.ledger import OPERATOR
from gateway.licence import Wish
from gateway.reading.licensing import ask_for_licence
from gateway.reading.visit import Visit
from gateway.settings import Settings, SettingsError, read_settings
from tests.house import House
from tests.mailroom import SECRET, USER, Mailroom

TEXT = "Thirty pupils, one term.\n\nOn paper only – für den Unterricht."


def ask(house: House, form: str = "1", **changed: str) -> str:
    """Ask for a licence; returns the request's number."""
    fields = {"purpose": "teaching", "name": "Mira Ode", "email": "mira@school.example", "text": TEXT}
    wish = Wish(**({**fields, "about": "The tide book", "characters": "1097"} | changed))
    number = ask_for_licence(house.runtime, wish, Visit(), form=form, language="de")
    assert isinstance(number, str), number
    return number


def turn(house: House, url: str) -> None:
    """Let a runner for which every job is due do them once."""
    runner = JobsRunner(house.runtime, smtp_url=url)
    assert runner.take_turn()
    runner.release()


def test_a_request_is_mailed_once_to_the_licensing_address(house: House, mailroom: Mailroom) -> None:
    house.article()
    number = ask(house, slug="about-tide-book", about="")
    turn(house, mailroom.url)
    turn(house, mailroom.url)
    (mail,) = mailroom.delivered
    assert mailroom.recipients == [["licensing@ft.com"]]
    assert mail["Subject"] == f"Licence request {number}: About tide-book"
    assert (mail["To"], mail["From"]) == ("licensing@ft.com", "licensing@ft.com")
    assert mail["Reply-To"] == "Mira Ode <mira@school.example>"
    body = mail.get_content()
    for said in (
        number,
        "1097",
        "teaching",
        "für den Unterricht",
        "https://news.example/articles/about-tide-book",
    ):
        assert said in body
    assert f"https://news.example/admin/licences/{number}" in body
    assert [each.subject for each in house.entries("licence:mailed")] == [f"licence:{number}"]


def test_a_server_that_is_away_loses_nothing(house: House, mailroom: Mailroom) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        away = f"smtp://127.0.0.1:{closed.getsockname()[1]}"
        first, second = ask(house), ask(house, form="2")
        turn(house, away)
    assert (
        house.value("SELECT mail_fault FROM licence_request WHERE mail_tries = 1") == "ConnectionRefusedError"
    )
    turn(house, mailroom.url)
    assert [second in mail["Subject"] for mail in mailroom.delivered] == [True], "the first waits its minute"
    house.clock.forward(minutes=1)
    turn(house, mailroom.url)
    assert first in mailroom.delivered[1]["Subject"]
    assert house.value("SELECT COUNT(*) FROM licence_request WHERE mailed_at IS NULL") == 0


def test_a_mail_that_the_server_refuses_holds_no_other_up(house: House, mailroom: Mailroom) -> None:
    ask(house)
    second = ask(house, form="2")
    mailroom.answers = ["552 too much, mira@school.example"]
    turn(house, mailroom.url)
    assert second in mailroom.delivered[0]["Subject"]
    assert (
        house.value("SELECT mail_fault FROM licence_request WHERE mailed_at IS NULL")
        == "the mail server answered 552"
    )
    house.clock.forward(minutes=1)
    turn(house, mailroom.url)
    assert len(mailroom.delivered) == 2


def test_a_mail_goes_with_the_password_that_is_set(house: House, mailroom: Mailroom) -> None:
    ask(house)
    turn(house, f"smtp://{USER}:wrong@127.0.0.1:{mailroom.port}")
    assert house.value("SELECT mail_fault FROM licence_request") == "the mail server answered 535"
    house.clock.forward(minutes=1)
    turn(house, f"smtp://{USER}:{quote(SECRET, safe='')}@127.0.0.1:{mailroom.port}")
    assert len(mailroom.delivered) == 1
    assert set(mailroom.logins) == {USER.encode()}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Mira\r\nBcc: all@example.org"),
        ("about", "Tide\nX-Injected: 1\n\nbody"),
        ("name", '"; <evil@example.org>, "'),
        ("text", "\r\n.\r\nMAIL FROM:<evil@example.org>\r\n"),
    ],
)
def test_no_field_can_add_a_header_or_a_recipient(
    house: House, mailroom: Mailroom, field: str, value: str
) -> None:
    ask(house, **{field: " ".join(value.split()) if field != "text" else value})
    turn(house, mailroom.url)
    (mail,) = mailroom.delivered
    assert set(mail.keys()) == {
        "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type",
        "Content-Transfer-Encoding", "MIME-Version",
    } - ({"X"} if "Content-Transfer-Encoding" in mail else {"Content-Transfer-Encoding"})  # fmt: skip
    assert mailroom.recipients == [["licensing@ft.com"]]
    (reply,) = mail["Reply-To"].addresses
    assert reply.addr_spec == "mira@school.example"


def test_a_person_is_told_their_requests_and_copies_and_both_go_with_them(
    house: House, mailroom: Mailroom
) -> None:
    account_id = house.subscriber()
    house.claim(house.gift(account_id, house.article()))
    for whose, bound in (("account_id", str(account_id)), ("device", "(SELECT device FROM claim)")):
        with house.runtime.database.transaction() as connection:
            connection.exec_driver_sql(
                f"INSERT INTO copied (report_id, page, sequence, {whose}, article_id, network, at, characters, over, printed)"
                f" SELECT capability, capability, {len(whose)}, {bound}, 1, capability, issued_at, 60, false, false FROM gift"
            )
    ask(house, email="SUB1@example.com")
    ask(house, form="2")
    device = digest(b"phone")[:8].hex()
    for who, copies, asked in ((f"account:{account_id}", 1, 1), (f"reader:{device}", 1, None)):
        person = find_person(house.runtime, who)
        told = export_person(house.runtime, OPERATOR, person)
        assert len(told["copies"]) == copies
        assert told["copies"][0]["characters"] == 60
        assert asked is None or [each["text"] for each in told["licence_requests"]] == [TEXT]
        erase_person(house.runtime, OPERATOR, person, because="asked for")
    assert house.value("SELECT COUNT(*) FROM copied WHERE account_id IS NOT NULL") == 0
    assert bytes(house.value("SELECT device FROM copied")) != digest(b"phone"), "counted, and nobody's"
    assert (
        house.value("SELECT COUNT(*) FROM licence_request WHERE name = '' AND email = '' AND text = ''") == 1
    )
    turn(house, mailroom.url)
    assert len(mailroom.delivered) == 1, "nobody is left to answer"


def test_without_a_mail_server_requests_wait_at_the_desk(house: House) -> None:
    ask(house)
    turn(house, "")
    assert house.value("SELECT mail_tries FROM licence_request WHERE mailed_at IS NULL") == 0


def test_old_requests_that_were_closed_are_forgotten_and_open_ones_are_not(house: House) -> None:
    ask(house)
    number = ask(house, form="2")
    with house.runtime.database.transaction() as connection:
        connection.exec_driver_sql(f"UPDATE licence_request SET state = 'closed' WHERE number = '{number}'")
    house.clock.now += timedelta(days=730)
    turn(house, "")
    assert house.value("SELECT COUNT(*) FROM licence_request") == 2
    house.clock.now += timedelta(seconds=1)
    turn(house, "")
    assert house.value("SELECT state FROM licence_request") == "new"


def test_copies_are_forgotten_when_nothing_asks_for_them_any_more(house: House) -> None:
    house.claim(house.gift(house.subscriber(), house.article()))
    with house.runtime.database.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO copied (report_id, page, sequence, account_id, article_id, network, at, characters, over, printed)"
            " SELECT capability, capability, 1, 1, 1, capability, issued_at, 60, false, false FROM gift"
        )
    house.clock.now += timedelta(days=30)
    turn(house, "")
    assert house.value("SELECT COUNT(*) FROM copied") == 1
    house.clock.now += timedelta(seconds=1)
    turn(house, "")
    assert house.value("SELECT COUNT(*) FROM copied") == 0


@pytest.mark.parametrize(
    "url", ["smtp://mail.example", "smtps://desk:p%40ss@mail.example:465", "smtp://[::1]:25/", ""]
)
def test_a_mail_servers_address_is_taken(url: str) -> None:
    assert read_settings({"GATEWAY_SMTP_URL": url}).smtp_url == url


@pytest.mark.parametrize(
    "url",
    [
        "mail.example",
        "http://mail.example",
        "smtp://",
        "smtp://h:99999",
        "smtp://h/box",
        "smtp://h?x=1",
        "smtp://h:x",
    ],
)
def test_what_is_no_mail_server_is_named_without_its_password(url: str) -> None:
    with pytest.raises(SettingsError, match="GATEWAY_SMTP_URL: got a secret; want smtp://"):
        read_settings({"GATEWAY_SMTP_URL": url})


def test_the_address_may_come_from_a_file() -> None:
    assert "smtp_url" in Settings.model_fields
