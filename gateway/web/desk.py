"""What the desk's templates are handed: entries, gifts and accounts as plain mappings."""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import url_for

from gateway.accounts import Account
from gateway.auditing import EntryFilter, GiftLine, Opening, StoredEntry
from gateway.auditing.log import GiftStory, read_log
from gateway.decision import Deny
from gateway.link import REFERENCE_ALPHABET, standing_at_the_desk
from gateway.period import Allowance
from gateway.visitor import Visitor
from gateway.web import asking
from gateway.web.rows import Network
from gateway.web.showing import shown_gift, shown_person, shown_policy
from gateway.web.speech import Lazy
from gateway.web.speech import Lazy as _
from gateway.web.state import state
from gateway.web.storywords import said

LATEST = 20
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d)?")
CLASSES: Final[Mapping[Visitor, Lazy]] = {
    Visitor.PERSON: _("People, or machines that pass for them"),
    Visitor.PREVIEW: _("Previews"),
    Visitor.AI_CRAWLER: _("Collectors for language models"),
    Visitor.TOOL: _("Other programs"),
    Visitor.SCANNER: _("Mail scanners"),
}

# What the log names by a number: the page on it, and what the number is called in its address.
NAMED: Final = {
    "gift": ("admin.gift", "reference"),
    "licence": ("licences.one", "number"),
    "rule": ("rules.rule", "name"),
}
NUMBERED: Final[Mapping[str, tuple[str, str]]] = {
    "account": ("admin.account", "account_id"),
    "article": ("admin.article", "article_id"),
    "policy": ("policyroom.version", "number"),
    "proposal": ("policyroom.proposal", "number"),
    "simulation": ("replays.page", "number"),
    "case": ("queue.one", "number"),
}


def shown_entry(found: StoredEntry) -> dict[str, Any]:
    """Show an entry, with addresses for whom and what it names."""
    detail = json.loads(found.detail)
    return {
        "id": found.id,
        "at": found.at,
        "event": found.event,
        "outcome": found.outcome,
        "reason": found.reason or None,
        "actor": found.actor,
        "actor_url": page_of(found.actor),
        "subject": found.subject,
        "subject_url": page_of(found.subject),
        "repeats": found.repeats,
        "said": said(detail.pop("because", None)),
        "detail": detail,
    }


def called(code: str, names: Mapping[str, str]) -> str:
    """Call who acted by the name, with what the log calls them behind it; by that alone where there is no name."""
    return f"{names[code]} ({code})" if names.get(code) else code


def latest_entries(subject: str, view: str) -> tuple[StoredEntry, ...]:
    """Read the last entries about something, for its page."""
    wanted = EntryFilter(subject=subject)
    return read_log(state().runtime, asking.actor(), wanted, view=view, limit=LATEST).entries


def subject_asked(text: str) -> str:
    """Read what was typed as an entry's subject: a gift's reference by itself, as on paper, is that gift."""
    typed = text.replace("-", "").replace(" ", "").upper()
    return f"gift:{typed}" if len(typed) == 8 and set(typed) <= set(REFERENCE_ALPHABET) else text


def page_of(name: str) -> str | None:
    """Return the address of the desk's page on whom or what the log names; None where there is none."""
    kind, _, key = name.partition(":")
    if kind in NAMED:
        endpoint, part = NAMED[kind]
        named: dict[str, Any] = {part: key}
        return url_for(endpoint, **named)
    if kind == "network" and re.fullmatch(Network.regex, key):
        return url_for("admin.network", name=key)
    if kind in NUMBERED and key.isdigit():
        endpoint, part = NUMBERED[kind]
        number: dict[str, Any] = {part: int(key)}
        return url_for(endpoint, **number)
    return None


def shown_story(story: GiftStory) -> dict[str, Any]:
    """Show a gift and what became of it: entries, how it was opened, and who looked at its card, people first."""
    return {
        "gift": shown_gift(story.line.gift),
        "article": {"id": story.line.gift.article_id, "headline": story.line.headline},
        "standing": story.standing if isinstance(story.standing, Deny) else None,
        "entries": [shown_entry(each) for each in story.entries],
        "cards": [(CLASSES[each], story.cards[each]) for each in Visitor if each in story.cards],
        "behaviour": story.behaviour,
        "counted": [each for each in story.openings if each.counts],
        "openings": [shown_opening(each) for each in story.openings],
        "networks": [
            {
                "name": each.network.hex(),
                "openings": each.openings,
                "readings": each.readings,
                "first_at": each.first_at,
                "last_at": each.last_at,
                "turned_away_at": each.turned_away_at,
            }
            for each in story.networks
        ],
    }


def shown_opening(found: Opening) -> dict[str, Any]:
    """Show one opening of a gift, with the network's name of its month."""
    names = ("number", "claimed_at", "served_at", "confirmed_at", "lapsed_at", "given_back_at")
    shown = {name: getattr(found, name) for name in names}
    return shown | {"network": None if found.network is None else found.network.hex()}


def shown_gift_line(line: GiftLine) -> dict[str, Any]:
    """Show a gift in a table."""
    runtime = state().runtime
    decision = standing_at_the_desk(line.gift, runtime.keys.signer.key_ids, runtime.clock())
    names = (
        "reference",
        "issued_at",
        "expires_at",
        "readers",
        "confirmed",
        "unconfirmed",
        "unconfirmed_bound",
    )
    shown = {name: getattr(line.gift, name) for name in names}
    return {**shown, "headline": line.headline, "standing": decision if isinstance(decision, Deny) else None}


def shown_account(found: Account, allowance: Allowance | None = None) -> dict[str, Any]:
    """Show an account, with its present month where a list says it."""
    person = shown_person(found)
    label = person.plan_label if person is not None else ""
    return {
        "id": found.id,
        "name": found.name or f"account:{found.id}",
        "email": "" if found.erased else found.email,
        "erased": found.erased,
        "role": found.role,
        "plan_label": label,
        "suspended_at": found.suspended_at,
        "allowance": allowance,
    }


def instant_asked(text: str, *, after: timedelta = timedelta()) -> datetime | None:
    """Read a day, or a minute of one, in the publisher's zone: a day is its first instant and `after` more.

    Raises ValueError for anything else.
    """
    if not text:
        return None
    if not _INSTANT.fullmatch(text):
        raise ValueError(text)
    found = datetime.fromisoformat(text)
    if not date.min.year < found.year < date.max.year:
        raise ValueError("a day at the calendar's edge has no day before or after it in every zone")
    whole_day = after if len(text) == len("2026-03-10") else timedelta()
    return (found + whole_day).replace(tzinfo=ZoneInfo(shown_policy().zone))


def today() -> str:
    """Name the present day of the publisher's zone."""
    return state().runtime.clock().astimezone(ZoneInfo(shown_policy().zone)).date().isoformat()
