"""Looking at the desk's queue: what waits, and the whole story of one case."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from gateway.auditing.looking import note_look
from gateway.case import Case, CaseAct, Evidence, Kind, acts_on
from gateway.decision import Deny, Reason
from gateway.ledger import Actor
from gateway.link import Gift
from gateway.runtime import Runtime
from gateway.store import cases, entries, gifts, queue
from gateway.store.accounts import Account
from gateway.store.entries import EntryFilter, StoredEntry
from gateway.store.queue import QueueFilter

PAGE = 50
EVIDENCE = 50
STORY = 200
ADMINS = 200
# The number beside the queue's name is counted on every page of the desk, so no further than it says anything.
COUNTED_TO = 100
NOBODY = 0


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in the list: what its subject is called, its newest evidence, and its owner's name where it has one."""

    case: Case
    name: str
    evidence: Evidence
    owner: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much of the queue is open, by kind: all of it, what nobody has, and one's own."""

    all: Mapping[Kind, int]
    nobody: Mapping[Kind, int]
    mine: Mapping[Kind, int]


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page of the queue at an instant; `past` is the case to go on after, None at the end."""

    lines: tuple[CaseLine, ...]
    waiting: Waiting
    past: int | None
    now: datetime


@dataclass(frozen=True, slots=True)
class CaseStory:
    """A case with its evidence, newest first, the entries about it, oldest first, and what the asking account can do.

    `admins` are those it can be handed to; `gift` is the gift that it is about, as it is now, where it is about one;
    `names` are those of the accounts that acted on it, by what the log calls them.
    """

    line: CaseLine
    evidence: tuple[Evidence, ...]
    entries: tuple[StoredEntry, ...]
    acts: tuple[CaseAct, ...]
    admins: tuple[tuple[int, str], ...]
    gift: Gift | None
    names: Mapping[str, str] = field(default_factory=dict)


def look_at_queue(
    runtime: Runtime,
    account: Account,
    *,
    kind: Kind | None = None,
    whose: str = "",
    closed: bool = False,
    past: int | None = None,
) -> QueuePage:
    """List cases of a kind or of all; `whose` is `mine`, `nobody` or empty for all."""
    owner = {"mine": account.id, "nobody": NOBODY}.get(whose)
    wanted = QueueFilter(kind, closed, None if closed else owner, past)
    with runtime.database.reading() as connection:
        found = queue.list_cases(connection, wanted, limit=PAGE + 1)
        lines = _lines(connection, found[:PAGE])
        waiting = Waiting(
            queue.count_open(connection),
            queue.count_open(connection, NOBODY),
            queue.count_open(connection, account.id),
        )
    return QueuePage(lines, waiting, found[PAGE - 1].id if len(found) > PAGE else None, runtime.clock())


def case_story(runtime: Runtime, actor: Actor, account: Account, case_id: int) -> CaseStory | Deny:
    """Tell a case's story, and write down that it was told."""
    wanted = EntryFilter(subject=f"case:{case_id}")
    with runtime.database.reading() as connection:
        case = cases.find_case(connection, case_id)
        if case is None:
            return Deny(Reason.CASE_UNKNOWN)
        (line,) = _lines(connection, [case])
        evidence = queue.list_evidence(connection, case, limit=EVIDENCE)
        told = entries.list_entries(connection, wanted, limit=STORY)
        names = queue.find_people_called(connection, {case.closed_by, *(each.actor for each in told)})
        kind, _, key = case.subject.partition(":")
        gift = gifts.find_gift(connection, key) if kind == "gift" else None
        may_act = account.role == "admin" and account.id != case.account_id
        admins = queue.list_admins(connection, limit=ADMINS) if may_act else []
    note_look(runtime, actor, "case", wanted, runtime.clock())
    heirs = tuple(each for each in admins if each[0] not in (case.owner_id, case.account_id))
    acts = acts_on(case, account.id) if may_act else ()
    acts = tuple(each for each in acts if heirs or each is not CaseAct.HAND_OVER)
    return CaseStory(line, tuple(evidence), tuple(reversed(told)), acts, heirs, gift, names)


def count_waiting(runtime: Runtime) -> int:
    """Count the open cases, up to a hundred."""
    with runtime.database.reading() as connection:
        return queue.count_up_to(connection, COUNTED_TO)


def alarms(runtime: Runtime) -> Mapping[Kind, int]:
    """Count the open cases by kind."""
    with runtime.database.reading() as connection:
        return queue.count_open(connection)


def _lines(connection: Connection, found: list[Case]) -> tuple[CaseLine, ...]:
    if not found:
        return ()
    newest = queue.find_newest_evidence(connection, found)
    names = queue.find_names(connection, {each.subject for each in found})
    people = queue.find_people(connection, {each.owner_id for each in found if each.owner_id is not None})
    return tuple(
        CaseLine(each, names.get(each.subject, ""), newest[each.id], people.get(each.owner_id or 0, ""))
        for each in found
    )
