"""The keys in which two policies differ."""

from pathlib import Path

from gateway.policy import Policy, parse
from gateway.policydiff import Difference, differences, figures

FT = (Path(__file__).parents[1] / "policies" / "ft.toml").read_text("utf-8")


def changed(*changes: tuple[str, str]) -> Policy:
    """Read the default policy with some of it changed."""
    text = FT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return parse(text, name="changed.toml")


def test_a_policy_does_not_differ_from_itself() -> None:
    assert differences(changed(), changed()) == []


def test_every_figure_is_written_as_the_file_has_it() -> None:
    found = figures(changed(("readers = 10\n", 'readers = "unlimited"\n')))
    for key, value in {
        "plans.standard.gifts": "10",
        "gift.life": "90 days",
        "gift.readers": "unlimited",
        "gift.same_article": "free_while_open",
        "copying.total": "article",
        "rules.reader-articles-hard.per": "1 day",
        "rules.reader-articles-hard.for": "1 day",
    }.items():
        assert found[key] == value


def test_changes_come_by_key_and_a_rule_goes_by_its_name() -> None:
    after = changed(
        ("gifts = 10\n", "gifts = 5\n"), ("over = 24\n", "over = 20\n"), ("[plans.premium]", "[plans.gold]")
    )
    assert differences(changed(), after) == [
        Difference("plans.standard.gifts", "10", "5"),
        Difference("plans.gold.label", None, "Premium"),
        Difference("plans.gold.gifts", None, "20"),
        Difference("rules.reader-articles-hard.over", "24", "20"),
        Difference("plans.premium.label", "Premium", None),
        Difference("plans.premium.gifts", "20", None),
    ]
    assert [each.group for each in differences(changed(), after)][-3:] == [
        "rules.reader-articles-hard",
        "plans.premium",
        "plans.premium",
    ]


def test_the_order_of_rules_and_comments_are_no_difference() -> None:
    head, *rules = FT.split("[[rules]]")
    turned = "[[rules]]".join([head, *reversed(rules)])
    assert differences(changed(), parse(turned, name="turned.toml")) == []
