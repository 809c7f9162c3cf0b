"""`gateway gifts`: withdraw many at once."""

import click

from gateway.cli.opening import RefusedError, account_named, opened
from gateway.decision import Deny
from gateway.ledger import OPERATOR
from gateway.reading.serving import article_by_slug
from gateway.runtime import Runtime
from gateway.sharing.revoking import Revoked, preview_revocation, revoke_gift
from gateway.store.gifts import GiftFilter


@click.group()
def gifts() -> None:
    """Look after gifts."""


@gifts.command()
@click.option("--article", "slug", help="Every gift of the article with this slug.")
@click.option("--account", "email", help="Every gift of this account.")
@click.option("--all", "everything", is_flag=True, help="Every gift there is.")
@click.option("--reason", required=True, help="Goes into the log.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def revoke(slug: str | None, email: str | None, everything: bool, reason: str, yes: bool) -> None:  # noqa: FBT001
    """Withdraw gifts for good; says first how many."""
    if sum((slug is not None, email is not None, everything)) != 1:
        raise click.UsageError("want exactly one of --article SLUG, --account EMAIL and --all")
    with opened() as runtime:
        wanted = _wanted(runtime, slug, email)
        references = preview_revocation(runtime, wanted)
        click.echo(
            f"{len(references)} gifts would be withdrawn"
            + (f": {', '.join(references[:5])} …" if references else "")
        )
        if not references or not (yes or click.confirm("Withdraw them?")):
            return
        answers = [revoke_gift(runtime, OPERATOR, reference, because=reason) for reference in references]
    returned = sum(isinstance(answer, Revoked) and answer.credit_returned for answer in answers)
    click.echo(f"{len(answers)} gifts are withdrawn, {returned} credits were given back")


def _wanted(runtime: Runtime, slug: str | None, email: str | None) -> GiftFilter:
    if slug is not None:
        article = article_by_slug(runtime, slug)
        if isinstance(article, Deny):
            raise RefusedError(f"{slug}: no such article")
        return GiftFilter(article_id=article.id)
    return GiftFilter() if email is None else GiftFilter(account_id=account_named(runtime, email).id)
