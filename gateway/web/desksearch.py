"""The desk's one search field, and its list of articles."""

from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gateway.auditing import searching
from gateway.auditing.searching import Hit
from gateway.decision import Deny
from gateway.web.admin import bp
from gateway.web.desk import page_of, shown_account
from gateway.web.refusals import status_of
from gateway.web.rows import row
from gateway.web.state import state


@bp.post("/search")
def search() -> Response:
    """Lead to the page of what was typed or pasted; what may be several things, to a list of them.

    A gift link is sent here in a form, never in an address: it opens the gift to whoever reads the address.
    """
    typed = request.form.get("q", "")
    meant = searching.find_meant(state().runtime, typed)
    if isinstance(meant, Deny):
        return _answer("", meant)
    if meant is not None:
        return redirect(_page(meant), 303)
    return redirect(url_for("admin.found", q=typed.strip()[: searching.LONGEST_WORD]), 303)


@bp.get("/search")
def found() -> Response:
    """List the accounts and the articles whose names hold a word."""
    typed = request.args.get("q", "").strip()[: searching.LONGEST_WORD]
    if searching.holds_link(typed):
        return redirect(url_for("admin.found"), 303)
    return _answer(typed)


@bp.get("/articles")
def articles() -> Response:
    """List articles."""
    wanted = request.args.get("q", "").strip()[: searching.LONGEST_WORD]
    before = request.args.get("before", type=row)
    page = searching.list_articles(state().runtime, like=wanted, before=before)
    asked: dict[str, Any] = {"q": wanted} if wanted else {}
    text = render_template(
        "admin/articles.html",
        articles=page.articles,
        q=wanted,
        older=page.older and url_for("admin.articles", before=page.older, **asked),
        newer=before and url_for("admin.articles", **asked),
    )
    return make_response(text)


def _answer(typed: str, error: Deny | None = None) -> Response:
    shown: dict[str, Any] = {"accounts": [], "articles": []}
    if typed:
        matches = searching.find_matches(state().runtime, typed)
        people = [shown_account(each.account, each.allowance) for each in matches.accounts]
        shown = {"accounts": people, "articles": matches.articles}
    text = render_template("admin/search.html", q=typed, error=error, few=searching.FEW, **shown)
    return make_response(text, 200 if error is None else status_of(error))


def _page(hit: Hit) -> str:
    if hit.kind == "day":
        return url_for("admin.log", since=hit.key, until=hit.key)
    if hit.kind == "event":
        return url_for("admin.log", event=hit.key)
    if hit.kind == "reason":
        return url_for("admin.log", reason=hit.key)
    named = f"{hit.kind}:{hit.key}"
    if hit.kind == "reader":
        return url_for("admin.log", actor=named)
    return page_of(named) or url_for("admin.log", subject=named)
