"""Filling the desk's queue with what shows only when it is looked for: rules that fired, spikes, what came before it."""

from collections.abc import Iterable
from datetime import datetime

from gateway.auditing.spikes import Spike, list_spikes
from gateway.case import Evidence, Kind, asked_for, evidence_of, kind_of
from gateway.days import day_of, months_back
from gateway.figures import SPIKE_MONTHS, first_of_month
from gateway.firing import REMEMBERED
from gateway.ledger import GATEWAY
from gateway.licence import State
from gateway.queueing import put_in_queue
from gateway.runtime import Runtime
from gateway.store import cases, firings, licences

AT_ONCE = 200


def queue_firings(runtime: Runtime, now: datetime) -> int:
    """Put links that spread and givers whose links keep doing so into the queue; returns how much was put in."""
    with runtime.database.reading() as connection:
        found = firings.list_unqueued(connection, now - REMEMBERED, limit=AT_ONCE)
    wanted = ((each, kind_of(each)) for each in found)
    return _put(runtime, (evidence_of(each, kind) for each, kind in wanted if kind is not None), now)


def queue_spikes(runtime: Runtime, now: datetime) -> int:
    """Put the spikes of this month and of the last into the queue; the last is whole only when its last day is counted."""
    today = day_of(now, runtime.policies.in_force(now).policy.publisher.zone)
    this = first_of_month(today)
    found = [
        _of_spike(each, now)
        for month in (*months_back(this, 1), this)
        for each in list_spikes(runtime, month)
    ]
    with runtime.database.reading() as connection:
        known = cases.find_origins(connection, Kind.SPIKE, [each.origin for each in found])
    return _put(runtime, [each for each in found if each.origin not in known][:AT_ONCE], now)


def queue_requests(runtime: Runtime, now: datetime) -> int:
    """Put requests for a licence into the queue that came in before there was one."""
    with runtime.database.reading() as connection:
        found = licences.list_unqueued(connection, limit=AT_ONCE)
    put = 0
    for each in found:
        with runtime.database.transaction() as connection:
            # Held, since a case that came just after the answer would wait for ever.
            if licences.take_request(connection, each.number) == State.NEW:
                evidence = asked_for(each.number, each.purpose, each.characters, each.at)
                put += put_in_queue(connection, GATEWAY, evidence, now)
    return put


def _put(runtime: Runtime, found: Iterable[Evidence], now: datetime) -> int:
    put = 0
    for each in found:
        # One transaction a piece: a case is held for a moment, and a fault loses none of those before.
        with runtime.database.transaction() as connection:
            put += put_in_queue(connection, GATEWAY, each, now)
    return put


def _of_spike(spike: Spike, now: datetime) -> Evidence:
    month = f"{spike.month:%Y-%m}"
    figures: dict[str, str | int] = {
        "figure": spike.figure.value,
        "month": month,
        "count": spike.count,
        "before": round(spike.mean * SPIKE_MONTHS),
    }
    origin = f"spike:{month}:{spike.figure.value}:{spike.subject}"
    return Evidence(Kind.SPIKE, spike.subject, origin, now, figures)
