"""Going on to subscribe: the stamp that a page's links carry, and what is noted of whoever follows one."""

from collections.abc import Callable

from flask import request

from gateway.reading import using
from gateway.web import asking
from gateway.web.state import state

ORIGINS = frozenset({"card", "article", "teaser", "refusal"})
ALIKE = ("same-origin", None)


def click(origin: str, subject: str) -> Callable[[], str]:
    """Return what stamps the links to subscribe of one page: from where, and on which gift or article it is."""
    return lambda: state().click_stamp.sign(f"{origin}/{subject}", state().runtime.clock())


def note_click() -> None:
    """Note that this request follows a stamped link of ours; a page that is fetched ahead or by a machine is none."""
    stamp = state().click_stamp.verify(request.args.get("via", ""))
    fetched = request.headers.get("Sec-Fetch-Site"), request.headers.get("Sec-Fetch-Mode", "navigate")
    if stamp is None or request.method != "GET" or fetched[0] not in ALIKE or fetched[1] != "navigate":
        return
    origin, _, subject = stamp[0].partition("/")
    if origin in ORIGINS:
        using.go_on_to_subscribe(
            state().runtime, asking.visit(), subject=subject, origin=origin, shown_at=stamp[1]
        )
