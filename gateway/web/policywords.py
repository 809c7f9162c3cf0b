"""A policy in plain words: one sentence for each thing that it says, in the language of the page."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from markupsafe import Markup

from gateway.firing import counts_anew
from gateway.guard import By, Metric, Mode, Rule, Then
from gateway.policy import Policy
from gateway.web.languages import gettext, ngettext
from gateway.web.speech import Lazy
from gateway.web.speech import Lazy as _
from gateway.web.telling import number

SECTIONS: Final[Mapping[str, Lazy]] = {
    "publisher": _("The publisher"),
    "plans": _("What each plan gives"),
    "gift": _("What a gift is"),
    "notice": _("The copyright notice"),
    "copying": _("What may be copied"),
    "retention": _("How long data are kept"),
    "rules": _("Against bulk copying"),
}
METRICS: Final[Mapping[Metric, Lazy]] = {
    Metric.ARTICLES: _("articles"),
    Metric.CLAIMS: _("gift links taken up"),
    Metric.UNCONFIRMED_CLAIMS: _("gift links taken up without a sign of a person"),
    Metric.UNCONFIRMED_ARTICLES: _("articles taken up without a sign of a person"),
    Metric.FORGED_TOKENS: _("tried links that we never signed"),
    Metric.TRAPS: _("visits to the address that only programs find"),
    Metric.NETWORKS: _("networks"),
    Metric.SPREAD_LINKS: _("links that were paused because they spread"),
    Metric.COPIED_CHARACTERS: _("copied characters"),
    Metric.COPIES_OVER_LIMIT: _("copies over the limit"),
    Metric.GIFTS_ISSUED: _("gifts"),
}
_LESS_READ: Final = _("articles taken up without a sign of a person, less two for each that was read,")
BY: Final[Mapping[By, Lazy]] = {
    By.READER: _("for one device"),
    By.NETWORK: _("for one network"),
    By.LINK: _("for one gift link"),
    By.SUBSCRIBER: _("for one subscriber"),
    By.ARTICLE: _("for one article"),
}


def sentences(policy: Policy) -> dict[str, Markup]:
    """Say everything that a policy says: a sentence by its key, or by its plan or rule, in the order of the file."""
    return {key: text for part in (_publisher, _plans, _gift, _notices, _copying, _retention, _rules)
            for key, text in part(policy)}  # fmt: skip


def span(time: timedelta) -> Markup:
    """Write a span of time in the largest unit that keeps it whole."""
    days, hours, minutes = time // timedelta(days=1), time // timedelta(hours=1), time // timedelta(minutes=1)
    if time == timedelta(days=days):
        return ngettext("%(count)s day", "%(count)s days", days, count=number(days))
    if time == timedelta(hours=hours):
        return ngettext("%(count)s hour", "%(count)s hours", hours, count=number(hours))
    return ngettext("%(count)s minute", "%(count)s minutes", minutes, count=number(minutes))


def _publisher(policy: Policy) -> Iterator[tuple[str, Markup]]:
    it = policy.publisher
    yield "publisher.name", gettext("The publisher is %(name)s.", name=it.name)
    yield "publisher.zone", gettext("Months begin and end by the clocks of %(zone)s.", zone=it.zone)
    yield "publisher.licensing", gettext("Licences are asked for at %(address)s.", address=it.licensing)
    yield "publisher.site", gettext("Its site is %(address)s.", address=it.site)
    yield "publisher.subscribe", gettext("Subscriptions are sold at %(address)s.", address=it.subscribe)


def _plans(policy: Policy) -> Iterator[tuple[str, Markup]]:
    for name, plan in policy.plans.items():
        yield f"plans.{name}", ngettext(
            "%(label)s (plan %(name)s): %(count)s gift in a calendar month.",
            "%(label)s (plan %(name)s): %(count)s gifts in a calendar month.",
            plan.gifts, label=plan.label, name=name, count=number(plan.gifts),
        )  # fmt: skip


def _gift(policy: Policy) -> Iterator[tuple[str, Markup]]:
    it = policy.gift
    yield (
        "gift.life",
        gettext("A gift link works for %(time)s from the moment it is made.", time=span(it.life)),
    )
    if it.readers is None:
        yield "gift.readers", gettext("Any number of devices may read by one gift.")
    else:
        yield (
            "gift.readers",
            ngettext(
                "Up to %(count)s device may read by one gift.",
                "Up to %(count)s devices may read by one gift.",
                it.readers,
                count=number(it.readers),
            ),
        )
    yield (
        "gift.unconfirmed",
        ngettext(
            "Up to %(count)s device more may hold it without a sign of a person.",
            "Up to %(count)s devices more may hold it without a sign of a person.",
            it.unconfirmed,
            count=number(it.unconfirmed),
        ),
    )
    yield "gift.same_article", gettext("The same article again costs nothing while its link is open.")
    yield (
        "gift.refund",
        gettext(
            "A credit comes back where a gift is withdrawn in the month it was charged to and nobody was given the text."
        ),
    )


def _notices(policy: Policy) -> Iterator[tuple[str, Markup]]:
    for language in policy.notice:
        said = {"language": language, "notice": policy.notice_in(language)}
        yield f"notice.{language}", gettext("In the language %(language)s: “%(notice)s”", **said)


def _copying(policy: Policy) -> Iterator[tuple[str, Markup]]:
    it = policy.copying
    yield (
        "copying.untouched_below",
        ngettext(
            "Copies shorter than %(count)s character are left alone.",
            "Copies shorter than %(count)s characters are left alone.",
            it.untouched_below,
            count=number(it.untouched_below),
        ),
    )
    yield (
        "copying.passage",
        ngettext(
            "A passage of up to %(count)s character is given whole, with its source; of a longer one, so much.",
            "A passage of up to %(count)s characters is given whole, with its source; of a longer one, so much.",
            it.passage,
            count=number(it.passage),
        ),
    )
    if it.total is None:
        total = gettext(
            "In 24 hours a reader may take as much of an article as it is long; then the text closes."
        )
    else:
        total = ngettext(
            "In 24 hours a reader may take %(count)s character of an article; then the text closes.",
            "In 24 hours a reader may take %(count)s characters of an article; then the text closes.",
            it.total,
            count=number(it.total),
        )
    yield "copying.total", total


def _retention(policy: Policy) -> Iterator[tuple[str, Markup]]:
    it = policy.retention
    yield (
        "retention.openers",
        gettext("Who opened a gift is forgotten %(time)s after the gift has ended.", time=span(it.openers)),
    )
    yield "retention.entries", gettext("Entries of the log are kept for %(time)s.", time=span(it.entries))


def _rules(policy: Policy) -> Iterator[tuple[str, Markup]]:
    for rule in policy.rules:
        said = gettext(
            "More than %(over)s %(metric)s %(by)s, counted over %(per)s: %(then)s.",
            over=number(rule.over),
            metric=_LESS_READ if counts_anew(rule.metric, rule.by) else METRICS[rule.metric],
            by=BY[rule.by],
            per=span(rule.per),
            then=_then(rule),
        )
        if counts_anew(rule.metric, rule.by) and rule.then is not Then.LOG:
            said = gettext("%(rule)s It ends sooner once enough of them are read.", rule=said)
        yield (
            f"rules.{rule.name}",
            said
            if rule.mode is Mode.ENFORCE
            else gettext("%(rule)s This is only watched, not done.", rule=said),
        )


def _then(rule: Rule) -> Markup:
    if rule.then is Then.LOG:
        return gettext("it is noted")
    if rule.lasts is None:
        frozen = rule.then is Then.FREEZE
        return gettext("links are paused until somebody lifts it") if frozen else gettext("no time is stated")
    time = span(rule.lasts)
    if rule.then is Then.CHALLENGE:
        return gettext("a button has to be pressed, for %(time)s", time=time)
    if rule.then is Then.BLOCK:
        return gettext("shut out for %(time)s", time=time)
    return gettext("links are paused for %(time)s", time=time)
