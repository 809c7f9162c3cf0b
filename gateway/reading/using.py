"""What readers did with gifts, counted outside their requests: acts as COUNTER counts them, and going on to subscribe."""

from datetime import datetime, timedelta

from gateway.decision import Deny
from gateway.ledger import Entry, Event
from gateway.link import CONFIRM_AFTER
from gateway.reading.visit import Visit
from gateway.runtime import Runtime
from gateway.usage import DENIALS, Act, Use
from gateway.visitor import Visitor

# A page that was left open since yesterday tells nothing of why somebody goes on today.
CLICK_WITHIN = timedelta(days=1)


def note_use(runtime: Runtime, visit: Visit, article_id: int, act: Act, now: datetime) -> None:
    """Count what a person did; machines, and who cannot be told apart from others, are not counted."""
    if visit.visitor == Visitor.PERSON and visit.who:
        runtime.tally.add_use(Use(visit.who, article_id, act, now))


def note_denial(runtime: Runtime, visit: Visit, article_id: int, why: Deny, now: datetime) -> None:
    """Count that a person was turned away, where the reason is one that COUNTER has a word for."""
    act = DENIALS.get(why.reason)
    if act is not None:
        note_use(runtime, visit, article_id, act, now)


def note_withheld(runtime: Runtime, visit: Visit) -> None:
    """Count a machine that asked for an article and was kept from its text."""
    runtime.tally.add_withheld(visit.visitor, runtime.clock())


def go_on_to_subscribe(
    runtime: Runtime, visit: Visit, *, subject: str, origin: str, shown_at: datetime
) -> bool:
    """Note that a reader went on from a gift or an article to see what a subscription offers; tells whether it counts.

    It spends nothing. It counts for people who are not signed in, from three seconds to a day after the page was
    shown by our clock, and once a day for each network and subject; the entry names neither device nor network.
    """
    now = runtime.clock()
    waited = now - shown_at
    person = visit.visitor == Visitor.PERSON and visit.account is None and visit.network is not None
    if not (person and CONFIRM_AFTER <= waited <= CLICK_WITHIN):
        return False
    line = Entry(now, visit.actor, Event.SUBSCRIBE_CLICKED, subject, detail={"from": origin})
    runtime.tally.add_click(visit.network or b"", line)
    return True
