"""Putting what wants a person into the desk's queue, in the transaction of the act that shows it."""

from datetime import datetime

from sqlalchemy import Connection

from gateway.case import Evidence, Kind
from gateway.ledger import Actor, Entry, Event
from gateway.store import cases, gifts
from gateway.store.entries import append_entry


def put_in_queue(connection: Connection, actor: Actor, evidence: Evidence, now: datetime) -> bool:
    """Open a case, or add to the one that is open; False, and nothing written, for evidence that was put in before."""
    account_id = _account_of(connection, evidence.subject)
    added = cases.add_evidence(connection, evidence, account_id=account_id, now=now)
    if added is None:
        return False
    event, about = Event.CASE_ADDED_TO, {"origin": evidence.origin}
    if added.opened:
        event, about = Event.CASE_OPENED, about | {"kind": evidence.kind.value, "about": evidence.subject}
    append_entry(connection, Entry(now, actor, event, f"case:{added.case_id}", detail=about))
    return True


def follow_request(
    connection: Connection, actor: Actor, number: str, because: str, now: datetime, *, waits: bool
) -> None:
    """Let the case of a licence request follow it: open while somebody waits for an answer, and closed with it."""
    case = cases.find_case_of(connection, Kind.LICENCE_REQUEST, f"licence:{number}", hold=True)
    if case is None or waits is (case.closed_at is None):
        return
    if waits:
        cases.reopen_case(connection, case.id)
    else:
        cases.close_case(connection, case.id, now=now, by=actor.name, because=because)
    event = Event.CASE_REOPENED if waits else Event.CASE_CLOSED
    append_entry(connection, Entry(now, actor, event, f"case:{case.id}", detail={"because": because}))


def _account_of(connection: Connection, subject: str) -> int | None:
    """Find whose account a subject is, or whose gift."""
    kind, _, key = subject.partition(":")
    if kind == "account":
        return int(key)
    gift = gifts.find_gift(connection, key) if kind == "gift" else None
    return None if gift is None else gift.account_id
