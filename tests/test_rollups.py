"""The figures of the desk: every sealed entry counted once, kept up as rebuilt, and as a count by hand says."""

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import RowMapping, select, text
from sqlalchemy.exc import OperationalError

from gateway.auditing import acts
from gateway.auditing.overview import SPLITS, overview
from gateway.auditing.spikes import list_spikes
from gateway.days import Span
from gateway.figures import FROM_THE_LOG, Figure, Row, Split, is_spike
from gateway.keeping import rolling
from gateway.keeping.people import erase_person, find_person
from gateway.keeping.policies import propose_policy
from gateway.keeping.rolling import Counting, check, rebuild
from gateway.ledger import OPERATOR, Actor, Entry, Event, account_actor
from gateway.models import entry, gift, leaf, rollup
from gateway.reading.claiming import Press, claim_gift, confirm_reading
from gateway.reading.opening import open_card
from gateway.reading.serving import read_article
from gateway.reading.shelf import Shelf
from gateway.reading.using import go_on_to_subscribe
from gateway.sharing.issuing import Issued, Wish, issue_gift
from gateway.sharing.revoking import revoke_gift
from gateway.store import accounts, sealing
from gateway.store.entries import append_entry
from tests.house import House, without_rules
from tests.sealed import SealedLog
from tests.test_usage import visit

LONDON = ZoneInfo("Europe/London")
ALL_2026 = Span(date(2026, 1, 1), date(2026, 12, 31))


def counted(house: House) -> dict[Row, int]:
    """Read every row that was counted from the log."""
    with house.runtime.database.reading() as connection:
        rows = connection.execute(select(rollup).where(rollup.c.figure.in_(list(FROM_THE_LOG))))
        return {Row(*row[:4]): row[4] for row in rows}


def quiet(_done: int) -> None:
    """Take no notice of progress."""


def live(log: SealedLog, seed: int, steps: int = 120) -> None:
    """Let a small paper live some weeks over a change of the clock, sealed now and then: real acts, drawn by a seed."""
    house, drawn = log.house, random.Random(seed)  # The same acts each time.
    articles = [house.article(f"story-{number}") for number in range(3)]
    people = [house.subscriber(plan) for plan in ("standard", "premium", "standard")]
    with house.runtime.database.transaction() as connection:
        admin = accounts.find_account(
            connection,
            accounts.add_account(
                connection, email="ada@example.com", name="Ada", role="admin", created_at=house.clock.now
            ),
        )
    issued: list[Issued] = []
    for number in range(steps):
        act = drawn.choice(
            ("give", "give", "open", "take", "take", "read", "machine", "click", "desk", "end")
        )
        if act == "give" or not issued:
            who = drawn.choice(people)
            wish = Wish(who, drawn.choice(articles), f"key-{seed}-{number}", separate=True)
            answer = issue_gift(house.runtime, account_actor(who), wish)
            issued += [answer] if isinstance(answer, Issued) else []
        else:
            _one(house, drawn, act, drawn.choice(issued), admin)
        house.clock.forward(hours=drawn.choice((0, 1, 7, 25)), seconds=drawn.randint(0, 90))
        if drawn.random() < 0.2:
            house.runtime.tally.flush()
            log.sealer.beat()
    house.runtime.tally.flush()
    log.sealer.beat()


def _one(house: House, drawn: random.Random, act: str, given: Issued, admin: Any) -> None:
    runtime, device = house.runtime, f"device-{drawn.randint(1, 25)}"
    who = visit(device, "person" if act != "machine" else drawn.choice(("tool", "scanner")))
    reference = given.gift.reference
    if act in ("open", "machine"):
        open_card(runtime, Shelf(), given.gift.capability, who)
    if act in ("take", "machine", "read"):
        claim_gift(runtime, given.gift.capability, who, Press(house.clock.now))
    if act == "read":
        read_article(runtime, Shelf(), given.slug, who)
        house.clock.forward(seconds=4)
        confirm_reading(runtime, given.slug, who)
    if act == "click":
        shown = house.clock.now - timedelta(seconds=drawn.randint(0, 9))
        subject = drawn.choice((f"gift:{reference}", f"article:{given.gift.article_id}"))
        go_on_to_subscribe(runtime, who, subject=subject, origin="card", shown_at=shown)
    if act == "desk":
        deed = drawn.choice((acts.freeze_gift, acts.thaw_gift))
        deed(runtime, account_actor(admin.id), admin, reference, "it spread")
    if act == "end":
        revoke_gift(runtime, Actor(f"account:{given.gift.account_id}"), reference, because="")


