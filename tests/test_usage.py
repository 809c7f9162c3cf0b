"""Usage as COUNTER counts it: double clicks at their edge, sessions by the hour, and who is no person not at all."""

import csv
import io
import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from gateway.auditing.usage import usage_report
from gateway.days import month_span
from gateway.keys import digest
from gateway.models import article
from gateway.reading.claiming import confirm_reading
from gateway.reading.opening import Card, open_card
from gateway.reading.serving import read_article
from gateway.reading.shelf import Shelf
from gateway.reading.visit import Visit
from gateway.sharing.issuing import Issued
from gateway.usage import TOTALS, UNIQUES, Act, Metric, Use, count_uses, keys_of
from gateway.web.counterreport import table, tree
from tests.house import House

START = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
WHO = b"w" * 16
MARCH = month_span(2026, 3)


def uses(*seconds: float, act: Act = Act.CARD, who: bytes = WHO, article: int = 1) -> list[Use]:
    """Act at some seconds past noon."""
    return [Use(who, article, act, START + timedelta(seconds=each)) for each in seconds]


def counted(*acts: Use) -> dict[str, int]:
    """Count acts one by one, as though each was written alone."""
    counts: Counter[str] = Counter()
    seen: dict = {}
    for each in acts:
        found, seen = count_uses([each], seen, lambda at: f"{at:%Y-%m}")
        for (_, metric, _), number in found.items():
            counts[metric] += number
    return {metric: number for metric, number in counts.items() if number}


@pytest.mark.parametrize(
    ("seconds", "total"),
    [
        ((0, 29), 1),
        ((0, 30), 1),
        ((0, 30.001), 2),
        ((0, 35), 2),
        # Each is held against the one before it, so a row of clicks is one however long it lasts.
        ((0, 20, 40, 60, 80), 1),
        ((0, 31, 62), 3),
    ],
)
def test_clicks_thirty_seconds_apart_or_less_are_one(seconds: tuple[float, ...], total: int) -> None:
    assert counted(*uses(*seconds))[Metric.TOTAL_INVESTIGATIONS] == total


def test_a_card_and_its_reading_are_two_investigations_and_one_request() -> None:
    found = counted(*uses(0), *uses(5, act=Act.READ))
    assert found == {
        Metric.TOTAL_INVESTIGATIONS: 2,
        Metric.UNIQUE_INVESTIGATIONS: 1,
        Metric.TOTAL_REQUESTS: 1,
        Metric.UNIQUE_REQUESTS: 1,
    }


def test_an_item_is_unique_once_an_hour_of_the_day() -> None:
    # Noon, 12:59:59, 13:00:00: the last is another hour, though it comes a second later.
    found = counted(*uses(0, 3599, 3600))
    assert found == {Metric.TOTAL_INVESTIGATIONS: 2, Metric.UNIQUE_INVESTIGATIONS: 2}


def test_a_double_click_over_the_end_of_an_hour_is_one_visit_in_the_later_hour() -> None:
    found = counted(*uses(3590, 3610))
    assert found == {Metric.TOTAL_INVESTIGATIONS: 1, Metric.UNIQUE_INVESTIGATIONS: 1}
    found = counted(*uses(3590), *uses(3595, act=Act.READ), *uses(3610))
    assert (found[Metric.TOTAL_INVESTIGATIONS], found[Metric.UNIQUE_INVESTIGATIONS]) == (2, 2)


def test_others_and_other_articles_are_counted_apart() -> None:
    assert counted(*uses(0), *uses(1, who=b"v" * 16), *uses(2, article=2))[Metric.TOTAL_INVESTIGATIONS] == 3


def test_of_a_double_click_over_the_end_of_a_month_the_second_counts() -> None:
    end = datetime(2026, 4, 1, tzinfo=UTC)
    clicks = [Use(WHO, 1, Act.LIMITED, end - timedelta(seconds=9)), Use(WHO, 1, Act.LIMITED, end)]
    counts, _ = count_uses(clicks, {}, lambda at: f"{at:%Y-%m}")
    assert counts == {("2026-04", "Limit_Exceeded", 1): 1}


ACTS = st.lists(
    st.builds(
        Use,
        st.sampled_from([b"a", b"b"]),
        st.integers(1, 2),
        st.sampled_from(list(Act)),
        st.one_of(st.integers(0, 9000), st.integers(3540, 3660)).map(lambda s: START + timedelta(seconds=s)),
    ),
    max_size=40,
)


def by_hand(acts: list[Use]) -> dict[tuple[str, int], int]:
    """Count as the Code tells it, act by act, without a memory of what was written."""
    totals: Counter[tuple[str, int]] = Counter()
    unique = set()
    for use in acts:
        alike = sorted(each.at for each in acts if each.key == use.key)
        # An act counts where none like it follows within 30 seconds: of several at one instant the last.
        if any(timedelta(0) < later - use.at <= timedelta(seconds=30) for later in alike):
            continue
        if [each for each in acts if each.key == use.key and each.at == use.at][-1] is use:
            for metric in TOTALS[use.act]:
                totals[metric.value, use.article_id] += 1
            for metric in UNIQUES.get(use.act, ()):
                unique.add((metric.value, use.article_id, use.who, use.hour))
    for metric, item, *_ in unique:
        totals[metric, item] += 1
    return dict(totals)


