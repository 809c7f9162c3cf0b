"""Reading the log, and the whole story of one gift."""

from dataclasses import dataclass
from datetime import datetime

from gateway.auditing.looking import note_look
from gateway.behaviour import Behaviour, behaviour_of
from gateway.decision import Decision, Deny, Reason
from gateway.ledger import Actor
from gateway.link import standing_at_the_desk
from gateway.logmonth import month_begins, next_month
from gateway.runtime import Runtime
from gateway.store import entries, gifts, months, openings, spread, statistics
from gateway.store.entries import EntryFilter, StoredEntry
from gateway.store.gifts import GiftLine
from gateway.store.openings import Opening
from gateway.store.spread import NetworkShare

PAGE = 50
STORY = 500
OPENINGS = 200
NETWORKS = 20


@dataclass(frozen=True, slots=True)
class LogPage:
    """One page of the log, newest first; `older` is the entry to continue before, None at the end."""

    entries: tuple[StoredEntry, ...]
    older: int | None


@dataclass(frozen=True, slots=True)
class GiftStory:
    """Everything the gateway knows of one gift; `cards` counts cards shown, by visitor class."""

    line: GiftLine
    standing: Decision
    openings: tuple[Opening, ...]
    cards: dict[str, int]
    behaviour: Behaviour
    networks: tuple[NetworkShare, ...]
    entries: tuple[StoredEntry, ...]


def read_log(
    runtime: Runtime, actor: Actor, wanted: EntryFilter, *, view: str = "log", limit: int = PAGE
) -> LogPage:
    """Show a page of the log to somebody, which is written down; `view` names the page of the desk."""
    now = runtime.clock()
    with runtime.database.reading() as connection:
        found = entries.list_entries(connection, wanted, limit=limit + 1)
    note_look(runtime, actor, view, wanted, now)
    return LogPage(tuple(found[:limit]), found[limit - 1].id if len(found) > limit else None)


def put_away_to(runtime: Runtime) -> datetime | None:
    """Find the first instant of what the log still has here, where older months were put away; else None."""
    with runtime.database.reading() as connection:
        month = months.find_put_away_to(connection)
    return None if month is None else month_begins(next_month(month))


def gift_story(runtime: Runtime, actor: Actor, reference: str) -> GiftStory | Deny:
    """Tell somebody a gift's story, oldest step first."""
    wanted = EntryFilter(subject=f"gift:{reference}")
    now = runtime.clock()
    with runtime.database.reading() as connection:
        line = gifts.find_gift_line(connection, reference)
        if line is None:
            return Deny(Reason.GIFT_UNKNOWN)
        opened = tuple(openings.list_openings(connection, line.gift.id, limit=OPENINGS))
        networks = tuple(spread.list_networks_of_gift(connection, line.gift.id, limit=NETWORKS))
        cards = statistics.count_card_views(connection, line.gift.id)
        found = entries.list_entries(connection, wanted, limit=STORY)
    note_look(runtime, actor, "gift", wanted, now)
    behaviour = behaviour_of(
        line.gift.issued_at,
        [each.claimed_at for each in opened if each.confirmed_at is None and each.lapsed_at is None],
        min((each.claimed_at for each in opened if each.confirmed_at is not None), default=None),
        now,
    )
    decision = standing_at_the_desk(line.gift, runtime.keys.signer.key_ids, now)
    return GiftStory(line, decision, opened, cards, behaviour, networks, tuple(reversed(found)))
