"""Requests for a licence at the desk: listed for all who look, moved on by an admin with a reason."""

from dataclasses import dataclass

from gateway.auditing.acts import Act, permitted
from gateway.auditing.looking import note_look
from gateway.decision import Decision, Deny, Reason
from gateway.ledger import Actor, Entry, Event
from gateway.licence import State
from gateway.queueing import follow_request
from gateway.runtime import Runtime
from gateway.store import entries, licences
from gateway.store.accounts import Account
from gateway.store.entries import EntryFilter, StoredEntry, append_entry
from gateway.store.licences import LicenceRequest

__all__ = ["LicenceRequest", "RequestPage", "RequestStory", "list_requests", "move_request", "request_story"]

PAGE = 50
STORY = 200


@dataclass(frozen=True, slots=True)
class RequestPage:
    """One page of requests, newest first, with how many there are in each state."""

    requests: tuple[LicenceRequest, ...]
    counts: dict[str, int]
    older: int | None


@dataclass(frozen=True, slots=True)
class RequestStory:
    """One request and what became of it, oldest step first."""

    request: LicenceRequest
    entries: tuple[StoredEntry, ...]


def list_requests(runtime: Runtime, *, state: str = "", before: int | None = None) -> RequestPage:
    """List requests in a state, or all."""
    with runtime.database.reading() as connection:
        found = licences.list_requests(connection, state=state, before=before, limit=PAGE + 1)
        counts = licences.count_requests(connection)
    return RequestPage(tuple(found[:PAGE]), counts, found[PAGE - 1].id if len(found) > PAGE else None)


def request_story(runtime: Runtime, actor: Actor, number: str) -> RequestStory | Deny:
    """Tell somebody a request's story."""
    now = runtime.clock()
    wanted = EntryFilter(subject=f"licence:{number}")
    with runtime.database.reading() as connection:
        found = licences.find_request(connection, number)
        if found is None:
            return Deny(Reason.LICENCE_UNKNOWN)
        told = entries.list_entries(connection, wanted, limit=STORY)
    note_look(runtime, actor, "licence", wanted, now)
    return RequestStory(found, tuple(reversed(told)))


def move_request(
    runtime: Runtime, actor: Actor, admin: Account, number: str, because: str, *, state: str
) -> Decision:
    """Put a request into another state; to where it stands already is no step. Its case in the queue goes with it."""
    act = Act(Event.LICENCE_STATE_CHANGED, f"licence:{number}")
    decision = permitted(runtime, actor, admin, act, because=because)
    if isinstance(decision, Deny):
        return decision
    if state not in set(State):
        return Deny(Reason.REQUEST_INVALID)
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        found = licences.find_request(connection, number)
        if found is None:
            return Deny(Reason.LICENCE_UNKNOWN)
        if licences.set_state(connection, number, state, now):
            about: dict[str, str | int] = {"from": found.state, "to": state, "because": because.strip()}
            line = Entry(now, actor, Event.LICENCE_STATE_CHANGED, act.subject, detail=about)
            append_entry(connection, line)
            follow_request(connection, actor, number, because.strip(), now, waits=state == State.NEW)
    return decision