@given(ACTS, st.integers(1, 40))
def test_what_is_counted_in_parts_is_what_is_counted_by_hand(acts: list[Use], at_once: int) -> None:
    acts = sorted(acts, key=lambda use: use.at)
    counts: Counter[tuple[str, int]] = Counter()
    known: dict = {}
    for start in range(0, len(acts), at_once):
        some = acts[start : start + at_once]
        seen = {key: known[key] for key in keys_of(some) if key in known}
        found, now = count_uses(some, seen, lambda _at: "2026-03")
        known |= now
        for (_, metric, item), number in found.items():
            counts[metric, item] += number
    assert {key: number for key, number in counts.items() if number} == by_hand(acts)
    for unique, total in (
        (Metric.UNIQUE_INVESTIGATIONS, Metric.TOTAL_INVESTIGATIONS),
        (Metric.UNIQUE_REQUESTS, Metric.TOTAL_REQUESTS),
    ):
        assert all(
            number <= counts[total.value, item]
            for (metric, item), number in counts.items()
            if metric == unique.value
        )


def visit(device: str = "phone", visitor: str = "person") -> Visit:
    """Come by with a device."""
    secret = digest(device.encode())
    return Visit(secret, visitor=visitor, located=lambda: (secret[:16],), agent=device)


def see(house: House, issued: Issued, who: Visit) -> object:
    """Open a gift link."""
    return open_card(house.runtime, Shelf(), issued.gift.capability, who)


def read(house: House, issued: Issued, device: str) -> None:
    """Open a gift, take it up, read, and show that a person reads."""
    assert isinstance(see(house, issued, visit(device)), Card)
    house.claim(issued, device)
    read_article(house.runtime, Shelf(), issued.slug, visit(device))
    house.clock.forward(seconds=4)
    confirm_reading(house.runtime, issued.slug, visit(device))
    house.runtime.tally.flush()


def test_readers_are_counted_and_machines_are_not(house: House) -> None:
    issued = house.gift(house.subscriber(), house.article())
    for device in ("phone", "desk"):
        read(house, issued, device)
    for machine in ("preview", "ai_crawler", "tool", "scanner"):
        see(house, issued, visit(machine, machine))
    see(house, issued, Visit())
    house.runtime.tally.flush()
    report = usage_report(house.runtime, MARCH)
    assert report.totals == {
        ("2026-03", "Total_Item_Investigations"): 4,
        ("2026-03", "Unique_Item_Investigations"): 2,
        ("2026-03", "Total_Item_Requests"): 2,
        ("2026-03", "Unique_Item_Requests"): 2,
    }


def test_who_comes_to_a_gift_that_is_read_up_exceeds_a_limit(house: House) -> None:
    issued = house.gift(house.subscriber(), house.article())
    for number in range(issued.gift.readers or 0):
        read(house, issued, f"device-{number}")
    for late in (0, 5, 60):
        house.clock.forward(seconds=late)
        see(house, issued, visit("late"))
        house.runtime.tally.flush()
    assert usage_report(house.runtime, MARCH).totals["2026-03", "Limit_Exceeded"] == 2


@pytest.mark.parametrize("headline", [" =1+1", "\uff1d1+1", "\n=1", "\ufeff=1", "\t@x", "+1", "-1"])
def test_no_cell_is_a_formula_however_it_is_dressed_up(house: House, headline: str) -> None:
    read(house, house.gift(house.subscriber(), house.article()), "phone")
    with house.runtime.database.transaction() as connection:
        connection.execute(update(article).values(headline=headline))
    report = usage_report(house.runtime, month_span(2026, 3))
    text = "".join(table(report, lambda slug: slug, "news.example"))
    assert f"'{headline}" in {row[0] for row in csv.reader(io.StringIO(text, newline="")) if row}


def test_the_table_is_that_of_the_code_and_no_formula(house: House) -> None:
    read(house, house.gift(house.subscriber(), house.article()), "phone")
    with house.runtime.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE article SET headline = '=HYPERLINK(1)'")
    report = usage_report(house.runtime, month_span(2026, 3))
    text = "".join(table(report, lambda slug: f"https://news.example/articles/{slug}", "news.example"))
    rows = list(csv.reader(io.StringIO(text)))
    labels = [row[0] for row in rows[:13]]
    assert labels == [
        "Report_Name",
        "Report_ID",
        "Release",
        "Institution_Name",
        "Institution_ID",
        "Metric_Types",
        "Report_Filters",
        "Report_Attributes",
        "Exceptions",
        "Reporting_Period",
        "Created",
        "Created_By",
        "Registry_Record",
    ]
    assert rows[9][1] == "Begin_Date=2026-03-01; End_Date=2026-03-31"
    assert rows[10][1] == "2026-03-10T12:00:04Z"
    assert rows[13] == []
    heads, body = rows[14], rows[15:]
    assert heads[-3:] == ["Metric_Type", "Reporting_Period_Total", "Mar-2026"]
    assert {row[heads.index("Item")] for row in body} == {"'=HYPERLINK(1)"}
    assert {row[heads.index("Metric_Type")]: row[-1] for row in body} == {
        "Total_Item_Investigations": "2",
        "Unique_Item_Investigations": "1",
        "Total_Item_Requests": "1",
        "Unique_Item_Requests": "1",
    }
    found = json.loads(json.dumps(tree(report, lambda slug: slug, "news.example")))
    (items,) = found["Report_Items"]
    assert items["Items"][0]["Attribute_Performance"][0]["Performance"]["Total_Item_Requests"] == {
        "2026-03": 1
    }


def test_more_than_two_years_are_too_many(house: House) -> None:
    with pytest.raises(ValueError, match="24 months"):
        usage_report(house.runtime, MARCH.__class__(month_span(2024, 1).since, month_span(2026, 1).until))
