"""The monthly number: never exceeded, never short, whatever happens in which order and wherever it breaks off."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from gateway.accounts.managing import change_plan
from gateway.decision import Deny, Reason
from gateway.keeping.setup import adopt_policy
from gateway.keys import digest
from gateway.ledger import OPERATOR, account_actor
from gateway.reading.serving import Reading, read_article
from gateway.reading.shelf import Shelf
from gateway.reading.visit import Visit
from gateway.sharing.issuing import Issued, Wish, issue_gift
from gateway.sharing.revoking import Revoked, revoke_gift
from gateway.store import allowances
from tests.house import House, without_rules

PLANS = {"none": 0, "one": 1, "standard": 10}
MARCH = "2026-03"

OpenHouse = Callable[..., House]


@pytest.fixture
def house(database_url: str, open_house: OpenHouse, tmp_path: Path) -> House:
    """Yield a house whose policy has a plan of no gift and one of a single gift beside the others."""
    opened = open_house(database_url, adopt=False)
    adopt_policy(opened.runtime, _policy(tmp_path))
    return opened


def _policy(folder: Path) -> Path:
    plans = "".join(
        f'[plans.{name}]\nlabel = "{name}"\ngifts = {gifts}\n\n' for name, gifts in list(PLANS.items())[:2]
    )
    path = folder / "small.toml"
    path.write_text(without_rules().replace("[plans.standard]", f"{plans}[plans.standard]"), "utf-8")
    return path


def give(house: House, account_id: int, article_id: int, key: str, **wish: Any) -> Issued | Deny:
    """Ask for a gift of its own."""
    asked = Wish(account_id, article_id, key, separate=True, **wish)
    return issue_gift(house.runtime, account_actor(account_id), asked)


def grant(house: House, account_id: int, credits: int) -> None:
    """Give more credits for this month."""
    with house.runtime.database.transaction() as connection:
        allowances.grant_credits(connection, account_id, MARCH, credits)


def read(house: House, device: str) -> object:
    """Ask for the article's text with a device."""
    return read_article(house.runtime, Shelf(), "about-tide-book", Visit(digest(device.encode())))


def used(house: House, account_id: int) -> int:
    """Return what the month's row says."""
    with house.runtime.database.reading() as connection:
        return allowances.find_usage(connection, account_id, MARCH).used


@pytest.fixture
def article(house: House) -> int:
    """Yield an article to give."""
    return house.article()


@pytest.fixture
def other(house: House, database_url: str, open_house: OpenHouse) -> House:
    """Yield the same house as another process has it: connections, locks and policies of its own."""
    return open_house(database_url, adopt=False, var=house.folder.name)


@pytest.mark.parametrize("granted", [0, 1, 2])
@pytest.mark.parametrize("plan", PLANS)
def test_a_plan_gives_its_number_and_what_was_granted_and_no_more(
    house: House, plan: str, granted: int
) -> None:
    sam, article = house.subscriber(plan), house.article()
    if granted:
        grant(house, sam, granted)
    answers = [give(house, sam, article, f"key-{number}") for number in range(PLANS[plan] + granted + 2)]
    refused = [each for each in answers if isinstance(each, Deny)]
    assert [each.reason for each in refused] == [Reason.QUOTA_SPENT] * 2
    assert [each.detail["limit"] for each in refused] == [PLANS[plan] + granted] * 2
    assert answers[-2:] == refused
    assert used(house, sam) == PLANS[plan] + granted


@pytest.mark.parametrize("plan", ["none", "one"])
def test_a_grant_after_the_plan_is_spent_counts_at_once(house: House, plan: str) -> None:
    sam, article = house.subscriber(plan), house.article()
    for number in range(PLANS[plan]):
        assert isinstance(give(house, sam, article, f"key-{number}"), Issued)
    assert isinstance(give(house, sam, article, "late"), Deny)
    grant(house, sam, 1)
    assert isinstance(give(house, sam, article, "late"), Issued)
    assert isinstance(give(house, sam, article, "later"), Deny)


def test_a_month_begins_with_the_whole_plan_and_without_the_grant(house: House) -> None:
    sam, article = house.subscriber("one"), house.article()
    grant(house, sam, 5)
    house.clock.now = datetime(2026, 3, 31, 22, 59, 59, 999999, tzinfo=UTC)
    assert isinstance(give(house, sam, article, "march"), Issued)
    house.clock.now = datetime(2026, 3, 31, 23, 0, tzinfo=UTC)
    assert isinstance(give(house, sam, article, "april"), Issued)
    assert isinstance(give(house, sam, article, "april again"), Deny)


