"""The policy file: what it may say, and how each mistake in it is named."""

import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.decision import Deny, Permit, Reason
from gateway.guard import ACTS_ON, COUNTED_FOR, By, Metric, Mode, Rule, Then
from gateway.passage import CopyLimits
from gateway.policy import Action, Policy, Refund, SameArticle, digest, evaluate, parse
from gateway.policyfile import PolicyError, Problem, text_of
from gateway.policyparts import span_of, words
from gateway.resources import folder
from gateway.rights import Rights
from gateway.tomllines import key_lines, nearest_line

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
SMALL = """\
rules = []

[publisher]
name = "The Daily Example"
zone = "Europe/London"
licensing = "licensing@example.org"
site = "https://www.example.org"
subscribe = "https://www.example.org/subscribe"

[plans.standard]
label = "Standard"
gifts = 10

[gift]
life = "90 days"
readers = 10
unconfirmed = 20
same_article = "free_while_open"
refund = "unserved_in_its_month"

[notice]
en = "Copyright {publisher}; up to {gifts} gifts a month; write to {licensing}."
de = "Copyright {publisher}; bis zu {gifts} Geschenke im Monat; schreiben Sie an {licensing}."

[copying]
untouched_below = 60
passage = 500
total = "article"

[retention]
openers = "30 days"
entries = "365 days"
"""
RULE = """\
[[rules]]
name = "hard"
metric = "articles"
by = "reader"
over = 24
per = "24 hours"
then = "block"
for = "1 hour"
mode = "enforce"
"""
SOFT = RULE.replace('"hard"', '"soft"').replace("over = 24", "over = 12").replace('"block"', '"challenge"')


def small(old: str = "", new: str = "") -> str:
    """Write the small policy with one piece of its text replaced."""
    assert SMALL.count(old) == 1 or not old
    return SMALL.replace(old, new) if old else SMALL


def with_rules(*rules: str) -> str:
    return SMALL.replace("rules = []\n\n", "") + "\n" + "\n".join(rules)


def rule(old: str = "", new: str = "") -> str:
    assert RULE.count(old) == 1 or not old
    return RULE.replace(old, new) if old else RULE


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(PolicyError) as caught:
        parse(text, name="some.toml")
    return caught.value.problems


def only_problem(text: str) -> Problem:
    (found,) = problems(text)
    return found


def test_a_policy_is_read_into_plain_values() -> None:
    policy = parse(small(), name="small.toml")
    assert policy.publisher.zone == "Europe/London"
    assert policy.gift.life == timedelta(days=90)
    assert (policy.gift.readers, policy.gift.unconfirmed) == (10, 20)
    assert policy.gift.same_article is SameArticle.FREE_WHILE_OPEN
    assert policy.gift.refund is Refund.UNSERVED_IN_ITS_MONTH
    assert (policy.retention.openers, policy.retention.entries) == (timedelta(30), timedelta(365))
    assert policy.rules == ()


def test_unlimited_readers_are_no_number() -> None:
    assert parse(small("readers = 10", 'readers = "unlimited"'), name="x").gift.readers is None


def test_a_plan_is_found_by_name_and_an_unknown_one_is_none() -> None:
    policy = parse(small(), name="x")
    plan = policy.plan_named("standard")
    assert plan is not None
    assert (plan.label, plan.gifts) == ("Standard", 10)
    assert policy.plan_named("premium") is None


def test_a_rule_is_read_into_its_words_and_spans() -> None:
    (read,) = parse(with_rules(rule()), name="x").rules
    assert (read.metric, read.by, read.then, read.mode) == (
        Metric.ARTICLES,
        By.READER,
        Then.BLOCK,
        Mode.ENFORCE,
    )
    assert (read.over, read.per, read.lasts) == (24, timedelta(hours=24), timedelta(hours=1))


def test_a_policy_never_changes() -> None:
    policy = parse(small(), name="x")
    with pytest.raises(ValueError, match="frozen"):
        policy.gift.unconfirmed = 5  # type: ignore[misc]


