"""The monthly number holds: whatever is sent at once, twice or into a dying process, and on both databases."""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.accounts.tokens import add_token
from gateway.keeping.setup import adopt_policy
from gateway.ledger import OPERATOR
from gateway.period import month_of
from gateway.store import allowances
from tests.children import children_of
from tests.firing import PERSON, Battery, Hit, Shot, fire
from tests.house import House, without_rules
from tests.serving import Serving, installation, serve

pytestmark = pytest.mark.load

WORKERS = 3
WITHHELD = "The second is for those who may read."


@dataclass
class Site:
    """A served gateway with several workers, and the house behind it."""

    house: House
    serving: Serving

    @property
    def url(self) -> str:
        """Where it answers."""
        return self.serving.url

    def bearer(self, account_id: int) -> dict[str, str]:
        """Make a token of an account; returns the header that brings it."""
        scopes = ("gifts:read", "gifts:write")
        secret = add_token(self.house.runtime, OPERATOR, account_id, name="fire", scopes=scopes)
        return {"Authorization": f"Bearer {secret}"}

    def grant(self, account_id: int, credits: int) -> None:
        """Give an account more credits for this month."""
        with self.house.runtime.database.transaction() as connection:
            month = month_of(self.house.clock.now, "Europe/London")
            allowances.grant_credits(connection, account_id, month.key, credits)

    def used(self, account_id: int) -> int:
        """Return the credits an account used, by its one row."""
        query = f"SELECT used FROM allowance WHERE account_id = {account_id}"
        return self.house.value(query) or 0

    def gifts(self, account_id: int) -> int:
        """Count an account's gifts."""
        found: int = self.house.value(f"SELECT count(*) FROM gift WHERE account_id = {account_id}")
        return found

    def said(self, event: str) -> int:
        """Count how often the log says something, repeats included."""
        return sum(1 + entry.repeats for entry in self.house.entries(event))


@pytest.fixture
def site(database_url: str, open_house: Callable[..., House], tmp_path: Path) -> Iterator[Site]:
    """Yield a gateway served by three workers, with a house on the same data that keeps the real time."""
    house = open_house(database_url, adopt=False)
    (tmp_path / "ft.toml").write_text(without_rules(), "utf-8")
    adopt_policy(house.runtime, tmp_path / "ft.toml")
    house.clock.now = datetime.now(UTC)
    site = Site(house, serve(installation(database_url, house.folder), workers=WORKERS))
    yield site
    site.serving.stop()


def give(bearer: dict[str, str], key: str, **wish: Any) -> Shot:
    """Aim one wish for a gift."""
    headers = {**bearer, "Idempotency-Key": key, "Content-Type": "application/json"}
    body = {"article_id": 1, **wish}
    return Shot("POST", "/api/v1/gifts", headers, json.dumps(body))


def answered(hits: list[Hit]) -> Counter[tuple[int, str]]:
    """Count answers by status and, for a refusal, code."""
    return Counter((hit.status, hit.json.get("code", "")) for hit in hits)


def references(hits: list[Hit]) -> list[str]:
    """List the gifts that answers name."""
    return [hit.json["gift"]["reference"] for hit in hits if hit.status in (200, 201)]


def test_two_hundred_wishes_for_ten_credits_give_ten(site: Site) -> None:
    sam = site.house.subscriber()
    bearer = site.bearer(sam)
    articles = [site.house.article(f"article-{number}") for number in range(20)]
    wishes = [
        give(bearer, f"key-{number}", article_id=articles[number % 20], separate=True)
        for number in range(200)
    ]
    hits = fire(site.url, wishes)
    assert answered(hits) == {(201, ""): 10, (403, "quota:spent"): 190}
    assert len(set(references(hits))) == 10
    assert (site.used(sam), site.gifts(sam)) == (10, 10)
    assert (site.said("gift:issued"), site.said("gift:refused")) == (10, 190)
    assert sorted(hit.json["allowance"]["used"] for hit in hits if hit.status == 201) == list(range(1, 11))


def test_two_hundred_wishes_on_the_pages_for_ten_articles_give_ten(site: Site) -> None:
    """Each of twenty articles is asked for ten times, and the open gift of it is handed back free."""
    sam = site.house.subscriber()
    bearer = site.bearer(sam)
    articles = [site.house.article(f"article-{number}") for number in range(20)]
    wishes = [give(bearer, f"key-{number}", article_id=articles[number % 20]) for number in range(200)]
    hits = fire(site.url, wishes)
    found = answered(hits)
    assert found == {(201, ""): 10, (200, ""): 90, (403, "quota:spent"): 100}
    assert len(set(references(hits))) == 10
    assert (site.used(sam), site.gifts(sam)) == (10, 10)


def test_forty_wishes_for_one_article_give_one_gift(site: Site) -> None:
    sam = site.house.subscriber()
    bearer = site.bearer(sam)
    site.house.article()
    hits = fire(site.url, [give(bearer, f"key-{number}") for number in range(40)])
    assert answered(hits) == {(201, ""): 1, (200, ""): 39}
    assert len(set(references(hits))) == 1
    assert (site.used(sam), site.gifts(sam)) == (1, 1)
    assert (site.said("gift:issued"), site.said("gift:handed_back")) == (1, 39)


