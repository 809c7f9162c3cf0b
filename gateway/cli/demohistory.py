"""The demo's first month: made up, but lived through the gateway's own use cases, act by act in the order of time."""

import heapq
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from gateway.accounts.managing import NewAccount, add_account
from gateway.articles.demo import demo_stories
from gateway.articles.importing import import_stories
from gateway.articles.story import Story
from gateway.cli.jobs import open_sealer
from gateway.decision import Permit
from gateway.keeping.publishing import PublishingError
from gateway.keeping.queue import queue_firings
from gateway.keeping.setup import set_up
from gateway.keys import digest
from gateway.ledger import OPERATOR, account_actor
from gateway.licence import Purpose
from gateway.licence import Wish as Request
from gateway.reading.claiming import Claimed, Press, claim_gift, confirm_reading
from gateway.reading.licensing import ask_for_licence
from gateway.reading.opening import open_card
from gateway.reading.serving import read_article
from gateway.reading.shelf import Shelf
from gateway.reading.visit import Visit
from gateway.runtime import Runtime
from gateway.settings import Settings
from gateway.sharing.issuing import Issued, Wish, issue_gift
from gateway.sharing.offering import Sharing, sharing_of
from gateway.sharing.revoking import BY_GIVER, revoke_gift

SPAN = timedelta(days=30)
GIFTS = 40
# As many readers as one gift has in the default policy, and more networks after them than its rule lets pass.
TRIED = 44
PASSWORD = "demo-password"
# They gave during that month, so that who tries the demo has all credits left.
GIVERS = tuple(
    NewAccount(f"{name.lower()}@example.com", f"{name} Giver", "subscriber", plan, PASSWORD)
    for name, plan in (("Carl", "standard"), ("Dora", "premium"), ("Emil", "standard"), ("Fay", "premium"))
)
REQUEST = Request(
    Purpose.TEACHING, "Tess Teacher", "tess@example.org", "For a class of thirty.", about="The tide"
)


@dataclass
class PastClock:
    """The time of what is lived through; it only goes on."""

    now: datetime

    def __call__(self) -> datetime:
        """Read it."""
        return self.now

    def go_on(self, until: datetime) -> None:
        """Let time pass."""
        self.now = max(self.now, until)


@dataclass
class _Month:
    """What is still to happen, by its time; and which articles and givers are there already."""

    runtime: Runtime
    clock: PastClock
    shelf: Shelf = field(default_factory=Shelf)
    waiting: list[tuple[datetime, int, Callable[[], object]]] = field(default_factory=list)
    articles: list[int] = field(default_factory=list)
    givers: list[int] = field(default_factory=list)
    put: int = 0

    def at(self, when: datetime, act: Callable[[], object]) -> None:
        """Let something happen at an instant."""
        self.put += 1
        heapq.heappush(self.waiting, (when, self.put, act))

    def live(self, end: datetime) -> None:
        """Let all happen that happens before the end, each in its time."""
        while self.waiting and self.waiting[0][0] < end:
            when, _, act = heapq.heappop(self.waiting)
            self.clock.go_on(when)
            act()

    def publish(self, path: Path, story: Story) -> None:
        """Let an article come in."""
        (line,) = import_stories(self.runtime, [(path, story)]).lines
        if line.article_id is not None:
            found = sharing_of(self.runtime, self.givers[0], line.article_id)
            giftable = isinstance(found, Sharing) and isinstance(found.decision, Permit)
            self.articles += [line.article_id] if giftable else []

    def give(self, number: int) -> Issued | None:
        """Give the latest articles in turn; each gift is read by none, one, two or three, not all of whom stay."""
        giver, article = (
            self.givers[number % len(self.givers)],
            self.articles[-1 - number % len(self.articles)],
        )
        wish = Wish(giver, article, f"history-{number}", separate=True)
        issued = issue_gift(self.runtime, account_actor(giver), wish)
        if not isinstance(issued, Issued):
            return None
        for reader in range(number % 4):
            after = timedelta(hours=1 + 7 * reader, minutes=number)
            read = partial(self.read, issued, 4 * number + reader, stays=(number + reader) % 5 > 0)
            self.at(self.clock.now + after, read)
        return issued

    def take_back(self) -> None:
        """Give a link and withdraw it."""
        issued = self.give(0)
        if issued is not None:
            giver = account_actor(issued.gift.account_id)
            revoke_gift(self.runtime, giver, issued.gift.reference, because=BY_GIVER)

    def spread(self) -> None:
        """Give a link that goes round in public, which a bulk rule stops and the queue shows."""
        issued = self.give(4 * GIFTS + 1)
        if issued is None:
            return
        for number in range(TRIED):
            self.read(issued, 200 + number, stays=True)
        self.runtime.tally.flush()
        queue_firings(self.runtime, self.clock.now)

    def read(self, issued: Issued, number: int, *, stays: bool) -> None:
        """Open a link on a device and network of their own; who stays reads."""
        networks = partial(
            self.runtime.networks.names, f"198.{18 + number // 256}.{number % 256}.1", self.clock.now
        )
        visit = Visit(digest(f"history-{number}".encode()), located=networks, agent="Mozilla/5.0")
        open_card(self.runtime, self.shelf, issued.gift.capability, visit)
        shown_at = self.clock.now
        self.clock.go_on(shown_at + timedelta(seconds=6))
        claimed = claim_gift(self.runtime, issued.gift.capability, visit, Press(shown_at))
        if isinstance(claimed, Claimed):
            read_article(self.runtime, self.shelf, claimed.slug, visit)
            self.clock.go_on(self.clock.now + timedelta(seconds=20))
            if stays:
                confirm_reading(self.runtime, claimed.slug, visit)

    def ask(self) -> None:
        """Ask for a licence."""
        ask_for_licence(self.runtime, REQUEST, Visit(), form="history", language="en")


def live_first_month(runtime: Runtime, settings: Settings, people: Iterable[NewAccount]) -> str:
    """Set an empty database up as it would have been 30 days ago, and let `people` and others live until now.

    Returns the remark of `set_up`. What happened is sealed at the end, as the jobs would have done all along.
    """
    end = runtime.clock()
    clock = PastClock(end - SPAN)
    past = replace(runtime, clock=clock)
    try:
        remark = set_up(past, settings)
        month = _Month(past, clock)
        for person in people:
            add_account(past, OPERATOR, person)
        month.givers = [add_account(past, OPERATOR, each).id for each in GIVERS]
        _plan(month, end)
        month.live(end - timedelta(hours=1))
    finally:
        past.tally.close()
        past.policies.close()
    sealer = open_sealer(runtime, settings)
    # Where checkpoints cannot be published yet, the jobs will.
    with suppress(PublishingError):
        sealer.beat()
    sealer.release()
    return remark


def _plan(month: _Month, end: datetime) -> None:
    for path, story in demo_stories(end):
        month.at(story.published_at or end, partial(month.publish, path, story))
    begin = end - SPAN + timedelta(days=1, hours=2)
    for number in range(GIFTS):
        month.at(begin + number * (SPAN - timedelta(days=2)) / GIFTS, partial(month.give, number))
    month.at(end - timedelta(days=9), month.take_back)
    month.at(end - timedelta(days=3), month.ask)
    month.at(end - timedelta(days=2), month.spread)