def sealed_rows(house: House) -> list[RowMapping]:
    """List what is sealed, with what is known of the gift that an entry is about."""
    statement = select(entry, gift.c.article_id, gift.c.plan, gift.c.section).outerjoin(
        gift, entry.c.subject == "gift:" + gift.c.reference
    )
    with house.runtime.database.reading() as connection:
        sealed = set(connection.execute(select(leaf.c.entry_id)).scalars())
        return [row for row in connection.execute(statement).mappings() if row["id"] in sealed]


def by_hand(house: House) -> Counter[tuple[str, date, str, str]]:
    """Count what is sealed, entry by entry, by rules of its own: figure, day, split and name."""
    found: Counter[tuple[str, date, str, str]] = Counter()
    rows = sealed_rows(house)
    # An admin's own mistake keeps nobody from reading.
    mistakes = [row for row in rows if row["event"] == "account:act_refused"]
    found.update(("acts_refused", row["at"].astimezone(LONDON).date(), "", "") for row in mistakes)
    steps = {
        "gift:issued": "issued",
        "claim:made": "claimed",
        "reading:confirmed": "confirmed",
        "subscribe:clicked": "clicked",
    }
    for row in set(rows) - set(mistakes):
        day = row["at"].astimezone(LONDON).date()
        figures = [steps[row["event"]]] if row["event"] in steps else []
        figures += ["refused"] if row["outcome"] == "deny" else []
        for figure in figures:
            found[figure, day, "", ""] += 1
            for split in ("plan", "section"):
                if row[split]:
                    found[figure, day, split, row[split]] += 1
        if row["outcome"] == "deny":
            found["refused", day, "reason", row["reason"]] += 1
            if row["visitor"] not in ("", "person"):
                found["machines", day, "", ""] += 1
                found["machines", day, "visitor", row["visitor"]] += 1
        elif row["event"] == "gift:frozen":
            found["frozen", day, "", ""] += 1
        elif row["event"] == "rule:fired":
            found["fired", day, "", ""] += 1
            found["fired", day, "rule", row["rule"]] += 1
        if (
            row["event"] in ("gift:frozen", "gift:thawed")
            and row["outcome"] == "permit"
            and row["actor"] != "gateway"
        ):
            found["acted", day, "", ""] += 1
            found["acted", day, "event", row["event"]] += 1
    return found


@pytest.fixture
def lively(sealed_log: SealedLog) -> SealedLog:
    """Yield a log of some weeks in March and April."""
    live(sealed_log, 7)
    return sealed_log


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_number_of_the_overview_is_that_of_a_count_by_hand(sealed_log: SealedLog, seed: int) -> None:
    live(sealed_log, seed)
    house = sealed_log.house
    wanted = by_hand(house)
    assert {figure for figure, *_ in wanted} >= {
        "issued",
        "claimed",
        "confirmed",
        "clicked",
        "refused",
        "machines",
    }
    last = max(day for _, day, *_ in wanted)
    for span in (ALL_2026, Span(last - timedelta(days=6), last), Span(date(2026, 3, 29), date(2026, 3, 29))):
        found = overview(house.runtime, span)
        for numbers in (found.now, found.before):
            inside = [key for key in wanted if numbers.span.since <= key[1] <= numbers.span.until]
            for figure in FROM_THE_LOG:
                total = sum(wanted[key] for key in inside if key[0] == figure and not key[2])
                assert numbers.total(figure) == total, (span, figure)
                for split in SPLITS:
                    names = {key[3] for key in inside if key[0] == figure and key[2] == split}
                    if (
                        figure is not Figure.CLICKED
                    ):  # Of an article's page, a click brings its section along.
                        assert set(numbers.named(split, figure)) >= names
                        for name in names:
                            by_name = sum(
                                wanted[key]
                                for key in inside
                                if key[::2] == (figure, split) and key[3] == name
                            )
                            assert numbers.of(split, figure, name) == by_name, (span, figure, split, name)
        for each in found.articles:
            for figure in (Figure.ISSUED, Figure.CONFIRMED):
                assert each.counts[figure] == _of_article(house, each.article.id, figure, span)


def _of_article(house: House, article_id: int, figure: Figure, span: Span) -> int:
    event = {Figure.ISSUED: "gift:issued", Figure.CONFIRMED: "reading:confirmed"}[figure]
    statement = (
        select(entry.c.at)
        .join(gift, entry.c.subject == "gift:" + gift.c.reference)
        .where(gift.c.article_id == article_id, entry.c.event == event)
    )
    with house.runtime.database.reading() as connection:
        days = [at.astimezone(LONDON).date() for at in connection.execute(statement).scalars()]
    return sum(span.since <= day <= span.until for day in days)


