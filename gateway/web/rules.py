"""The desk's page on bulk rules: whom they keep from something, what they did, and lifting one."""

from typing import Any

from flask import Blueprint, make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from gateway.auditing import RuleReport, ruling, spreading
from gateway.decision import Deny, Permit
from gateway.firing import Firing
from gateway.guard import Rule
from gateway.web import asking
from gateway.web.admin import after, reason_given, restored, word_given
from gateway.web.desk import page_of
from gateway.web.deskgifts import gift
from gateway.web.guards import at_the_desk, me
from gateway.web.refusals import refused, status_of
from gateway.web.rows import row
from gateway.web.rulewords import THEN, rule_in_words, span
from gateway.web.state import state

bp = Blueprint("rules", __name__, url_prefix="/admin")
bp.before_request(at_the_desk)
bp.context_processor(restored)


@bp.get("/rules")
def rules(error: Deny | None = None) -> Response:
    """Show the rules of the policy in force, what they did, and whom they keep from something now."""
    before = request.args.get("before", type=row)
    found = ruling.ruling(state().runtime, before=before)
    done = {(each.rule, each.mode): each for each in found.report}
    text = render_template(
        "admin/rules.html",
        rules=[_shown_rule(rule, done.get((rule.name, rule.mode))) for rule in found.rules],
        firings=[shown_firing(each) for each in found.in_force],
        since=found.since,
        older=found.older and url_for("rules.rules", before=found.older),
        newer=before and url_for("rules.rules"),
        error=error,
    )
    return make_response(text, 200 if error is None else status_of(error))


@bp.get("/rules/<name>")
def rule(name: str) -> Response:
    """Show what one rule says, in words, and what it did."""
    before = request.args.get("before", type=row)
    story = spreading.rule_story(state().runtime, asking.actor(), name, before=before)
    if isinstance(story, Deny):
        return refused(story)
    text = render_template(
        "admin/rule.html",
        name=name,
        says=None if story.rule is None else rule_in_words(story.rule),
        rule=None if story.rule is None else _shown_rule(story.rule, None),
        days=story.days,
        most=max(count for _, count in story.days),
        firings=[shown_firing(each) for each in story.firings],
        log_url=url_for("admin.log", rule=name),
        older=story.older and url_for("rules.rule", name=name, before=story.older),
        newer=before and url_for("rules.rule", name=name),
    )
    return make_response(text)


@bp.post("/rules/<row:firing_id>/lift")
def lift(firing_id: int) -> Response:
    """End what a rule did to somebody."""
    answer = ruling.lift(state().runtime, asking.actor(), me(), firing_id, reason_given())
    return after(answer, url_for("rules.rules", done="lifted"), rules)


@bp.post("/gifts/<reference:reference>/replace")
def replace(reference: str) -> Response:
    """Give the giver of a link that spread a new one, free of charge."""
    answer = ruling.replace_gift(state().runtime, asking.actor(), me(), reference, word_given())
    if isinstance(answer, Deny):
        return after(answer, "", lambda error: gift(reference, error))
    return after(Permit(), url_for("admin.gift", reference=answer.reference, done="replaced"), rules)


def shown_firing(firing: Firing) -> dict[str, Any]:
    """Show what a rule did to somebody."""
    return {
        "id": firing.id,
        "rule": firing.rule,
        "rule_url": url_for("rules.rule", name=firing.rule),
        "who": firing.who,
        "who_url": page_of(firing.who),
        "then": THEN[firing.then],
        "mode": firing.mode.value,
        "count": firing.count,
        "at": firing.at,
        "until": firing.until,
        "level": firing.level,
        "lifted_at": firing.lifted_at,
    }


def _shown_rule(rule: Rule, report: RuleReport | None) -> dict[str, Any]:
    return {
        "name": rule.name,
        "metric": rule.metric.value,
        "by": rule.by.value,
        "over": rule.over,
        "per": span(rule.per),
        "then": THEN[rule.then],
        "lasts": span(rule.lasts) if rule.lasts is not None else None,
        "mode": rule.mode.value,
        "firings": report.firings if report is not None else 0,
        "people": report.people if report is not None else 0,
        "lifted": report.lifted if report is not None else 0,
    }
