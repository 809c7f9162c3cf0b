"""`gateway policy`: check a policy file, propose it, look at the versions."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from gateway.cli.opening import Instant, opened, sure
from gateway.cli.simulated import data_of, told
from gateway.keeping.policies import list_versions, plans_left_out, propose_policy, version_of
from gateway.ledger import OPERATOR
from gateway.policy import parse
from gateway.policyfile import text_of
from gateway.simulating.comparing import simulate as replay_under

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
@click.option("--yes", is_flag=True, help="Do not ask before a plan that accounts have is left out.")
def propose(file: Path, starts: datetime | None, yes: bool) -> None:  # noqa: FBT001 - click hands options over by name.
    """Make FILE the next version of the policy, in every worker at its instant.

    Who can type this has the database in their hands, so no second admin is asked; the log names the operator.
    """
    text = text_of(file)
    with opened() as runtime:
        left = plans_left_out(runtime, text, name=str(file))
        if left:
            click.echo(f"{file}: {_lacking(left)}")
            sure("Propose it all the same?", yes=yes)
        proposed = propose_policy(runtime, OPERATOR, text, name=str(file), at=starts)
    click.echo(
        f"version {proposed.version} applies from {proposed.takes_effect_at.isoformat(timespec='seconds')}"
    )


def _lacking(left: Mapping[str, int]) -> str:
    """Say which plans that accounts have are missing from a policy."""
    plans = ", ".join(
        f"{plan!r}, which {count} account{' has' if count == 1 else 's have'}" for plan, count in left.items()
    )
    return f"it lacks the plan {plans}; from then on they can give nothing until they are on another plan"


@policy.command()
@click.argument("file", type=File)
@click.option("--days", type=click.IntRange(1, 180), default=30, show_default=True, help="How far back.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def simulate(file: Path, days: int, as_json: bool) -> None:  # noqa: FBT001 - click hands options over by name.
    """Tell what FILE would have done to the last days' real acts, beside what the policy in force does to them.

    Nothing is changed. Both are replayed in the same way on databases of their own, so that they differ by the
    policies alone. docs/policy-room.md tells how, and what no replay can know.
    """
    candidate = parse(text_of(file), name=str(file))
    with opened() as runtime, Progress(
        TextColumn("replaying"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(),
        console=Console(stderr=True), transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task("replaying", total=1.0)
        found = replay_under(
            runtime, candidate, days=days, progress=lambda part: bar.update(task, completed=part)
        )
    click.echo(json.dumps(data_of(found), indent=2) if as_json else told(found, str(file)))


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
        gone = " (withdrawn)" if each.withdrawn_at is not None else ""
        click.echo(
            f"{star}{each.version:>4}  from {starts}  {each.digest[:12]}  {each.name}, by {each.proposed_by}{gone}"
        )
