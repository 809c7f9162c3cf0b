"""`gateway audit`: prove what the log says, hand it to others, and look after what seals it."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway import verify as verifier
from gateway.cli.opening import ROW, Month, ReasonText, RefusedError, opened, opened_shelf, sure
from gateway.keeping import proving
from gateway.keeping.beginning import After, AlarmError, begin_log
from gateway.keeping.putting_away import Archive, put_away
from gateway.keeping.sealkeys import list_seal_keys, retire_seal_key, rotate_seal_key
from gateway.ledger import OPERATOR
from gateway.runtime import Runtime
from gateway.sealkeys import SealKeys
from gateway.settings import Settings, read_settings

File = click.Path(path_type=Path)
Folder = click.Path(path_type=Path, file_okay=False)
COLUMNS = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


@click.group()
def audit() -> None:
    """Prove what the log says, and hand it to others."""


@audit.command()
@click.argument("export", type=File, required=False)
@click.option(
    "--key", "keys", multiple=True, help="A public key or a file of them; the sealing keys' own by default."
)
@click.option(
    "--checkpoints", "kept", multiple=True, type=File, help="Checkpoints that somebody kept elsewhere."
)
@click.option(
    "--archive", type=Folder, help="The folder of the months that were put away, to verify these too."
)
def verify(export: Path | None, keys: tuple[str, ...], kept: tuple[Path, ...], archive: Path | None) -> int:
    """Verify the living log, or EXPORT, against its checkpoints; ends with 1 where something does not agree.

    Name a key and checkpoints that were kept elsewhere: what lies on this machine may have been changed with it.
    """
    settings = read_settings()
    public = verifier.keys_of(keys) or _own_keys(settings)
    with Progress(
        TextColumn("verifying"), *COLUMNS, console=Console(stderr=True), transient=True
    ) as progress:
        task = progress.add_task("verifying", total=None)
        if export is not None:
            report = verifier.verify_export(
                export,
                public,
                kept,
                lambda done: progress.update(task, completed=done),
                verifier.Months(archive),
            )
        else:
            with opened() as runtime:
                progress.update(task, total=proving.count_sealed(runtime))
                report = proving.verify_log(
                    runtime,
                    opened_shelf(settings),
                    public,
                    kept=kept,
                    archive=archive,
                    progress=lambda done: progress.update(task, completed=done),
                )
    click.echo(verifier.told(report))
    return int(report.faults > 0)


@audit.command()
@click.argument("file", type=File)
@click.option("--personal", is_flag=True, help="With the personal values that stand beside the entries.")
def export(file: Path, personal: bool) -> None:  # noqa: FBT001 - click hands options over by name.
    """Write the log up to its newest checkpoint to FILE, with what verifies it: `python verify.py FILE --key KEY`."""
    with (
        opened() as runtime,
        Progress(TextColumn("exporting"), *COLUMNS, console=Console(stderr=True), transient=True) as progress,
    ):
        task = progress.add_task("exporting", total=proving.count_sealed(runtime))
        exported = proving.export_log(
            runtime,
            OPERATOR,
            opened_shelf(read_settings()),
            file,
            personal=personal,
            progress=lambda done: progress.update(task, completed=done),
        )
    click.echo(f"{file}: {exported.entries} entries of {exported.origin}, {exported.size} bytes")


@audit.command()
@click.option("--before", required=True, type=Month(), help="The first month to stay, such as 2026-05.")
@click.option("--to", "folder", required=True, type=Folder, help="Where to put a file for each month.")
@click.option(
    "--key", "keys", multiple=True, help="A public key or a file of them, where an old one is needed."
)
def archive(before: str, folder: Path, keys: tuple[str, ...]) -> None:
    """Put every month before another away: each into a file that verifies by itself, and then out of the database.

    On PostgreSQL the tables' owner has to do so. What the months' entries hashed to stays, so the log goes on to
    verify; what stands beside them, a device or a network, is personal and is not put away but dropped.
    """
    settings = read_settings()
    public = verifier.keys_of(keys) or _own_keys(settings)
    signing = SealKeys(settings.seal_key_file).private_keys()
    to = Archive(folder, opened_shelf(settings), public, signing)
    done = 0
    with opened() as runtime:
        for each in put_away(runtime, OPERATOR, to, before):
            done += 1
            click.echo(f"{each.part.month}: {each.entries} entries, now in {folder / each.file}")
    if not done:
        click.echo(f"there is nothing from before {before}")


@audit.command()
@click.option("--entry", "entry_id", type=ROW, help="That this entry is in the log.")
@click.option("--since", type=File, help="That the log goes on from the checkpoint in this file.")
@click.option("--to", "file", required=True, type=File, help="Where to write the proof.")
def prove(entry_id: int | None, since: Path | None, file: Path) -> None:
    """Write a proof that `verify.py` checks: of one entry, or of the log's history since a checkpoint."""
    if (entry_id is None) == (since is None):
        raise click.UsageError("want exactly one of --entry NUMBER and --since FILE")
    with opened() as runtime:
        text = _proof(runtime, entry_id, since)
    file.write_text(text + "\n", "utf-8")
    click.echo(f"{file}: the proof; check it with `python verify.py {file} --key KEY`")


