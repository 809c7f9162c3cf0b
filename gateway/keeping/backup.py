"""Backups: the whole database as it stood at one instant, in one file that either kind of database can read."""

from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from gateway.keeping.archive import BackupError, Manifest, new_file, write_manifest, write_part
from gateway.ledger import Actor, Entry, Event
from gateway.runtime import Runtime
from gateway.store import copies, schema
from gateway.store.entries import append_entry


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made: what it holds and how large its file is, in bytes."""

    manifest: Manifest
    size: int


def make_backup(runtime: Runtime, actor: Actor, path: Path, *, replace: bool = False) -> Made:
    """Write a backup, holding nobody up and in flat memory; raises BackupError where it cannot be written.

    A file that is there already is kept, and the backup refused, unless it may `replace` it.
    The keys are not in it. They open every link, and belong to be kept elsewhere.
    """
    if path.exists() and not replace:
        raise BackupError(f"{path}: is there already; name another file, or say --replace")
    now = runtime.clock()
    try:
        with new_file(path) as file, ZipFile(file, "w", ZIP_DEFLATED) as archive:
            with copies.snapshot(runtime.database) as connection:
                revision = schema.current(connection)
                parts = tuple(
                    write_part(archive, layout, copies.each_row(connection, layout))
                    for layout in copies.layouts()
                )
            manifest = Manifest(str(revision), now, parts)
            write_manifest(archive, manifest)
        size = path.stat().st_size
    except OSError as fault:
        raise BackupError(f"{path}: cannot be written ({fault.strerror})") from None
    with runtime.database.transaction() as connection:
        about: dict[str, str | int] = {"rows": manifest.rows, "bytes": size}
        append_entry(connection, Entry(now, actor, Event.BACKUP_MADE, "gateway", detail=about))
    return Made(manifest, size)