def test_what_is_kept_up_is_what_is_rebuilt_and_a_check_agrees(lively: SealedLog) -> None:
    house = lively.house
    kept_up = counted(house)
    leaves = house.value("SELECT COUNT(*) FROM leaf")
    assert check(house.runtime, quiet) == rolling.Checked(leaves, ())
    steps: list[int] = []
    assert rebuild(house.runtime, steps.append) == leaves
    assert steps[-1] == leaves
    assert counted(house) == kept_up
    # What is counted at the door is not in the log, and stays.
    assert overview(house.runtime, ALL_2026).now.total(Figure.CARDS) > 0


def test_a_check_finds_a_row_too_many_one_too_few_and_one_that_is_wrong(lively: SealedLog) -> None:
    house = lively.house
    with house.runtime.database.transaction() as connection:
        for statement in (
            "UPDATE rollup SET count = count + 1 WHERE split = '' AND figure = 'issued' AND day = '2026-03-10'",
            "DELETE FROM rollup WHERE split = 'plan' AND figure = 'issued' AND day = '2026-03-10'",
            "INSERT INTO rollup (split, figure, day, name, count) VALUES ('', 'fired', '2026-01-01', '', 4)",
        ):
            assert connection.execute(text(statement)).rowcount
    found = check(house.runtime, quiet).differences
    assert {(each.row.split, each.row.figure) for each in found} == {
        ("", "fired"),
        ("", "issued"),
        ("plan", "issued"),
    }
    (extra,) = (each for each in found if each.row.figure == "fired")
    assert (extra.counted, extra.entries) == (4, 0)
    rebuild(house.runtime, quiet)
    assert check(house.runtime, quiet).differences == ()


def test_a_crash_between_batches_loses_and_doubles_nothing(
    sealed_log: SealedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = sealed_log.house
    monkeypatch.setattr(sealing, "_WAITING", sealing._WAITING.limit(3))
    sealed_log.sealer.beat()
    giver, article = house.subscriber(), house.article()
    for _ in range(8):
        house.gift(giver, article)
    written, dropped = [], sealing.drop_waiting

    def crash(connection: Any, entry_ids: Any) -> int:
        written.append(len(entry_ids))
        if len(written) == 2:
            raise OperationalError("the power went", None, Exception())
        return dropped(connection, entry_ids)

    with monkeypatch.context() as patch:
        patch.setattr(sealing, "drop_waiting", crash)
        with pytest.raises(OperationalError):
            sealed_log.sealer.beat()
    assert len(written) == 2
    house.clock.forward(seconds=30)
    while sealed_log.fresh().beat():
        house.clock.forward(seconds=30)
    assert counted(house)[Row(Split.WHOLE, Figure.ISSUED, date(2026, 3, 10), "")] == 8
    assert check(house.runtime, quiet).differences == ()


def test_what_was_sealed_before_there_were_rollups_is_caught_up_with(lively: SealedLog) -> None:
    house = lively.house
    before = counted(house)
    with house.runtime.database.transaction() as connection:
        connection.execute(text("DELETE FROM rollup"))
        connection.execute(text("DELETE FROM rollup_state"))
    assert overview(house.runtime, ALL_2026).uncounted == house.value("SELECT COUNT(*) FROM leaf")
    house.gift(house.subscriber(), 1)
    # What is sealed meanwhile waits for its turn, and is counted once.
    while lively.fresh().beat() or overview(house.runtime, ALL_2026).uncounted:
        house.clock.forward(seconds=30)
    after = counted(house)
    assert (
        sum(after.values()) == sum(before.values()) + len(set(Split) & {"", "plan", "section", "article"}) + 2
    )
    assert check(house.runtime, quiet).differences == ()


def test_counting_goes_on_where_two_count_at_once(lively: SealedLog) -> None:
    house = lively.house
    before = counted(house)
    rolling.rebuild(house.runtime, lambda _done: Counting(house.runtime).catch_up(limit=5))
    assert counted(house) == before


def test_erasing_a_person_changes_no_number(lively: SealedLog) -> None:
    house = lively.house
    before = counted(house)
    value = house.value("SELECT value FROM entry_person WHERE field = 'device' LIMIT 1")
    person = find_person(house.runtime, f"reader:{value}")
    assert erase_person(house.runtime, OPERATOR, person, because="asked") > 0
    lively.sealer.beat()
    assert counted(house) == before
    assert check(house.runtime, quiet).differences == ()


def test_days_are_those_of_the_zone_that_held_at_the_time(sealed_log: SealedLog) -> None:
    house = sealed_log.house
    giver, article = house.subscriber(), house.article()
    house.clock.now = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)
    house.gift(giver, article)
    sealed_log.sealer.beat()
    tokyo = without_rules().replace('zone = "Europe/London"', 'zone = "Asia/Tokyo"')
    assert tokyo != without_rules()
    propose(house, tokyo)
    house.clock.forward(days=1)
    house.gift(giver, article)
    sealed_log.fresh().beat()
    days = {row.day: n for row, n in counted(house).items() if (row.split, row.figure) == ("", "issued")}
    assert days == {date(2026, 3, 10): 1, date(2026, 3, 12): 1}
    rebuild(house.runtime, quiet)
    assert {row.day for row in counted(house) if (row.split, row.figure) == ("", "issued")} == set(days)


