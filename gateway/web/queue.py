"""The desk's queue: what wants a person, one case's story, and what admins do about it."""

from collections.abc import Callable
from typing import Any, Final

from flask import Blueprint, make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from gateway.auditing import casework
from gateway.auditing import queue as waiting
from gateway.auditing.queue import CaseLine, CaseStory, QueuePage
from gateway.case import FOLLOWS, Evidence, Kind
from gateway.decision import Decision, Deny
from gateway.web import asking
from gateway.web.admin import after, reason_given, restored
from gateway.web.casewords import EMPTY, KINDS, ONE, age, facts, line, place
from gateway.web.desk import called, page_of, shown_entry
from gateway.web.guards import at_the_desk, me
from gateway.web.refusals import refused, status_of
from gateway.web.rows import row
from gateway.web.state import state

bp = Blueprint("queue", __name__, url_prefix="/admin/queue")
bp.before_request(at_the_desk)
bp.context_processor(restored)

WHOSE: Final = ("", "nobody", "mine")


@bp.app_context_processor
def counting() -> dict[str, Callable[[], int]]:
    """Let the desk's navigation count what is open; nothing is counted for a page that does not ask."""
    return {"open_cases": lambda: waiting.count_waiting(state().runtime)}


@bp.get("")
def queue() -> Response:
    """List cases of a kind or of all; open ones, or closed ones."""
    asked = {name: request.args.get(name, "") for name in ("kind", "whose", "state")}
    kind = Kind(asked["kind"]) if asked["kind"] in set(Kind) else None
    whose = asked["whose"] if asked["whose"] in WHOSE else ""
    closed = asked["state"] == "closed"
    past = request.args.get("past", type=row)
    page = waiting.look_at_queue(state().runtime, me(), kind=kind, whose=whose, closed=closed, past=past)
    text = render_template(
        "admin/queue.html", **shown_queue(page, kind, whose, closed=closed), first=past is None
    )
    return make_response(text)


@bp.get("/<row:number>")
def one(number: int, error: Deny | None = None) -> Response:
    """Show a case's whole story."""
    story = waiting.case_story(state().runtime, asking.actor(), me(), number)
    if isinstance(story, Deny):
        return refused(story)
    text = render_template("admin/case.html", **shown_case(story), error=error)
    return make_response(text, 200 if error is None else status_of(error))


@bp.post("/<row:number>/take")
def take(number: int) -> Response:
    """Take a case."""
    answer = casework.take_case(state().runtime, asking.actor(), me(), number)
    return _after(answer, number, "case_taken")


@bp.post("/<row:number>/hand-over")
def hand_over(number: int) -> Response:
    """Hand a case to another admin."""
    to = request.form.get("to", default=0, type=row)
    answer = casework.hand_over(state().runtime, asking.actor(), me(), number, to=to)
    return _after(answer, number, "case_handed_over")


@bp.post("/<row:number>/give-back")
def give_back(number: int) -> Response:
    """Put a case back into the queue."""
    answer = casework.give_back(state().runtime, asking.actor(), me(), number)
    return _after(answer, number, "case_given_back")


@bp.post("/<row:number>/close")
def close(number: int) -> Response:
    """Close a case."""
    answer = casework.close_case(state().runtime, asking.actor(), me(), number, reason_given())
    return _after(answer, number, "case_closed")


@bp.post("/<row:number>/reopen")
def reopen(number: int) -> Response:
    """Open a closed case again."""
    answer = casework.reopen_case(state().runtime, asking.actor(), me(), number, reason_given())
    return _after(answer, number, "case_reopened")


def shown_queue(page: QueuePage, kind: Kind | None, whose: str, *, closed: bool) -> dict[str, Any]:
    """Show a page of the queue with its tabs."""
    asked: dict[str, Any] = {
        "kind": kind.value if kind is not None else None,
        "whose": whose or None,
        "state": "closed" if closed else None,
    }
    counts = {"": page.waiting.all, "nobody": page.waiting.nobody, "mine": page.waiting.mine}
    return {
        "cases": [shown_line(each) | {"age": age(page.now - each.case.opened_at)} for each in page.lines],
        "kinds": [(each.value, KINDS[each], counts[whose].get(each, 0)) for each in Kind],
        "totals": {name: _total(some, kind) for name, some in counts.items()},
        "kind": kind.value if kind is not None else "",
        "whose": whose,
        "closed": closed,
        "asked": asked,
        "empty": EMPTY[kind] if kind is not None else None,
        "more": None if page.past is None else url_for("queue.queue", past=page.past, **asked),
    }


def shown_line(found: CaseLine) -> dict[str, Any]:
    """Show a case in the list."""
    case = found.case
    return {
        "number": case.id,
        "kind": case.kind.value,
        "title": ONE[case.kind],
        "name": found.name or case.subject,
        "subject": case.subject,
        "subject_url": page_of(case.subject),
        "line": line(found.evidence),
        "pieces": case.pieces,
        "standing": case.standing.value,
        "opened_at": case.opened_at,
        "owner": found.owner,
        "owned_at": case.owned_at,
        "closed_at": case.closed_at,
        "closed_by": case.closed_by,
        "closed_by_url": page_of(case.closed_by),
        "closing_reason": case.closing_reason,
    }


def shown_case(story: CaseStory) -> dict[str, Any]:
    """Show a case with its evidence, its time line and what can be done."""
    gift = story.gift
    return {
        "case": shown_line(story.line)
        | {
            "follows": story.line.case.kind in FOLLOWS,
            "closed_by": called(story.line.case.closed_by or "", story.names),
        },
        "evidence": [_evidence(each) for each in story.evidence],
        "entries": [shown_entry(each) | {"actor": called(each.actor, story.names)} for each in story.entries],
        "acts": [each.value for each in story.acts],
        "admins": story.admins,
        "gift": None
        if gift is None
        else {
            "reference": gift.reference,
            "note": gift.note,
            "spread": gift.spread,
            "frozen_at": gift.frozen_at,
            "revoked_at": gift.revoked_at,
            "account_id": gift.account_id,
        },
    }


def _evidence(found: Evidence) -> dict[str, Any]:
    return {
        "at": found.at,
        "line": line(found),
        "facts": facts(found),
        "words": found.words,
        "place": place(found),
    }


def _total(counts: Any, kind: Kind | None) -> int:
    return sum(counts.values()) if kind is None else counts.get(kind, 0)


def _after(answer: Decision, number: int, done: str) -> Response:
    """Lead on from an act; a refusal shows the case again, as it stands, to whoever may act at all."""
    page = url_for("queue.one", number=number, done=done)
    return after(answer, page, lambda error: one(number, error))
