"""What commands begin with and end in: the runtime of the settings, and a fault told in a line."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from gateway.accounts import Account
from gateway.accounts.managing import find_by_email
from gateway.accounts.passwords import AccountError
from gateway.app import open_runtime
from gateway.keeping.archive import BackupError
from gateway.keeping.people import PersonError
from gateway.keeping.policies import ProposalError
from gateway.keeping.proving import ProofError
from gateway.keeping.publishing import PublishingError, Shelf, shelf_at
from gateway.keeping.putting_away import ArchiveError
from gateway.keeping.revocations import RevocationsError
from gateway.keys import KeyFileError
from gateway.logmonth import month_begins, month_of
from gateway.policyfile import PolicyError
from gateway.resources import ResourceMissingError
from gateway.runtime import NoPolicyError, Runtime
from gateway.sealkeys import SealKeyError
from gateway.settings import Settings, SettingsError, read_settings
from gateway.store import schema
from gateway.store.engine import DatabaseAddressError
from gateway.store.schema import SchemaError
from gateway.verify import UnreadableError
from gateway.visible import is_seen

FAULTS = (
    AccountError,
    ArchiveError,
    BackupError,
    DatabaseAddressError,
    KeyFileError,
    NoPolicyError,
    PersonError,
    PolicyError,
    ProofError,
    ProposalError,
    PublishingError,
    ResourceMissingError,
    RevocationsError,
    SchemaError,
    SealKeyError,
    SettingsError,
    UnreadableError,
)


# A number of a row, as far as the databases count.
ROW = click.IntRange(1, 2**63 - 1)


class RefusedError(Exception):
    """An act that is refused; the text says why and what would do."""


class Instant(click.ParamType[datetime | None]):
    """An instant in ISO 8601 that states its offset, or `now`, which is None."""

    name = "instant"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime | None:
        """Read an instant; fails, with an example, for one that leaves open which it is."""
        if value == "now" or not isinstance(value, str):
            return None
        try:
            instant = datetime.fromisoformat(value)
            instant.astimezone(UTC)  # A database keeps it so, and the calendar ends with the year 9999.
        except (ValueError, OverflowError):
            instant = None
        if instant is None or instant.tzinfo is None:
            self.fail(
                f"got {value!r}; want an instant with its offset, such as 2027-01-01T00:00:00Z, or now",
                param,
                ctx,
            )
        return instant


class Month(click.ParamType[str]):
    """A month, as in 2026-05."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read a month; fails, with an example, for what is none."""
        try:
            return month_of(month_begins(str(value)))
        except ValueError:
            self.fail(f"got {value!r}; want a month, such as 2026-05", param, ctx)


class ReasonText(click.ParamType[str]):
    """A reason for the log, which shows something to whoever reads it."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read a reason; fails for one that is blank or that nobody sees."""
        if not is_seen(str(value)):
            self.fail("want a reason that is not blank", param, ctx)
        return str(value).strip()


@contextmanager
def opened(*, checked: bool = True) -> Iterator[Runtime]:
    """Yield the runtime of the settings in the environment, its tables `checked` to be those of this release."""
    settings = read_settings()
    if not settings.database_url:
        settings.var.mkdir(parents=True, exist_ok=True)
    runtime = open_runtime(settings)
    try:
        if checked:
            schema.check(runtime.database)
        yield runtime
    finally:
        runtime.close()


def opened_shelf(settings: Settings) -> Shelf:
    """Open the place of the log's checkpoints that the settings name."""
    return shelf_at(settings.checkpoints, settings.var / "checkpoints")


def account_named(runtime: Runtime, email: str) -> Account:
    """Find an account by its address; raises RefusedError where there is none."""
    found = find_by_email(runtime, email)
    if found is None:
        raise RefusedError(f"{email}: no such account; `gateway accounts list` shows them")
    return found


def sure(question: str, *, yes: bool) -> None:
    """Ask before something that cannot be undone, unless `yes` was said already; raises RefusedError for a no."""
    if not yes and not click.confirm(question):
        raise RefusedError("nothing was done")


def fault_of(fault: Exception) -> str | None:
    """Tell a fault of a file, a setting or the database as an operator should read it; None for one of the code."""
    if isinstance(fault, FAULTS):
        return str(fault)
    if isinstance(fault, SQLAlchemyError):
        return f"the database cannot be used: {schema.first_line(fault)}"
    if isinstance(fault, UnicodeEncodeError):
        # The system hands over bytes that are not UTF-8 as lone surrogates, which no database takes.
        return "got text that is not UTF-8; want UTF-8"
    if isinstance(fault, OSError):
        return f"{fault.filename or 'a file'}: {fault.strerror}"
    return None
