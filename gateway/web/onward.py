"""Sending somebody who needs no gift, or has one already, straight on to the article."""

from flask import redirect, url_for
from werkzeug.wrappers import Response

from gateway.reading.opening import Straight


def straight_on(way: Straight) -> Response:
    """Send somebody on to the article's own address; for good where it became free."""
    if way.free:
        return redirect(url_for("reader.article", slug=way.slug), 301)
    return redirect(url_for("reader.article", slug=way.slug, own=way.own or None), 303)
