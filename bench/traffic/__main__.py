"""`python -m bench.traffic`: let labelled visitors meet the default policy, and print what each kind got and met."""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import structlog

from bench.traffic.kinds import KINDS, Kind, Scripts
from bench.traffic.play import FULL, Score, play
from bench.traffic.town import prepare, town
from gateway.logs import configure
from gateway.resources import folder

ALL_REFUSED = 0.001
# Two kinds on one network would be counted together, so those at once come with another seed's day.
TURNS = (lambda kind: not kind.name.endswith("at once"), lambda kind: kind.name.endswith("at once"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the seeds that were asked for; returns 1 where more than one of thirty seeds misses anything."""
    asked = _parser().parse_args(arguments)
    if asked.list:
        print(_listed())
        return 0
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
    wanted = {name: number for who, name, number in asked.set if who == kind.name}
    return partial(kind.scripts, **wanted)


def _setting(text: str) -> tuple[str, str, int]:
    who, _, rest = text.rpartition(".")
    name, _, number = rest.partition("=")
    known = {kind.name: kind.parameters for kind in KINDS}
    if who not in known:
        raise argparse.ArgumentTypeError(f"{who!r} is no kind; the kinds are {', '.join(known)}")
    if name not in known[who] or not number.isdecimal():
        can = ", ".join(f"{each}={value}" for each, value in known[who].items())
        raise argparse.ArgumentTypeError(f"got {rest!r}; of {who} can be set, with a whole number: {can}")
    return who, name, int(number)


def _listed() -> str:
    return "\n".join(
        f"{kind.name:32} {', '.join(f'{name}={value}' for name, value in kind.parameters.items())}"
        for kind in KINDS
    )


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
    parser.add_argument(
        "--set",
        action="append",
        type=_setting,
        default=[],
        metavar="KIND.NAME=NUMBER",
        help='another number for a kind, such as "viral link.number=500" (may be repeated)',
    )
    parser.add_argument("--list", action="store_true", help="print the kinds and what can be set of each")
    parser.add_argument("--verbose", action="store_true", help="print the table of every seed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
