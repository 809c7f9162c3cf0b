"""A bulk rule in plain words: what it counts, for whom, past which number, and what happens then."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from babel.units import format_unit

from gateway.firing import counts_anew
from gateway.guard import By, Metric, Mode, Rule, Then
from gateway.web.speech import Lazy, spoken
from gateway.web.speech import Lazy as _
from gateway.web.telling import LOCALES, number

METRICS: Final[Mapping[Metric, Lazy]] = {
    Metric.ARTICLES: _("different articles that were delivered"),
    Metric.CLAIMS: _("devices that opened a gift"),
    Metric.UNCONFIRMED_CLAIMS: _("devices that opened a gift and showed no sign of a person"),
    Metric.UNCONFIRMED_ARTICLES: _("different articles that were opened without a sign of a person"),
    Metric.FORGED_TOKENS: _("links that we never signed"),
    Metric.TRAPS: _("visits to an address that only programs find"),
    Metric.NETWORKS: _("networks that tried a link"),
    Metric.SPREAD_LINKS: _("links that were paused because they spread"),
    Metric.COPIED_CHARACTERS: _("characters that were copied"),
    Metric.COPIES_OVER_LIMIT: _("copies of more than a passage"),
    Metric.GIFTS_ISSUED: _("gifts that were made"),
}
_LESS_READ: Final = _(
    "different articles that were opened without a sign of a person, less two for each that was read"
)
WHOM: Final[Mapping[By, Lazy]] = {
    By.READER: _("for each device"),
    By.NETWORK: _("for each network"),
    By.LINK: _("for each gift link"),
    By.SUBSCRIBER: _("for each subscriber"),
    By.ARTICLE: _("for each article"),
}
ACTS: Final[Mapping[Then, Lazy]] = {
    Then.LOG: _("an entry in the log is made"),
    Then.CHALLENGE: _("a press of the button is asked for"),
    Then.BLOCK: _("more of it is refused"),
    Then.FREEZE: _("the links are paused"),
}
THEN: Final[Mapping[Then, Lazy]] = {
    Then.LOG: _("noted"),
    Then.CHALLENGE: _("asked for a press"),
    Then.BLOCK: _("refused"),
    Then.FREEZE: _("paused"),
}
_UNITS: Final = (
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
)


def rule_in_words(rule: Rule) -> list[str]:
    """Say in sentences what a rule does, in the page's language."""
    less_read = counts_anew(rule.metric, rule.by)
    about = {
        "what": _LESS_READ if less_read else METRICS[rule.metric],
        "whom": WHOM[rule.by],
        "time": span(rule.per),
    }
    says: list[str] = [_("It counts %(what)s, %(whom)s, over the last %(time)s.") % about]
    says.append(_("Past %(number)s, %(act)s.") % {"number": number(rule.over), "act": ACTS[rule.then]})
    if rule.lasts is not None:
        lasts = _(
            "That lasts %(time)s or a little more the first time, then twice as long each time, up to 30 days."
        )
        says.append(lasts % {"time": span(rule.lasts)})
        if less_read:
            says.append(_("It ends sooner once enough of them are read.") % {})
    elif rule.then is not Then.LOG and rule.mode is Mode.ENFORCE:
        says.append(_("That lasts until somebody lifts it.") % {})
    if rule.mode is Mode.MONITOR:
        says.append(_("At present it only watches: it notes what it would have done.") % {})
    return says


def span(found: timedelta) -> str:
    """Write a time of the policy in the page's language, in the largest unit that keeps it whole."""
    for unit, length in _UNITS:
        count, rest = divmod(found, length)
        if not rest:
            return format_unit(count, f"duration-{unit}", length="long", locale=LOCALES[spoken().language])
    raise ValueError(f"a time of a policy is of whole minutes, got {found}")