@pytest.mark.parametrize(
    ("old", "new", "key", "got", "wants"),
    [
        ('name = "The Daily Example"', 'name = " "', "publisher.name", '" "', "not blank"),
        (
            'name = "The Daily Example"',
            r'name = "\u200b"',
            "publisher.name",
            r'"\u200B"',
            "not blank",
        ),
        ('"Europe/London"', '"Europe/Lundon"', "publisher.zone", '"Europe/Lundon"', "Europe/London"),
        ('"Europe/London"', '"europe/london"', "publisher.zone", '"europe/london"', "Europe/London"),
        ('"Europe/London"', '"localtime"', "publisher.zone", '"localtime"', "IANA"),
        ('"Europe/London"', "1", "publisher.zone", "1", "a text"),
        ('"licensing@example.org"', '"the desk"', "publisher.licensing", '"the desk"', "e-mail address"),
        ('"https://www.example.org"', '"http://a.org"', "publisher.site", '"http://a.org"', "https://"),
        ('"https://www.example.org"', '"https://["', "publisher.site", '"https://["', "https://"),
        (
            '"https://www.example.org"',
            '"https://a.org:abc"',
            "publisher.site",
            '"https://a.org:abc"',
            "https://",
        ),
        (
            '"https://www.example.org"',
            '"https://a.org:99999"',
            "publisher.site",
            '"https://a.org:99999"',
            "https://",
        ),
        (
            '"https://www.example.org"',
            '"https://:pw@a.org"',
            "publisher.site",
            '"https://:pw@a.org"',
            "https://",
        ),
        ('"https://www.example.org"', '"https://@a.org"', "publisher.site", '"https://@a.org"', "https://"),
        ('label = "Standard"', 'label = ""', "plans.standard.label", '""', "not blank"),
        ("gifts = 10", "gifts = true", "plans.standard.gifts", "true", "a whole number"),
        ("gifts = 10", "gifts = 10.0", "plans.standard.gifts", "10.0", "a whole number"),
        ("gifts = 10", 'gifts = "10"', "plans.standard.gifts", '"10"', "a whole number"),
        ("gifts = 10", "gifts = -1", "plans.standard.gifts", "-1", "0 or more"),
        ("gifts = 10", "gifts = 1_000_001", "plans.standard.gifts", "1000001", "1000000 or less"),
        ('life = "90 days"', 'life = "0 days"', "gift.life", '"0 days"', '"1 day" to "3650 days"'),
        ('life = "90 days"', "life = 90", "gift.life", "90", "a text of minutes, hours or days"),
        ('life = "90 days"', 'life = "3 months"', "gift.life", '"3 months"', "minutes, hours or days"),
        ("readers = 10", "readers = true", "gift.readers", "true", '"unlimited"'),
        ("readers = 10", "readers = 0", "gift.readers", "0", "from 1 to 1000000"),
        ("readers = 10", 'readers = "many"', "gift.readers", '"many"', '"unlimited"'),
        ("unconfirmed = 20", "unconfirmed = 0", "gift.unconfirmed", "0", "1 or more"),
        ('"free_while_open"', '"free"', "gift.same_article", '"free"', '"free_while_open"'),
        ('"unserved_in_its_month"', '"always"', "gift.refund", '"always"', '"unserved_in_its_month"'),
        ("untouched_below = 60", "untouched_below = -1", "copying.untouched_below", "-1", "0 or more"),
        ('total = "article"', 'total = "all"', "copying.total", '"all"', '"article"'),
        ('entries = "365 days"', 'entries = "182 days"', "retention.entries", '"182 days"', '"183 days"'),
        ('openers = "30 days"', 'openers = "0 days"', "retention.openers", '"0 days"', '"1 day"'),
        ("rules = []", "rules = 3", "rules", "3", "a list of tables"),
        ("rules = []", 'rules = ["x"]', "rules[0]", '"x"', "a table"),
    ],
)
def test_a_wrong_value_is_named_by_line_key_and_what_is_right(
    old: str, new: str, key: str, got: str, wants: str
) -> None:
    text = small(old, new)
    found = only_problem(text)
    assert (found.file, found.key, found.got) == ("some.toml", key, got)
    assert wants in found.wants
    assert found.line == text[: text.index(new)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "key", "known"),
    [
        (
            "[gift]\n",
            "[gift]\ncolour = 1\n",
            "gift.colour",
            "life, readers, unconfirmed, same_article, refund",
        ),
        ("[plans.standard]\n", "[plans.standard]\nprice = 1\n", "plans.standard.price", "label, gifts"),
        ("rules = []\n", "rules = []\ncurrency = 1\n", "currency", "publisher, plans, gift, notice, copying"),
        ("[publisher]\n", "[publisher]\n'a.b' = 1\n", "publisher.a.b", "name, zone, licensing"),
    ],
)
def test_an_unknown_key_is_refused_and_the_known_ones_are_named(
    old: str, new: str, key: str, known: str
) -> None:
    text = small(old, new)
    found = only_problem(text)
    assert (found.key, found.got) == (key, "an unknown key")
    assert known in found.wants
    assert found.line == text[: text.index(new)].count("\n") + 2


