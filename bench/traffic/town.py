"""The gateway that the traffic meets: the whole app in process, on a fresh database, with the bench's clock."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from flask import Flask

from bench.traffic.browser import LAST_WORDS
from gateway.accounts.signing import SESSION_LIFE
from gateway.app import build_app
from gateway.articles.importing import import_stories
from gateway.articles.markdown import parse_markdown
from gateway.keeping.jobs import Job, jobs_of
from gateway.keeping.setup import adopt_policy
from gateway.keys import digest, open_key_ring
from gateway.ledger import account_actor
from gateway.runtime import Runtime
from gateway.settings import Settings
from gateway.sharing.issuing import Issued, Wish, issue_gift
from gateway.store import accounts, schema
from gateway.store.engine import open_database

MORNING = datetime(2026, 3, 10, 8, tzinfo=UTC)
FLUSH = timedelta(seconds=2)
ARTICLES = 1200
# As a server has connections for each of its threads, so does the town for all who may come at once.
THREADS = 64
STORY = """+++
id = "story-{number:03}"
headline = "Story {number:03}"
standfirst = "What the harbour office knows."
byline = "Ada Reporter"
section = "Life"
language = "en"
+++

The first paragraph is for everybody.

{middle}

It was low water at noon, {last}
"""
MIDDLE = " ".join(["Twice a day somebody walks to the end of the mole and reads the water off a board."] * 30)


@dataclass
class Clock:
    """The time of the town."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        """Read it."""
        return self.now


@dataclass
class Town:
    """One gateway with its articles; people are numbered as they come."""

    app: Flask
    runtime: Runtime
    clock: Clock
    chance: Random
    jobs: tuple[Job, ...]
    flushed_at: datetime = MORNING
    done: dict[str, datetime] = field(default_factory=dict)
    people: int = 0

    def subscriber(self, plan: str = "premium") -> tuple[int, str]:
        """Add a subscriber; returns the account's id and the secret of a session."""
        self.people += 1
        secret = f"{self.people:043}"
        with self.runtime.database.transaction() as connection:
            number = accounts.add_account(
                connection,
                email=f"person{self.people}@example.com",
                name=f"Person {self.people}",
                role="subscriber",
                plan=plan,
                created_at=self.clock.now,
            )
            accounts.add_session(
                connection,
                digest=digest(secret.encode()),
                account_id=number,
                created_at=self.clock.now,
                expires_at=self.clock.now + SESSION_LIFE,
                agent="a browser",
            )
        return number, secret

    def link(self, account_id: int, article_id: int) -> str:
        """Give an article with a link of its own; returns the link's path."""
        self.people += 1
        wish = Wish(account_id, article_id, f"key-{self.people}", separate=True)
        issued = issue_gift(self.runtime, account_actor(account_id), wish)
        if not isinstance(issued, Issued) or issued.token is None:
            raise RuntimeError(f"no gift: {issued}")
        return f"/g/{issued.token}"

    def links(self, number: int) -> list[str]:
        """Give so many different articles, by as many subscribers as that takes, in days before today."""
        if number > ARTICLES:
            raise ValueError(f"got {number} links, the town has only {ARTICLES} articles to give")
        found: list[str] = []
        for article in range(1, number + 1):
            if (article - 1) % 10 == 0:
                giver, _ = self.subscriber()
            found.append(self.link(giver, article))
        return found

    def readings(self, link: str) -> int:
        """Count the readings of a link that were confirmed."""
        capability = self.runtime.keys.verify(link.removeprefix("/g/"))
        with self.runtime.database.reading() as connection:
            asked = "SELECT confirmed FROM gift WHERE capability = ?"
            return int(connection.exec_driver_sql(asked, (capability,)).scalar_one())

    def network(self) -> str:
        """Name an address in a network of its own."""
        return f"{self.chance.randrange(11, 100)}.{self.chance.randrange(256)}.{self.chance.randrange(256)}.{self.chance.randrange(1, 255)}"

    def advance(self, to: datetime) -> None:
        """Let time pass, and with it what the gateway does by itself: writing counts, and the jobs."""
        self.clock.now = max(self.clock.now, to)
        if self.clock.now - self.flushed_at >= FLUSH:
            self.flushed_at = self.clock.now
            self.runtime.tally.flush()
            self.runtime.networks.read(self.clock.now)
        for job in self.jobs:
            if self.clock.now - self.done.get(job.name, MORNING) >= timedelta(seconds=job.every):
                self.done[job.name] = self.clock.now
                job.run(self.clock.now)


def prepare(folder: Path, policy: Path) -> Path:
    """Make a database with the policy and the articles, which every seed then copies."""
    kept = folder / "town.db"
    runtime = _runtime(kept, folder, Clock())
    schema.upgrade(runtime.database)
    adopt_policy(runtime, policy)
    stories = [
        (Path(f"{number}.md"), parse_markdown(STORY.format(number=number, middle=MIDDLE, last=LAST_WORDS)))
        for number in range(1, ARTICLES + 1)
    ]
    import_stories(runtime, stories)
    runtime.close()
    return kept


@contextmanager
def town(kept: Path, seed: int) -> Iterator[Town]:
    """Open the gateway on a copy of the prepared database."""
    with tempfile.TemporaryDirectory(dir=kept.parent) as name:
        path = Path(name) / "town.db"
        shutil.copyfile(kept, path)
        clock = Clock()
        runtime = _runtime(path, kept.parent, clock)
        # Its own thread would write whenever the real time says; here the clock of the town says it.
        runtime.tally.close()
        app = build_app(runtime, Settings(var=kept.parent))
        yield Town(app, runtime, clock, Random(seed), jobs_of(runtime, None, ""))
        runtime.close()


def _runtime(path: Path, folder: Path, clock: Clock) -> Runtime:
    ring = open_key_ring(folder / "keys.json")
    return Runtime(open_database(f"sqlite:///{path}", threads=THREADS), ring, "http://127.0.0.1:8000", clock)
