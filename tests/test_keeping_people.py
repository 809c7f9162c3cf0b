"""What is kept of a person is told and erased, and the log's proofs hold all the same."""

import json
from pathlib import Path

import pytest

from gateway.keeping.people import PersonError, erase_person, export_person, find_person
from gateway.keys import digest
from gateway.ledger import OPERATOR, Event
from gateway.store.entries import EntryFilter, list_entries
from tests.commands import Terminal
from tests.sealed import SealedLog

PHONE = f"reader:{digest(b'phone')[:8].hex()}"


def test_a_reader_is_found_by_device_and_after_erasure_by_nothing(sealed_log: SealedLog) -> None:
    house = sealed_log.house
    issued = house.gift(house.subscriber(), house.article())
    house.claim(issued, "phone")
    house.claim(issued, "tablet")
    sealed_log.sealer.beat()
    person = find_person(house.runtime, PHONE)
    with house.runtime.database.reading() as connection:
        (entry,) = list_entries(connection, EntryFilter(actor=PHONE))
    assert (entry.actor, entry.event) == (PHONE, "claim:made")
    told = export_person(house.runtime, OPERATOR, person)
    assert [row["reference"] for row in told["readings"]] == [issued.gift.reference]
    assert [row["id"] for row in told["log"]] == [entry.id]
    assert erase_person(house.runtime, OPERATOR, person, because="was asked to") == 2
    with house.runtime.database.reading() as connection:
        assert list_entries(connection, EntryFilter(actor=PHONE)) == []
        actors = {each.actor for each in list_entries(connection, EntryFilter(event="claim:made"))}
    assert actors == {"reader", f"reader:{digest(b'tablet')[:8].hex()}"}
    assert house.value("SELECT COUNT(*) FROM claim") == 2
    assert export_person(house.runtime, OPERATOR, person) == {"readings": [], "copies": [], "log": []}
    (erased,) = house.entries(Event.PERSON_ERASED.value)
    assert (erased.subject, PHONE in erased.detail) == ("reader", False)
    sealed_log.sealer.beat()
    report = sealed_log.verify()
    assert (report.told, report.beside) == ([], 1)


def test_an_accounts_data_go_and_its_number_stays(sealed_log: SealedLog) -> None:
    house = sealed_log.house
    giver = house.subscriber()
    house.gift(giver, house.article(), label="for Ada", note="Read this")
    sealed_log.sealer.beat()
    person = find_person(house.runtime, "Sub1@example.com")
    told = json.dumps(export_person(house.runtime, OPERATOR, person))
    for kept in ("sub1@example.com", "for Ada", "Read this", "gift:issued"):
        assert kept in told
    for secret in ("password", "capability", "digest"):
        assert secret not in told
    erase_person(house.runtime, OPERATOR, person, because="was asked to")
    assert find_person(house.runtime, f"account:{giver}") == person
    told = json.dumps(export_person(house.runtime, OPERATOR, person))
    for gone in ("sub1@example.com", "Sam 1", "for Ada", "Read this"):
        assert gone not in told
    with pytest.raises(PersonError, match="nobody is known so"):
        find_person(house.runtime, "sub1@example.com")
    sealed_log.sealer.beat()
    assert sealed_log.verify().told == []


def test_a_person_is_exported_and_erased_by_command(terminal: Terminal, tmp_path: Path) -> None:
    terminal.monkeypatch.setattr("gateway.cli.accounts._password", lambda _file: "correct horse battery")
    terminal.done("accounts", "add", "ada@example.com", "--name", "Ada", "--plan", "standard")
    file = tmp_path / "ada.json"
    assert "rows about ada@example.com" in terminal.done(
        "people", "export", "ada@example.com", "--to", str(file)
    )
    assert json.loads(file.read_text())["account"][0]["name"] == "Ada"
    terminal.done("people", "erase", "ada@example.com", "--reason", "was asked to", "--yes")
    assert "nobody is known so" in terminal.fault(2, "people", "export", "ada@example.com", "--to", str(file))


def test_who_erases_one_of_the_last_two_admins_is_told_what_is_not_possible_then(terminal: Terminal) -> None:
    terminal.monkeypatch.setattr("gateway.cli.accounts._password", lambda _file: "correct horse battery")
    for name in ("ada", "bob", "eve"):
        terminal.done("accounts", "add", f"{name}@example.com", "--name", name, "--role", "admin")
    terminal.done("accounts", "add", "sue@example.com", "--name", "Sue", "--plan", "standard")
    told = [
        terminal.done("people", "erase", f"{name}@example.com", "--reason", "was asked to", "--yes")
        for name in ("sue", "eve", "bob", "ada")
    ]
    assert ["admin" in each for each in told] == [False, False, True, True]
    assert "one admin is left" in told[2]
    assert "no admin is left" in told[3]