def test_an_unknown_key_of_a_rule_is_named_with_the_word_the_file_uses() -> None:
    found = only_problem(with_rules(rule('for = "1 hour"', 'for = "1 hour"\nlasts = "1 hour"')))
    assert found.key == "rules[0].lasts"
    assert "then, for, mode" in found.wants


def test_a_missing_key_is_named_at_its_table_with_what_it_would_say() -> None:
    text = small("readers = 10\n", "")
    found = only_problem(text)
    assert (found.key, found.got, found.wants) == ("gift.readers", "nothing", "how many devices may read")
    assert text.splitlines()[(found.line or 0) - 1] == "[gift]"


def test_a_missing_word_is_named_with_the_words_there_are() -> None:
    found = only_problem(small('refund = "unserved_in_its_month"\n', ""))
    assert found.wants == "when a credit comes back: unserved_in_its_month"


def test_an_empty_file_is_told_each_table_it_lacks() -> None:
    found = problems("")
    assert [problem.key for problem in found] == list(Policy.model_fields)
    assert {problem.line for problem in found} == {None}


def test_every_problem_is_named_at_once() -> None:
    text = small().replace("gifts = 10", "gifts = -1").replace("unconfirmed = 20", "unconfirmed = 0")
    text = text.replace("passage = 500", "passage = 50")
    assert [problem.key for problem in problems(text)] == [
        "plans.standard.gifts",
        "gift.unconfirmed",
        "copying.untouched_below",
    ]


def test_the_error_says_each_problem_on_a_line_of_its_own() -> None:
    with pytest.raises(PolicyError) as caught:
        parse(small().replace("gifts = 10", "gifts = true").replace("[notice]", "[notices]"), name="a.toml")
    known = "publisher, plans, gift, notice, copying, retention, rules"
    assert str(caught.value).splitlines() == [
        "a.toml:12: plans.standard.gifts: got true, wants a whole number",
        "a.toml: notice: got nothing, wants a table of notices by language, en and de at least",
        f"a.toml:21: notices: got an unknown key, wants one of the known keys: {known}",
    ]


@pytest.mark.parametrize("name", ["Big Plan", "Standard", "", "a" * 65])
def test_a_plan_that_no_account_could_name_is_refused(name: str) -> None:
    found = only_problem(small("[plans.standard]", f'[plans."{name}"]'))
    assert found.line == 10
    assert "lower-case letters" in found.wants


def test_a_policy_without_plans_is_refused() -> None:
    found = only_problem(small('[plans.standard]\nlabel = "Standard"\ngifts = 10\n', "[plans]\n"))
    assert (found.key, found.line) == ("plans", 10)


def test_a_plan_without_gifts_is_a_plan() -> None:
    plan = parse(small("gifts = 10", "gifts = 0"), name="x").plan_named("standard")
    assert plan is not None
    assert plan.gifts == 0


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = [\n1,\n", 3),
        ('a = 1\nb = "x\nc = 3', 2),
        ("a = " + "9" * 5000, None),
        ("a = " + "[" * 5000, None),
        ("\n\n= 1", 3),
    ],
)
def test_what_is_no_toml_is_named_by_its_line(text: str, line: int | None) -> None:
    found = only_problem(text)
    assert (found.line, found.key, found.wants) == (line, "", "valid TOML")


@pytest.mark.parametrize(
    ("text", "line", "key", "first"),
    [
        ("a = 1\na = 2\n", 2, "a", 1),
        ('a = 1\n\na = """x\ny\nz"""\nb = [', 3, "a", 1),
        ("[plans.one]\ngifts = 1\nlabel = 'x'\n'gifts' = 2\n", 4, "plans.one.gifts", 2),
        ("[plans.one]\ngifts = 1\n[plans.one]\nlabel = 'x'\n", 3, "plans.one", 1),
        ("[[rules]]\nper = 1\n[[rules]]\nper = 1\nper = 2\n", 5, "rules[1].per", 4),
    ],
)
def test_a_key_that_stands_twice_is_named_with_both_lines(text: str, line: int, key: str, first: int) -> None:
    found = only_problem(text)
    assert (found.line, found.key) == (line, key)
    assert (found.got, found.wants) == (f"the key a second time, after line {first}", "each key once")