def test_a_key_is_kept_for_a_day(house: House) -> None:
    sam, article = house.subscriber(), house.article()
    first = give(house, sam, article, "the-key")
    house.clock.forward(hours=23, minutes=59, seconds=59)
    again = give(house, sam, article, "the-key")
    assert isinstance(first, Issued)
    assert isinstance(again, Issued)
    assert (again.gift.reference, again.replayed) == (first.gift.reference, True)
    assert give(house, sam, article, "the-key", label="Ada") == Deny(Reason.IDEMPOTENCY_KEY_REUSED)
    house.clock.forward(seconds=1)
    new = give(house, sam, article, "the-key", label="Ada")
    assert isinstance(new, Issued)
    assert (new.gift.reference != first.gift.reference, new.fresh, new.replayed) == (True, True, False)
    assert used(house, sam) == 2


def test_what_a_bulk_rule_refuses_costs_no_credit(database_url: str, open_house: OpenHouse) -> None:
    house = open_house(database_url, var="ruled")
    sam, article = house.subscriber("premium"), house.article()
    grant(house, sam, 20)
    answers = [give(house, sam, article, f"key-{number}") for number in range(30)]
    refused = {each.reason for each in answers if isinstance(each, Deny)}
    assert refused == {Reason.RULE_BLOCKED}
    assert used(house, sam) == sum(isinstance(each, Issued) for each in answers) < 30


def test_wherever_an_issue_breaks_off_nothing_is_left_behind(house: House) -> None:
    sam, article = house.subscriber(), house.article()
    give(house, sam, article, "before")
    before = everything(house)
    broken = 0
    while True:
        with Failing(house, broken + 1):
            try:
                answer = give(house, sam, article, "the-key")
            except OperationalError:
                broken += 1
            else:
                break
        assert everything(house) == before
    assert broken >= 8, "an issue has more statements than that"
    assert isinstance(answer, Issued)
    assert (answer.replayed, used(house, sam)) == (False, 2)


def test_wherever_a_revocation_breaks_off_nothing_is_left_behind(house: House) -> None:
    sam, article = house.subscriber(), house.article()
    issued = house.gift(sam, article)
    before = everything(house)
    broken = 0
    while True:
        with Failing(house, broken + 1):
            try:
                answer = revoke_gift(house.runtime, OPERATOR, issued.gift.reference, because="test")
            except OperationalError:
                broken += 1
            else:
                break
        assert everything(house) == before
    assert broken >= 5, "a revocation has more statements than that"
    assert isinstance(answer, Revoked)
    assert (answer.credit_returned, used(house, sam)) == (True, 0)


ACTS = st.one_of(
    st.tuples(st.just("issue"), st.integers(0, 30)),
    st.tuples(st.just("issue"), st.integers(0, 30)),
    st.tuples(st.just("break_off"), st.integers(1, 9)),
    st.tuples(st.just("misword"), st.just(0)),
    st.tuples(st.just("revoke"), st.integers(0, 30)),
    st.tuples(st.just("read"), st.integers(0, 30)),
    st.tuples(st.just("grant"), st.integers(1, 3)),
    st.tuples(st.just("plan"), st.sampled_from(sorted(PLANS))),
)


@dataclass
class Books:
    """What a bookkeeper beside the house would have written down."""

    house: House
    account: int
    article: int
    limit: int = 1
    granted: int = 0
    used: int = 0
    gifts: dict[str, Issued] = field(default_factory=dict)
    served: set[str] = field(default_factory=set)
    revoked: set[str] = field(default_factory=set)

    def do(self, act: str, what: Any) -> None:
        """Do one act in the house, and compare what comes of it with the books."""
        getattr(self, f"_{act}")(what)
        assert used(self.house, self.account) == self.used

    def _issue(self, number: int) -> None:
        self._booked(f"key-{number}", give(self.house, self.account, self.article, f"key-{number}"))

    def _booked(self, key: str, answer: Issued | Deny) -> None:
        if key in self.gifts:
            assert isinstance(answer, Issued)
            assert answer.gift.reference == self.gifts[key].gift.reference
        elif self.used < self.limit + self.granted:
            assert isinstance(answer, Issued), "a credit was there and was not given"
            self.gifts[key] = answer
            self.used += 1
        else:
            assert isinstance(answer, Deny), "a credit was given that was not there"
            assert answer.reason is Reason.QUOTA_SPENT

    def _break_off(self, at: int) -> None:
        with Failing(self.house, at), suppress(OperationalError):
            self._booked("failing", give(self.house, self.account, self.article, "failing"))

    def _misword(self, _nothing: int) -> None:
        answer = give(self.house, self.account, self.article, "bad", note="see www.example.com")
        assert answer == Deny(Reason.NOTE_HAS_LINK)

    def _revoke(self, number: int) -> None:
        if not self.gifts:
            return
        key = sorted(self.gifts)[number % len(self.gifts)]
        answer = revoke_gift(self.house.runtime, OPERATOR, self.gifts[key].gift.reference, because="test")
        assert isinstance(answer, Revoked)
        assert answer.credit_returned == (key not in self.served)
        if key not in self.revoked:
            self.revoked.add(key)
            self.used -= answer.credit_returned

    def _read(self, number: int) -> None:
        living = sorted(self.gifts.keys() - self.revoked)
        if not living:
            return
        key = living[number % len(living)]
        device = f"{self.account}-{key}"
        if key not in self.served:
            self.house.claim(self.gifts[key], device)
        assert isinstance(read(self.house, device), Reading)
        self.served.add(key)

    def _grant(self, credits: int) -> None:
        grant(self.house, self.account, credits)
        self.granted += credits

    def _plan(self, plan: str) -> None:
        change_plan(self.house.runtime, OPERATOR, self.account, plan)
        self.limit = PLANS[plan]


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(ACTS, max_size=30))
def test_no_order_of_acts_exceeds_the_number_or_loses_a_credit(
    house: House, article: int, acts: list[tuple[str, Any]]
) -> None:
    books = Books(house, house.subscriber("one"), article)
    for act, what in acts:
        books.do(act, what)


