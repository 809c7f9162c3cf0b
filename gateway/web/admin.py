"""The desk: the log, the stories of gifts, accounts and articles, and the acts of an admin."""

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gateway.auditing import EntryFilter, acts, log, people
from gateway.auditing.ruling import flags_of
from gateway.decision import Decision, Deny, Permit, Reason
from gateway.ledger import Event
from gateway.visitor import Visitor
from gateway.web import asking
from gateway.web.desk import (
    day_asked,
    shown_account,
    shown_entry,
    shown_gift_line,
    shown_story,
    subject_asked,
)
from gateway.web.guards import at_the_desk, me
from gateway.web.refusals import refused, status_of
from gateway.web.rows import row
from gateway.web.rules import reason_given, shown_firing
from gateway.web.state import state

bp = Blueprint("admin", __name__, url_prefix="/admin")
bp.before_request(at_the_desk)

TEXT_FILTERS = ("event", "actor", "subject", "outcome", "reason", "rule", "visitor")
LATEST = 20


@bp.context_processor
def restored() -> dict[str, Any]:
    """Tell every page of the desk whether a restore waits for an admin's word."""
    found = people.open_restoration(state().runtime)
    return {"restored": None if found is None else {"at": found.restored_at}}


@bp.get("/log", endpoint="log")
def show_log() -> Response:
    """Show the log, filtered."""
    filters = {name: request.args.get(name, "").strip()[:100] for name in (*TEXT_FILTERS, "since", "until")}
    error = None
    try:
        wanted = _filter(filters)
    except ValueError:
        wanted, error = EntryFilter(), Deny(Reason.REQUEST_INVALID)
    page = log.read_log(state().runtime, wanted)
    before = request.args.get("before", type=row)
    asked: dict[str, Any] = {name: value for name, value in filters.items() if value}
    text = render_template(
        "admin/log.html",
        entries=[shown_entry(each) for each in page.entries],
        filters=filters,
        events=[event.value for event in Event],
        reasons=[reason.value for reason in Reason],
        visitors=[visitor.value for visitor in Visitor],
        older=None if page.older is None else url_for("admin.log", before=page.older, **asked),
        newer=None if before is None else url_for("admin.log", **asked),
        error=error,
    )
    return make_response(text, 200 if error is None else status_of(error))


@bp.get("/gifts/<reference:reference>")
def gift(reference: str, error: Deny | None = None) -> Response:
    """Show a gift's whole story."""
    story = log.gift_story(state().runtime, reference)
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
    answer = acts.give_back_reading(state().runtime, asking.actor(), me(), reference, reason_given())
    return _after_gift(answer, reference, "given_back")


@bp.post("/gifts/<reference:reference>/revoke")
def revoke_gift(reference: str) -> Response:
    """Withdraw a gift."""
    answer = acts.revoke_gift(state().runtime, asking.actor(), me(), reference, reason_given())
    return _after_gift(answer, reference, "revoked")


@bp.post("/gifts/<reference:reference>/freeze")
def freeze_gift(reference: str) -> Response:
    """Shut a gift until it is thawed."""
    answer = acts.freeze_gift(state().runtime, asking.actor(), me(), reference, reason_given())
    return _after_gift(answer, reference, "frozen")


@bp.post("/gifts/<reference:reference>/thaw")
def thaw_gift(reference: str) -> Response:
    """Open a frozen gift again."""
    answer = acts.thaw_gift(state().runtime, asking.actor(), me(), reference, reason_given())
    return _after_gift(answer, reference, "thawed")


@bp.get("/accounts")
def accounts() -> Response:
    """List accounts."""
    wanted = request.args.get("q", "").strip()[:100]
    after = request.args.get("after", 0, type=row)
    found = people.list_accounts(state().runtime, like=wanted, after=after)
    shown = [shown_account(each.account, each.allowance) for each in found]
    full = len(found) == people.PAGE
    older = url_for("admin.accounts", q=wanted or None, after=found[-1].account.id) if full else None
    return make_response(render_template("admin/accounts.html", accounts=shown, q=wanted, older=older))


@bp.get("/accounts/<row:account_id>")
def account(account_id: int, error: Deny | None = None) -> Response:
    """Show an account's story."""
    before = request.args.get("before", type=row)
    story = people.account_story(state().runtime, account_id, before=before)
    if isinstance(story, Deny):
        return refused(story)
    older = story.older and url_for("admin.account", account_id=account_id, before=story.older)
    subject = f"account:{account_id}"
    entries = log.read_log(state().runtime, EntryFilter(subject=subject), limit=LATEST).entries
    text = render_template(
        "admin/account.html",
        account=shown_account(story.account),
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
        error=error,
    )
    return make_response(text, 200 if error is None else status_of(error))