def test_a_table_in_the_place_of_a_value_is_named() -> None:
    found = only_problem("a = 1\n[a]\nb = 2\n")
    assert (found.line, found.key, found.got) == (2, "a", "the key a second time, after line 1")
    assert only_problem("a = {b = 1, b = 2}").got == "duplicate inline table key 'b'"
    assert only_problem("a = {b = 1, b.c = 2}").line == 1
    assert only_problem("# \u2028\r\na = 1\r\na = 2\r\n").line == 3


@pytest.mark.parametrize(
    "sign", ["\\u0000", "\\n", "\\t", "\\u001b", "\\u0085", "\\u2028", "\\u202E", "\\u2066"]
)
@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("The Daily Example", "The{} Example", "publisher.name"),
        ('label = "Standard"', 'label = "Stand{}ard"', "plans.standard.label"),
        ("licensing@example.org", "licen{}sing@example.org", "publisher.licensing"),
        ("example.org/subscribe", "example.org/sub{}scribe", "publisher.subscribe"),
    ],
)
def test_a_text_with_a_character_that_no_page_shows_is_refused(
    old: str, new: str, key: str, sign: str
) -> None:
    found = only_problem(small(old, new.replace("{}", sign)))
    assert found.key == key
    assert found.line is not None
    assert "\n" not in str(found)
    assert str(found).isprintable()


def test_a_notice_may_have_lines_and_no_other_such_character() -> None:
    assert parse(small("; up to", ";\\nup to"), name="x").notice["en"].count("\n") == 1
    assert (
        only_problem(small("; up to", ";\\u0000up to")).wants
        == "a text without characters that no page shows"
    )


# Contradictions.


@pytest.mark.parametrize(
    ("old", "new", "key", "wants"),
    [
        (
            "untouched_below = 60",
            "untouched_below = 501",
            "copying.untouched_below",
            "at most copying.passage",
        ),
        ('total = "article"', "total = 499", "copying.total", "at least copying.passage (500)"),
        ('life = "90 days"', 'life = "366 days"', "retention.entries", "at least gift.life (366 days)"),
        ('de = "Copyright', 'fr = "Copyright', "notice.de", "the notice in this language"),
    ],
)
def test_figures_that_contradict_each_other_are_refused(old: str, new: str, key: str, wants: str) -> None:
    found = only_problem(small(old, new))
    assert found.key == key
    assert wants in found.wants
    assert found.line is not None