TOGETHER = st.lists(
    st.one_of(
        st.just(("issue", "")),
        st.just(("issue", "")),
        st.just(("revoke", "")),
        st.just(("grant", "")),
        st.tuples(st.just("plan"), st.sampled_from(sorted(PLANS))),
    ),
    min_size=3,
    max_size=12,
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(hands=st.lists(TOGETHER, min_size=2, max_size=4))
def test_no_acts_at_once_exceed_the_number_or_lose_a_credit(
    house: House, other: House, article: int, hands: list[list[tuple[str, str]]]
) -> None:
    """Several hands on one account, in two processes' worth of connections; the log has the number at each issue."""
    sam = house.subscriber("one")
    threads = [
        Started(partial(_act, place, sam, article, hand))
        for hand, place in zip(hands, (house, other) * 2, strict=False)
    ]
    for thread in threads:
        thread.result()
    issued = [json.loads(each.detail) for each in house.entries("gift:issued") if _of(each.detail, sam)]
    assert all(each["used"] <= each["limit"] for each in issued)
    gifts = house.value(f"SELECT count(*) FROM gift WHERE account_id = {sam}")
    kept = house.value(f"SELECT count(*) FROM gift WHERE account_id = {sam} AND credit_returned_at IS NULL")
    assert (len(issued), used(house, sam)) == (gifts, kept)


def test_a_revocation_and_the_first_serving_at_once_are_never_both(
    house: House, other: House, article: int
) -> None:
    sam = house.subscriber()
    grant(house, sam, 200)
    outcomes = Counter[bool]()
    for number in range(80):
        issued = house.gift(sam, article)
        house.claim(issued, f"device-{number}")
        reading = Started(partial(read, other, f"device-{number}"))
        revoked = revoke_gift(house.runtime, OPERATOR, issued.gift.reference, because="test")
        served = isinstance(reading.result(), Reading)
        assert isinstance(revoked, Revoked)
        assert revoked.credit_returned != served
        outcomes[served] += 1
    assert used(house, sam) == outcomes[True]


def _act(house: House, account_id: int, article_id: int, hand: list[tuple[str, str]]) -> None:
    given: list[Issued] = []
    for act, plan in hand:
        if act == "issue":
            answer = give(house, account_id, article_id, uuid4().hex)
            given += [answer] if isinstance(answer, Issued) else []
        elif act == "revoke" and given:
            revoke_gift(house.runtime, OPERATOR, given.pop().gift.reference, because="test")
        elif act == "grant":
            grant(house, account_id, 1)
        elif act == "plan":
            change_plan(house.runtime, OPERATOR, account_id, plan)


def _of(detail: str, account_id: int) -> bool:
    return bool(json.loads(detail)["account"] == account_id)


class Started(threading.Thread):
    """Something that runs beside the test; `result` waits for it and raises what it raised."""

    def __init__(self, what: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._what = what
        self._answer: Any = None
        self._fault: BaseException | None = None
        self.start()

    def run(self) -> None:
        """Do it."""
        try:
            self._answer = self._what()
        except BaseException as fault:  # noqa: BLE001 - The test's own thread raises it.
            self._fault = fault

    def result(self) -> Any:
        """Wait for it."""
        self.join(60)
        assert not self.is_alive()
        if self._fault is not None:
            raise self._fault
        return self._answer


class Failing:
    """A database that is away when a transaction comes to its statement of some number, the commit not counted."""

    def __init__(self, house: House, at: int) -> None:
        self._engine = house.runtime.database.writer
        self._left = at

    def __enter__(self) -> "Failing":
        event.listen(self._engine, "before_cursor_execute", self._count)
        return self

    def __exit__(self, *_about: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._count)

    def _count(self, _connection: Any, _cursor: Any, statement: str, *_about: Any) -> None:
        self._left -= 1
        if self._left == 0:
            raise OperationalError(statement, {}, Exception("the connection is lost"))


def everything(house: House) -> list[object]:
    """Read every row that an act may change."""
    with house.runtime.database.reading() as connection:
        return [
            connection.exec_driver_sql(f"SELECT * FROM {table} ORDER BY 1, 2").all()
            for table in ("gift", "claim", "allowance", "entry", "repeat", "idempotency", "account")
        ]