@bp.post("/accounts/<row:account_id>/suspend")
def suspend(account_id: int) -> Response:
    """Stop an account's new gifts."""
    freeze = request.form.get("freeze_links") == "1"
    answer = acts.suspend(
        state().runtime, asking.actor(), me(), account_id, reason_given(), freeze_links=freeze
    )
    return _after_account(answer, account_id, "suspended_and_frozen" if freeze else "suspended")


@bp.post("/accounts/<row:account_id>/unsuspend")
def unsuspend(account_id: int) -> Response:
    """Let an account give again."""
    answer = acts.unsuspend(state().runtime, asking.actor(), me(), account_id, reason_given())
    return _after_account(answer, account_id, "unsuspended")


@bp.post("/accounts/<row:account_id>/grant")
def grant(account_id: int) -> Response:
    """Give an account extra credits for this month."""
    credits = request.form.get("credits", 0, type=int)
    answer = acts.grant_credits(
        state().runtime, asking.actor(), me(), account_id, reason_given(), credits=credits
    )
    return _after_account(answer, account_id, "granted")


@bp.get("/articles/<row:article_id>")
def article(article_id: int, error: Deny | None = None) -> Response:
    """Show an article's rights, and what they did."""
    story = people.article_story(state().runtime, article_id)
    if isinstance(story, Deny):
        return refused(story)
    subject = f"article:{article_id}"
    entries = log.read_log(state().runtime, EntryFilter(subject=subject), limit=LATEST).entries
    pictures = story.article.pictures
    text = render_template(
        "admin/article.html",
        article=story.article,
        rights=story.article.rights,
        picture_travels=bool(pictures[0].travels) if pictures else None,
        open_gifts=story.open_gifts,
        entries=[shown_entry(each) for each in entries],
        error=error,
    )
    return make_response(text, 200 if error is None else status_of(error))


@bp.post("/articles/<row:article_id>/rights")
def change_rights(article_id: int) -> Response:
    """Change an article's gift right, withdraw it or bring it back."""
    change, runtime, actor = request.form.get("change", ""), state().runtime, asking.actor()
    if change in ("giftable", "not_giftable"):
        giftable = change == "giftable"
        answer = acts.change_giving(runtime, actor, me(), article_id, reason_given(), giftable=giftable)
    elif change == "withdraw":
        answer = acts.withdraw_article(runtime, actor, me(), article_id, reason_given())
    elif change == "restore":
        answer = acts.restore_article(runtime, actor, me(), article_id, reason_given())
    else:
        answer = Deny(Reason.REQUEST_INVALID)
    if isinstance(answer, Deny):
        return refused(answer) if answer.reason is Reason.ACCOUNT_FORBIDDEN else article(article_id, answer)
    return redirect(url_for("admin.article", article_id=article_id, done="rights_changed"), 303)


@bp.post("/restore/confirm")
def confirm_restore() -> Response:
    """Open the links again after a restore."""
    answer = acts.confirm_restore(state().runtime, asking.actor(), me(), reason_given())
    if isinstance(answer, Deny):
        return refused(answer)
    return redirect(url_for("admin.log", done="restore_confirmed"), 303)


def _after_gift(answer: Decision, reference: str, done: str) -> Response:
    if isinstance(answer, Permit):
        return redirect(url_for("admin.gift", reference=reference, done=done), 303)
    return refused(answer) if answer.reason is Reason.ACCOUNT_FORBIDDEN else gift(reference, answer)


def _after_account(answer: Decision, account_id: int, done: str) -> Response:
    if isinstance(answer, Permit):
        return redirect(url_for("admin.account", account_id=account_id, done=done), 303)
    return refused(answer) if answer.reason is Reason.ACCOUNT_FORBIDDEN else account(account_id, answer)


def _filter(filters: dict[str, str]) -> EntryFilter:
    texts = {name: filters[name] for name in TEXT_FILTERS}
    texts["subject"] = subject_asked(texts["subject"])
    since, until = day_asked(filters["since"]), day_asked(filters["until"])
    before = request.args.get("before", type=row)
    return EntryFilter(**texts, since=since, until=until and until + timedelta(days=1), before=before)
