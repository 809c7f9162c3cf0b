"""A day of many visitors at once: each a script that says how long it waits, woken in the order of the clock."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

from bench.traffic.browser import Answer, Ended
from bench.traffic.town import Town

# What a visitor does between two waits, in seconds.
Script = Iterator[float]

# These are no rule's doing: a link that was read by all it was for is full, however it is asked.
FULL = ("gift:read_up", "gift:unconfirmed_full")


@dataclass
class Score:
    """What became of one kind of visitor: attempts by how they ended, and which articles each of them got."""

    ended: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    obtained: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    facts: Counter[str] = field(default_factory=Counter)

    def note(self, who: str, what: str, answer: Answer) -> Answer:
        """Count one attempt of somebody to read something."""
        self.ended[answer.ended] += 1
        if answer.read:
            self.obtained[who].add(what)
        elif answer.rule:
            self.rules[answer.rule] += 1
        return answer

    @property
    def attempts(self) -> int:
        """How many attempts came to an end; a wait is none."""
        return sum(number for ended, number in self.ended.items() if ended != Ended.WAIT)

    @property
    def refused(self) -> int:
        """How many a rule refused, a frozen link included."""
        frozen = self.ended["gift:frozen"]
        return self.ended["rule:blocked"] + frozen

    @property
    def most(self) -> int:
        """The most articles that any one of them got."""
        return max((len(each) for each in self.obtained.values()), default=0)


def play(town: Town, scripts: Iterable[tuple[float, Script]]) -> None:
    """Let scripts run, each from its own second after the morning, until all of them have ended."""
    numbers = count()
    morning = town.clock.now
    waiting = [(start, next(numbers), script) for start, script in scripts]
    heapq.heapify(waiting)
    while waiting:
        at, _, script = heapq.heappop(waiting)
        town.advance(morning + timedelta(seconds=at))
        wait = next(script, None)
        if wait is not None:
            heapq.heappush(waiting, (at + wait, next(numbers), script))
