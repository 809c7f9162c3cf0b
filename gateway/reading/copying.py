"""Copying: what a reader's own browser reports, and the text that closes for who took too much of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from gateway.decision import Deny, Reason
from gateway.enforcing import Parties, judge_copy
from gateway.ledger import Entry, Event
from gateway.passage import (
    Extent,
    Given,
    Taken,
    counted_since,
    longest_selection,
    reopens_at,
)
from gateway.policy import Policy
from gateway.reading.visit import Visit
from gateway.runtime import Runtime
from gateway.store import accounts, copied, readers
from gateway.store.copied import Measured, Reader
from gateway.store.deadlocks import again_after_deadlock
from gateway.store.entries import append_entry

ADMIN = "admin"
# Nobody quotes an article a thousand times a day: with this one the text closes, past it only the table would grow.
REPORTS_KEPT = 1000


@dataclass(frozen=True, slots=True)
class CopyPage:
    """One showing of an article: by whose right it was read, and eight random bytes that tell it from others."""

    article_id: int
    page: bytes
    claim_id: int | None = None
    account_id: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a page says was copied: the `sequence`th report of that page, under an id its browser drew.

    `characters` is the length of the selection in Unicode code points; a print is of the whole text.
    """

    id: bytes
    sequence: int
    characters: int
    printed: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """A report that counts, or did before.

    `until` says when the text opens again, None while it is open; `why`, whether the total shut it or a bulk rule.
    """

    until: datetime | None = None
    why: Reason = Reason.COPY_TOTAL


def reader_of(visit: Visit) -> Reader:
    """Tell for whom copies are counted: the account that is signed in, else the device; nobody for an admin."""
    if visit.account is None:
        return Reader(device=visit.device)
    return Reader() if visit.account.role == ADMIN else Reader(account_id=visit.account.id)


def closed_for(runtime: Runtime, visit: Visit, measured: Measured, taken: int, now: datetime) -> Deny | None:
    """Refuse the text to who took more of it than the total; `taken` comes with the query that decides a reading."""
    total = runtime.policies.in_force(now).policy.copying.total_of(measured.characters)
    if measured.free or taken <= total:
        return None
    with runtime.database.reading() as connection:
        kept = copied.list_taken(connection, reader_of(visit), measured.article_id, since=counted_since(now))
    until = reopens_at(kept, total)
    return None if until is None else Deny(Reason.COPY_TOTAL, until=until, detail={"limit": total})


@again_after_deadlock
def report_copy(
    runtime: Runtime, slug: str, shown: CopyPage, report: Report, visit: Visit, *, network: bytes
) -> Counted | Deny:
    """Count a copy or print against its reader's total, once; nobody can report for another's reading.

    `shown` is what the page's stamp says, `network` the keyed hash of where the request came from. Of a free
    article nothing is counted: its text closes for nobody.
    """
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        measured = copied.find_measure(connection, slug)
        if measured is None or measured.article_id != shown.article_id:
            return Deny(Reason.CLAIM_UNKNOWN)
        found = _take_reader(connection, shown, visit)
        if found is None:
            return Deny(Reason.CLAIM_UNKNOWN)
        if report.characters > longest_selection(measured.characters):
            return Deny(Reason.COPY_INVALID)
        policy = runtime.policies.in_force_within(connection, now).policy
        act = CopyAct(connection, *found, measured, policy, visit, now)
        return Counted() if measured.free else count_copy(act, report, shown.page, network)


@dataclass(frozen=True, slots=True)
class CopyAct:
    """One report on its way through its transaction, with its reader's row held."""

    connection: Connection
    reader: Reader
    subject: str
    measured: Measured
    policy: Policy
    visit: Visit
    now: datetime

    @property
    def total(self) -> int:
        """What the reader may take of the article."""
        return self.policy.copying.total_of(self.measured.characters)

    @property
    def parties(self) -> Parties:
        """Who takes part, for the bulk rules."""
        return Parties(
            reader=self.reader.device,
            subscriber=self.reader.account_id,
            networks=self.visit.networks,
            article=self.measured.article_id,
        )

    def closed_until(self, kept: Sequence[Taken]) -> datetime | None:
        """Find when the text opens again for this reader; an admin is never shut out."""
        account = self.visit.account
        return None if account is not None and account.role == ADMIN else reopens_at(kept, self.total)

    def given(self, report: Report, *, closed: bool) -> Given:
        """Decide what was given of a selection or of a print."""
        if report.printed:
            return self.policy.copying.printed(self.measured.characters, closed=closed)
        return self.policy.copying.given(report.characters, closed=closed)

    def add(self, report: Report, given: Given, page: bytes, network: bytes) -> bool:
        """Add the report's row; False where its page has used the number before."""
        return copied.add_copy(
            self.connection,
            self.reader,
            report_id=report.id,
            page=page,
            sequence=report.sequence,
            article_id=self.measured.article_id,
            network=network,
            at=self.now,
            characters=given.characters,
            over=given.over,
            printed=report.printed,
        )


def count_copy(act: CopyAct, report: Report, page: bytes, network: bytes) -> Counted | Deny:
    """Count a report once, and tell what follows from it; the caller holds the reader's row."""
    since = counted_since(act.now)
    kept = copied.list_taken(act.connection, act.reader, act.measured.article_id, since=since)
    before = act.closed_until(kept)
    if copied.has_report(act.connection, act.reader, report.id):
        return Counted(before)
    given = act.given(report, closed=before is not None)
    if given.extent is Extent.UNTOUCHED and before is not None:
        return Counted(before)
    if len(kept) >= REPORTS_KEPT:
        return Deny(Reason.REQUEST_TOO_FAST, until=before)
    if len(kept) == REPORTS_KEPT - 1 and before is None:
        # The last that is kept takes what is left, so that no text stays open to who copies it letter by letter.
        taken = 0 if report.printed else sum(each.characters for each in kept if not each.printed)
        given = replace(given, characters=max(given.characters, act.total - taken + 1))
    if not act.add(report, given, page, network):
        return Deny(Reason.COPY_REUSED)
    return _weigh(act, before, [*kept, Taken(act.now, given.characters, report.printed)])


def _weigh(act: CopyAct, before: datetime | None, kept: Sequence[Taken]) -> Counted:
    """See what follows from a row just added, in the same transaction: the text may close by it, and rules fire."""
    until = act.closed_until(kept)
    if before is None and until is not None:
        actor = act.visit.holder if act.reader.device is not None else act.visit.actor
        about = {"article": act.measured.article_id, "total": act.total}
        append_entry(act.connection, Entry(act.now, actor, Event.COPYING_CLOSED, act.subject, detail=about))
    refusal = None if act.visit.is_staff else judge_copy(act.connection, act.policy, act.parties, act.now)
    if until is None and refusal is not None:
        return Counted(refusal.until, refusal.reason)
    return Counted(until)


def _take_reader(connection: Connection, shown: CopyPage, visit: Visit) -> tuple[Reader, str] | None:
    """Find whose reading a page was, and what the log calls it, and hold their row.

    None where it is not the asking visitor's own.
    """
    if shown.account_id is not None:
        if visit.account is None or visit.account.id != shown.account_id:
            return None
        accounts.take_account(connection, shown.account_id)
        return Reader(account_id=shown.account_id), f"article:{shown.article_id}"
    found = None if shown.claim_id is None else readers.take_claim(connection, shown.claim_id)
    if found is None:
        return None
    claim, reference = found
    own = claim.device == visit.device and claim.article_id == shown.article_id
    return (Reader(device=claim.device), f"gift:{reference}") if own and claim.served_at else None
