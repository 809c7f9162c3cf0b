"""`python -m bench.replaying`: how fast `gateway policy simulate` replays acts, against the time they took when they were done.

A publisher's weeks are played by the use cases themselves, one after another on SQLite, and then replayed under the
policy in force and under a tighter one. Whatever the machine does besides meets both, so their ratio says more than
either figure.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from bench.measuring import Spread
from bench.traffic.town import STORY
from gateway.accounts import Account
from gateway.articles.importing import import_stories
from gateway.articles.markdown import parse_markdown
from gateway.keeping.setup import adopt_policy
from gateway.keys import digest, open_key_ring
from gateway.ledger import account_actor
from gateway.policy import Policy, parse
from gateway.reading.claiming import Claimed, Press, claim_gift, confirm_reading
from gateway.reading.copying import CopyPage, Report, report_copy
from gateway.reading.serving import read_article
from gateway.reading.shelf import Shelf
from gateway.reading.visit import Visit
from gateway.resources import folder
from gateway.runtime import Runtime
from gateway.sharing.issuing import Issued, Wish, issue_gift
from gateway.simulating.acts import DONE, Kind
from gateway.simulating.comparing import simulate
from gateway.store import accounts, schema
from gateway.store.engine import open_database

BEGINS = datetime(2026, 3, 2, 6, tzinfo=UTC)
# What follows at once takes seconds, so that all of it takes about sixty days.
SPAN = timedelta(days=95)
DAYS = 30
ARTICLES = 200
ACTS_A_GIVER = 40
# Of ten gifts one is read by many, as a link that is posted somewhere.
READERS = (1, 1, 1, 1, 2, 2, 2, 3, 3, 9)
POLICY = "ft.toml"


@dataclass
class Weeks:
    """People who give, open, read and copy, one after another; `acts` counts what they did."""

    runtime: Runtime
    chance: Random
    step: timedelta
    now: datetime = BEGINS
    acts: int = 0
    articles: list[int] = field(default_factory=list)
    givers: list[Account] = field(default_factory=list)
    shelf: Shelf = field(default_factory=Shelf)

    def clock(self) -> datetime:
        """Read the clock of these weeks."""
        return self.now

    def play(self, acts: int) -> None:
        """Let people do so many acts: a share of gifts with what comes of them, the rest subscribers' own reading."""
        while self.acts < acts:
            if self.chance.random() < 0.25:
                self._give()
            else:
                self._read_oneself()

    def _act(self, *, at_once: bool = False) -> None:
        self.acts += 1
        self.now += timedelta(seconds=4) if at_once else self.step * (0.5 + self.chance.random())

    def _give(self) -> None:
        self._act()
        giver, article = self.chance.choice(self.givers), self.chance.choice(self.articles)
        wish = Wish(giver.id, article, f"key {self.acts}", separate=self.chance.random() < 0.3)
        issued = issue_gift(self.runtime, account_actor(giver.id), wish)
        if isinstance(issued, Issued):
            for _ in range(self.chance.choice(READERS)):
                self._open(issued)

    def _open(self, issued: Issued) -> None:
        self._act()
        number = self.chance.randrange(len(self.givers) * 3)
        network = digest(b"network%d" % (number // 4))[:16]
        visit = Visit(digest(b"device%d" % number), located=lambda: (network,))
        press = Press(self.now - timedelta(seconds=5), pressed=True)
        claimed = claim_gift(self.runtime, issued.gift.capability, visit, press)
        self.runtime.tally.flush()
        if not isinstance(claimed, Claimed):
            return
        self._act(at_once=True)
        read_article(self.runtime, self.shelf, claimed.slug, visit)
        if self.chance.random() < 0.8:
            self._act(at_once=True)
            confirm_reading(self.runtime, claimed.slug, visit)

    def _read_oneself(self) -> None:
        self._act()
        giver, at = self.chance.choice(self.givers), self.chance.randrange(len(self.articles))
        slug, visit = f"story-{at + 1:03}", Visit(account=giver, located=lambda: (b"a" * 16,))
        read_article(self.runtime, self.shelf, slug, visit, pressed=True)
        if self.chance.random() < 0.2:
            self._act()
            shown = CopyPage(self.articles[at], self.acts.to_bytes(8, "big"), account_id=giver.id)
            report = Report(self.acts.to_bytes(16, "big"), 1, self.chance.choice([70, 150, 300, 900]))
            report_copy(self.runtime, slug, shown, report, visit, network=b"a" * 16)


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the weeks, replay them, and print what both took."""
    parser = argparse.ArgumentParser(prog="python -m bench.replaying", description=__doc__)
    parser.add_argument("--acts", type=int, default=10_000, help="acts that are played (default: 10000)")
    parser.add_argument("--rounds", type=int, default=5, help="replays that are measured (default: 5)")
    asked = parser.parse_args(arguments)
    with TemporaryDirectory(prefix="gateway-bench-") as name:
        weeks, took = fill(Path(name), asked.acts)
        print(
            f"{weeks.acts:,} acts in {took:.1f} s when they were done: {weeks.acts / took:,.0f} a second",
            flush=True,
        )
        candidate = tighter()
        figures = [weeks.acts / _timed(weeks.runtime, candidate) for _ in range(asked.rounds)]
        rate = Spread.of(figures)
        print(
            f"replayed under both policies: {rate.median:,.0f} acts a second "
            f"(quartiles {rate.low:,.0f} to {rate.high:,.0f}), {rate.median * took / weeks.acts:.1f} times as fast as done"
        )
        weeks.runtime.close()
    return 0


def fill(place: Path, acts: int) -> tuple[Weeks, float]:
    """Play so many acts on a fresh database in a folder; returns them with the seconds that they took."""
    database = open_database(f"sqlite:///{place / 'weeks.db'}")
    schema.upgrade(database)
    runtime = Runtime(
        database, open_key_ring(place / "keys.json"), "https://bench.example", lambda: weeks.now
    )
    weeks = Weeks(runtime, Random(acts), SPAN / acts)
    adopt_policy(runtime, folder("policies") / POLICY)
    runtime.tally.close()
    _people(weeks, max(acts // ACTS_A_GIVER, 5))
    started = time.monotonic()
    weeks.play(acts)
    took = time.monotonic() - started
    runtime.tally.flush()
    weeks.now += timedelta(seconds=1)
    return weeks, took


def tighter() -> Policy:
    """Read the policy with smaller quotas, a smaller cap and a shorter life."""
    text = (folder("policies") / POLICY).read_text("utf-8")
    for old, new in (("gifts = 10\n", "gifts = 5\n"), ("readers = 10\n", "readers = 4\n"),
                     ('life = "90 days"', 'life = "7 days"'), ("over = 24\n", "over = 14\n")):  # fmt: skip
        text = text.replace(old, new)
    return parse(text, name="tighter.toml")


def _people(weeks: Weeks, givers: int) -> None:
    rest = "Twice a day somebody reads the water off a board. " * 40
    stories = [
        (
            Path(f"{number}.md"),
            parse_markdown(STORY.format(number=number, middle=rest, last="and high water at six.")),
        )
        for number in range(1, ARTICLES + 1)
    ]
    weeks.articles = [
        line.article_id for line in import_stories(weeks.runtime, stories).lines if line.article_id
    ]
    with weeks.runtime.database.transaction() as connection:
        for number in range(givers):
            plan = "premium" if number % 4 == 0 else "standard"
            added = accounts.add_account(connection, email=f"sub{number}@example.com", name=f"Sub {number}",
                                         role="subscriber", plan=plan, created_at=BEGINS)  # fmt: skip
            found = accounts.find_account(connection, added)
            weeks.givers += [] if found is None else [found]


def _timed(runtime: Runtime, candidate: Policy) -> float:
    started = time.monotonic()
    found = simulate(runtime, candidate, days=DAYS)
    took = time.monotonic() - started
    if found.agreed != found.compared or not found.total(Kind.READING, DONE, after=False):
        raise RuntimeError(f"the replay went wrong: {found}")
    return took


if __name__ == "__main__":
    raise SystemExit(main())
