"""Restores: a backup in the place of what a database holds, all of it or nothing, with every link shut at first."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zipfile import ZipFile

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from gateway.keeping.archive import BackupError, Manifest, each_row, opened
from gateway.keeping.beginning import After, AlarmError, begin_log_within
from gateway.keeping.keys import lost_keys
from gateway.keeping.revocations import replay_revocations
from gateway.ledger import Actor, Entry, Event
from gateway.runtime import Runtime
from gateway.store import copies, months, policies, schema, sealing, upkeep
from gateway.store.entries import append_entry
from gateway.verify import Note


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore brought back, and what the operator should know of it."""

    made_at: datetime
    rows: int
    revocations: int
    links_without_key: int
    living_tokens: int


def restore_backup(
    runtime: Runtime,
    actor: Actor,
    path: Path,
    *,
    revocations: Path | None,
    replace: bool,
    after: After | None = None,
) -> Restored:
    """Load a backup into an empty database, or with `replace` into any, in one transaction.

    A new log then goes on from what the backup had sealed, and `after` is what was published of the old, with the keys
    to sign so: without these no verifier takes what was sealed after the backup for given up.

    Raises BackupError for a file that is damaged, newer than this release, or not to be loaded here, and
    RevocationsError; the database is then as it was.
    """
    now = runtime.clock()
    with opened(path) as (archive, manifest):
        if manifest.revision not in schema.known():
            raise BackupError(
                f"{path}: was made by a newer release (its tables stand at step {manifest.revision}, this release "
                f"knows none after {schema.newest()}); install that release"
            )
        with runtime.database.transaction() as connection:
            _make_room(connection, replace=replace)
            rows = _load(connection, archive, manifest, path)
            months.make_room(connection, now)
            replayed = 0 if revocations is None else replay_revocations(connection, revocations, now)
            policies.add_restoration(connection, restored_at=now, backup_made_at=manifest.made_at)
            about: dict[str, str | int] = {"made_at": manifest.made_at.isoformat(), "rows": rows}
            about |= {"revocations": replayed}
            append_entry(connection, Entry(now, actor, Event.BACKUP_RESTORED, "gateway", detail=about))
            _begin_log(connection, actor, runtime.base_url, now, after or After(), path)
            restored = _restored(runtime, connection, manifest, now, replayed)
    runtime.policies.forget()
    return restored


def confirm_restore(runtime: Runtime, actor: Actor, *, because: str) -> int:
    """Open the links again after a restore; returns how many restores waited for it."""
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        confirmed = policies.confirm_restorations(connection, now, actor.name)
        if confirmed:
            about: dict[str, str | int] = {"restores": confirmed, "because": because}
            append_entry(connection, Entry(now, actor, Event.RESTORE_CONFIRMED, "gateway", detail=about))
    runtime.policies.forget()
    return confirmed


def _make_room(connection: Connection, *, replace: bool) -> None:
    if schema.current(connection) is None:
        return
    if not replace and copies.holds_anything(connection):
        raise BackupError(
            "the database holds accounts, articles or gifts; --replace gives them up for the backup's"
        )
    # The log's triggers let no row go, so the tables go; they come back empty, as the backup knew them.
    schema.downgrade_within(connection, "base")


def _load(connection: Connection, archive: ZipFile, manifest: Manifest, path: Path) -> int:
    schema.upgrade_within(connection, manifest.revision)
    try:
        rows = sum(
            copies.add_rows(connection, part.layout, each_row(archive, part)) for part in manifest.parts
        )
    except IntegrityError as fault:
        raise BackupError(f"{path}: contradicts itself: {schema.first_line(fault)}") from None
    except (DBAPIError, ValueError, TypeError) as fault:
        told = schema.first_line(fault) if isinstance(fault, DBAPIError) else str(fault)
        raise BackupError(f"{path}: has a row that the tables cannot hold: {told}") from None
    copies.number_on(connection)
    schema.upgrade_within(connection)
    return rows


def _begin_log(
    connection: Connection, actor: Actor, base_url: str, now: datetime, after: After, path: Path
) -> None:
    """Begin a log of another name, since the old one may have sealed what the backup does not have."""
    sealing.drop_sealed_from_outbox(connection)
    state, published = sealing.find_log(connection), after.published
    if published is None and state is not None and state.size:
        published = Note(state.origin, state.size, state.root, "", ())
    if state is None and published is None:
        return
    after = replace(after, published=published, restored=True)
    try:
        begin_log_within(connection, actor, base_url, now, after, because="restored from a backup")
    except AlarmError as alarm:
        raise BackupError(f"{path}: its log is not whole: {alarm}") from None


def _restored(
    runtime: Runtime, connection: Connection, manifest: Manifest, now: datetime, replayed: int
) -> Restored:
    lost = sum(key.links for key in lost_keys(connection, runtime.keys, now))
    return Restored(manifest.made_at, manifest.rows, replayed, lost, upkeep.count_living_tokens(connection))
