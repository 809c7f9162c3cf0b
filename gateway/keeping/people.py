"""What a person may ask for: all that is kept of them, and that it goes; the log's proofs hold either way."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from gateway.ledger import READER, Actor, Entry, Event
from gateway.runtime import Runtime
from gateway.store import accounts, people
from gateway.store.entries import append_entry

READER_NAME = re.compile(rf"{READER}:([0-9a-f]{{16}})")


class PersonError(ValueError):
    """Nobody is known by a name; the text says what names there are."""


@dataclass(frozen=True, slots=True)
class Person:
    """An account, or a reader by the first 64 bits of a device's digest, as the log names them."""

    account_id: int | None
    device: bytes

    @property
    def subject(self) -> str:
        """How the log names the person when all else is gone."""
        return READER if self.account_id is None else f"account:{self.account_id}"


def find_person(runtime: Runtime, who: str) -> Person:
    """Find a person by mail address, `account:7` or `reader:…`; raises PersonError."""
    if found := READER_NAME.fullmatch(who):
        return Person(None, bytes.fromhex(found[1]))
    with runtime.database.reading() as connection:
        kind, _, number = who.partition(":")
        if kind == "account" and re.fullmatch(r"[0-9]{1,18}", number):
            account = accounts.find_account(connection, int(number))
        else:
            account = accounts.find_account_by_email(connection, who)
    if account is None:
        raise PersonError(
            f"{who}: nobody is known so; want a mail address, account:NUMBER or reader:16 hex digits"
        )
    return Person(account.id, b"")


def admins_without(runtime: Runtime, person: Person) -> int | None:
    """Count the admins who are left once a person is erased; None where the person is none of them."""
    if person.account_id is None:
        return None
    with runtime.database.reading() as connection:
        account = accounts.find_account(connection, person.account_id)
        if account is None or account.role != "admin":
            return None
        return accounts.count_admins(connection, but=account.id)


def export_person(runtime: Runtime, actor: Actor, person: Person) -> dict[str, Any]:
    """Tell all that is kept of a person, as plain values; that it was told is an entry."""
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        if person.account_id is None:
            found = people.list_about_device(connection, person.device)
        else:
            found = people.list_about_account(connection, person.account_id)
        rows = sum(map(len, found.values()))
        append_entry(
            connection, Entry(now, actor, Event.PERSON_EXPORTED, person.subject, detail={"rows": rows})
        )
    return {
        table: [{name: _plain(each) for name, each in row.items()} for row in some]
        for table, some in found.items()
    }


def erase_person(runtime: Runtime, actor: Actor, person: Person, *, because: str) -> int:
    """Take a person's data out for good; entries stay with a pseudonym nobody can resolve. Returns the rows changed."""
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        if person.account_id is None:
            rows = people.erase_device(connection, person.device)
        else:
            accounts.take_account(connection, person.account_id)
            rows = people.erase_account(connection, person.account_id)
            for token in accounts.list_tokens(connection, person.account_id):
                accounts.revoke_token(connection, token.id, now)
        about: dict[str, str | int] = {"rows": rows, "because": because}
        append_entry(connection, Entry(now, actor, Event.PERSON_ERASED, person.subject, detail=about))
    return rows


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value
