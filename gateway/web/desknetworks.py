"""The desk's page on one network: what it did, under the name that it has for a month."""

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from gateway.auditing import spreading
from gateway.decision import Deny
from gateway.web import asking
from gateway.web.admin import bp
from gateway.web.desk import shown_entry
from gateway.web.refusals import refused
from gateway.web.rows import row
from gateway.web.rules import shown_firing
from gateway.web.state import state


@bp.get("/networks/<network:name>")
def network(name: str) -> Response:
    """Show what a network did."""
    before = request.args.get("before", type=row)
    story = spreading.network_story(state().runtime, asking.actor(), name, before=before)
    if isinstance(story, Deny):
        return refused(story)
    text = render_template(
        "admin/network.html",
        name=name,
        story=story,
        firings=[shown_firing(each) for each in story.firings],
        entries=[shown_entry(each) for each in story.entries],
        log_url=url_for("admin.log", subject=f"network:{name}"),
        older=story.older and url_for("admin.network", name=name, before=story.older),
        newer=before and url_for("admin.network", name=name),
    )
    return make_response(text)
