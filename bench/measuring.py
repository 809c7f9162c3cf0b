"""Measuring by turns: the yardstick, then the gateway, at one size and the next, again and again."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from bench.flows import Flow, Site
from bench.load import Answers, send
from bench.server import BARE

BARE_REQUESTS = 1_200


class WrongAnswerError(RuntimeError):
    """A flow was answered with something else than what it is measured for."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some figures, and their quartiles."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> "Spread":
        """Sum figures up; a single one is all three."""
        if len(figures) == 1:
            return cls(figures[0], figures[0], figures[0])
        low, median, high = statistics.quantiles(figures, n=4, method="inclusive")
        return cls(low, median, high)


@dataclass(slots=True)
class Course:
    """A flow on one site: seconds a request took in each round, on the bare route and on the gateway."""

    site: Site
    bare: list[float] = field(default_factory=list)
    gateway: list[float] = field(default_factory=list)
    sent: int = 0

    @property
    def ratio(self) -> Spread:
        """The gateway's speed as a share of the yardstick's, round by round."""
        return Spread.of([bare / own for bare, own in zip(self.bare, self.gateway, strict=True)])

    def slower_than(self, other: "Course") -> Spread:
        """How many times as long a request took as on another site in the same round."""
        return Spread.of([own / theirs for own, theirs in zip(self.gateway, other.gateway, strict=True)])


def measure(
    flow: Flow, sites: Sequence[Site], pages: Path, *, pairs: int, share: float = 1.0
) -> list[Course]:
    """Run a flow on every site by turns, `pairs` times after one round to warm up; a request is never sent twice.

    `share` scales the number of requests in a turn. Raises WrongAnswerError.
    """
    courses = [Course(site) for site in sites]
    numbers = count()
    turn = max(16, int(flow.requests * share))
    for course in courses:
        first = _checked(flow, course, [next(numbers)]).last
        (pages / flow.name).write_bytes(first.partition(b"\r\n\r\n")[2])
    for _ in range(pairs + 1):
        for course in courses:
            bare = _bare(flow, course.site, max(16, int(BARE_REQUESTS * share)))
            own = _checked(flow, course, [next(numbers) for _ in range(turn)])
            course.bare.append(bare.seconds_each)
            course.gateway.append(own.seconds_each)
    for course in courses:
        del course.bare[0], course.gateway[0]
    return courses


def _checked(flow: Flow, course: Course, numbers: Sequence[int]) -> Answers:
    site = course.site
    answers = send(site.host, site.port, flow.spell(site, range(numbers[0], numbers[-1] + 1)))
    course.sent += len(numbers)
    if set(answers.statuses) != {flow.status} or flow.says.encode() not in answers.last:
        told = answers.last[:2000].decode("utf-8", "replace")
        raise WrongAnswerError(
            f"{flow.name}: want {flow.status} only, got {dict(answers.statuses)}; last:\n{told}"
        )
    return answers


def _bare(flow: Flow, site: Site, number: int) -> Answers:
    """Send the flow's own request, cookies and form included, to the route that returns the same bytes."""
    like = flow.spell(site, range(1))[0]
    method, _, rest = like.split(b" ", 2)
    answers = send(site.host, site.port, [b" ".join((method, f"{BARE}{flow.name}".encode(), rest))] * number)
    if set(answers.statuses) != {200}:
        raise WrongAnswerError(f"the bare route answered {dict(answers.statuses)}")
    return answers
