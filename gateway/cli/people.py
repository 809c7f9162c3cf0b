"""`gateway people`: what somebody may ask to see, or to have erased."""

import json
from pathlib import Path

import click

from gateway.cli.opening import ReasonText, opened, sure
from gateway.keeping.people import admins_without, erase_person, export_person, find_person
from gateway.ledger import OPERATOR

# Who proposes a policy does not approve it.
ADMINS_TO_APPROVE = 2


@click.group()
def people() -> None:
    """Tell a person what is kept of them, and erase it.

    WHO is a mail address, account:NUMBER, or reader:… as the log names a reader.
    """


@people.command()
@click.argument("who")
@click.option("--to", "file", required=True, type=click.Path(path_type=Path), help="Where to write it.")
def export(who: str, file: Path) -> None:
    """Write all that is kept of WHO to a file of JSON; no secret is in it."""
    with opened() as runtime:
        found = export_person(runtime, OPERATOR, find_person(runtime, who))
    file.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    click.echo(f"{file}: {sum(map(len, found.values()))} rows about {who}")


@people.command()
@click.argument("who")
@click.option("--reason", type=ReasonText(), required=True, help="Goes into the log; name nobody in it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(who: str, reason: str, yes: bool) -> None:  # noqa: FBT001 - click hands options over by name.
    """Erase WHO for good: an account can sign in no more, a reader's device loses what it read by.

    Entries of the log stay, under a pseudonym that leads nowhere, and verify as before.
    """
    with opened() as runtime:
        person = find_person(runtime, who)
        left = admins_without(runtime, person)
        if left is not None and left < ADMINS_TO_APPROVE:
            click.echo(f"{who}: {_too_few(left)}")
        sure(f"Erase {who} for good?", yes=yes)
        rows = erase_person(runtime, OPERATOR, person, because=reason)
    click.echo(f"erased; {rows} rows changed")


def _too_few(left: int) -> str:
    """Say what the admins who are left cannot do."""
    admins = (
        "one admin is left, and one alone approves"
        if left
        else "no admin is left, and without two nobody approves"
    )
    return (
        f"this is an admin; {admins} no policy that is proposed at the desk, until another admin is added "
        "with `gateway accounts add EMAIL --role admin`"
    )
