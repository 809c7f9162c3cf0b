"""`gateway policy`: check a policy file, propose it, look at the versions."""

from datetime import UTC, datetime
from pathlib import Path

import click

from gateway.cli.opening import opened
from gateway.keeping.policies import propose_policy
from gateway.ledger import OPERATOR
from gateway.policy import parse
from gateway.policyfile import text_of
from gateway.store.policies import list_versions


@click.group()
def policy() -> None:
    """Check, propose and show the policy."""


@policy.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Check FILE and name everything that is wrong in it, by line and key."""
    found = parse(text_of(file), name=str(file))
    plans = ", ".join(f"{name} {plan.gifts}" for name, plan in found.plans.items())
    click.echo(
        f"{file}: a policy of {found.publisher.name}; gifts a month: {plans}; {len(found.rules)} rules"
    )


@policy.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--at", default="now", show_default=True, help="An instant such as 2027-01-01T00:00:00Z, or now."
)
def propose(file: Path, at: str) -> None:
    """Make FILE the next version, which applies in every worker at its instant."""
    with opened() as runtime:
        number, starts = propose_policy(runtime, OPERATOR, file, at=None if at == "now" else _instant(at))
    click.echo(f"version {number} applies from {starts.isoformat()}")


@policy.command()
def versions() -> None:
    """List the versions, oldest first."""
    with opened() as runtime, runtime.database.reading() as connection:
        for each in list_versions(connection):
            click.echo(f"{each.version}  {each.takes_effect_at.isoformat()}  {each.name}  {each.digest[:12]}")


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no instant; want 2027-01-01T00:00:00Z or now") from None
    if found.tzinfo is None:
        raise click.BadParameter(f"{text!r} names no zone; add Z or an offset such as +01:00")
    return found.astimezone(UTC)
