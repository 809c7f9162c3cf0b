"""A rule that fired: how long it holds, how it grows, whom it shuts out of what, and from when it counts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.enforcing import shut_out
from gateway.firing import (
    DOUBLINGS,
    LONGEST,
    Act,
    Firing,
    acts_of,
    adds_to,
    counted_since,
    ends_at,
    still_said,
)
from gateway.guard import ACTS_ON, COUNTED_FOR, NOT_CHALLENGED, By, Metric, Mode, Rule, Then
from gateway.policy import parse
from tests.house import POLICY

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HARD = {"name": "hard", "metric": "articles", "by": "reader", "over": 24, "per": "24 hours", "then": "block"}


def rule(**changed: Any) -> Rule:
    return Rule.model_validate(HARD | {"for": "1 hour", "mode": "enforce"} | changed)


def logging_rule() -> Rule:
    return Rule.model_validate(HARD | {"then": "log", "mode": "enforce"})


def firing(**changed: Any) -> Firing:
    given_ = {
        "id": 1,
        "rule": "hard",
        "metric": Metric.ARTICLES,
        "by": By.READER,
        "who": "reader:a",
        "then": Then.BLOCK,
        "mode": Mode.ENFORCE,
        "count": 25,
        "at": NOW,
        "until": NOW + timedelta(hours=1),
        "level": 0,
        "lifted_at": None,
    }
    return Firing(**(given_ | changed))


@given(level=st.integers(0, 100), spread=st.floats(0, 1))
def test_a_repetition_lasts_longer_never_shorter_and_never_without_end(level: int, spread: float) -> None:
    end = ends_at(rule(), NOW, level=level, spread=spread)
    assert end is not None
    least = timedelta(hours=2 ** min(level, DOUBLINGS))
    assert least <= end - NOW <= least * 1.1 + timedelta(seconds=1)
    assert end - NOW <= LONGEST


def test_even_the_longest_rule_ends_after_thirty_days() -> None:
    end = ends_at(rule(**{"for": "7 days"}), NOW, level=9, spread=1)
    assert end == NOW + timedelta(days=30)


def test_what_only_logs_is_one_note_for_the_time_it_looks_back_over() -> None:
    assert ends_at(logging_rule(), NOW, level=3, spread=1) == NOW + timedelta(hours=24)


def test_a_freeze_until_lifted_has_no_end_unless_it_is_only_watched() -> None:
    frozen = {"metric": "networks", "by": "link", "then": "freeze", "for": "until lifted"}
    assert ends_at(rule(**frozen), NOW, level=0, spread=0) is None
    watched = ends_at(rule(**frozen, mode="monitor"), NOW, level=0, spread=0)
    assert watched == NOW + timedelta(hours=24)


def test_a_lifted_rule_counts_anew_from_then_on() -> None:
    lifted = firing(lifted_at=NOW - timedelta(hours=2))
    assert counted_since([lifted], rule(), ["reader:a"], NOW) == NOW - timedelta(hours=2)
    assert counted_since([lifted], rule(), ["reader:b"], NOW) == NOW - timedelta(hours=24)
    assert counted_since([lifted], rule(), ["reader:b", "reader:a"], NOW) == NOW - timedelta(hours=2)
    assert counted_since([], rule(), ["reader:a"], NOW) == NOW - timedelta(hours=24)


def test_what_the_policy_no_longer_says_is_still_said_by_no_rule() -> None:
    assert still_said(firing(), [rule(name="other"), rule()])
    assert not still_said(firing(), [])
    assert not still_said(firing(), [rule(mode="monitor")])
    assert not still_said(firing(), [rule(then="challenge")])
    assert still_said(firing(), [rule(over=30, per="1 hour")])


def test_a_freeze_shuts_links_and_nobodys_own_reading() -> None:
    assert acts_of(Metric.ARTICLES, By.SUBSCRIBER, Then.FREEZE) == (Act.ISSUE, Act.CLAIM)


def test_of_two_blocks_the_longer_one_is_told() -> None:
    policy = parse(POLICY.read_text("utf-8"), name="ft.toml").model_copy(
        update={"rules": (rule(), rule(name="network", by="network"))}
    )
    later = NOW + timedelta(hours=9)
    known = [firing(), firing(rule="network", by=By.NETWORK, until=later), firing()]
    refusal = shut_out(policy, Act.READ, known, NOW)
    assert refusal is not None
    assert (refusal.until, refusal.detail) == (later, {"rule": "network"})


def test_a_firing_acts_only_while_it_holds_and_is_enforced() -> None:
    assert firing().acts(NOW)
    assert not firing().acts(NOW + timedelta(hours=1))
    assert not firing(lifted_at=NOW).acts(NOW)
    assert not firing(mode=Mode.MONITOR).acts(NOW)
    assert not firing(then=Then.LOG).acts(NOW)
    assert firing(until=None).acts(NOW + timedelta(days=900))


def test_a_guesser_is_kept_from_guessing_alone() -> None:
    guessing = firing(metric=Metric.FORGED_TOKENS, by=By.NETWORK)
    assert [act for act in Act if guessing.shuts_out(act, NOW)] == [Act.GUESS]


@pytest.mark.parametrize("metric", [Metric.CLAIMS, Metric.NETWORKS, Metric.SPREAD_LINKS])
def test_what_becomes_of_links_is_held_against_giving_never_against_reading(metric: Metric) -> None:
    assert acts_of(metric, By.SUBSCRIBER, Then.BLOCK) == (Act.ISSUE,)


def test_every_rule_that_a_policy_can_say_stands_in_the_way_of_something() -> None:
    for metric, counted in COUNTED_FOR.items():
        for then, whom in ACTS_ON.items():
            for by in set(counted) & set(whom):
                if not (then is Then.CHALLENGE and metric in NOT_CHALLENGED):
                    assert acts_of(metric, by, then), (metric, by, then)


def test_a_claim_adds_to_its_readers_articles_never_to_its_givers() -> None:
    assert adds_to(Act.CLAIM, rule())
    assert not adds_to(Act.CLAIM, rule(by="subscriber"))
    assert adds_to(Act.READ, rule(by="subscriber"))
    assert not adds_to(Act.ISSUE, rule())