def test_one_key_forty_times_gives_one_gift(site: Site) -> None:
    sam = site.house.subscriber()
    bearer = site.bearer(sam)
    site.house.article()
    hits = fire(site.url, [give(bearer, "the-key", separate=True) for _ in range(40)])
    assert answered(hits) == {(201, ""): 40}
    assert len(set(references(hits))) == 1
    assert sum("Idempotency-Replayed" in hit.headers for hit in hits) == 39
    assert (site.used(sam), site.gifts(sam), site.said("gift:issued")) == (1, 1, 1)


def test_one_key_with_several_bodies_at_once_gives_one_gift(site: Site) -> None:
    sam = site.house.subscriber()
    bearer = site.bearer(sam)
    site.house.article()
    hits = fire(site.url, [give(bearer, "the-key", label=f"Friend {number % 4}") for number in range(40)])
    assert answered(hits) == {(201, ""): 10, (422, "idempotency:reused"): 30}
    assert (site.used(sam), site.gifts(sam)) == (1, 1)


def test_keys_of_two_accounts_do_not_meet(site: Site) -> None:
    people = [site.house.subscriber() for _ in range(2)]
    bearers = [site.bearer(each) for each in people]
    site.house.article()
    hits = fire(site.url, [give(bearers[number % 2], "the-key") for number in range(40)])
    assert answered(hits) == {(201, ""): 40}
    assert len(set(references(hits[0::2]))) == len(set(references(hits[1::2]))) == 1
    assert set(references(hits[0::2])) != set(references(hits[1::2]))
    assert [site.used(each) for each in people] == [1, 1]


def test_killed_workers_lose_nothing_and_double_nothing(site: Site) -> None:
    sam, wishes = _stream(site, 150)
    first: list[Hit] = []
    for number in range(0, 150, 50):
        battery = Battery(site.url, wishes[number : number + 50])
        before = site.gifts(sam)
        battery.fire()
        _wait_for_gifts(site, sam, before + 5)
        for worker in children_of(site.serving.process.pid)[:2]:
            os.kill(worker, signal.SIGKILL)
        first += battery.hits()
    _holds(site, sam, wishes, first)


def test_a_killed_server_loses_nothing_and_doubles_nothing(site: Site) -> None:
    sam, wishes = _stream(site, 150)
    battery = Battery(site.url, wishes)
    battery.fire()
    _wait_for_gifts(site, sam, 20)
    os.killpg(site.serving.process.pid, signal.SIGKILL)
    first = battery.hits()
    site.serving.process.wait()
    site.serving = serve(site.serving.gateway, workers=WORKERS)
    _holds(site, sam, wishes, first)


def test_a_first_serving_and_a_revocation_at_once_are_never_both(site: Site) -> None:
    """Whoever was served the text cost the giver a credit; whose credit came back was served nothing."""
    sam = site.house.subscriber()
    site.grant(sam, 90)
    bearer = site.bearer(sam)
    site.house.article()
    given = fire(site.url, [give(bearer, f"key-{number}", separate=True) for number in range(60)])
    links = [hit.json["gift"] for hit in given]
    taken = fire(site.url, [_claim(link["url"].removeprefix(site.url)) for link in links])
    assert {hit.status for hit in taken} == {303}
    reads = [Shot("GET", "/articles/about-tide-book", {"Cookie": _cookie(hit)}) for hit in taken]
    revokes = [Shot("POST", f"/api/v1/gifts/{link['reference']}/revoke", bearer) for link in links]
    hits = fire(site.url, [shot for pair in zip(reads, revokes, strict=True) for shot in pair])
    served = [WITHHELD in hit.text for hit in hits[0::2]]
    returned = [hit.json["gift"]["credit_returned"] for hit in hits[1::2]]
    assert all(one != other for one, other in zip(served, returned, strict=True))
    assert {hit.status for hit in hits} <= {200, 410}
    assert site.used(sam) == 60 - sum(returned)


def _stream(site: Site, count: int) -> tuple[int, list[Shot]]:
    sam = site.house.subscriber()
    site.grant(sam, count)
    bearer = site.bearer(sam)
    site.house.article()
    return sam, [give(bearer, f"key-{number}", separate=True) for number in range(count)]


def _holds(site: Site, sam: int, wishes: list[Shot], first: list[Hit]) -> None:
    """Retry every wish under its own key, and compare what was acknowledged, counted and logged."""
    assert {hit.status for hit in first} == {0, 201}, (
        "the killing came too early or too late to prove anything"
    )
    again = fire(site.url, wishes)
    assert answered(again) == {(201, ""): len(wishes)}
    gifts = references(again)
    assert len(set(gifts)) == len(wishes)
    acknowledged = [
        (one, other.json["gift"]["reference"])
        for one, other in zip(gifts, first, strict=True)
        if other.status == 201
    ]
    assert all(one == other for one, other in acknowledged)
    assert (site.used(sam), site.gifts(sam)) == (len(wishes), len(wishes))
    issued = [entry.subject for entry in site.house.entries("gift:issued")]
    assert sorted(issued) == sorted(f"gift:{reference}" for reference in gifts)


def _wait_for_gifts(site: Site, account_id: int, count: int) -> None:
    end = time.monotonic() + 30
    while site.gifts(account_id) < count and time.monotonic() < end:
        time.sleep(0.005)


def _claim(path: str) -> Shot:
    return Shot("POST", path, {"User-Agent": PERSON, "Sec-Fetch-Site": "same-origin", "Accept": "text/html"})


def _cookie(hit: Hit) -> str:
    return hit.headers["Set-Cookie"].partition(";")[0]
