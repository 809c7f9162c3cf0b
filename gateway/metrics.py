"""Figures for Prometheus: requests by endpoint and status, their time, and every grant and refusal by its reason.

With PROMETHEUS_MULTIPROC_DIR set before the process starts, the workers of one machine add up in that folder.
"""

import os

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = CONTENT_TYPE_LATEST
# From a page out of memory to a password being hashed on a busy machine.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

_registry = CollectorRegistry()
_requests = Counter("gateway_requests", "Requests answered.", ["endpoint", "status"], registry=_registry)
_seconds = Histogram(
    "gateway_request_seconds", "Time to an answer.", ["endpoint"], buckets=SECONDS, registry=_registry
)
_acts = Counter(
    "gateway_acts",
    "Entries written to the log, an act rolled back afterwards included; reason is empty for a grant.",
    ["event", "reason"],
    registry=_registry,
)

# Looking a child up by its labels costs more than counting; there are only as many as endpoints and statuses.
_requests_by: dict[tuple[str, int], Counter] = {}
_seconds_by: dict[str, Histogram] = {}
_acts_by: dict[tuple[str, str], Counter] = {}


def count_request(endpoint: str, status: int, seconds: float) -> None:
    """Count one answer and its time; `endpoint` is a route's name, never a path."""
    counter = _requests_by.get((endpoint, status))
    if counter is None:
        counter = _requests_by[endpoint, status] = _requests.labels(endpoint, str(status))
    counter.inc()
    histogram = _seconds_by.get(endpoint)
    if histogram is None:
        histogram = _seconds_by[endpoint] = _seconds.labels(endpoint)
    histogram.observe(seconds)


def count_act(event: str, reason: str) -> None:
    """Count one entry of the log, by its event and the reason of a refusal."""
    counter = _acts_by.get((event, reason))
    if counter is None:
        counter = _acts_by[event, reason] = _acts.labels(event, reason)
    counter.inc()


def exposition() -> bytes:
    """Write every figure in Prometheus' text format: this process's, or those of all that share the folder."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(_registry)
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return generate_latest(shared)
