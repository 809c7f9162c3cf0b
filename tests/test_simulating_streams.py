"""Many acts in no order, done by the use cases: the replay of the policy of then repeats each outcome and each firing."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.accounts import Account
from gateway.auditing import acts, ruling
from gateway.auditing.accountacts import Asked, grant_credits, take_back_credits
from gateway.keeping.setup import adopt_policy
from gateway.keys import digest
from gateway.ledger import Actor
from gateway.policy import parse
from gateway.reading.claiming import Press, claim_gift, confirm_reading
from gateway.reading.copying import CopyPage, Report, report_copy
from gateway.reading.giving_back import give_back_reading
from gateway.reading.serving import read_article
from gateway.reading.shelf import Shelf
from gateway.reading.visit import Visit
from gateway.sharing.issuing import Issued, Wish, issue_gift
from gateway.sharing.revoking import revoke_gift
from gateway.simulating.acts import Kind
from gateway.simulating.comparing import Simulation, simulate
from gateway.store import accounts, firings
from tests.house import NOON, POLICY, House

RULES = """
[[rules]]
name = "reader-articles"
metric = "articles"
by = "reader"
over = 3
per = "1 day"
then = "block"
for = "2 hours"
mode = "enforce"

[[rules]]
name = "link-claims"
metric = "claims"
by = "link"
over = 3
per = "1 hour"
then = "challenge"
for = "30 minutes"
mode = "enforce"

[[rules]]
name = "giver-speed"
metric = "gifts_issued"
by = "subscriber"
over = 2
per = "2 hours"
then = "block"
for = "1 hour"
mode = "enforce"

[[rules]]
name = "account-articles"
metric = "articles"
by = "subscriber"
over = 2
per = "12 hours"
then = "block"
for = "3 hours"
mode = "enforce"

