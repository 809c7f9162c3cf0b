"""The policy room: what is in force, in plain words; proposing another; and a second admin's word on it."""

from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gateway.auditing import policyroom, proposals, simulations
from gateway.auditing.proposals import Draft
from gateway.decision import Decision, Deny, Reason
from gateway.policy import Policy
from gateway.policyfile import PolicyError, is_too_long
from gateway.simulating.comparing import is_short, simulate
from gateway.web import asking, replays
from gateway.web.admin import reason_given, restored
from gateway.web.guards import at_the_desk, me
from gateway.web.policydraft import DAYS, Sent, instant_of, is_twice, sent
from gateway.web.policyshowing import (
    shown_asked,
    shown_comparison,
    shown_policy_words,
    shown_proposal,
    shown_simulation,
    shown_version,
)
from gateway.web.refusals import refused, status_of
from gateway.web.rows import asked_row
from gateway.web.state import state

bp = Blueprint("policyroom", __name__, url_prefix="/admin/policy")
bp.before_request(at_the_desk)
bp.context_processor(restored)


@bp.get("")
def room() -> Response:
    """Show the policy in force, what is proposed, and every version."""
    found = policyroom.room(state().runtime)
    proposers = [each.proposed_by for each in found.versions] + [each.proposed_by for each in found.proposals]
    asked = simulations.latest(state().runtime)
    names = policyroom.names_of(state().runtime, proposers + [each.asked_by for each in asked])
    text = render_template(
        "admin/policy.html",
        replays=[shown_asked(each, names) for each in asked],
        in_force=shown_version(found.in_force, names),
        sections=shown_policy_words(found.policy),
        proposals=[shown_proposal(each, names) for each in found.proposals],
        versions=[
            shown_version(each, names) | {"waits": each.version in found.withdrawable}
            for each in found.versions
        ],
        alone=state().settings.single_admin,
    )
    return make_response(text)


@bp.get("/versions/<row:number>")
def version(number: int, error: Deny | None = None) -> Response:
    """Show one version: its words and its text."""
    found = policyroom.version_page(state().runtime, min(number, 2**31 - 1))
    if isinstance(found, Deny):
        return refused(found)
    one, policy = found
    waiting = policyroom.room(state().runtime).withdrawable
    text = render_template(
        "admin/policy_version.html",
        version=shown_version(one, policyroom.names_of(state().runtime, [one.proposed_by]))
        | {"waits": one.version in waiting},
        text=one.text,
        sections=shown_policy_words(policy),
        error=error,
    )
    return make_response(text, 200 if error is None else status_of(error))


@bp.post("/versions/<row:number>/withdraw")
def withdraw_version(number: int) -> Response:
    """Withdraw a version that does not apply yet."""
    wanted = min(number, 2**31 - 1)
    answer = proposals.withdraw_version(state().runtime, asking.actor(), me(), wanted, reason_given())
    if not isinstance(answer, Deny):
        return redirect(url_for("policyroom.room", done="policy_withdrawn"), 303)
    return version(number, answer) if answer.reason is Reason.REASON_MISSING else refused(answer)


@bp.get("/new")
def new() -> Response:
    """Show the form for another policy, begun with the text of a version, a proposal or a replay."""
    runtime = state().runtime
    replayed = request.args.get("simulation", type=asked_row)
    if replayed is not None:
        shown = simulations.show(runtime, replayed)
        if isinstance(shown, Deny):
            return refused(shown)
        return _form(Sent(name=shown.asked.name, text=shown.asked.text))
    from_proposal = request.args.get("proposal", type=asked_row)
    if from_proposal is not None:
        again = policyroom.proposal_page(runtime, from_proposal)
        if isinstance(again, Deny):
            return refused(again)
        return _form(Sent(name=again[0].name, text=again[0].text, reason=again[0].because))
    found = policyroom.room(runtime).in_force
    return _form(Sent(name=found.name, text=found.text))


@bp.post("/new")
def draft() -> Response:
    """Check what was typed, show what it changes and would have done, and propose it where that is wished."""
    try:
        form = sent()
    except PolicyError as fault:
        return _form(sent(with_file=False), Deny(Reason.POLICY_INVALID), problems=fault)
    try:
        if request.form.get("step") == "simulate":
            answer = replays.asked_for(form.name, form.text, form.days)
            return _form(form, answer, checked=True) if isinstance(answer, Deny) else answer
        if request.form.get("step") == "propose":
            return _propose(form)
        return _form(form, Deny(Reason.POLICY_TOO_LARGE) if is_too_long(form.text) else None, checked=True)
    except PolicyError as fault:
        return _form(form, Deny(Reason.POLICY_INVALID), problems=fault)


