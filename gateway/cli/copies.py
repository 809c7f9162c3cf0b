"""`gateway backup`, `gateway restore` and `gateway restore-confirm`."""

from pathlib import Path

import click

from gateway.cli.opening import ReasonText, RefusedError, opened, opened_shelf, sure
from gateway.keeping.backup import make_backup
from gateway.keeping.beginning import After
from gateway.keeping.restore import Restored, confirm_restore, restore_backup
from gateway.ledger import OPERATOR
from gateway.sealkeys import SealKeys
from gateway.settings import read_settings

File = click.Path(path_type=Path)


@click.command()
@click.argument("file", type=File)
@click.option("--replace", is_flag=True, help="Write over FILE where it is there already.")
def backup(file: Path, replace: bool) -> None:  # noqa: FBT001 - click hands options over by name.
    """Write the whole database, as it stands at one instant, to FILE; nobody has to stop for it.

    FILE fits either kind of database. The key file is not in it: without that no link of a backup opens, so keep
    a copy of it too, and elsewhere.
    """
    with opened() as runtime:
        made = make_backup(runtime, OPERATOR, file, replace=replace)
    click.echo(
        f"{file}: {made.manifest.rows} rows, {made.size} bytes, as of {made.manifest.made_at.isoformat()}"
    )


@click.command()
@click.argument("file", type=File)
@click.option(
    "--revocations",
    type=File,
    help="Revoke again what this export says was revoked; GATEWAY_REVOCATIONS where it is not given.",
)
@click.option("--replace", is_flag=True, help="Give up what the database holds now.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore(file: Path, revocations: Path | None, replace: bool, yes: bool) -> None:  # noqa: FBT001
    """Load the backup FILE into an empty database; stop the gateway and its jobs first.

    All of it is loaded, or nothing. Every link then stays shut until an admin confirms the restore, on the page
    of the log or by `gateway restore-confirm`.
    """
    settings = read_settings()
    exported = revocations or settings.revocations
    if exported is not None and revocations is None and not exported.exists():
        exported = None
    with opened(checked=False) as runtime:
        if replace:
            sure("Give up everything the database holds now?", yes=yes)
        after = After.of(opened_shelf(settings), SealKeys(settings.seal_key_file).private_keys())
        restored = restore_backup(runtime, OPERATOR, file, revocations=exported, replace=replace, after=after)
    click.echo(_told(restored, exported))


@click.command("restore-confirm")
@click.option("--reason", type=ReasonText(), required=True, help="Goes into the log.")
def restore_confirm(reason: str) -> None:
    """Open the links again after a restore."""
    with opened() as runtime:
        confirmed = confirm_restore(runtime, OPERATOR, because=reason)
    if not confirmed:
        raise RefusedError("no restore waits to be confirmed")
    click.echo("the links are open again, in every worker within a second or two")


def _told(restored: Restored, exported: Path | None) -> str:
    lines = [f"restored: {restored.rows} rows, as of {restored.made_at.isoformat()}"]
    if exported is not None:
        lines.append(f"revoked again by {exported}: {restored.revocations}")
    if restored.links_without_key:
        lines.append(
            f"{restored.links_without_key} living links need keys that the key file lacks; bring it back too"
        )
    if restored.living_tokens:
        lines.append(
            f"{restored.living_tokens} API tokens live, also any revoked since; see `gateway tokens list`"
        )
    lines.append('every link stays shut until you run: gateway restore-confirm --reason "…"')
    return "\n".join(lines)
