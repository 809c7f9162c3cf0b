"""The policies that come with the gateway, and the page and schema that describe the file."""

import json
import random
import re
import tomllib
from bisect import bisect_right
from datetime import timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from gateway.guard import By, Metric, Mode, Rule, Then
from gateway.policy import PLACEHOLDERS, Policy, json_schema, parse
from gateway.policyfile import PolicyError, text_of
from gateway.resources import folder
from tests.policy_tables import PARTS, table_of, vocabulary

DOCS = Path(__file__).parents[1] / "docs"
FILES = sorted(folder("policies").glob("*.toml"))
STOPS = (Then.CHALLENGE, Then.BLOCK, Then.FREEZE)
HARD = (Then.BLOCK, Then.FREEZE)
DAY = timedelta(days=1)


def shipped(name: str) -> Policy:
    file = folder("policies") / f"{name}.toml"
    return parse(text_of(file), name=str(file))


def rules(policy: Policy, metric: Metric, by: By, *, then: tuple[Then, ...] = tuple(Then)) -> list[Rule]:
    return [rule for rule in policy.rules if (rule.metric, rule.by) == (metric, by) and rule.then in then]


def most_within(instants: list[float], seconds: float) -> int:
    """Count the most of these instants, in seconds, that lie within any window so long."""
    ordered = sorted(instants)
    return max(number - bisect_right(ordered, at - seconds) + 1 for number, at in enumerate(ordered))


