"""The operator's commands, `gateway …`: a fault ends in a clear line and a status, never in a traceback."""

import sys
from collections.abc import Sequence

import click

from gateway.cli import (
    accounts,
    articles,
    audit,
    copies,
    db,
    demo,
    gifts,
    jobs,
    keys,
    people,
    policy,
    rollups,
    rules,
    run,
    settings,
    tokens,
)
from gateway.cli.opening import RefusedError, fault_of
from gateway.logs import configure

COMMANDS = (
    run.run,
    jobs.jobs,
    demo.demo,
    db.db,
    policy.policy,
    articles.articles,
    accounts.accounts,
    gifts.gifts,
    keys.keys,
    tokens.tokens,
    rules.rules,
    copies.backup,
    copies.restore,
    copies.restore_confirm,
    audit.audit,
    rollups.rollups,
    people.people,
    settings.settings,
)


@click.group(
    commands={str(command.name): command for command in COMMANDS},
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="copyright-gateway")
def commands() -> None:
    """Gift links for a news publisher: run the gateway and look after it.

    Settings are environment variables; `gateway settings` lists them. A command ends with 0 when it did what was
    asked, with 1 when that was refused, and with 2 when something was wrong with what it was given.
    """
    configure("warning", to=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns 0, 1 for what was refused, 2 for what was wrong."""
    try:
        status = commands.main(args=arguments, prog_name="gateway", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as asked:
        asked.show()
        return 2
    except Exception as fault:
        verdict = _verdict(fault)
        if verdict is None:
            raise
        click.echo(f"gateway: {verdict[0]}", err=True)
        return verdict[1]
    return status if isinstance(status, int) else 0


def _verdict(fault: Exception) -> tuple[str, int] | None:
    """Say what is told of a fault, and the status it ends with; None for a fault of the code."""
    match fault:
        case RefusedError():
            return str(fault), 1
        case click.exceptions.Abort():
            return "stopped; nothing more was done", 1
        case click.UsageError(ctx=context):
            path = context.command_path if context else "gateway"
            return f"{fault.format_message()} (`{path} --help` tells more)", 2
        case click.ClickException():
            return fault.format_message(), 2
    told = fault_of(fault)
    return None if told is None else (told, 2)
