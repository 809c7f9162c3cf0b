"""A case in words: what its kind is called, what its evidence says in one line, and where that is to be seen."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from flask import url_for
from markupsafe import Markup

from gateway.case import Evidence, Kind
from gateway.days import month_span
from gateway.figures import SPIKE_ABOVE, SPIKE_MONTHS, SPIKE_TIMES, Figure
from gateway.guard import Metric, Then
from gateway.licence import Purpose
from gateway.web.figurewords import FIGURES
from gateway.web.languages import gettext, ngettext
from gateway.web.policywords import METRICS, span
from gateway.web.speech import Lazy
from gateway.web.speech import Lazy as _
from gateway.web.telling import moment, month, number
from gateway.web.wording import PURPOSES

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)

KINDS: Final[Mapping[Kind, Lazy]] = {
    Kind.SPREADING_LINK: _("Spreading links"),
    Kind.LEAKER: _("Repeat leakers"),
    Kind.SPIKE: _("Spikes"),
    Kind.LICENCE_REQUEST: _("Licence requests"),
    Kind.REPORTED_NOTE: _("Reported notes"),
    Kind.DISPUTE: _("Disputes"),
}
ONE: Final[Mapping[Kind, Lazy]] = {
    Kind.SPREADING_LINK: _("A link spreads"),
    Kind.LEAKER: _("Somebody's links keep spreading"),
    Kind.SPIKE: _("Far more than ever before"),
    Kind.LICENCE_REQUEST: _("Somebody asks for a licence"),
    Kind.REPORTED_NOTE: _("A note was reported"),
    Kind.DISPUTE: _("“That was not me”"),
}
EMPTY: Final[Mapping[Kind, Lazy]] = {
    Kind.SPREADING_LINK: _(
        "When a bulk rule finds that a link is tried from very many networks, it stands here."
    ),
    Kind.LEAKER: _(
        "When the links of one giver keep spreading and a bulk rule says so, the giver stands here."
    ),
    Kind.SPIKE: _(
        "When an article or a giver comes to 100 or more above three times the mean of the twelve months before, "
        "it stands here."
    ),
    Kind.LICENCE_REQUEST: _(
        "When somebody asks for a licence, it stands here until the request is answered."
    ),
    Kind.REPORTED_NOTE: _("When a reader reports what a giver wrote on a card, it stands here."),
    Kind.DISPUTE: _("When a giver says that a link's spreading was not their doing, it stands here."),
}
_DONE: Final[Mapping[Then, Lazy]] = {
    Then.LOG: _("noted only"),
    Then.CHALLENGE: _("asked for a press of the button"),
    Then.BLOCK: _("shut out"),
    Then.FREEZE: _("link paused"),
}


def alarms(counts: Mapping[Kind, int]) -> list[tuple[str, Lazy, int]]:
    """List what is open, by kind: code, name and count."""
    return [(kind.value, KINDS[kind], counts[kind]) for kind in Kind if counts.get(kind)]


def line(evidence: Evidence) -> Markup:
    """Say a piece of evidence in one line."""
    return _LINES[evidence.kind](evidence)


def place(evidence: Evidence) -> tuple[str, Markup] | None:
    """Return the address of the page that holds what a piece of evidence says, and what that is; None for none but its subject's."""
    figures = evidence.figures
    if evidence.kind in (Kind.SPREADING_LINK, Kind.LEAKER):
        address = url_for("admin.log", rule=str(figures["rule"]), subject=evidence.subject)
        return address, gettext("The rule's entries in the log")
    if evidence.kind is Kind.SPIKE:
        address = url_for("overview.overview", **_month_span(str(figures["month"])))
        return address, gettext("The month in the overview")
    return None


def age(time: timedelta) -> Markup:
    """Tell how long something waits, in whole days, hours or minutes."""
    unit = next((each for each in (DAY, HOUR) if time >= each), MINUTE)
    return gettext("open for %(time)s", time=span(time // unit * unit))


def facts(evidence: Evidence) -> list[tuple[Markup, str]]:
    """Tell what the line leaves out: of a spike the mean and what it had to reach, of a dispute since when it is about."""
    if evidence.kind is Kind.DISPUTE and "since" in evidence.figures:
        since = moment(datetime.fromisoformat(str(evidence.figures["since"])))
        flagged = evidence.figures["ground"] == "flag"
        return [
            (
                gettext("The rule held it against them on")
                if flagged
                else gettext("The rule paused the link on"),
                since,
            )
        ]
    if evidence.kind is not Kind.SPIKE:
        return []
    before = int(evidence.figures["before"])
    bound = SPIKE_ABOVE + SPIKE_TIMES * before / SPIKE_MONTHS
    return [
        (gettext("Mean of the twelve months before"), number(round(before / SPIKE_MONTHS, 1))),
        (gettext("A spike from"), number(round(bound, 1))),
        (gettext("Came to, when it was seen"), number(int(evidence.figures["count"]))),
    ]


def _fired(evidence: Evidence) -> Markup:
    figures = evidence.figures
    return gettext(
        "Rule %(rule)s came to %(count)s %(metric)s: %(done)s",
        count=number(int(figures["count"])),
        metric=METRICS[Metric(str(figures["metric"]))],
        rule=figures["rule"],
        done=_DONE[Then(str(figures["then"]))],
    )


def _spiked(evidence: Evidence) -> Markup:
    figures = evidence.figures
    return gettext(
        "%(figure)s in %(month)s: %(count)s, against %(mean)s in a month before",
        figure=FIGURES[Figure(str(figures["figure"]))].label,
        month=month(_first(str(figures["month"]))),
        count=number(int(figures["count"])),
        mean=number(round(int(figures["before"]) / SPIKE_MONTHS, 1)),
    )


def _asked(evidence: Evidence) -> Markup:
    purpose, characters = (
        PURPOSES[Purpose(str(evidence.figures["purpose"]))],
        int(evidence.figures["characters"]),
    )
    if not characters:
        return gettext("%(purpose)s, the whole article", purpose=purpose)
    return ngettext(
        "%(purpose)s, %(count)s character",
        "%(purpose)s, %(count)s characters",
        characters,
        purpose=purpose,
        count=number(characters),
    )


def _reported(_evidence: Evidence) -> Markup:
    return gettext("A reader reported the note on the card")


def _disputed(evidence: Evidence) -> Markup:
    rule = evidence.figures["rule"]
    if evidence.figures["ground"] == "flag":
        return gettext("The giver objects to what rule %(rule)s holds against them", rule=rule)
    return gettext(
        "The giver says that the spreading was not theirs; rule %(rule)s paused the link", rule=rule
    )


_LINES: Final[Mapping[Kind, Callable[[Evidence], Markup]]] = {
    Kind.SPREADING_LINK: _fired,
    Kind.LEAKER: _fired,
    Kind.SPIKE: _spiked,
    Kind.LICENCE_REQUEST: _asked,
    Kind.REPORTED_NOTE: _reported,
    Kind.DISPUTE: _disputed,
}


def _first(month_of_year: str) -> date:
    return date.fromisoformat(f"{month_of_year}-01")


def _month_span(month_of_year: str) -> dict[str, Any]:
    first = _first(month_of_year)
    last = month_span(first.year, first.month).until
    return {"since": first.isoformat(), "until": last.isoformat()}
