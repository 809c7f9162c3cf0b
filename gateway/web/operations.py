"""What an operator's machines ask: alive, ready, how much; and a line of the log for every answer."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Final

from flask import Blueprint, Flask, Response, g, jsonify, make_response, request

from gateway import metrics
from gateway.keeping.readiness import OK, readiness
from gateway.logs import note_request
from gateway.web import asking, limits
from gateway.web.state import itself, state

bp = Blueprint("operations", __name__)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def install(app: Flask) -> None:
    """Measure, count and log every answer of `app`; to be installed first, so that nothing is left out of the time."""

    @app.before_request
    def start_the_watch() -> Response | None:
        g.started = time.perf_counter()
        # Whoever asks how it goes is answered before anything else looks the policy up in a database that may be away.
        return PROBES[request.endpoint]() if request.endpoint in PROBES else None

    @app.after_request
    def note_the_answer(response: Response) -> Response:
        asked, noted = itself(request), itself(g)
        seconds = time.perf_counter() - noted.started
        # The route's name and never the path, which may hold a token.
        endpoint = asked.endpoint or "none"
        metrics.count_request(endpoint, response.status_code, seconds)
        method = asked.method if asked.method in METHODS else "other"
        note_request(
            # Neither is worth a line each time: what asks every few seconds, and what anybody can send without end.
            logging.DEBUG if endpoint in PROBES or "nobody" in noted else logging.INFO,
            f'"method": "{method}", "endpoint": "{endpoint}", "status": {response.status_code}, '
            f'"ms": {round(seconds * 1000, 1)}, "visitor": "{asking.visitor().value}", '
            f'"request_id": "{noted.get("request_id", "")}"',
        )
        return response


@bp.get("/healthz")
def alive() -> Response:
    """Say that the process answers; asks nothing of anybody."""
    response = make_response("alive\n")
    response.mimetype = "text/plain"
    return response


@bp.get("/readyz")
def ready() -> Response:
    """Say whether the process can do its work, part by part: 200, or 503 while one cannot.

    An alarm about the log's sealing is told among the parts and turns nobody away.
    """
    parts = asdict(readiness(state().runtime)) | {"limits": OK if limits.store_answers() else "away"}
    all_well = all(standing == OK for part, standing in parts.items() if part != "log")
    response = jsonify(ready=all_well, parts=parts)
    response.status_code = 200 if all_well else 503
    return response


@bp.get("/metrics")
def figures() -> Response:
    """Give Prometheus its figures."""
    response = make_response(metrics.exposition())
    response.headers["Content-Type"] = metrics.CONTENT_TYPE
    return response


PROBES: Final[Mapping[str | None, Callable[[], Response]]] = {
    f"{bp.name}.{view.__name__}": view for view in (alive, ready, figures)
}