@audit.command()
def keys() -> None:
    """Print the public keys, oldest first, as verifiers take them; hand them out by a way of your own."""
    settings = read_settings()
    for line in list_seal_keys(SealKeys(settings.seal_key_file), opened_shelf(settings)):
        click.echo(line)


@audit.command()
def rotate() -> None:
    """Add a sealing key; it signs beside those there are, so that whoever trusts an old one learns the new."""
    settings = read_settings()
    with opened() as runtime:
        line = rotate_seal_key(runtime, OPERATOR, SealKeys(settings.seal_key_file), opened_shelf(settings))
    click.echo(f"signs from now on too: {line}")


@audit.command()
@click.argument("key")
@click.option("--yes", is_flag=True, help="Do not ask.")
def retire(key: str, yes: bool) -> None:  # noqa: FBT001 - click hands options over by name.
    """Let KEY, a line of `gateway audit keys`, sign no more; what it signed stays signed."""
    public = verifier.read_key(key)
    sure("Let it sign no more? Who verifies needs a newer key from then on", yes=yes)
    settings = read_settings()
    with opened() as runtime:
        retire_seal_key(runtime, OPERATOR, SealKeys(settings.seal_key_file), public, key)
    click.echo("it signs no more")


@audit.command()
@click.option("--reason", type=ReasonText(), required=True, help="Goes into the log.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def begin(reason: str, yes: bool) -> None:  # noqa: FBT001 - click hands options over by name.
    """Begin a log of another name that goes on from what is there: after an alarm that was looked into.

    What the old checkpoints say stays as it is, and `gateway audit verify` goes on to tell it.
    """
    sure("Begin a new log over what the database holds now?", yes=yes)
    settings = read_settings()
    after = After.of(opened_shelf(settings), SealKeys(settings.seal_key_file).private_keys())
    with opened() as runtime:
        try:
            origin = begin_log(runtime, OPERATOR, after, reason)
        except AlarmError as alarm:
            raise RefusedError(str(alarm)) from None
    click.echo(f"the log is now {origin}")


def _own_keys(settings: Settings) -> list[bytes]:
    keys = SealKeys(settings.seal_key_file)
    # Where there are none, to read them would make a first one, which signed nothing.
    return keys.public_keys() if keys.path.exists() else []


def _proof(runtime: Runtime, entry_id: int | None, since: Path | None) -> str:
    shelf = opened_shelf(read_settings())
    if since is None:
        assert entry_id is not None  # noqa: S101 - One of the two was given.
        return proving.prove_entry(runtime, shelf, entry_id)
    return proving.prove_history(runtime, shelf, verifier.read_note(since.read_text("utf-8")))
