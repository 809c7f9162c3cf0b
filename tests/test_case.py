"""A case as it stands: which acts it allows, and what a rule's firing or a giver's word is evidence of."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.case import Case, CaseAct, Kind, Standing, acts_on, decide, kind_of
from gateway.decision import Deny, Permit, Reason
from gateway.firing import Firing
from gateway.guard import By, Metric, Mode, Then

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
ME, OTHER = 7, 8


def case(kind: Kind = Kind.SPIKE, owner: int | None = None, *, closed: bool = False) -> Case:
    """Make a case."""
    owned_at = None if owner is None else NOW
    return Case(1, kind, "article:4", None, NOW, 1, owner, owned_at, NOW if closed else None, "", "")


def firing(metric: Metric, by: By, mode: Mode = Mode.ENFORCE, lifted_at: datetime | None = None) -> Firing:
    """Make a firing."""
    until = NOW + timedelta(days=1)
    return Firing(1, "a-rule", metric, by, "gift:K7QD2M4X", Then.LOG, mode, 31, NOW, until, 0, lifted_at)


ALLOWED = [
    (case(), Standing.OPEN, {CaseAct.TAKE, CaseAct.CLOSE}),
    (case(owner=ME), Standing.OWNED, {CaseAct.HAND_OVER, CaseAct.GIVE_BACK, CaseAct.CLOSE}),
    (case(owner=OTHER), Standing.OWNED, {CaseAct.HAND_OVER}),
    (case(closed=True), Standing.CLOSED, {CaseAct.REOPEN}),
    (case(owner=ME, closed=True), Standing.CLOSED, {CaseAct.REOPEN}),
    (case(Kind.LICENCE_REQUEST), Standing.OPEN, {CaseAct.TAKE}),
    (case(Kind.LICENCE_REQUEST, ME), Standing.OWNED, {CaseAct.HAND_OVER, CaseAct.GIVE_BACK}),
    (case(Kind.LICENCE_REQUEST, closed=True), Standing.CLOSED, set()),
]


@pytest.mark.parametrize(("found", "standing", "allowed"), ALLOWED)
def test_a_case_allows_what_it_allows_and_nothing_else(
    found: Case, standing: Standing, allowed: set[CaseAct]
) -> None:
    assert found.standing is standing
    assert set(acts_on(found, ME)) == allowed


def test_a_refusal_says_why() -> None:
    refused = {
        (act, found.standing, found.kind): answer.reason
        for found, _, _ in ALLOWED
        for act in CaseAct
        if isinstance(answer := decide(act, found, ME), Deny)
    }
    assert refused[CaseAct.TAKE, Standing.OWNED, Kind.SPIKE] is Reason.CASE_TAKEN
    assert refused[CaseAct.GIVE_BACK, Standing.OPEN, Kind.SPIKE] is Reason.CASE_NOT_TAKEN
    assert refused[CaseAct.CLOSE, Standing.CLOSED, Kind.SPIKE] is Reason.CASE_CLOSED
    assert refused[CaseAct.REOPEN, Standing.OPEN, Kind.SPIKE] is Reason.CASE_NOT_CLOSED
    assert refused[CaseAct.CLOSE, Standing.OPEN, Kind.LICENCE_REQUEST] is Reason.CASE_FOLLOWS
    assert isinstance(decide(CaseAct.TAKE, case(owner=ME), ME), Permit)


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (firing(Metric.NETWORKS, By.LINK), Kind.SPREADING_LINK),
        (firing(Metric.CLAIMS, By.LINK), Kind.SPREADING_LINK),
        (firing(Metric.NETWORKS, By.SUBSCRIBER), Kind.LEAKER),
        (firing(Metric.SPREAD_LINKS, By.SUBSCRIBER), Kind.LEAKER),
        (firing(Metric.ARTICLES, By.SUBSCRIBER), None),
        (firing(Metric.NETWORKS, By.ARTICLE), None),
        (firing(Metric.NETWORKS, By.LINK, Mode.MONITOR), None),
        (firing(Metric.NETWORKS, By.LINK, lifted_at=NOW), None),
    ],
)
def test_what_becomes_of_links_wants_a_person(found: Firing, kind: Kind | None) -> None:
    assert kind_of(found) is kind
