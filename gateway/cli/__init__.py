"""The operator's commands: `gateway …`; every fault ends in one clear line and a status, never in a traceback."""

import click
from sqlalchemy.exc import SQLAlchemyError

from gateway.accounts.passwords import AccountError
from gateway.cli import accounts, articles, database, demo, gifts, jobs, keys, policy, run, tokens
from gateway.cli.opening import RefusedError
from gateway.keeping.policies import ProposalError
from gateway.keys import KeyFileError
from gateway.policyfile import PolicyError
from gateway.resources import ResourceMissingError
from gateway.runtime import NoPolicyError
from gateway.settings import SettingsError
from gateway.store.engine import DatabaseAddressError
from gateway.store.schema import SchemaError

FAULTS = (
    SettingsError,
    KeyFileError,
    PolicyError,
    ProposalError,
    AccountError,
    SchemaError,
    DatabaseAddressError,
    NoPolicyError,
    ResourceMissingError,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Gift links for a news publisher: run the gateway and look after it."""


for command in (
    run.run,
    demo.demo,
    database.db,
    policy.policy,
    articles.articles,
    accounts.accounts,
    gifts.gifts,
    keys.keys,
    tokens.tokens,
    jobs.jobs,
):
    commands.add_command(command)


def main() -> int:
    """Run the command line; returns 0, 1 for what was refused, 2 for what was wrong."""
    try:
        commands.main(standalone_mode=False)
    except click.exceptions.Abort:
        return _say("stopped", 1)
    except click.ClickException as error:
        error.show()
        return 2
    except RefusedError as error:
        return _say(str(error), 1)
    except FAULTS as error:
        return _say(str(error), 2)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        return _say(f"the database cannot be used: {reason}", 2)
    return 0


def _say(text: str, status: int) -> int:
    click.echo(text, err=True)
    return status
