"""The desk's page on one article: its rights, what they did, and changing them."""

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from gateway.auditing import articleacts, people, spreading
from gateway.decision import Decision, Deny, Reason
from gateway.web import asking
from gateway.web.admin import after, bp, reason_given, word_given
from gateway.web.desk import latest_entries, shown_entry, shown_gift_line
from gateway.web.guards import me
from gateway.web.refusals import refused, status_of
from gateway.web.rows import row
from gateway.web.state import state


@bp.get("/articles/<row:article_id>")
def article(article_id: int, error: Deny | None = None) -> Response:
    """Show an article's rights, and what they did."""
    story = people.article_story(state().runtime, article_id)
    if isinstance(story, Deny):
        return refused(story)
    subject = f"article:{article_id}"
    entries = latest_entries(subject, "article")
    before = request.args.get("before", type=row)
    spread = spreading.article_spread(state().runtime, article_id, before=before)
    pictures, withdrawn_at = story.article.pictures, story.article.rights.withdrawn_at
    text = render_template(
        "admin/article.html",
        article=story.article,
        rights=story.article.rights,
        withdrawn=withdrawn_at is not None and withdrawn_at <= state().runtime.clock(),
        picture_travels=bool(pictures[0].travels) if pictures else None,
        open_gifts=story.open_gifts,
        spread=spread,
        gifts=[shown_gift_line(each) for each in spread.gifts],
        older=spread.older and url_for("admin.article", article_id=article_id, before=spread.older),
        newer=before and url_for("admin.article", article_id=article_id),
        entries=[shown_entry(each) for each in entries],
        error=error,
    )
    return make_response(text, 200 if error is None else status_of(error))


@bp.post("/articles/<row:article_id>/rights")
def change_rights(article_id: int) -> Response:
    """Change an article's gift right, withdraw it or bring it back."""
    page = url_for("admin.article", article_id=article_id, done="rights_changed")
    return after(_changed(article_id), page, lambda error: article(article_id, error))


def _changed(article_id: int) -> Decision:
    change, runtime, actor = request.form.get("change", ""), state().runtime, asking.actor()
    if change in ("giftable", "not_giftable"):
        return articleacts.change_giving(
            runtime,
            actor,
            me(),
            article_id,
            word_given(),
            giftable=change == "giftable",
        )
    if change == "withdraw":
        return articleacts.withdraw_article(runtime, actor, me(), article_id, word_given())
    if change == "restore":
        return articleacts.restore_article(runtime, actor, me(), article_id, reason_given())
    return Deny(Reason.REQUEST_INVALID)