def propose(house: House, policy: str) -> None:
    """Let another policy come into force within the hour."""
    propose_policy(house.runtime, OPERATOR, policy, name="next", at=house.clock.now + timedelta(hours=1))


def test_where_old_entries_were_put_away_what_was_counted_of_them_stays(lively: SealedLog) -> None:
    house = lively.house
    before = counted(house)
    with lively.behind_its_back() as do:
        do("DELETE FROM repeat WHERE entry_id IN (SELECT id FROM entry WHERE at < '2026-03-20 00:00:00')")
        assert do("DELETE FROM entry WHERE at < '2026-03-20 00:00:00'").rowcount > 20
    assert rebuild(house.runtime, quiet) > 0
    assert counted(house) == before
    assert check(house.runtime, quiet).differences == ()
    assert house.value("SELECT since FROM rollup_state") is not None
    with lively.behind_its_back() as do:
        do("DELETE FROM repeat")
        do("DELETE FROM entry")
    rebuild(house.runtime, quiet)
    assert counted(house) == before
    assert check(house.runtime, quiet).differences == ()


@pytest.mark.parametrize(
    ("count", "before", "spike"),
    [
        (100, [], True),
        (99, [], False),
        (400, [100] * 12, True),
        (399, [100] * 12, False),
        # The mean is that of twelve months, whether something is known of each or not: 3 × 12 / 12 = 3.
        (103, [12], True),
        (102, [12], False),
    ],
)
def test_a_spike_is_a_hundred_above_three_times_the_mean(count: int, before: list[int], spike: bool) -> None:  # noqa: FBT001
    assert is_spike(count, before) is spike


def test_more_than_twelve_months_are_no_mean_of_twelve() -> None:
    with pytest.raises(ValueError, match="12 months"):
        is_spike(1, [1] * 13)


def test_articles_and_givers_that_stand_out_are_listed(house: House) -> None:
    rows = {
        Row("article_month", "confirmed", date(2026, 3, 1), "7"): 160,
        Row("article_month", "confirmed", date(2026, 2, 1), "7"): 240,
        Row("article_month", "confirmed", date(2026, 3, 1), "8"): 159,
        Row("article_month", "confirmed", date(2026, 2, 1), "8"): 240,
        Row("article_month", "confirmed", date(2025, 2, 1), "7"): 9000,
        Row("giver_month", "claimed", date(2026, 3, 1), "3"): 100,
    }
    with house.runtime.database.transaction() as connection:
        rolling.rollups.add_counts(connection, rows)
    found = list_spikes(house.runtime, date(2026, 3, 17))
    assert [(each.subject, each.figure, each.count, each.mean) for each in found] == [
        ("article:7", "confirmed", 160, 20.0),
        ("account:3", "claimed", 100, 0.0),
    ]


def test_a_refused_gift_is_counted_under_the_plan_of_who_asked(sealed_log: SealedLog) -> None:
    house = sealed_log.house
    giver = house.subscriber("premium")
    issue_gift(house.runtime, account_actor(giver), Wish(giver, 999, "k"))
    append = Entry(house.clock.now, OPERATOR, Event.KEY_ADDED, "key:1")
    with house.runtime.database.transaction() as connection:
        append_entry(connection, append)
    sealed_log.sealer.beat()
    refused = {row: n for row, n in counted(house).items() if row.figure == "refused"}
    assert {(row.split, row.name) for row in refused if row.split != "article_month"} == {
        ("", ""),
        ("reason", "article:unknown"),
        ("article", "999"),
        ("plan", "premium"),
    }
