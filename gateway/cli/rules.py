"""`gateway rules`: what bulk rules did and would have done, and whom they keep from something."""

import click

from gateway.auditing.ruling import ruling
from gateway.cli.opening import opened
from gateway.firing import Firing
from gateway.guard import Rule
from gateway.policyparts import words
from gateway.store.firings import RuleReport


@click.group()
def rules() -> None:
    """See what the policy's bulk rules do."""


@rules.command()
@click.option(
    "--days", default=30, show_default=True, type=click.IntRange(1, 366), help="How far to look back."
)
def report(days: int) -> None:
    """Tell how often each rule fired, and what those that only watch would have done."""
    with opened() as runtime:
        found = ruling(runtime, days=days)
    done = {(each.rule, each.mode): each for each in found.report}
    click.echo(f"since {found.since:%Y-%m-%d %H:%M} UTC")
    for rule in found.rules:
        click.echo(_line(rule, done.pop((rule.name, rule.mode), None)))
    for gone in done.values():
        click.echo(f"{gone.rule}  no longer so in the policy: {_figures(gone)}")


@rules.command("list")
def list_in_force() -> None:
    """List whom rules keep from something at this moment."""
    with opened() as runtime:
        page = ruling(runtime)
        if not page.in_force:
            click.echo("nobody is kept from anything")
        for firing in page.in_force:
            click.echo(_held(firing))
        while page.older is not None:
            page = ruling(runtime, before=page.older)
            for firing in page.in_force:
                click.echo(_held(firing))


def _line(rule: Rule, report: RuleReport | None) -> str:
    does = f"{rule.metric} by {rule.by} over {rule.over} per {words(rule.per)}: {rule.then}"
    did = "did not fire" if report is None else _figures(report)
    return f"{rule.name}  {does}{', only watches' if rule.mode == 'monitor' else ''}: {did}"


def _figures(report: RuleReport) -> str:
    times = "once" if report.firings == 1 else f"{report.firings} times"
    fired = "would have fired" if report.mode == "monitor" else "fired"
    return f"{fired} {times} on {report.people}, lifted {report.lifted}, last {report.last_at:%Y-%m-%d %H:%M} UTC"


def _held(firing: Firing) -> str:
    end = "until lifted" if firing.until is None else f"until {firing.until:%Y-%m-%d %H:%M} UTC"
    return f"{firing.id}  {firing.who}  {firing.then} by {firing.rule}, count {firing.count}, {end}"
