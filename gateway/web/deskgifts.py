"""The desk's page on one gift: its story, and the acts on it."""

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from gateway.auditing import acts, log, people
from gateway.decision import Decision, Deny
from gateway.web import asking
from gateway.web.admin import after, bp, reason_given, word_given
from gateway.web.desk import shown_story
from gateway.web.guards import me
from gateway.web.refusals import refused, status_of
from gateway.web.rows import row
from gateway.web.state import state


@bp.get("/gifts/<reference:reference>")
def gift(reference: str, error: Deny | None = None) -> Response:
    """Show a gift's whole story."""
    story = log.gift_story(state().runtime, asking.actor(), reference)
    if isinstance(story, Deny):
        return refused(story)
    giver = people.account_story(state().runtime, story.line.gift.account_id)
    text = render_template(
        "admin/gift.html",
        giver=None if isinstance(giver, Deny) else giver.account,
        **shown_story(story),
        error=error,
    )
    return make_response(text, 200 if error is None else status_of(error))


@bp.post("/gifts/<reference:reference>/give-back")
def give_back(reference: str) -> Response:
    """Give a wrongly counted reading back."""
    # No claim is called 0, so what is no number of a reading is refused as one that there is not.
    chosen = request.form.get("claim", 0, type=row)
    answer = acts.give_back_reading(
        state().runtime,
        asking.actor(),
        me(),
        reference,
        word_given(),
        claim_id=chosen,
    )
    return _after(answer, reference, "given_back")


@bp.post("/gifts/<reference:reference>/revoke")
def revoke_gift(reference: str) -> Response:
    """Withdraw a gift."""
    answer = acts.revoke_gift(state().runtime, asking.actor(), me(), reference, word_given())
    return _after(answer, reference, "revoked")


@bp.post("/gifts/<reference:reference>/freeze")
def freeze_gift(reference: str) -> Response:
    """Shut a gift until it is thawed."""
    answer = acts.freeze_gift(state().runtime, asking.actor(), me(), reference, reason_given())
    return _after(answer, reference, "frozen")


@bp.post("/gifts/<reference:reference>/thaw")
def thaw_gift(reference: str) -> Response:
    """Open a frozen gift again."""
    answer = acts.thaw_gift(state().runtime, asking.actor(), me(), reference, reason_given())
    return _after(answer, reference, "thawed")


def _after(answer: Decision, reference: str, done: str) -> Response:
    page = url_for("admin.gift", reference=reference, done=done)
    return after(answer, page, lambda error: gift(reference, error))