def test_the_policies_are_those_the_documents_name() -> None:
    assert [file.stem for file in FILES] == ["blox", "ft", "maine", "nyt", "spiegel"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_shipped_policy_has_no_problem(file: Path) -> None:
    policy = parse(text_of(file), name=file.name)
    assert policy.gives_gifts
    for language in ("en", "de"):
        assert policy.publisher.licensing in policy.notice_in(language)


@pytest.mark.parametrize(
    ("name", "zone", "plans", "days", "readers", "unconfirmed"),
    [
        ("ft", "Europe/London", {"standard": 10, "premium": 20}, 90, 10, 20),
        ("nyt", "America/New_York", {"news": 10}, 14, None, 200),
        ("spiegel", "Europe/Berlin", {"plus": 10}, 30, 10, 20),
        ("maine", "America/New_York", {"subscriber": 5}, 14, 10, 20),
        (
            "blox",
            "America/Chicago",
            {"basic": 3, "bronze": 5, "silver": 10, "gold": 15, "platinum": 20},
            30,
            1,
            3,
        ),
    ],
)
def test_a_shipped_policy_has_the_published_figures(
    name: str, zone: str, plans: dict[str, int], days: int, readers: int | None, unconfirmed: int
) -> None:
    policy = shipped(name)
    assert policy.publisher.zone == zone
    assert {plan: terms.gifts for plan, terms in policy.plans.items()} == plans
    assert policy.gift.life == timedelta(days=days)
    assert (policy.gift.readers, policy.gift.unconfirmed) == (readers, unconfirmed)


def test_the_default_names_the_licensing_desk_and_leaves_short_copies_alone() -> None:
    policy = shipped("ft")
    assert policy.publisher.licensing == "licensing@ft.com"
    assert policy.copying.untouched_below == 60
    assert policy.copying.total is None
    assert "up to 10 or 20 articles a month" in policy.notice_in("en")
    assert "bis zu 10 oder 20 Artikel verschenken" in policy.notice_in("de")


@pytest.mark.parametrize("name", ["nyt", "spiegel", "maine", "blox"])
def test_the_rules_of_the_others_are_the_defaults_but_for_spreading_links(name: str) -> None:
    defaults = {rule.name: rule for rule in shipped("ft").rules}
    for rule in shipped(name).rules:
        if not rule.name.startswith("link-networks-"):
            assert rule == defaults[rule.name]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_rule_comes_as_a_soft_and_a_hard_tier(file: Path) -> None:
    found = {rule.name: rule for rule in parse(text_of(file), name=file.name).rules}
    pairs = {name.rsplit("-", 1)[0] for name in found}
    assert set(found) == {f"{pair}-{tier}" for pair in pairs for tier in ("soft", "hard")}
    for pair in pairs:
        soft, hard = found[f"{pair}-soft"], found[f"{pair}-hard"]
        assert (soft.metric, soft.by, soft.per) == (hard.metric, hard.by, hard.per)
        assert soft.over < hard.over
        assert soft.then in (Then.LOG, Then.CHALLENGE)
        assert hard.then in HARD


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_single_device_gets_no_more_than_24_articles_a_day(file: Path) -> None:
    policy = parse(text_of(file), name=file.name)
    assert any(
        rule.over <= 24 and rule.per >= DAY and rule.mode is Mode.ENFORCE
        for rule in rules(policy, Metric.ARTICLES, By.READER, then=(Then.BLOCK,))
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_sign_in_that_walks_the_archive_gets_no_more_than_100_articles_in_40_minutes(file: Path) -> None:
    policy = parse(text_of(file), name=file.name)
    assert any(
        rule.over <= 100 and rule.per >= timedelta(minutes=40) and rule.mode is Mode.ENFORCE
        for rule in rules(policy, Metric.ARTICLES, By.SUBSCRIBER, then=(Then.BLOCK,))
    )


@pytest.mark.parametrize(("people", "stops"), [(300, STOPS), (600, HARD)])
def test_an_office_behind_one_network_is_not_stopped_and_one_of_300_not_even_asked(
    people: int, stops: tuple[Then, ...]
) -> None:
    """Each of them opens a gift of their own in eight hours, all different; one in thirty is not seen to read."""
    chance = random.Random(2026)
    policy = shipped("ft")
    for _ in range(20):
        opened = [chance.triangular(0, 8 * 3600) for _ in range(people)]
        counted = {
            Metric.ARTICLES: opened,
            Metric.CLAIMS: opened,
            # Each of them is made up for by one that was read.
            Metric.UNCONFIRMED_ARTICLES: [],
            Metric.TRAPS: [],
            # Three of them mistype a link, each three times.
            Metric.FORGED_TOKENS: [at + again for at in opened[:3] for again in (0, 20, 40)],
            Metric.COPIED_CHARACTERS: [],
            Metric.COPIES_OVER_LIMIT: [],
        }
        for rule in policy.rules:
            if rule.by is By.NETWORK and rule.then in stops and counted[rule.metric]:
                assert most_within(counted[rule.metric], rule.per.total_seconds()) <= rule.over, rule.name


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_script_that_forges_the_signs_of_reading_is_bounded_as_an_office_is(file: Path) -> None:
    policy = parse(text_of(file), name=file.name)
    (hard,) = rules(policy, Metric.ARTICLES, By.NETWORK, then=HARD)
    assert (hard.over, hard.per, hard.mode) == (300, timedelta(hours=1), Mode.ENFORCE)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_cookie_dropper_who_never_reads_is_stopped_after_24(file: Path) -> None:
    hard = rules(
        parse(text_of(file), name=file.name), Metric.UNCONFIRMED_ARTICLES, By.NETWORK, then=(Then.BLOCK,)
    )
    assert any(rule.over <= 24 and rule.per >= DAY and rule.mode is Mode.ENFORCE for rule in hard)


@pytest.mark.parametrize("name", ["ft", "spiegel", "maine", "blox"])
def test_a_link_freezes_only_past_all_devices_that_can_hold_its_text(name: str) -> None:
    policy = shipped(name)
    (freeze,) = rules(policy, Metric.NETWORKS, By.LINK, then=(Then.FREEZE,))
    assert policy.gift.readers is not None
    assert freeze.over == policy.gift.readers + policy.gift.unconfirmed
    assert freeze.mode is Mode.ENFORCE


def test_a_link_without_a_cap_is_only_watched() -> None:
    (freeze,) = rules(shipped("nyt"), Metric.NETWORKS, By.LINK, then=(Then.FREEZE,))
    assert freeze.mode is Mode.MONITOR


def test_a_block_lasts_no_shorter_than_the_count_needs_to_fall_or_a_reader_would_be_told_a_wrong_hour() -> (
    None
):
    for rule in shipped("ft").rules:
        if rule.metric is Metric.ARTICLES and rule.by is By.READER and rule.then is Then.BLOCK:
            assert rule.lasts is not None
            assert rule.lasts >= rule.per


def test_life_and_bounds_of_a_shipped_policy_are_argued_beside_it() -> None:
    for file in FILES:
        rows = text_of(file).splitlines()
        for number, row in enumerate(rows):
            if row.startswith(("life =", "readers =", "unconfirmed =")):
                assert rows[number - 1].startswith("#"), f"{file.name}:{number + 1}"


# The schema.


def test_the_schema_in_the_documents_is_the_one_of_the_model() -> None:
    written = json.loads((DOCS / "policy.schema.json").read_text(encoding="utf-8"))
    assert written == json_schema(), "write json.dumps(json_schema(), indent=2) to docs/policy.schema.json"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_schema_accepts_what_the_parser_accepts(file: Path) -> None:
    Draft202012Validator.check_schema(json_schema())
    Draft202012Validator(json_schema()).validate(tomllib.loads(text_of(file)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("gifts = 10", "gifts = true"),
        ("gifts = 10", "gifts = -1"),
        ("[plans.standard]", "[plans.Standard]"),
        ('life = "90 days"', "life = 90"),
        ("readers = 10", 'readers = "many"'),
        ("unconfirmed = 20", "unconfirmed = 0"),
        ('refund = "unserved_in_its_month"', 'refund = "never"'),
        ("[retention]", "[retention]\ncookies = 1"),
        ('by = "reader"', 'by = "country"'),
        ('for = "1 hour"', 'lasts = "1 hour"'),
        ('name = "Financial Times"', ""),
    ],
)
def test_the_schema_refuses_what_the_parser_refuses(old: str, new: str) -> None:
    text = text_of(folder("policies") / "ft.toml")
    assert old in text
    document = tomllib.loads(text.replace(old, new, 1))
    assert not Draft202012Validator(json_schema()).is_valid(document)
    with pytest.raises(PolicyError):
        parse(text.replace(old, new, 1), name="ft.toml")


# The page.


@pytest.mark.parametrize("part", PARTS)
def test_the_page_has_the_table_of_each_part_as_the_model_has_it(part: str) -> None:
    page = (DOCS / "policy.md").read_text(encoding="utf-8")
    section = next(each for each in page.split("\n## ") if each.startswith((f"`[{part}", f"`[[{part}")))
    assert table_of(PARTS[part]) in section


def test_the_page_names_every_table_word_and_placeholder() -> None:
    page = (DOCS / "policy.md").read_text(encoding="utf-8")
    for table in Policy.model_fields:
        assert re.search(rf"^## `\[+{table}[.\]]", page, re.MULTILINE), table
    for word in vocabulary():
        assert f'"{word}"' in page, word
    for placeholder in PLACEHOLDERS:
        assert f"`{{{placeholder}}}`" in page, placeholder
    for file in FILES:
        assert f"`policies/{file.name}`" in page
