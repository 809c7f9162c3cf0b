"""A gateway without its pages: a runtime with a clock of the test's own, a subscriber, an article, gifts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from gateway.articles.importing import import_stories
from gateway.articles.markdown import parse_markdown
from gateway.keeping.setup import adopt_policy
from gateway.keys import digest, open_key_ring
from gateway.ledger import Actor
from gateway.reading.claiming import Claimed, Press, claim_gift
from gateway.reading.visit import Visit
from gateway.runtime import Runtime
from gateway.sharing.issuing import Issued, Wish, issue_gift
from gateway.store import accounts
from gateway.store.engine import open_database
from gateway.store.entries import EntryFilter, StoredEntry, list_entries

POLICY = Path(__file__).parents[1] / "policies" / "ft.toml"
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
STORY = """+++
id = "{slug}"
headline = "About {slug}"
standfirst = "What is to be said."
byline = "Ada Reporter"
section = "Life"
language = "en"
+++

The first paragraph is for everybody.

The second is for those who may read.
"""


def without_rules() -> str:
    """Return the default policy without its bulk rules, which would stop a test that gives many at once."""
    return "rules = []\n" + POLICY.read_text("utf-8").partition("[[rules]]")[0]


@dataclass
class Clock:
    """The time, as the test says."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        """Read it."""
        return self.now

    def forward(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)


@dataclass
class House:
    """One gateway's runtime, and short ways to fill it."""

    runtime: Runtime
    clock: Clock
    folder: Path
    people: int = field(default=0)

    def subscriber(self, plan: str = "standard") -> int:
        """Add a subscriber without a password; returns the account's id."""
        self.people += 1
        with self.runtime.database.transaction() as connection:
            return accounts.add_account(
                connection,
                email=f"sub{self.people}@example.com",
                name=f"Sam {self.people}",
                role="subscriber",
                plan=plan,
                created_at=self.clock.now,
            )

    def article(self, slug: str = "tide-book") -> int:
        """Add an article; returns its id."""
        story = parse_markdown(STORY.format(slug=slug))
        (line,) = import_stories(self.runtime, [(Path(f"{slug}.md"), story)]).lines
        assert line.article_id is not None, line
        return line.article_id

    def gift(self, account_id: int, article_id: int, **wish: Any) -> Issued:
        """Issue a gift of its own."""
        asked = Wish(account_id, article_id, uuid4().hex, separate=True, **wish)
        issued = issue_gift(self.runtime, Actor(f"account:{account_id}"), asked)
        assert isinstance(issued, Issued), issued
        return issued

    def claim(self, issued: Issued, device: str = "phone") -> Claimed:
        """Take a gift up with a device."""
        visit = Visit(digest(device.encode()))
        claimed = claim_gift(self.runtime, issued.gift.capability, visit, Press(self.clock.now))
        assert isinstance(claimed, Claimed), claimed
        return claimed

    def entries(self, event: str = "") -> list[StoredEntry]:
        """List the log, newest first."""
        with self.runtime.database.reading() as connection:
            return list_entries(connection, EntryFilter(event=event), limit=1000)

    def value(self, query: str) -> Any:
        """Ask the database for one value."""
        with self.runtime.database.reading() as connection:
            return connection.exec_driver_sql(query).scalar()


@pytest.fixture
def open_house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Yield a function that opens a gateway at a database's address, its policy adopted unless told otherwise."""
    opened: list[House] = []

    def at(address: str, *, adopt: bool = True, var: str = "") -> House:
        clock = Clock()
        folder = tmp_path / (var or f"house{len(opened)}")
        folder.mkdir(exist_ok=True)
        ring = open_key_ring(folder / "keys.json")
        house = House(Runtime(open_database(address), ring, "https://news.example", clock), clock, folder)
        opened.append(house)
        if adopt:
            adopt_policy(house.runtime, POLICY)
        return house

    yield at
    for house in opened:
        house.runtime.close()


@pytest.fixture
def house(database_url: str, open_house: Callable[..., House]) -> House:
    """Yield a gateway with its policy on a fresh database, on both kinds."""
    return open_house(database_url)
