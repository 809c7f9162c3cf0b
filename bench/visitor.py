"""Measure what telling a visitor costs, in microseconds: with the agent in the cache, without, and at its worst."""

import statistics
import time
from collections.abc import Callable

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from gateway import visitor
from gateway.scanners import Scanners, parse_networks

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
ROUNDS = 15
LIMIT = 100.0  # Microseconds: the bound of a request that is classified.


def microseconds(act: Callable[[str], object], agents: list[str]) -> list[float]:
    """Give the mean cost of one agent in each round."""
    costs = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for agent in agents:
            act(agent)
        costs.append((time.perf_counter() - began) / len(agents) * 1e6)
    return costs


def known(agent: str) -> visitor.Visitor:
    """Classify as a request does, through the cache."""
    return visitor.classify(visitor.Shape(agent, "GET", fetch_mode="navigate", fetch_dest="document"))


def main() -> None:
    """Print the median and the spread of each case, and say whether the bound holds."""
    fresh = visitor._named.__wrapped__  # noqa: SLF001 - the same function without its cache.
    listed = [agent for entry in CRAWLER_USER_AGENTS_DATA for agent in entry["instances"]]
    cases: dict[str, tuple[Callable[[str], object], list[str]]] = {
        "cached, a browser": (known, [CHROME] * 2000),
        "uncached, a browser": (fresh, [CHROME] * 500),
        "uncached, the public list": (fresh, listed),
        "uncached, 512 letters made dear": (fresh, [("Spider" * 86)[: visitor.AGENT_LENGTH]] * 20),
        "cached, a header of 1 MB": (known, ["x" * 1_000_000] * 500),
    }
    listed_networks = Scanners(
        parse_networks(", ".join(f"10.{n}.0.0/{16 + n % 9}" for n in range(0, 250, 4)))
    )
    addresses = [f"10.{n % 250}.{n % 9}.7" for n in range(2000)]
    cases |= {
        "listed networks, remembered": (listed_networks.hold, ["203.0.113.7"] * 2000),
        "listed networks, a new address": (listed_networks._look_up, addresses),  # noqa: SLF001 - As above.
    }
    known(CHROME)
    for name, (act, agents) in cases.items():
        costs = microseconds(act, agents)
        median = statistics.median(costs)
        bound = "" if "dear" in name else f"   {'within' if median < LIMIT else 'ABOVE'} {LIMIT:.0f}"
        print(f"{name:36} {median:8.2f} µs  ({min(costs):.2f} to {max(costs):.2f}){bound}")


if __name__ == "__main__":
    main()