[[rules]]
name = "copies"
metric = "copies_over_limit"
by = "subscriber"
over = 1
per = "1 day"
then = "log"
mode = "enforce"
"""
ARTICLES = 6


def tight() -> str:
    """Write a policy that stops people early: small quotas, small caps, five rules."""
    text = POLICY.read_text("utf-8").partition("[[rules]]")[0] + RULES
    for old, new in (
        ("gifts = 10\n", "gifts = 4\n"),
        ("gifts = 20\n", "gifts = 7\n"),
        ("readers = 10\n", "readers = 2\n"),
        ("unconfirmed = 20\n", "unconfirmed = 2\n"),
        ('life = "90 days"', 'life = "2 days"'),
    ):
        assert old in text
        text = text.replace(old, new)
    return text


@dataclass
class Town:
    """People who do things in no order."""

    house: House
    draw: random.Random
    articles: list[int] = field(default_factory=list)
    givers: list[Account] = field(default_factory=list)
    gifts: list[Issued] = field(default_factory=list)
    claims: list[tuple[Issued, int, str]] = field(default_factory=list)
    done: int = 0
    admin: Account = field(init=False)

    def fill(self) -> None:
        """Bring articles, subscribers and an admin."""
        self.articles = [self.house.article(f"story-{number}") for number in range(ARTICLES)]
        numbers = [self.house.subscriber(plan) for plan in ("standard", "premium", "standard")]
        with self.house.runtime.database.transaction() as connection:
            found = [accounts.find_account(connection, number) for number in numbers]
            number = accounts.add_account(
                connection, email="ada@example.com", name="Ada", role="admin", created_at=NOON
            )
            admin = accounts.find_account(connection, number)
        assert admin is not None
        self.admin = admin
        self.givers = [each for each in found if each is not None]

    def act(self) -> None:
        """Let something happen, some time later."""
        self.done += 1
        self.house.clock.forward(seconds=self.draw.choice([20, 60, 300, 3000]))
        weights = self.weights()
        self.draw.choices(list(weights), list(weights.values()))[0]()

    def weights(self) -> dict[Callable[[], None], int]:
        """Say what may happen, and how often beside the rest."""
        return {self.give: 6, self.open: 9, self.read_on: 6, self.visit: 4, self.copy: 3, self.revoke: 1,
                self.grant: 1, self.lift: 1}  # fmt: skip

    def give(self) -> None:
        giver, article = self.draw.choice(self.givers), self.draw.choice(self.articles)
        wish = Wish(giver.id, article, f"key {self.done}", separate=self.draw.random() < 0.5)
        answer = issue_gift(self.house.runtime, Actor(f"account:{giver.id}"), wish)
        if isinstance(answer, Issued):
            self.gifts.append(answer)

    def _visit(self, device: str) -> Visit:
        return Visit(digest(device.encode()), located=lambda: (device[-1].encode() * 16,))

    def open(self) -> None:
        if not self.gifts:
            return
        issued, device = (
            self.draw.choice(self.gifts[-self.draw.choice([3, 3, 40]) :]),
            f"device {self.draw.randrange(9)}",
        )
        # A scanner's script sends the form at once, and nobody presses anything.
        is_person = self.draw.random() < 0.8
        press = Press(self.house.clock.now - timedelta(seconds=10 if is_person else 0), pressed=is_person)
        answer = claim_gift(self.house.runtime, issued.gift.capability, self._visit(device), press)
        if hasattr(answer, "claim_id"):
            self.claims.append((issued, answer.claim_id, device))

    def read_on(self) -> None:
        if not self.claims:
            return
        issued, _, device = self.claims[-1]
        self.house.clock.forward(seconds=4)
        visit = self._visit(device)
        read_article(self.house.runtime, Shelf(), issued.slug, visit)
        self.house.clock.forward(seconds=4)
        confirm_reading(self.house.runtime, issued.slug, visit)

    def visit(self) -> None:
        giver = self.draw.choice(self.givers)
        slug = f"about-story-{self.draw.randrange(ARTICLES)}"
        read_article(self.house.runtime, Shelf(), slug, Visit(account=giver), pressed=True)

    def copy(self) -> None:
        giver, number = self.draw.choice(self.givers), self.draw.randrange(ARTICLES)
        shown = CopyPage(self.articles[number], self.done.to_bytes(8, "big"), account_id=giver.id)
        report = Report(self.done.to_bytes(16, "big"), 1, self.draw.choice([30, 70, 200, 900]))
        visit = Visit(account=giver, located=lambda: (b"a" * 16,))
        report_copy(self.house.runtime, f"about-story-{number}", shown, report, visit, network=b"a" * 16)

    def revoke(self) -> None:
        if self.gifts:
            gift = self.draw.choice(self.gifts).gift
            revoke_gift(self.house.runtime, Actor(f"account:{gift.account_id}"), gift.reference, because="so")

    def grant(self) -> None:
        giver = self.draw.choice(self.givers)
        actor = Actor(f"account:{self.admin.id}")
        asked = Asked(1, "kind", key=f"grant-{self.house.clock.now.isoformat()}")
        grant_credits(self.house.runtime, actor, self.admin, giver.id, asked)

    def lift(self) -> None:
        held = ruling.ruling(self.house.runtime).in_force
        if held:
            one = self.draw.choice(held)
            ruling.lift(
                self.house.runtime, Actor(f"account:{self.admin.id}"), self.admin, one.id, "a mistake"
            )


class Desk(Town):
    """A town with a desk that takes back what it and others did."""

    def weights(self) -> dict[Callable[[], None], int]:
        """Say what may happen, and how often beside the rest."""
        return super().weights() | {self.take_back: 1, self.give_back: 1, self.thaw: 1}

    def take_back(self) -> None:
        giver = self.draw.choice(self.givers)
        actor = Actor(f"account:{self.admin.id}")
        asked = Asked(1, "a mistake", key=f"take-back-{self.house.clock.now.isoformat()}")
        take_back_credits(self.house.runtime, actor, self.admin, giver.id, asked)

    def give_back(self) -> None:
        if self.gifts:
            gift = self.draw.choice(self.gifts).gift
            actor = Actor(f"account:{gift.account_id}")
            give_back_reading(self.house.runtime, actor, gift.reference, owner=gift.account_id)

    def thaw(self) -> None:
        """Freeze a link at the desk, or thaw one that is frozen, whoever froze it."""
        if self.gifts:
            reference, actor = self.draw.choice(self.gifts).gift.reference, Actor(f"account:{self.admin.id}")
            frozen = self.house.value(f"SELECT frozen_at FROM gift WHERE reference = '{reference}'")
            act = acts.thaw_gift if frozen else acts.freeze_gift
            act(self.house.runtime, actor, self.admin, reference, "so")


@pytest.mark.parametrize(("people", "seed"), [(Town, 1), (Town, 2), (Town, 3), (Desk, 1), (Desk, 3)])
def test_a_stream_of_acts_in_no_order_is_repeated(
    database_url: str, open_house: Any, tmp_path: Path, people: type[Town], seed: int
) -> None:
    house = open_house(database_url, adopt=False)
    (tmp_path / "tight.toml").write_text(tight())
    adopt_policy(house.runtime, tmp_path / "tight.toml")
    town = people(house, random.Random(seed))
    town.fill()
    for _ in range(260):
        town.act()
    house.clock.forward(seconds=1)
    found = simulate(house.runtime, parse(tight(), name="tight.toml"), days=30)
    assert not found.differs
    wrong = {key: number for key, number in found.outcomes.items() if number}
    assert found.agreed == found.compared, (found.agreed, found.compared, wrong)
    refused = {entry.reason for entry in house.entries() if entry.outcome == "deny"}
    assert {"quota:spent", "rule:blocked"} <= refused
    with house.runtime.database.reading() as connection:
        real = {each.rule: (each.firings, each.people) for each in firings.report_rules(connection, NOON)}
    assert real.keys() >= {"giver-speed", "account-articles"}
    replayed = {each.rule: (each.before.firings, each.before.people) for each in found.rules if each.before}
    assert replayed == real


def test_a_stream_under_another_policy_differs_by_the_policy(
    database_url: str, open_house: Any, tmp_path: Path
) -> None:
    house = open_house(database_url, adopt=False)
    (tmp_path / "tight.toml").write_text(tight())
    adopt_policy(house.runtime, tmp_path / "tight.toml")
    town = Town(house, random.Random(4))
    town.fill()
    for _ in range(150):
        town.act()
    house.clock.forward(seconds=1)

    def under(old: str, new: str) -> Simulation:
        return simulate(house.runtime, parse(tight().replace(old, new), name="other.toml"), days=30)

    for old, new, kind in (
        ("gifts = 4\n", "gifts = 1\n", Kind.GIFT),
        ("readers = 2\n", "readers = 1\n", Kind.READING),
        ('over = 2\nper = "2 hours"', 'over = 1\nper = "2 hours"', Kind.GIFT),
        ('over = 2\nper = "12 hours"', 'over = 1\nper = "12 hours"', Kind.ACCOUNT),
    ):
        found = under(old, new)
        assert found.agreed == found.compared, new
        assert found.changes(kind), new
