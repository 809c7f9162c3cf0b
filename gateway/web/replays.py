"""Replays that take longer than a page may: asked for here, and then a page that says how far one is and what it came to."""

from typing import Final

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gateway.auditing import policyroom, simulations
from gateway.auditing.simulations import Wanted
from gateway.decision import Deny, Reason
from gateway.web import asking
from gateway.web.admin import restored
from gateway.web.guards import at_the_desk, me
from gateway.web.policydraft import DAYS
from gateway.web.policyshowing import shown_asked, shown_simulation
from gateway.web.refusals import refused, status_of
from gateway.web.rows import asked_row
from gateway.web.state import state

bp = Blueprint("replays", __name__, url_prefix="/admin/policy/replays")
bp.before_request(at_the_desk)
bp.context_processor(restored)

LOOKS_EVERY_SECONDS: Final = 10
JOBS_COMMAND: Final = "gateway jobs run"


@bp.get("/<row:number>")
def page(number: int, error: Deny | None = None) -> Response:
    """Show how far a replay is, or what it came to; with `watch` the page is fetched again by itself until it ended."""
    shown = simulations.show(state().runtime, number)
    if isinstance(shown, Deny):
        return refused(shown)
    one, found = shown.asked, shown.found
    watched = "watch" in request.args and one.is_open
    names = policyroom.names_of(state().runtime, [one.asked_by])
    text = render_template(
        "admin/policy_replay.html",
        replay=shown_asked(one, names),
        simulated=None if found is None else shown_simulation(found) | {"days": one.days},
        served=shown.served,
        watched=watched,
        every=LOOKS_EVERY_SECONDS,
        command=JOBS_COMMAND,
        error=error,
    )
    response = make_response(text, 200 if error is None else status_of(error))
    if watched:
        response.headers["Refresh"] = str(LOOKS_EVERY_SECONDS)
    return response


@bp.post("")
def ask() -> Response:
    """Ask for a replay of a proposal's text, or once more of one that was replayed."""
    runtime, again = state().runtime, request.form.get("replay", type=asked_row)
    if again is not None:
        shown = simulations.show(runtime, again)
        if isinstance(shown, Deny):
            return refused(shown)
        one = shown.asked
        return _or_the_open_one(asked_for(one.name, one.text, one.days))
    number = request.form.get("proposal", 0, type=asked_row)
    proposal = policyroom.proposal_page(runtime, number)
    if isinstance(proposal, Deny):
        return refused(proposal)
    days = request.form.get("days", 0, type=int)
    return _or_the_open_one(asked_for(proposal[0].name, proposal[0].text, days))


@bp.post("/<row:number>/stop")
def stop(number: int) -> Response:
    """Stop a replay that waits or is under way."""
    answer = simulations.stop(state().runtime, asking.actor(), me(), number)
    if not isinstance(answer, Deny):
        return redirect(url_for("replays.page", number=number, done="replay_stopped"), 303)
    return page(number, answer) if answer.reason is Reason.SIMULATION_ENDED else refused(answer)


def asked_for(name: str, text: str, days: int) -> Response | Deny:
    """Ask for a replay and lead to its page; returns a Deny that the page which asked can tell. Raises PolicyError."""
    if days not in DAYS:
        return Deny(Reason.REQUEST_INVALID)
    wanted = Wanted(name, text, days)
    answer = simulations.ask(state().runtime, asking.actor(), me(), wanted)
    if not isinstance(answer, Deny):
        return redirect(url_for("replays.page", number=answer, done="replay_asked"), 303)
    return refused(answer) if answer.reason is Reason.ACCOUNT_FORBIDDEN else answer


def _or_the_open_one(answer: Response | Deny) -> Response:
    if not isinstance(answer, Deny):
        return answer
    under_way = answer.detail.get("simulation")
    return refused(answer) if under_way is None else page(int(under_way), answer)
