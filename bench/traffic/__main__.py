"""`python -m bench.traffic`: let labelled visitors meet the default policy, and print what each kind got and met."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from bench.traffic import copiers, machines, people
from bench.traffic.play import FULL, Score, Script, play
from bench.traffic.town import Town, prepare, town
from gateway.logs import configure
from gateway.resources import folder

Scripts = Callable[[Town, Score], Iterator[tuple[float, Script]]]
PEOPLE_REFUSED = 0.01
ALL_REFUSED = 0.001
ARTICLES_A_DAY = 24
ARCHIVE = 100
DEVICES = 30
PASSAGE = 500


@dataclass(frozen=True, slots=True)
class Kind:
    """One labelled kind of visitor, and what its score must hold."""

    name: str
    group: str
    scripts: Scripts
    holds: Callable[[Score], bool]
    wants: str


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
    return 0 < score.facts["characters taken"] <= score.facts["characters in all"] + PASSAGE


def _guesses_nothing(score: Score) -> bool:
    return score.facts["200"] == 0


def _copier(name: str, scripts: Callable[..., Iterator[tuple[float, Script]]], most: int) -> list[Kind]:
    wants = f"≤ {most} articles"
    return [
        Kind(name, "copier", scripts, _at_most(most), wants),
        Kind(
            f"{name}, {copiers.AT_ONCE} at once",
            "copier",
            partial(scripts, at_once=True),
            _at_most(most),
            wants,
        ),
    ]


def _person(name: str, scripts: Scripts) -> Kind:
    return Kind(name, "person", scripts, _few_refused, "≤ 1 in 100 refused by a rule")


def _machine(name: str, scripts: Scripts) -> Kind:
    return Kind(name, "machine", scripts, _spends_nothing, "no reading counted")


KINDS = (
    _person("friends", people.friends),
    _person("family chat", people.family_chat),
    _person("office of 300", people.office),
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
    Kind("passage copier", "copier", copiers.passage_copier, _copies_little, "≤ the total and one passage"),
    Kind("guesser", "copier", copiers.guesser, _guesses_nothing, "no article"),
)
# Two kinds on one network would be counted together, so those at once come with another seed's day.
TURNS = (lambda kind: not kind.name.endswith("at once"), lambda kind: kind.name.endswith("at once"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the seeds that were asked for; returns 1 where more than one of thirty seeds misses anything."""
    asked = _parser().parse_args(arguments)
    missed = 0
    with _quiet(), _folder() as place:
        kept = prepare(place, asked.policy)
        for seed in range(asked.seed, asked.seed + asked.seeds):
            began = time.monotonic()
            scores = _play(kept, seed, asked)
            misses = _misses(scores)
            missed += bool(misses)
            if asked.seeds == 1 or asked.verbose:
                _print(scores)
            told = "all reached" if not misses else "; ".join(misses)
            print(f"seed {seed}: {told} ({time.monotonic() - began:.0f} s)", flush=True)
    print(f"{asked.seeds - missed} of {asked.seeds} seeds reached everything")
    return int(missed > asked.seeds / 30)


def _play(kept: Path, seed: int, asked: argparse.Namespace) -> dict[Kind, Score]:
    scores: dict[Kind, Score] = {}
    for turn in TURNS:
        kinds = [kind for kind in KINDS if turn(kind) and (not asked.kind or kind.name in asked.kind)]
        if not kinds:
            continue
        with town(kept, seed) as here:
            scripts = []
            for kind in kinds:
                scores[kind] = Score()
                scripts += list(_scaled(kind, asked)(here, scores[kind]))
            play(here, scripts)
    return scores


def _scaled(kind: Kind, asked: argparse.Namespace) -> Scripts:
    return partial(kind.scripts, number=asked.viral) if kind.name == "viral link" else kind.scripts


def _misses(scores: dict[Kind, Score]) -> list[str]:
    missed = [f"{kind.name}: wants {kind.wants}" for kind, score in scores.items() if not kind.holds(score)]
    people_met = [score for kind, score in scores.items() if kind.group == "person"]
    refused, attempts = sum(s.refused for s in people_met), sum(s.attempts for s in people_met)
    if refused > ALL_REFUSED * max(1, attempts):
        missed.append(f"all people: {refused} of {attempts} refused, wants ≤ 1 in 1,000")
    return missed


def _print(scores: dict[Kind, Score]) -> None:
    print(
        f"{'kind':26} {'attempts':>8} {'read':>6} {'full':>6} {'refused':>8} {'most':>5}  wants, and by which rule"
    )
    for kind, score in scores.items():
        full = sum(score.ended[each] for each in FULL)
        rules = ", ".join(f"{name} {number}" for name, number in score.rules.most_common(4))
        facts = ", ".join(f"{name} {number}" for name, number in sorted(score.facts.items()))
        ok = "" if kind.holds(score) else "MISSED "
        print(
            f"{kind.name:26} {score.attempts:8} {score.ended['read']:6} {full:6} {score.refused:8} {score.most:5}  "
            f"{ok}{kind.wants}{'; ' if rules or facts else ''}{rules}{' ' if rules and facts else ''}{facts}"
        )


@contextmanager
def _folder() -> Iterator[Path]:
    # What is measured here is who is let in, not how long a disk takes.
    fast = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=fast if fast.is_dir() else None) as name:
        yield Path(name)


@contextmanager
def _quiet() -> Iterator[None]:
    before = structlog.get_config()
    configure("error", to=sys.stderr)
    try:
        yield
    finally:
        structlog.configure(**before)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.traffic", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds, one after the other (1)")
    parser.add_argument(
        "--policy", type=Path, default=folder("policies") / "ft.toml", help="the policy to meet"
    )
    parser.add_argument(
        "--kind",
        action="append",
        choices=[kind.name for kind in KINDS],
        help="only this kind (may be repeated)",
    )
    parser.add_argument("--viral", type=int, default=5000, help="devices of the viral link (5000)")
    parser.add_argument("--verbose", action="store_true", help="print the table of every seed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
