"""The stories of articles, networks and rules: who shared, how far it went, what was done and what was done about it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from gateway.auditing.looking import note_look
from gateway.decision import Deny, Reason
from gateway.firing import Firing
from gateway.guard import Rule
from gateway.ledger import Actor
from gateway.runtime import Runtime
from gateway.store import firings, giftlists, spread
from gateway.store.entries import EntryFilter, StoredEntry, list_entries
from gateway.store.giftlists import GiftView
from gateway.store.gifts import GiftLine
from gateway.store.spread import Copies, Counted, Giver, NetworkOpening, Reach

PAGE = 50
GIVERS = 10
LATEST = 20
CHARTED = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ArticleSpread:
    """Who shared an article, how far it went, and how much was copied; `older` continues the gifts."""

    reach: Reach
    givers: tuple[Giver, ...]
    copies: Copies
    gifts: tuple[GiftLine, ...]
    older: int | None


@dataclass(frozen=True, slots=True)
class NetworkStory:
    """What one network did, under the name that it has for a month; `older` continues the openings."""

    opened: Counted
    delivered: Counted
    forged: Counted
    traps: Counted
    copies: Copies
    openings: tuple[NetworkOpening, ...]
    older: int | None
    firings: tuple[Firing, ...]
    entries: tuple[StoredEntry, ...]


@dataclass(frozen=True, slots=True)
class RuleStory:
    """A rule as the policy says it, None where it says it no more; its firings, and how many each UTC day."""

    rule: Rule | None
    days: tuple[tuple[date, int], ...]
    firings: tuple[Firing, ...]
    older: int | None


def article_spread(runtime: Runtime, article_id: int, *, before: int | None = None) -> ArticleSpread:
    """Tell how far an article went by its gifts."""
    now = runtime.clock()
    wanted = GiftView(article_id=article_id, before=before)
    with runtime.database.reading() as connection:
        reach, givers = spread.find_reach(connection, article_id, givers=GIVERS)
        copies = spread.find_copies_of_article(connection, article_id)
        lines = giftlists.list_gift_lines(connection, wanted, now, limit=PAGE + 1)
    older = lines[PAGE - 1].gift.id if len(lines) > PAGE else None
    return ArticleSpread(reach, tuple(givers), copies, tuple(lines[:PAGE]), older)


def network_story(
    runtime: Runtime, actor: Actor, name: str, *, before: int | None = None
) -> NetworkStory | Deny:
    """Tell somebody what a network did; `name` is the hash that entries show, which a network has for one month."""
    now, network = runtime.clock(), bytes.fromhex(name)
    wanted = EntryFilter(subject=f"network:{name}")
    with runtime.database.reading() as connection:
        opened = spread.count_openings(connection, network)
        found = spread.list_openings_from(connection, network, before=before, limit=PAGE + 1)
        story = NetworkStory(
            opened,
            spread.count_deliveries(connection, network),
            spread.count_forged_from(connection, network),
            spread.count_traps_of(connection, network),
            spread.find_copies_from_network(connection, network),
            tuple(found[:PAGE]),
            found[PAGE - 1].claim_id if len(found) > PAGE else None,
            tuple(firings.list_flags(connection, f"network:{name}", datetime.min.replace(tzinfo=now.tzinfo))),
            tuple(list_entries(connection, wanted, limit=LATEST)),
        )
    note_look(runtime, actor, "network", wanted, now)
    did = (story.opened, story.delivered, story.forged, story.traps, story.copies)
    if not (story.firings or story.entries or any(each.times for each in did)):
        return Deny(Reason.NETWORK_UNKNOWN)
    return story


def rule_story(runtime: Runtime, actor: Actor, name: str, *, before: int | None = None) -> RuleStory | Deny:
    """Tell somebody what a rule says and did; one that the policy dropped is told by what it did."""
    now = runtime.clock()
    rules = runtime.policies.in_force(now).policy.rules
    rule = next((each for each in rules if each.name == name), None)
    with runtime.database.reading() as connection:
        found = firings.list_firings_of(connection, name, before=before, limit=PAGE + 1)
        counts = firings.count_firings_by_day(connection, name, now - CHARTED)
    if rule is None and not found and before is None:
        return Deny(Reason.RULE_UNKNOWN)
    note_look(runtime, actor, "rule", EntryFilter(rule=name), now)
    first = (now - CHARTED).date() + timedelta(days=1)
    days = [first + timedelta(days=each) for each in range(CHARTED.days)]
    older = found[PAGE - 1].id if len(found) > PAGE else None
    return RuleStory(rule, tuple((day, counts.get(day, 0)) for day in days), tuple(found[:PAGE]), older)
