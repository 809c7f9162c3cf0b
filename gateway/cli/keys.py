"""`gateway keys`: the keys that sign links."""

import click

from gateway.cli.opening import RefusedError, opened
from gateway.keeping.keys import need_of_key, retire_key, rotate_key
from gateway.ledger import OPERATOR


@click.group()
def keys() -> None:
    """Look after the keys that sign links."""


@keys.command("list")
def list_() -> None:
    """List the keys, oldest first, with the living links that need each."""
    with opened() as runtime:
        for key in runtime.keys.keys.link_keys:
            signs = "  signs" if key.id == runtime.keys.signer.newest else ""
            click.echo(f"{key.id}  {need_of_key(runtime, key.id).gifts} living links{signs}")


@keys.command()
def rotate() -> None:
    """Add a new key that signs from now on; old links live."""
    with opened() as runtime:
        click.echo(f"key {rotate_key(runtime, OPERATOR)} signs from now on")


@keys.command()
@click.argument("key_id", metavar="ID")
@click.option("--compromised", is_flag=True, help="Drop it though living links need it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def retire(key_id: str, compromised: bool, yes: bool) -> None:  # noqa: FBT001  # click hands options over by name.
    """Drop the key ID; refused while living links need it."""
    with opened() as runtime:
        need = need_of_key(runtime, key_id)
        if need.gifts and compromised:
            click.echo(f"{need.gifts} living links die; My gifts gives each a fresh one free of charge")
            if not yes and not click.confirm("Retire the key?"):
                return
        need = retire_key(runtime, OPERATOR, key_id, compromised=compromised)
    if need.gifts and not compromised:
        until = need.until.isoformat() if need.until else "-"
        raise RefusedError(
            f"{need.gifts} living links need key {key_id} until {until}; --compromised drops it now"
        )
    click.echo(f"key {key_id} is retired")