@pytest.mark.parametrize(
    ("rules", "key", "wants"),
    [
        ([rule('for = "1 hour"\n', "")], "rules[0].for", "how long the block lasts"),
        ([rule('for = "1 hour"', 'for = "until lifted"')], "rules[0].for", "told when it ends"),
        ([rule('then = "block"', 'then = "log"')], "rules[0].for", "no such key"),
        ([rule('then = "block"', 'then = "freeze"')], "rules[0].then", "log, challenge, block"),
        ([rule('by = "reader"', 'by = "link"').replace("block", "log").replace('for = "1 hour"\n', "")],
         "rules[0].by", "reader, network, subscriber"),
        ([rule('"articles"', '"forged_tokens"').replace("reader", "network").replace("block", "challenge")],
         "rules[0].then", "no card is shown"),
        ([rule("over = 24", "over = 0")], "rules[0].over", "1 or more"),
        ([rule("over = 24", "over = true")], "rules[0].over", "a whole number"),
        ([rule('"24 hours"', '"30 seconds"')], "rules[0].per", '"1 minute" to "30 days"'),
        ([rule('"24 hours"', '"31 days"')], "rules[0].per", '"1 minute" to "30 days"'),
        ([rule('"enforce"', '"off"')], "rules[0].mode", '"monitor" or "enforce"'),
        ([rule('"articles"', '"pages"')], "rules[0].metric", '"articles", "claims"'),
        ([rule('"hard"', '"Hard one"')], "rules[0].name", "lower-case letters"),
        ([rule(), SOFT.replace("soft", "hard")], "rules[1].name", "no other rule has"),
        ([rule(), rule('"hard"', '"same"')], "rules[1].over", "another number or time than rule hard has"),
        ([SOFT.replace("over = 12", "over = 30"), rule()], "rules[1].over", "more than 30"),
        ([SOFT, rule("over = 24", "over = 11").replace("24 hours", "2 days")], "rules[1].over", "more than 12"),
        ([rule(), SOFT.replace("over = 12", "over = 30")], "rules[1].over", "less than 24, the number of the harder rule hard"),
    ],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_is_refused(rules: list[str], key: str, wants: str) -> None:
    text = with_rules(*rules)
    found = only_problem(text)
    assert found.key == key
    assert wants in found.wants
    assert (found.line or 0) > text[: text.index("[[rules]]")].count("\n")


def test_soft_and_hard_tiers_in_their_order_stand() -> None:
    assert [each.name for each in parse(with_rules(SOFT, rule()), name="x").rules] == ["soft", "hard"]


def test_a_hard_tier_may_be_lower_over_a_shorter_time() -> None:
    text = with_rules(SOFT.replace("over = 12", "over = 30"), rule('"24 hours"', '"10 minutes"'))
    assert len(parse(text, name="x").rules) == 2


def test_a_watched_rule_needs_no_end() -> None:
    text = with_rules(rule('"enforce"', '"monitor"').replace('for = "1 hour"\n', ""))
    assert parse(text, name="x").rules[0].lasts is None


LEAK = (
    rule('"articles"', '"networks"').replace('"reader"', '"link"').replace('"block"', '"freeze"')
).replace('"1 hour"', '"until lifted"')


def test_a_freeze_may_last_until_it_is_lifted() -> None:
    assert parse(with_rules(LEAK), name="x").rules[0].lasts is None


def test_a_link_may_not_freeze_before_its_readers_have_come() -> None:
    found = only_problem(with_rules(LEAK.replace("over = 24", "over = 9")))
    assert (found.key, found.got) == ("rules[0].over", "9")
    assert "at least gift.readers (10)" in found.wants
    claims = LEAK.replace("over = 24", "over = 9").replace('"networks"', '"claims"')
    assert only_problem(with_rules(claims)).wants == "at least gift.readers (10): each of them takes it up"


def test_a_rule_may_not_stop_a_giver_within_the_month_before_the_plan_does() -> None:
    giving = rule('"articles"', '"gifts_issued"').replace('"reader"', '"subscriber"')
    slow = giving.replace('"24 hours"', '"30 days"')
    found = only_problem(with_rules(slow.replace("over = 24", "over = 9")))
    assert (found.key, found.got) == ("rules[0].over", "9")
    assert "at least 10, the gifts that a plan gives" in found.wants
    for stands in (slow.replace("over = 24", "over = 10"), giving.replace("over = 24", "over = 1")):
        assert len(parse(with_rules(stands), name="x").rules) == 1


def test_a_link_without_a_cap_may_freeze_at_any_number() -> None:
    text = with_rules(LEAK.replace("over = 24", "over = 2")).replace("readers = 10", 'readers = "unlimited"')
    assert parse(text, name="x").gift.readers is None


def test_a_rule_cannot_look_back_further_than_data_is_kept() -> None:
    text = with_rules(rule('"24 hours"', '"8 days"')).replace('openers = "30 days"', 'openers = "7 days"')
    assert only_problem(text).key == "rules[0].per"
    counted_from_gifts = rule('"articles"', '"gifts_issued"').replace('"reader"', '"subscriber"')
    parse(
        text.replace(rule('"24 hours"', '"8 days"'), counted_from_gifts.replace("24 hours", "8 days")),
        name="x",
    )


def test_every_metric_and_every_act_has_somebody_it_suits() -> None:
    assert set(COUNTED_FOR) == set(Metric)
    assert set(ACTS_ON) == set(Then)
    assert set(ACTS_ON[Then.LOG]) == set(By)


@given(
    metric=st.sampled_from(Metric),
    by=st.sampled_from(By),
    then=st.sampled_from(Then),
    mode=st.sampled_from(Mode),
    lasts=st.sampled_from([None, "1 hour", "until lifted"]),
)
def test_every_rule_that_is_accepted_can_be_carried_out(
    metric: Metric, by: By, then: Then, mode: Mode, lasts: str | None
) -> None:
    written = {
        "name": "any",
        "metric": metric,
        "by": by,
        "over": 50,
        "per": "1 day",
        "then": then,
        "mode": mode,
    }
    try:
        made = Rule.model_validate(written | ({} if lasts is None else {"for": lasts}))
    except ValueError:
        return
    assert by in COUNTED_FOR[metric]
    assert by in ACTS_ON[then]
    assert then is not Then.LOG or made.lasts is None
    if mode is Mode.ENFORCE and then in (Then.CHALLENGE, Then.BLOCK):
        assert made.lasts is not None


# The notice.


def test_a_notice_takes_its_names_and_figures_from_the_policy() -> None:
    policy = parse(small(), name="x")
    assert policy.notice_in("en") == (
        "Copyright The Daily Example; up to 10 gifts a month; write to licensing@example.org."
    )


def test_the_numbers_of_several_plans_are_said_as_a_reader_says_them() -> None:
    more = '[plans.large]\nlabel = "Large"\ngifts = 20\n\n[plans.tiny]\nlabel = "Tiny"\ngifts = 5\n\n[gift]'
    policy = parse(small("[gift]", more), name="x")
    assert "up to 5, 10 or 20 gifts" in policy.notice_in("en")
    assert "bis zu 5, 10 oder 20 Geschenke" in policy.notice_in("de")


def test_a_language_without_a_notice_gets_the_english_one() -> None:
    policy = parse(small(), name="x")
    assert policy.notice_in("fr") == policy.notice_in("en")


def test_a_brace_as_such_is_written_twice() -> None:
    policy = parse(small("Copyright {publisher}; up", "{{c}} {publisher}; up"), name="x")
    assert policy.notice_in("en").startswith("{c} The Daily Example;")


@pytest.mark.parametrize(
    "text",
    ["{reader}", "{}", "{0}", "{publisher.__class__}", "{publisher!r}", "{gifts:>9}", "{gifts", "}", " "],
)
def test_a_notice_with_anything_but_known_placeholders_is_refused(text: str) -> None:
    found = only_problem(
        small("Copyright {publisher}; up to {gifts} gifts a month; write to {licensing}.", text)
    )
    assert (found.key, found.line) == ("notice.en", 22)


# What follows from a policy.


def test_a_total_of_the_article_is_as_long_as_it() -> None:
    limits = CopyLimits.model_validate({"untouched_below": 60, "passage": 500, "total": "article"})
    assert (limits.total, limits.total_of(4_200)) == (None, 4_200)


def test_a_total_in_characters_is_that_for_every_article() -> None:
    limits = CopyLimits.model_validate({"untouched_below": 60, "passage": 500, "total": 1_000})
    assert limits.total_of(4_200) == 1_000


def test_an_article_without_restrictions_is_open_to_every_action() -> None:
    policy = parse(small(), name="x")
    assert all(evaluate(policy, action, Rights(), NOW) == Permit() for action in Action)


def test_an_embargoed_article_is_open_to_no_action() -> None:
    policy = parse(small(), name="x")
    rights = Rights(embargo_until=NOW + timedelta(hours=1))
    for action in Action:
        assert evaluate(policy, action, rights, NOW) == Deny(
            Reason.ARTICLE_EMBARGOED, until=rights.embargo_until
        )
        assert evaluate(policy, action, rights, NOW + timedelta(hours=1)) == Permit()


def test_an_article_that_is_not_giftable_may_be_read_and_quoted() -> None:
    policy = parse(small(), name="x")
    rights = Rights(giftable=False)
    denial = evaluate(policy, Action.DISTRIBUTE, rights, NOW)
    assert isinstance(denial, Deny)
    assert denial.reason is Reason.ARTICLE_NOT_GIFTABLE
    assert evaluate(policy, Action.READ, rights, NOW) == Permit()
    assert evaluate(policy, Action.EXTRACT, rights, NOW) == Permit()


def test_where_no_plan_gives_anything_nothing_is_distributed() -> None:
    policy = parse(small("gifts = 10", "gifts = 0"), name="x")
    denial = evaluate(policy, Action.DISTRIBUTE, Rights(), NOW)
    assert denial == Deny(Reason.QUOTA_SPENT, detail={"limit": 0})
    assert evaluate(policy, Action.READ, Rights(), NOW) == Permit()


def test_a_digest_does_not_see_line_ends_and_sees_everything_else() -> None:
    assert digest("a = 1\r\nb = 2\r\n") == digest("a = 1\nb = 2\n")
    assert digest("a = 1\n") != digest("a = 1")
    assert len(digest("")) == 64


# Reading the file.


def test_a_file_is_read_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "marked.toml"
    file.write_bytes(b"\xef\xbb\xbf" + small().encode())
    assert text_of(file) == small()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"none\.toml: got no such file or directory, wants a file"):
        text_of(tmp_path / "none.toml")
    with pytest.raises(PolicyError, match="got is a directory"):
        text_of(tmp_path)


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    file = tmp_path / "latin.toml"
    file.write_bytes("name = 'Zürich'".encode("latin-1"))
    with pytest.raises(PolicyError, match="a byte at 9 that is not UTF-8, wants a text in UTF-8"):
        text_of(file)


