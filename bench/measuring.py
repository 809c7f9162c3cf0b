"""Measuring by turns: the yardstick, then the gateway, at one size and the next, in thin slices again and again.

Whatever else the machine does for a while meets all of them alike, and so leaves their ratio as it is.
"""

import statistics
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path

from bench.flows import Flow, Site
from bench.load import CONNECTIONS, Answers, Client
from bench.server import BARE

BARE_REQUESTS = 1_200
SLICES = 6


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

    `share` scales the number of requests in a round. Raises WrongAnswerError.
    """
    courses = [Course(site) for site in sites]
    numbers = count()
    for course in courses:
        with Client(course.site.host, course.site.port) as client:
            first = _own(client, flow, course, list(islice(numbers, 1))).last
        (pages / flow.name).write_bytes(_body(first))
    for _ in range(pairs + 1):
        _round(flow, courses, numbers, share)
    for course in courses:
        del course.bare[0], course.gateway[0]
    return courses


def _round(flow: Flow, courses: Sequence[Course], numbers: Iterator[int], share: float) -> None:
    """Send one round's requests to the yardstick and the gateway of every site, a slice to each by turns."""
    few, many = (max(CONNECTIONS, int(whole * share) // SLICES) for whole in (flow.requests, BARE_REQUESTS))
    with ExitStack() as stack:
        clients = [stack.enter_context(Client(each.site.host, each.site.port)) for each in courses]
        bare, own = [Answers() for _ in courses], [Answers() for _ in courses]
        for client, course in zip(clients, courses, strict=True):
            # That a server accepts a connection is no part of what is measured.
            _bare(client, flow, course.site, CONNECTIONS)
        for _ in range(SLICES):
            for at, (client, course) in enumerate(zip(clients, courses, strict=True)):
                bare[at].add(_bare(client, flow, course.site, many))
                own[at].add(_own(client, flow, course, list(islice(numbers, few))))
    for at, course in enumerate(courses):
        course.bare.append(bare[at].seconds_each)
        course.gateway.append(own[at].seconds_each)


def _own(client: Client, flow: Flow, course: Course, numbers: Sequence[int]) -> Answers:
    answers = client.send(flow.spell(course.site, numbers))
    course.sent += len(numbers)
    if set(answers.statuses) != {flow.status} or flow.says.encode() not in answers.last:
        told = answers.last[:2000].decode("utf-8", "replace")
        raise WrongAnswerError(
            f"{flow.name}: want {flow.status} only, got {dict(answers.statuses)}; last:\n{told}"
        )
    return answers


def _bare(client: Client, flow: Flow, site: Site, number: int) -> Answers:
    """Send a request of the flow's own, cookies and form included, to the route that returns the same bytes."""
    like = flow.spell(site, [0])[0]
    method, _, rest = like.split(b" ", 2)
    answers = client.send([b" ".join((method, f"{BARE}{flow.name}".encode(), rest))] * number)
    if set(answers.statuses) != {200} or not _body(answers.last):
        raise WrongAnswerError(f"the bare route answered {dict(answers.statuses)}")
    return answers


def _body(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]
