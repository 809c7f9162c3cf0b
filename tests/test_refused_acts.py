"""An act of the desk that a rule of ours refuses is an entry, which names the act and what it was on; a slip of the pen is none."""

import html
import json
import re

import pytest

from gateway.sharing.issuing import Issued
from tests.people import Person
from tests.served import Site
from tests.test_admin_desk import ACTS, ADA, SURE, admin, app, auditor, clock, entries, given, sign_in
from tests.test_gift_links import Clock

__all__ = ["admin", "app", "auditor", "clock", "given", "sign_in"]

# What each of ACTS would have been in the log, in their order, and on what.
MEANT = [
    ("gift:revoked", "gift:{gift}"),
    ("gift:frozen", "gift:{gift}"),
    ("gift:thawed", "gift:{gift}"),
    ("gift:replaced", "gift:{gift}"),
    ("reading:given_back", "gift:{gift}"),
    ("account:suspended", "account:1"),
    ("account:unsuspended", "account:1"),
    ("credit:granted", "account:1"),
    ("credit:taken_back", "account:1"),
    ("session:all_ended", "account:1"),
    ("session:everyone_ended", "gateway"),
    ("article:rights_changed", "article:1"),
    ("article:rights_changed", "article:1"),
    ("article:rights_changed", "article:1"),
    ("article:rights_changed", "article:1"),
    ("backup:confirmed", "gateway"),
]
POLICY = {"name": "x.toml", "text": "publisher = 7", "reason": "Because", "when": "soon", "act": "propose"}


def refused(site: Site) -> tuple[str, str, str]:
    """Tell which act the newest entry refuses, on what and why."""
    (line, *_) = entries(site, event="account:act_refused")
    assert line.outcome == "deny"
    return str(json.loads(line.detail)["act"]), line.subject, line.reason


def test_a_refused_act_is_named_with_what_it_was_on(
    site: Site, auditor: Person, given: Issued, clock: Clock
) -> None:
    for (address, form), (act, subject) in zip(ACTS, MEANT, strict=True):
        auditor.act(address.format(gift=given.gift.reference), reason="I would like to", **form)
        wanted = (act, subject.format(gift=given.gift.reference), "account:forbidden")
        assert refused(site) == wanted, address
        clock.pass_by(minutes=2)
    others = (
        ("/admin/policy/new", "policy:proposed", "account:3", POLICY | {"step": "propose"}),
        ("/admin/policy/new", "simulation:asked", "account:3", POLICY | {"step": "simulate", "days": "7"}),
        ("/admin/policy/versions/1/withdraw", "policy:withdrawn", "policy:1", {}),
        ("/admin/policy/proposals/9/approve", "policy:approved", "proposal:9", {}),
        ("/admin/policy/proposals/9/reject", "policy:rejected", "proposal:9", {}),
        ("/admin/policy/proposals/9/withdraw", "policy:withdrawn", "proposal:9", {}),
        ("/admin/policy/replays/9/stop", "simulation:ended", "simulation:9", {}),
        ("/admin/licences/7QX2M4KD/state", "licence:state_changed", "licence:7QX2M4KD", {"state": "closed"}),
        ("/admin/rules/9/lift", "rule:lifted", "account:3", {}),
    )
    for address, act, subject, more in others:
        auditor.act(address, **{"reason": "I would like to"} | more)
        assert refused(site) == (act, subject, "account:forbidden"), address
        clock.pass_by(minutes=2)


def test_coming_in_and_a_foreign_form_are_named_too(
    site: Site, admin: Person, sign_in: object, clock: Clock
) -> None:
    assert callable(sign_in)
    sign_in(1).see("/admin/log")
    assert refused(site) == ("desk", "account:1", "account:forbidden")
    clock.pass_by(minutes=2)
    admin.act("/admin/accounts/1/suspend", csrf=False, reason="From elsewhere")
    assert refused(site) == ("form", f"account:{ADA}", "claim:foreign_origin")


@pytest.mark.parametrize(
    ("address", "form", "told"),
    [
        ("/admin/accounts/4/grant", {"credits": "3", "idempotency_key": "k"}, ("credit:granted", "account:4", "account:without_plan")),
        ("/admin/gifts/{gift}/replace", SURE, ("gift:replaced", "gift:{gift}", "gift:not_spread")),
        ("/admin/policy/versions/1/withdraw", {}, ("policy:withdrawn", "policy:1", "policy:unknown")),
        ("/admin/policy/new", POLICY | {"step": "propose"}, ("policy:proposed", f"account:{ADA}", "policy:invalid")),
        (
            "/admin/policy/new",
            POLICY | {"step": "propose", "text": "#" * 70_000},
            ("policy:proposed", f"account:{ADA}", "policy:too_large"),
        ),
        (
            "/admin/policy/new",
            POLICY | {"step": "simulate", "days": "7"},
            ("simulation:asked", f"account:{ADA}", "policy:invalid"),
        ),
        (
            "/admin/policy/new",
            POLICY | {"step": "simulate", "days": "7", "text": "#" * 70_000},
            ("simulation:asked", f"account:{ADA}", "policy:too_large"),
        ),
    ],
)  # fmt: skip
def test_what_a_rule_of_ours_refuses_an_admin_is_an_entry(
    site: Site, admin: Person, given: Issued, address: str, form: dict[str, str], told: tuple[str, str, str]
) -> None:
    gift = given.gift.reference
    assert admin.act(address.format(gift=gift), **{"reason": "Because"} | form).status_code >= 400
    assert refused(site) == tuple(part.format(gift=gift) for part in told)


def test_the_policy_in_force_proposed_again_is_an_entry(site: Site, admin: Person, clock: Clock) -> None:
    assert site.runtime.clock is clock
    page = admin.see("/admin/policy/new").text
    found = re.search(r'<textarea id="text".*?>(.*?)</textarea>', page, re.DOTALL)
    assert found is not None
    again = POLICY | {"step": "propose", "text": html.unescape(found[1]).removeprefix("\n")}
    assert admin.act("/admin/policy/new", **again).status_code == 422
    assert refused(site) == ("policy:proposed", f"account:{ADA}", "policy:same")


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/admin/policy/new", POLICY | {"step": "check"}),
        ("/admin/policy/new", POLICY | {"step": "check", "text": "#" * 70_000}),
        ("/admin/policy/new", POLICY | {"step": "propose", "when": "never"}),
        ("/admin/articles/1/rights", {"change": "nonsense"}),
        ("/admin/accounts/999/grant", {"credits": "1"}),
        ("/admin/gifts/NOBODYS1/freeze", {}),
    ],
)
def test_a_slip_of_the_pen_and_what_is_not_there_leave_no_entry(
    site: Site, admin: Person, address: str, form: dict[str, str]
) -> None:
    assert admin.act(address, **{"reason": "Because"} | form).status_code >= 400
    assert entries(site, outcome="deny") == []