@bp.get("/proposals/<row:number>")
def proposal(number: int, error: Deny | None = None) -> Response:
    """Show a proposal: what it changes, what it would have done, and what is to be decided."""
    found = policyroom.proposal_page(state().runtime, number)
    if isinstance(found, Deny):
        return refused(found)
    one, compared, stands = found
    days = request.args.get("days", 0, type=int)
    asked = simulations.latest(state().runtime, of=one.digest)
    people = [one.proposed_by, one.decided_by, *(each.asked_by for each in asked)]
    names = policyroom.names_of(state().runtime, people)
    text = render_template(
        "admin/policy_proposal.html",
        proposal=shown_proposal(one, names),
        replays=[shown_asked(each, names) for each in asked],
        mine=one.proposed_by == asking.actor().name,
        stands=stands,
        compared=shown_comparison(compared),
        simulated=_simulated(compared.policy, days),
        days=DAYS,
        error=error,
    )
    return make_response(text, 200 if error is None else status_of(error))


@bp.post("/proposals/<row:number>/approve")
def approve(number: int) -> Response:
    """Approve a proposal: the very text whose digest the form carries."""
    seen = request.form.get("digest", "")
    answer = proposals.approve(state().runtime, asking.actor(), me(), number, reason_given(), seen=seen)
    return _decided(answer, number, "policy_approved")


@bp.post("/proposals/<row:number>/reject")
def reject(number: int) -> Response:
    """Reject a proposal of another admin."""
    answer = proposals.reject(state().runtime, asking.actor(), me(), number, reason_given())
    return _decided(answer, number, "policy_rejected")


@bp.post("/proposals/<row:number>/withdraw")
def withdraw(number: int) -> Response:
    """Take one's own proposal back."""
    answer = proposals.withdraw(state().runtime, asking.actor(), me(), number, reason_given())
    return _decided(answer, number, "policy_withdrawn")


def _decided(answer: Decision, number: int, done: str) -> Response:
    if not isinstance(answer, Deny):
        return redirect(url_for("policyroom.proposal", number=number, done=done), 303)
    shut = (Reason.ACCOUNT_FORBIDDEN, Reason.PROPOSAL_UNKNOWN)
    return refused(answer) if answer.reason in shut else proposal(number, answer)


def _propose(form: Sent) -> Response:
    at = instant_of(form)
    if isinstance(at, Deny):
        return _form(form, at, checked=True)
    alone = state().settings.single_admin
    wanted = Draft(form.name, form.text, at, form.reason, form.plans_may_go)
    answer = proposals.propose(state().runtime, asking.actor(), me(), wanted, alone=alone)
    if isinstance(answer, Deny):
        return (
            refused(answer)
            if answer.reason is Reason.ACCOUNT_FORBIDDEN
            else _form(form, answer, checked=True)
        )
    done = "policy_alone" if answer.version is not None else "policy_proposed"
    return redirect(url_for("policyroom.proposal", number=answer.proposal, done=done), 303)


def _form(
    form: Sent, error: Deny | None = None, *, checked: bool = False, problems: PolicyError | None = None
) -> Response:
    """Show the form with all that was typed; `checked`, also what the text changes and would have done."""
    shown: dict[str, Any] = {"compared": None, "simulated": None}
    if checked:
        try:
            at = instant_of(form)
            when = None if isinstance(at, Deny) else at
            compared = policyroom.compare(state().runtime, form.text, when, name=form.name)
            shown = {
                "compared": shown_comparison(compared),
                "simulated": _simulated(compared.policy, form.days),
            }
        except PolicyError as fault:
            error, problems = Deny(Reason.POLICY_INVALID), fault
    text = render_template(
        "admin/policy_new.html",
        sent=form,
        error=error,
        problems=problems.problems if problems is not None else (),
        twice=is_twice(form),
        days=DAYS,
        alone=state().settings.single_admin,
        **shown,
    )
    return make_response(text, 200 if error is None else status_of(error))


def _simulated(candidate: Policy, days: int) -> dict[str, Any] | None:
    """Replay the last days where that takes no longer than a page may; else say what takes its place."""
    if days not in DAYS:
        return None
    runtime = state().runtime
    if not is_short(runtime, days):
        return {"too_long": True, "days": days, "command": f"gateway policy simulate FILE --days {days}"}
    return shown_simulation(simulate(runtime, candidate, days=days)) | {"days": days}
