"""`gateway tokens`: servers that act for an account."""

import click

from gateway.accounts import tokens as use_cases
from gateway.accounts.tokens import SCOPES
from gateway.cli.opening import ROW, RefusedError, account_named, opened
from gateway.ledger import OPERATOR


@click.group()
def tokens() -> None:
    """Look after the API's bearer tokens."""


@tokens.command()
@click.argument("email")
@click.option("--name", required=True, help="Which server it is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    default=SCOPES,
    show_default=True,
    help="What it may do; may be said more than once.",
)
def add(email: str, name: str, scopes: tuple[str, ...]) -> None:
    """Make a token by which a server acts for EMAIL; its secret is printed this once and kept nowhere."""
    with opened() as runtime:
        found = account_named(runtime, email)
        click.echo(use_cases.add_token(runtime, OPERATOR, found.id, name=name, scopes=scopes))


@tokens.command("list")
def list_() -> None:
    """List tokens, without their secrets."""
    with opened() as runtime:
        for each in use_cases.list_tokens(runtime):
            state = "  revoked" if each.revoked_at else ""
            click.echo(
                f"{each.id:>6}  account {each.account_id}  {each.name}  {' '.join(each.scopes)}{state}"
            )


@tokens.command()
@click.argument("token_id", metavar="ID", type=ROW)
def revoke(token_id: int) -> None:
    """Revoke the token ID at once."""
    with opened() as runtime:
        if not use_cases.revoke_token(runtime, OPERATOR, token_id):
            raise RefusedError(f"{token_id}: no such living token; `gateway tokens list` shows them")
    click.echo(f"token {token_id} is revoked")