# The lines of keys.


TANGLED = '''\
# [not.a.table]
title = "a # b \\" [x]"   # a comment with = and "
text = """
[gift]
life = "not here"
""""
'quoted key' = 'x = 1'
site."a.b".c = { d = 1, e = [ { f = 2 }, # comment ]
  { f = 3 } ] }
list = [
  "]", # ]
  [1, 2],
  """two
lines""",
  4
]
[table . sub]
when = 1979-05-27 07:32:00
[[rules]]
name = "first"
[rules.more]
deep = true
[[rules]]
name = \'\'\'second\'\'\'
[[rules.more]]
x = 1
[[rules.more]]
x = 2
'''


def test_each_key_of_a_tangled_text_is_found_on_its_line() -> None:
    lines = key_lines(TANGLED)
    where = {
        ("title",): 2, ("text",): 3, ("quoted key",): 7, ("site",): 8, ("site", "a.b", "c", "d"): 8,
        ("site", "a.b", "c", "e", 0, "f"): 8, ("site", "a.b", "c", "e", 1): 9, ("list",): 10,
        ("list", 0): 11, ("list", 1): 12, ("list", 1, 1): 12, ("list", 2): 13, ("list", 3): 15,
        ("table",): 17, ("table", "sub"): 17, ("table", "sub", "when"): 18, ("rules",): 19,
        ("rules", 0): 19, ("rules", 0, "name"): 20, ("rules", 0, "more"): 21, ("rules", 0, "more", "deep"): 22,
        ("rules", 1): 23, ("rules", 1, "name"): 24, ("rules", 1, "more"): 25, ("rules", 1, "more", 0): 25,
        ("rules", 1, "more", 0, "x"): 26, ("rules", 1, "more", 1): 27, ("rules", 1, "more", 1, "x"): 28,
    }  # fmt: skip
    assert {path: lines.get(path) for path in where} == where
    assert ("gift",) not in lines


