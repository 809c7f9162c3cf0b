"""The gallery's pages of the desk's queue: a busy one, an empty one, and cases of every kind in every state."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask

from gateway.auditing.queue import CaseLine, CaseStory, QueuePage, Waiting
from gateway.case import Case, Evidence, Kind, acts_on
from gateway.decision import Deny, Reason
from gateway.link import Gift
from gateway.web.queue import shown_case, shown_queue

NOW = datetime(2026, 7, 14, 9, 41, 7, tzinfo=UTC)
ME, OTHER = 3, 4
HEADLINE = "A harbour keeps its figures in ink, and will not be told that there is a better way to do it"
RULED = {"rule": "link-networks-hard", "metric": "networks", "then": "freeze", "count": 31, "firing": 12}
LEAKED = {"rule": "subscriber-leaks-soft", "metric": "spread_links", "then": "log", "count": 3, "firing": 13}
SPIKED = {"figure": "claimed", "month": "2026-07", "count": 12840, "before": 19215}
GROUND = {"ground": "freeze", "rule": "link-networks-hard", "since": "2026-07-14T08:00:00.000000Z"}
WORDS = "I sent it to my sister and to nobody else.\nShe says that her school put it on the board."


def _line(number: int, kind: Kind, name: str, subject: str, **more: Any) -> CaseLine:
    case = Case(number, kind, subject, 1, NOW - timedelta(hours=70 - 9 * number), 1, None, None, None, "", "")
    changed = {key: more[key] for key in more if key not in ("figures", "words", "owner")}
    evidence = Evidence(kind, subject, f"sample:{number}", NOW - timedelta(hours=2), more.get("figures", {}),
                        more.get("words", ""))  # fmt: skip
    return CaseLine(replace(case, **changed), name, evidence, more.get("owner", ""))


def _lines() -> list[CaseLine]:
    return [
        _line(1, Kind.SPREADING_LINK, HEADLINE, "gift:K7QD2M4X", figures=RULED, pieces=3),
        _line(2, Kind.LEAKER, "Paul Okafor", "account:1", figures=LEAKED, owner_id=OTHER, owned_at=NOW, owner="Otto Frey"),
        _line(3, Kind.SPIKE, "The tide book", "article:4", figures=SPIKED),
        _line(4, Kind.LICENCE_REQUEST, "The tide book", "licence:7QX2M4KD", figures={"purpose": "teaching", "characters": 1097}),
        _line(5, Kind.REPORTED_NOTE, HEADLINE, "gift:K7QD2M4X", owner_id=ME, owned_at=NOW, owner="Ines Haas"),
        _line(6, Kind.DISPUTE, "The tide book", "gift:TR8KQ2ZM", figures=GROUND, words=WORDS),
    ]  # fmt: skip


def _closed() -> CaseLine:
    because = "It was one university; the librarian wrote to us."
    return _line(7, Kind.SPREADING_LINK, HEADLINE, "gift:K7QD2M4X", figures=RULED, closed_at=NOW,
                 closed_by="account:3", closing_reason=because)  # fmt: skip


def _gift(**more: Any) -> Gift:
    values = dict.fromkeys(Gift.__dataclass_fields__) | {
        "reference": "K7QD2M4X",
        "account_id": 1,
        "note": "",
        "frozen_because": "",
    }
    return Gift(**(values | more))


def _story(found: CaseLine, gift: Gift | None = None, *, may_act: bool = True) -> CaseStory:
    more = [
        replace(found.evidence, at=NOW - timedelta(hours=3 + each)) for each in range(found.case.pieces - 1)
    ]
    acts = acts_on(found.case, ME) if may_act else ()
    names = {"account:3": "Ines Haas"}
    return CaseStory(
        found, (found.evidence, *more), (), acts, ((5, "Uta Lind"), (6, "Mats Berg")), gift, names
    )


def queue_pages(
    desk: dict[str, Any], endpoints: Mapping[str, str], auditor: Any, entries: list[Any]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield name, template and values of each page of the queue."""
    app = Flask("queue")
    for endpoint, rule in endpoints.items():
        app.add_url_rule(rule, endpoint=endpoint, view_func=lambda **_: "")
    with app.test_request_context():
        yield from _lists(desk, auditor)
        yield from _cases(desk, auditor, entries)


def _lists(desk: dict[str, Any], auditor: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    page, first = "admin/queue.html", {"first": True}
    counts = dict.fromkeys(Kind, 1)
    owned = Waiting(counts, dict.fromkeys(list(Kind)[:4], 1), {Kind.REPORTED_NOTE: 1})
    full = QueuePage(tuple(_lines()), owned, 6, NOW)
    quiet = QueuePage((), Waiting({}, {}, {}), None, NOW)
    yield "queue", page, desk | first | shown_queue(full, None, "", closed=False)
    yield "queue-quiet", page, desk | first | shown_queue(quiet, None, "", closed=False) | {"person": auditor}
    yield "queue-none", page, desk | first | shown_queue(quiet, Kind.SPIKE, "mine", closed=False)
    done = replace(full, lines=(_closed(),), past=None)
    yield "queue-closed", page, desk | first | shown_queue(done, None, "", closed=True)


def _cases(
    desk: dict[str, Any], auditor: Any, entries: list[Any]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    lines = _lines()
    spread = _gift(frozen_at=NOW - timedelta(hours=2), frozen_because="rule:link-networks-hard")
    told = desk | {"error": None}
    refused = {"error": Deny(Reason.CASE_TAKEN, since=NOW)}
    stories: dict[str, tuple[CaseStory, dict[str, Any]]] = {
        "spreading": (_story(lines[0], spread), {}),
        "leaker": (_story(lines[1]), refused),
        "spike": (_story(lines[2]), {}),
        "licence": (_story(lines[3]), {}),
        "note": (_story(lines[4], _gift(note="You told me about the gauge on the mole.")), {}),
        "dispute": (_story(lines[5], spread), {}),
        "closed": (_story(_closed(), _gift(revoked_at=NOW)), {}),
        "auditor": (_story(lines[0], spread, may_act=False), {"person": auditor}),
    }
    for name, (story, more) in stories.items():
        shown = told | shown_case(story) | {"entries": entries[4:6]} | more
        yield f"case-{name}", "admin/case.html", shown
