"""`gateway gifts`: withdraw many at once, and keep what was withdrawn outside the database."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from gateway.cli.opening import ReasonText, RefusedError, account_named, opened, sure
from gateway.decision import Deny
from gateway.keeping.revocations import export_revocations
from gateway.ledger import OPERATOR
from gateway.reading.serving import article_by_slug
from gateway.reading.shelf import Shelf
from gateway.runtime import Runtime
from gateway.sharing.revoking import Revoked, preview_revocation, revoke_gift
from gateway.store.gifts import GiftFilter

SHOWN = 10
FEW = 50


@click.group()
def gifts() -> None:
    """Look after gifts."""


@gifts.command()
@click.option("--article", "slug", metavar="SLUG", help="Every gift of this article.")
@click.option("--account", "email", metavar="EMAIL", help="Every gift of this account.")
@click.option("--all", "everything", is_flag=True, help="Every gift there is.")
@click.option("--reason", type=ReasonText(), required=True, help="Goes into the log, and the givers read it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def revoke(slug: str | None, email: str | None, everything: bool, reason: str, yes: bool) -> None:  # noqa: FBT001
    """Withdraw gifts for good: say which and how many first, then ask.

    Each gift is withdrawn by itself, so that stopping half way leaves the rest as it was.
    """
    if sum((slug is not None, email is not None, everything)) != 1:
        raise click.UsageError("want exactly one of --article SLUG, --account EMAIL and --all")
    with opened() as runtime:
        references = preview_revocation(runtime, _wanted(runtime, slug, email))
        if not references:
            click.echo("there is no living gift to withdraw")
            return
        click.echo(_preview(references))
        sure("Withdraw them for good?", yes=yes)
        revoked, returned = _revoke(runtime, references, reason)
    click.echo(f"withdrawn: {_counted(revoked, 'gift')}; given back: {_counted(returned, 'credit')}")


@gifts.command()
@click.option("--to", "file", required=True, type=click.Path(path_type=Path), help="Where to write them.")
def revocations(file: Path) -> None:
    """Export every revocation, for the restore of a backup that is older than some of them.

    What the file says already stays in it. With GATEWAY_REVOCATIONS set, `gateway jobs run` keeps one up to date.
    """
    with opened() as runtime:
        exported = export_revocations(runtime, file)
    click.echo(f"{file}: {_counted(exported.known, 'revocation')}, {exported.added} of them new")


def _wanted(runtime: Runtime, slug: str | None, email: str | None) -> GiftFilter:
    if slug is not None:
        article = article_by_slug(runtime, Shelf(), slug)
        if isinstance(article, Deny):
            raise RefusedError(f"{slug}: no such article")
        return GiftFilter(article_id=article.id)
    return GiftFilter() if email is None else GiftFilter(account_id=account_named(runtime, email).id)


def _preview(references: list[str]) -> str:
    shown = ", ".join(references[:SHOWN])
    more = f" and {len(references) - SHOWN} more" if len(references) > SHOWN else ""
    return f"to be withdrawn: {_counted(len(references), 'gift')}: {shown}{more}"


def _revoke(runtime: Runtime, references: list[str], reason: str) -> tuple[int, int]:
    revoked = returned = 0
    with Progress(console=Console(stderr=True), transient=True, disable=len(references) <= FEW) as progress:
        for reference in progress.track(references, description="withdrawing"):
            answer = revoke_gift(runtime, OPERATOR, reference, because=reason)
            if isinstance(answer, Revoked):
                revoked += 1
                returned += answer.credit_returned
    return revoked, returned


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
