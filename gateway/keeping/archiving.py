"""Putting old months of the log away by itself: the oldest that the policy lets go, one with each run."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from gateway.keeping.publishing import PublishingError, Shelf
from gateway.keeping.putting_away import Archive, ArchiveError, newest_allowed, put_away
from gateway.ledger import GATEWAY
from gateway.logmonth import next_month
from gateway.runtime import Runtime
from gateway.sealkeys import SealKeys
from gateway.store import months
from gateway.verify import Progress

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Archiving:
    """Where months are put away by themselves: the folder, the checkpoints that prove them, and the keys that sign these."""

    folder: Path
    shelf: Shelf
    keys: SealKeys


def put_oldest_away(runtime: Runtime, archiving: Archiving, now: datetime, progress: Progress) -> int:
    """Put the oldest month away where the policy keeps it no longer; returns how many months that were, one at most.

    Raises ArchiveError where there is one and it cannot be; it stays, and the next run tries again.
    """
    kept = runtime.policies.in_force(now).policy.retention.entries
    with runtime.database.reading() as connection:
        old = months.list_months(connection, newest_allowed(now, kept))
    if not old:
        return 0
    # The keys are read anew each time: one may have been added since the last.
    signing = archiving.keys.private_keys()
    archive = Archive(archiving.folder, archiving.shelf, archiving.keys.public_keys(), signing)
    try:
        for each in put_away(runtime, GATEWAY, archive, next_month(old[0]), progress=progress):
            log.info("month_put_away", month=each.part.month, entries=each.entries, file=each.file)
    except PublishingError:
        raise
    except OSError as fault:
        raise ArchiveError(
            f"GATEWAY_ARCHIVE: {archiving.folder} cannot be written ({fault.strerror})"
        ) from None
    return 1
