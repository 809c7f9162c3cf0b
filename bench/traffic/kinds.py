"""The labelled kinds of visitors, and what the score of each must hold under the default policy."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from inspect import signature

from bench.traffic import copiers, machines, people
from bench.traffic.play import Score, Script

Scripts = Callable[..., Iterator[tuple[float, Script]]]
PEOPLE_REFUSED = 0.01
ARTICLES_A_DAY = 24
ARCHIVE = 100
DEVICES = 30


@dataclass(frozen=True, slots=True)
class Kind:
    """One labelled kind of visitor, and what its score must hold."""

    name: str
    group: str
    scripts: Scripts
    holds: Callable[[Score], bool]
    wants: str

    @property
    def parameters(self) -> dict[str, int]:
        """What can be set of its visitors – how many, how much, how often –, each with its value by default."""
        stated = signature(self.scripts).parameters.values()
        return {each.name: each.default for each in stated if type(each.default) is int}


def _few_refused(score: Score) -> bool:
    return score.refused <= PEOPLE_REFUSED * max(1, score.attempts)


def _at_most(number: int) -> Callable[[Score], bool]:
    return lambda score: score.most <= number


def _spends_nothing(score: Score) -> bool:
    return score.facts["readings counted"] == 0


def _leaks_little(score: Score) -> bool:
    devices = max((len(each) for each in score.obtained.values()), default=0)
    return devices <= DEVICES and score.facts["flagged"] == 1


def _copies_little(score: Score) -> bool:
    return 0 < score.facts["characters taken"] <= score.facts["characters in all"] + score.facts["passage"]


def _guesses_nothing(score: Score) -> bool:
    return score.facts["200"] == 0


def _copier(name: str, scripts: Scripts, most: int) -> list[Kind]:
    return _alone_and_at_once(name, scripts, _at_most(most), f"≤ {most} articles")


def _alone_and_at_once(name: str, scripts: Scripts, holds: Callable[[Score], bool], wants: str) -> list[Kind]:
    together = f"{name}, {copiers.AT_ONCE} at once"
    return [
        Kind(name, "copier", scripts, holds, wants),
        Kind(together, "copier", partial(scripts, at_once=True), holds, wants),
    ]


def _person(name: str, scripts: Scripts) -> Kind:
    return Kind(name, "person", scripts, _few_refused, "≤ 1 in 100 refused by a rule")


def _machine(name: str, scripts: Scripts) -> Kind:
    return Kind(name, "machine", scripts, _spends_nothing, "no reading counted")


KINDS = (
    _person("friends", people.friends),
    _person("family chat", people.family_chat),
    _person("office of 300", people.office),
    _person("office of 600", partial(people.office, number=600, address="192.0.4.10")),
    _person("office with a scanner", people.scanned_office),
    _person("viral link", people.viral),
    _person("library terminal", people.library),
    _person("commuters", people.commuter),
    _person("no cookies", people.cookieless),
    _person("subscribers", people.subscribers),
    _machine("previews", machines.previews),
    _machine("fetching scanners", machines.fetching_scanners),
    _machine("script scanners", machines.script_scanners),
    _machine("form scanners", machines.form_scanners),
    *_copier("one device", copiers.one_device, ARTICLES_A_DAY),
    *_copier("cookie dropper", copiers.cookie_dropper, ARTICLES_A_DAY),
    *_copier("rotating in a /24", copiers.rotating, ARTICLES_A_DAY),
    *_copier("archive walker", copiers.archive_walker, ARCHIVE),
    Kind("fifty networks", "copier", copiers.fifty_networks, lambda _: True, "reported"),
    Kind("leaker", "copier", copiers.leaker, _leaks_little, f"≤ {DEVICES} devices a link, flagged"),
    *_alone_and_at_once(
        "passage copier", copiers.passage_copier, _copies_little, "≤ the total and one passage"
    ),
    *_alone_and_at_once("guesser", copiers.guesser, _guesses_nothing, "no article"),
)
