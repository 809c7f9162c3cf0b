"""`gateway accounts`: who may sign in, and how much they may give."""

import sys
from pathlib import Path

import click

from gateway.accounts import Account, managing, signing
from gateway.accounts.managing import ROLES, NewAccount
from gateway.accounts.passwords import AccountError
from gateway.cli.opening import ReasonText, account_named, opened
from gateway.ledger import OPERATOR
from gateway.runtime import Runtime

ROWS_AT_ONCE = 500


@click.group()
def accounts() -> None:
    """Add accounts and change them."""


password_options = click.option(
    "--password-file",
    type=click.Path(path_type=Path, allow_dash=True),
    help="The file whose first line is the password, - for standard input; asked for where it is not given.",
)


@accounts.command()
@click.argument("email")
@click.option("--name", required=True, help="As others read it.")
@click.option(
    "--role", type=click.Choice(ROLES), default="subscriber", show_default=True, help="What it may do."
)
@click.option("--plan", help="A plan of the policy; subscribers want one, the others have none.")
@password_options
def add(email: str, name: str, role: str, plan: str | None, password_file: Path | None) -> None:
    """Add the account EMAIL."""
    with opened() as runtime:
        password = _password(password_file)
        added = managing.add_account(runtime, OPERATOR, NewAccount(email, name, role, plan, password))
    click.echo(f"account {added.id}: {_described(added)}")


@accounts.command("list")
@click.option("--like", default="", help="Part of an address or a name.")
def list_(like: str) -> None:
    """List accounts."""
    with opened() as runtime:
        after = 0
        while some := managing.list_accounts(runtime, like=like, after=after, limit=ROWS_AT_ONCE):
            for each in some:
                click.echo(f"{each.id:>8}  {_described(each)}")
            after = some[-1].id


@accounts.command()
@click.argument("email")
@click.option("--reason", type=ReasonText(), required=True, help="Goes into the log.")
@click.option("--freeze-links", is_flag=True, help="Shut the account's links too.")
def suspend(email: str, reason: str, freeze_links: bool) -> None:  # noqa: FBT001 - click hands options over by name.
    """Stop new gifts of EMAIL; its links go on unless they are frozen too."""
    with opened() as runtime:
        found = account_named(runtime, email)
        frozen = managing.suspend(runtime, OPERATOR, found.id, because=reason, freeze_links=freeze_links)
    if frozen is None:
        click.echo(f"{found.email} is suspended already; nothing was changed")
        return
    told = f"{len(frozen)} of its links are frozen" if freeze_links else "its links go on"
    click.echo(f"{found.email} is suspended; {told}")


@accounts.command()
@click.argument("email")
@click.option("--reason", type=ReasonText(), required=True, help="Goes into the log.")
def unsuspend(email: str, reason: str) -> None:
    """Let EMAIL give again; the links that were frozen with it open again."""
    with opened() as runtime:
        found = account_named(runtime, email)
        managing.unsuspend(runtime, OPERATOR, found.id, because=reason)
    click.echo(f"{found.email} may give again")


@accounts.command()
@click.argument("email")
@click.argument("plan")
def plan(email: str, plan: str) -> None:
    """Move EMAIL to PLAN at once; what was used this month stays used."""
    with opened() as runtime:
        found = account_named(runtime, email)
        managing.change_plan(runtime, OPERATOR, found.id, plan)
    click.echo(f"{found.email} has plan {plan}")


@accounts.command()
@click.argument("email")
@password_options
def password(email: str, password_file: Path | None) -> None:
    """Set a new password for EMAIL and sign it out everywhere."""
    with opened() as runtime:
        found = account_named(runtime, email)
        managing.change_password(runtime, OPERATOR, found.id, _password(password_file))
    click.echo(f"{found.email} has a new password and is signed out everywhere")


@accounts.command("sign-out")
@click.argument("email", required=False)
@click.option("--all", "everybody", is_flag=True, help="Sign everybody out; wants --reason.")
@click.option("--reason", type=ReasonText(), help="Goes into the log.")
@click.option("--yes", is_flag=True, help="Do not ask again.")
def sign_out(email: str | None, everybody: bool, reason: str | None, yes: bool) -> None:  # noqa: FBT001 - click hands options over by name.
    """Sign EMAIL out of every browser, or with --all everybody."""
    if (email is None) != everybody:
        raise click.UsageError("want either an EMAIL or --all")
    if everybody and reason is None:
        raise click.UsageError("--all wants a --reason")
    if everybody and not yes:
        click.confirm("This ends every session of everybody. Do it?", abort=True)
    with opened() as runtime:
        who, ended = _sign_out(runtime, email, reason or "")
    click.echo(f"{who} signed out of {ended} browser{'' if ended == 1 else 's'}")


def _sign_out(runtime: Runtime, email: str | None, reason: str) -> tuple[str, int]:
    if email is None:
        return "everybody is", signing.end_every_session(runtime, OPERATOR, because=reason)
    found = account_named(runtime, email)
    return f"{found.email} is", signing.end_sessions(runtime, OPERATOR, found.id, because=reason)


def _password(file: Path | None) -> str:
    """Read a password; raises AccountError for one that is not UTF-8, without telling it."""
    if file is None:
        asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return asked
    try:
        text = sys.stdin.readline() if str(file) == "-" else file.read_text("utf-8")
        text.encode()
    except UnicodeError:
        raise AccountError(f"{file}: the password is not UTF-8 text") from None
    return text.partition("\n")[0].rstrip("\r")


def _described(account: Account) -> str:
    plan = f", plan {account.plan}" if account.plan else ""
    suspended = ", suspended" if account.suspended_at else ""
    return f"{account.email}, {account.name}, {account.role}{plan}{suspended}"
