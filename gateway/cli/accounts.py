"""`gateway accounts`: who may sign in, and how much they may give."""

import click

from gateway.accounts import managing, signing
from gateway.accounts.managing import ROLES, NewAccount
from gateway.cli.opening import account_named, opened
from gateway.ledger import OPERATOR


@click.group()
def accounts() -> None:
    """Add accounts and change them."""


@accounts.command()
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", type=click.Choice(ROLES), default="subscriber", show_default=True)
@click.option("--plan", help="A plan of the policy; for subscribers.")
@click.password_option(help="Asked for where it is not given.")
def add(email: str, name: str, role: str, plan: str | None, password: str) -> None:
    """Add the account EMAIL."""
    with opened() as runtime:
        added = managing.add_account(runtime, OPERATOR, NewAccount(email, name, role, plan, password))
    click.echo(
        f"account {added.id}: {added.email}, {added.role}{f', plan {added.plan}' if added.plan else ''}"
    )


@accounts.command("list")
@click.option("--like", default="", help="Part of an address or a name.")
def list_(like: str) -> None:
    """List accounts."""
    with opened() as runtime:
        for each in managing.list_accounts(runtime, like=like, limit=1000):
            state = "  suspended" if each.suspended_at else ""
            click.echo(f"{each.id:>6}  {each.role:<10}  {each.plan or '-':<12}  {each.email}{state}")


@accounts.command()
@click.argument("email")
@click.option("--reason", required=True)
@click.option("--freeze-links", is_flag=True, help="Shut the account's links too.")
def suspend(email: str, reason: str, freeze_links: bool) -> None:  # noqa: FBT001  # click hands options over by name.
    """Stop new gifts of EMAIL; its links go on unless they are frozen too."""
    with opened() as runtime:
        found = account_named(runtime, email)
        frozen = managing.suspend(runtime, OPERATOR, found.id, because=reason, freeze_links=freeze_links)
    click.echo(f"{email} is suspended; {len(frozen)} links are frozen")


@accounts.command()
@click.argument("email")
@click.option("--reason", required=True)
def unsuspend(email: str, reason: str) -> None:
    """Let EMAIL give again; links frozen with the account are thawed."""
    with opened() as runtime:
        managing.unsuspend(runtime, OPERATOR, account_named(runtime, email).id, because=reason)
    click.echo(f"{email} may give again")


@accounts.command()
@click.argument("email")
@click.argument("name")
def plan(email: str, name: str) -> None:
    """Move EMAIL to the plan NAME at once."""
    with opened() as runtime:
        managing.change_plan(runtime, OPERATOR, account_named(runtime, email).id, name)
    click.echo(f"{email} has plan {name}")


@accounts.command()
@click.argument("email")
@click.password_option()
def password(email: str, password: str) -> None:
    """Set a new password for EMAIL and sign it out everywhere."""
    with opened() as runtime:
        managing.change_password(runtime, OPERATOR, account_named(runtime, email).id, password)
    click.echo(f"{email} has a new password and is signed out everywhere")


@accounts.command("sign-out")
@click.argument("email")
def sign_out(email: str) -> None:
    """Sign EMAIL out everywhere."""
    with opened() as runtime:
        ended = signing.end_sessions(runtime, OPERATOR, account_named(runtime, email).id)
    click.echo(f"{email} was signed out of {ended} browsers")
