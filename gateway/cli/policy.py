"""`gateway policy`: check a policy file, propose it, look at the versions."""

from datetime import datetime
from pathlib import Path

import click

from gateway.cli.opening import Instant, opened
from gateway.keeping.policies import list_versions, propose_policy, version_of
from gateway.ledger import OPERATOR
from gateway.policy import parse
from gateway.policyfile import text_of

File = click.Path(path_type=Path)


@click.group()
def policy() -> None:
    """Check, propose and show the policy."""


@policy.command()
@click.argument("file", type=File)
def check(file: Path) -> None:
    """Check FILE, and name everything that is wrong in it by line and key."""
    found = parse(text_of(file), name=str(file))
    plans = ", ".join(f"{name} {plan.gifts}" for name, plan in found.plans.items())
    rules = f"{len(found.rules)} bulk rule{'' if len(found.rules) == 1 else 's'}"
    click.echo(f"{file}: a policy of {found.publisher.name}; gifts a month: {plans}; {rules}")


@policy.command()
@click.argument("file", type=File)
@click.option(
    "--at",
    "starts",
    type=Instant(),
    required=True,
    metavar="INSTANT",
    help="From when on, such as 2027-01-01T00:00:00Z; or now, which is in five seconds.",
)
def propose(file: Path, starts: datetime | None) -> None:
    """Make FILE the next version of the policy, in every worker at its instant."""
    text = text_of(file)
    with opened() as runtime:
        proposed = propose_policy(runtime, OPERATOR, text, name=file.name, at=starts)
    click.echo(
        f"version {proposed.version} applies from {proposed.takes_effect_at.isoformat(timespec='seconds')}"
    )
    for plan, count in proposed.left_without_plan.items():
        click.echo(
            f"{count} accounts have the plan {plan!r}, which it lacks; from then on they can give nothing"
        )


@policy.command()
@click.argument("version", type=int, required=False)
def show(version: int | None) -> None:
    """Print the text of VERSION, or of the version in force."""
    with opened() as runtime:
        found = version_of(runtime, version)
    click.echo(found.text, nl=not found.text.endswith("\n"))


@policy.command()
def versions() -> None:
    """List the versions, oldest first; a star marks the one in force."""
    with opened() as runtime:
        known = list_versions(runtime)
    for each in known.versions:
        star = "*" if each.version == known.in_force else " "
        starts = each.takes_effect_at.isoformat(timespec="seconds")
        click.echo(
            f"{star}{each.version:>4}  from {starts}  {each.digest[:12]}  {each.name}, by {each.proposed_by}"
        )
