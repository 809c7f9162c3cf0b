"""The gallery's replays under another policy: in each of their states."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from gateway.decision import Deny, Reason
from tests.gallery_figures import NOW

STATES = ("done", "failed", "given_up", "stopped")


def all_replays(text: str) -> list[dict[str, Any]]:
    """Return one that is under way, and one that ended in each way."""
    replay = {
        "id": 12, "name": "ledger.toml", "text": text, "digest": "5f" * 32, "days": 90, "is_open": True, "begun": 2,
        "asked_at": NOW - timedelta(minutes=4), "by": "Ines Haas (account:3)", "by_url": "/desk/accounts/3",
        "state": "running", "begun_at": NOW - timedelta(minutes=2), "percent": 42, "ended_at": None,
    }  # fmt: skip
    ended = replay | {"is_open": False, "ended_at": NOW}
    return [replay, *(ended | {"state": state, "id": 11 - at} for at, state in enumerate(STATES))]


def replay_pages(
    desk: dict[str, Any], auditor: Any, replays: list[dict[str, Any]], simulated: dict[str, Any]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the page of each."""
    page = "admin/policy_replay.html"
    one = desk | {
        "simulated": None,
        "served": True,
        "watched": True,
        "every": 10,
        "command": "gateway jobs run",
    }
    yield "policy-replay", page, one | {"replay": replays[0]}
    waiting = replays[0] | {"state": "waiting", "begun": 0, "begun_at": None, "percent": 0}
    waits = {"served": False, "watched": False, "error": Deny(Reason.SIMULATION_OPEN)}
    yield "policy-replay-waiting", page, one | {"replay": waiting} | waits
    yield "policy-replay-done", page, one | {"replay": replays[1], "simulated": simulated | {"days": 90}}
    for each in replays[2:]:
        yield f"policy-replay-{each['state']}", page, one | {"replay": each, "person": auditor}
