"""`gateway keys`: the keys that sign links."""

import click

from gateway.cli.opening import RefusedError, opened, sure
from gateway.keeping.keys import Need, list_keys, need_of_key, retire_key, rotate_key
from gateway.ledger import OPERATOR


@click.group()
def keys() -> None:
    """Look after the keys that sign links."""


@keys.command("list")
def list_() -> None:
    """List the keys, oldest first, with the living links that need each.

    A key that living links need and the key file lacks is named too: its links open nothing until it is back.
    """
    with opened() as runtime:
        for key in list_keys(runtime):
            mark = f"  not in {runtime.keys.path}" if key.lost else "  signs" if key.signs else ""
            click.echo(f"{key.id}  {key.links:>8} living links{mark}")


@keys.command()
def rotate() -> None:
    """Add a key that signs from now on; old links live."""
    with opened() as runtime:
        click.echo(f"key {rotate_key(runtime, OPERATOR)} signs from now on")


@keys.command()
@click.argument("key_id", metavar="ID")
@click.option("--compromised", is_flag=True, help="Drop it though living links need it: they die.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def retire(key_id: str, compromised: bool, yes: bool) -> None:  # noqa: FBT001 - click hands options over by name.
    """Drop the key ID, so that nothing it signed is a link any more.

    Refused while living links need it. With --compromised they die: a giver finds each in My gifts with a fresh
    link that costs nothing.
    """
    with opened() as runtime:
        need = need_of_key(runtime, key_id)
        if need.links and compromised:
            click.echo(f"{need.links} living links die with key {key_id}")
            sure("Retire it?", yes=yes)
        answer = retire_key(runtime, OPERATOR, key_id, compromised=compromised)
    if isinstance(answer, Need):
        until = answer.until.isoformat(timespec="seconds") if answer.until else "an unknown instant"
        raise RefusedError(
            f"{answer.links} living links need key {key_id}, the last of them until {until}; "
            "--compromised drops it now"
        )
    click.echo(f"key {answer.id} is retired; {answer.links} living links died with it")