def paths_in(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in items:
        yield (*path, key)
        yield from paths_in(member, (*path, key))


@given(
    at=st.integers(0, len(TANGLED)), cut=st.integers(0, 30), put=st.text("[]{}\"'=.,# \n\\ax1", max_size=4)
)
@settings(max_examples=500)
def test_every_key_is_found_in_every_text_that_tomllib_accepts(at: int, cut: int, put: str) -> None:
    text = TANGLED[:at] + put + TANGLED[at + cut :]
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(key_lines(text)) == set(paths_in(document))
    assert set(key_lines(text.replace("\n", "\r\n"))) == set(paths_in(document))


def test_a_path_that_is_not_in_the_text_is_found_at_its_nearest_table() -> None:
    lines = key_lines(TANGLED)
    assert nearest_line(lines, ("table", "sub", "missing", 3)) == 17
    assert nearest_line(lines, ("missing",)) is None


@pytest.mark.parametrize("name", ["ft", "nyt", "spiegel", "maine", "blox"])
def test_each_key_of_a_policy_begins_the_line_it_is_found_on(name: str) -> None:
    text = (folder("policies") / f"{name}.toml").read_text(encoding="utf-8")
    rows = text.splitlines()
    for path, line in key_lines(text).items():
        last = next(key for key in reversed(path) if isinstance(key, str))
        assert rows[line - 1].startswith((f"{last} =", "[")), path
        assert str(last) in rows[line - 1]


@given(number=st.integers(1, 999), unit=st.sampled_from(["minute", "hour", "day"]))
def test_a_span_written_out_is_the_same_span(number: int, unit: str) -> None:
    assert span_of(words(span_of(f"{number} {unit}s"))) == span_of(f"{number} {unit}")


@pytest.mark.parametrize(
    "text", ["", "1", "1 week", "1.5 hours", "-1 day", " 1 day", "1  day", "1 day ", "１ day"]
)
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a span is a number"):
        span_of(text)
