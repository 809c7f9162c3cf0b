"""The desk's pages on accounts: the list, one account's story, and the acts on it."""

import secrets
from datetime import date

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gateway.auditing import accountacts, people
from gateway.auditing.ruling import flags_of
from gateway.decision import Decision, Deny
from gateway.web import asking
from gateway.web.admin import after, bp, reason_given, word_given
from gateway.web.desk import latest_entries, shown_account, shown_entry, shown_gift_line
from gateway.web.guards import me
from gateway.web.refusals import refused, status_of
from gateway.web.rows import row
from gateway.web.rules import shown_firing
from gateway.web.state import state

KEY_LENGTH = 200


@bp.get("/accounts")
def accounts(error: Deny | None = None) -> Response:
    """List accounts."""
    wanted = request.args.get("q", "").strip()[:100]
    after_row = request.args.get("after", 0, type=row)
    found = people.list_accounts(state().runtime, like=wanted, after=after_row)
    shown = [shown_account(each.account, each.allowance) for each in found]
    full = len(found) == people.PAGE
    older = url_for("admin.accounts", q=wanted or None, after=found[-1].account.id) if full else None
    text = render_template("admin/accounts.html", accounts=shown, q=wanted, older=older, error=error)
    return make_response(text, 200 if error is None else status_of(error))


@bp.post("/accounts/sign-out")
def sign_everyone_out() -> Response:
    """Sign everybody out everywhere, oneself too."""
    answer = accountacts.sign_everyone_out(state().runtime, asking.actor(), me(), word_given())
    return after(answer, url_for("accounts.sign_in", next=url_for("admin.log")), accounts)


@bp.get("/accounts/<row:account_id>")
def account(account_id: int, error: Deny | None = None) -> Response:
    """Show an account's story."""
    before = request.args.get("before", type=row)
    story = people.account_story(state().runtime, account_id, before=before)
    if isinstance(story, Deny):
        return refused(story)
    older = story.older and url_for("admin.account", account_id=account_id, before=story.older)
    subject = f"account:{account_id}"
    entries = latest_entries(subject, "account")
    text = render_template(
        "admin/account.html",
        account=shown_account(story.account),
        spare=story.spare,
        months=[
            {
                "month": date(int(each.period[:4]), int(each.period[5:]), 1),
                "limit": each.granted + story.plan_gifts,
                "granted": each.granted,
                "used": each.used,
                "returned": each.returned,
            }
            for each in story.months
        ],
        gifts=[shown_gift_line(each) for each in story.gifts],
        older=older,
        entries=[shown_entry(each) for each in entries],
        flags=[shown_firing(each) for each in flags_of(state().runtime, subject)],
        log_url=url_for("admin.log", subject=subject),
        idempotency_key=secrets.token_urlsafe(16),
        error=error,
    )
    return make_response(text, 200 if error is None else status_of(error))


@bp.post("/accounts/<row:account_id>/suspend")
def suspend(account_id: int) -> Response:
    """Stop an account's new gifts."""
    freeze = request.form.get("freeze_links") == "1"
    answer = accountacts.suspend(
        state().runtime, asking.actor(), me(), account_id, reason_given(), freeze_links=freeze
    )
    return _after(answer, account_id, "suspended_and_frozen" if freeze else "suspended")


@bp.post("/accounts/<row:account_id>/unsuspend")
def unsuspend(account_id: int) -> Response:
    """Let an account give again."""
    answer = accountacts.unsuspend(state().runtime, asking.actor(), me(), account_id, reason_given())
    return _after(answer, account_id, "unsuspended")


@bp.post("/accounts/<row:account_id>/grant")
def grant(account_id: int) -> Response:
    """Give an account extra credits for this month."""
    answer = accountacts.grant_credits(state().runtime, asking.actor(), me(), account_id, _asked())
    return _after(answer, account_id, "granted")


@bp.post("/accounts/<row:account_id>/take-back")
def take_back(account_id: int) -> Response:
    """Take extra credits of this month back that are not spent."""
    answer = accountacts.take_back_credits(state().runtime, asking.actor(), me(), account_id, _asked())
    return _after(answer, account_id, "taken_back")


@bp.post("/accounts/<row:account_id>/sign-out")
def sign_out(account_id: int) -> Response:
    """Sign an account out everywhere."""
    answer = accountacts.sign_out(state().runtime, asking.actor(), me(), account_id, word_given())
    if account_id == me().id and not isinstance(answer, Deny):
        return redirect(url_for("accounts.sign_in"), 303)
    return _after(answer, account_id, "signed_out")


def _asked() -> accountacts.Asked:
    key = request.form.get("idempotency_key", "")[:KEY_LENGTH]
    return accountacts.Asked(request.form.get("credits", 0, type=int), reason_given(), key)


def _after(answer: Decision, account_id: int, done: str) -> Response:
    page = url_for("admin.account", account_id=account_id, done=done)
    return after(answer, page, lambda error: account(account_id, error))
