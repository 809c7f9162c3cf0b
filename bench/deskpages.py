"""Which pages of the desk are measured: all that the app itself has below the desk's address, and views of some of them.

A new page is measured without being named here. Each is an address for each number, over another row each time.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from flask import Flask
from werkzeug.routing import Rule

from bench import world as worlds
from bench import years
from bench.years import MONTHS, Years

Fill = Callable[[Years, int], str]


def _gift(of: Years, number: int) -> int:
    return number * 104_729 % of.world.gifts + 1


def _account(of: Years, number: int) -> str:
    return str(of.world.account_of(_gift(of, number)))


def _day(of: Years, number: int) -> str:
    return f"{of.at(number * 1_299_709 % of.entries):%Y-%m-%d}"


def _device(of: Years, number: int) -> str:
    return sha256(worlds.device(_gift(of, number)).encode()).hexdigest()[:16]


# What stands for a variable part of an address, by its name.
PARTS: Mapping[str, Fill] = {
    "reference": lambda of, number: worlds.reference(_gift(of, number)),
    "account_id": _account,
    "article_id": lambda _of, number: str(number % worlds.ARTICLES + 1),
    "network": lambda _of, number: years.network(number).hex(),
}
# The same where the name says too little, by the whole rule.
OF_RULES: Mapping[str, Mapping[str, Fill]] = {
    "/admin/networks/<network:name>": {"name": lambda _of, number: years.network(number).hex()},
    "/admin/report/<name>": {"name": lambda _of, number: MONTHS[number % len(MONTHS)]},
    "/admin/rules/<name>": {"name": lambda _of, _number: "office"},
    "/admin/licences/<number>": {
        "number": lambda of, number: worlds.reference(number % max(1, of.world.gifts // 500) + 1)
    },
    "/admin/policy/versions/<row:number>": {"number": lambda _of, _number: "1"},
    "/admin/policy/proposals/<row:number>": {"number": lambda _of, _number: "1"},
}
# Views of a page, by what its address asks for.
VIEWS: Mapping[str, Mapping[str, Fill]] = {
    "/admin": {
        "period=year": lambda _of, _number: "period=year",
        "period=year&rank=confirmed": lambda _of, _number: "period=year&rank=confirmed",
        "23 months": lambda _of, _number: "since=2025-01-01&until=2026-11-20",
    },
    "/admin/usage": {"23 months": lambda _of, _number: "since=2025-01&until=2026-11"},
    "/admin/usage/item-report.csv": {"23 months": lambda _of, _number: "since=2025-01&until=2026-11"},
    "/admin/gifts": {
        "account": lambda of, number: f"account={_account(of, number)}",
        "article": lambda _of, number: f"article={number % worlds.ARTICLES_GIVEN + 1}",
        "state": lambda _of, number: (
            f"state={('open', 'frozen', 'read_up', 'expired', 'revoked')[number % 5]}"
        ),
        "since": lambda of, number: f"since={_day(of, number)}",
        "until": lambda of, number: f"until={_day(of, number)}",
        "article&state&since": lambda of, number: (
            f"article={number % worlds.ARTICLES_GIVEN + 1}&state=revoked&since={_day(of, number)}"
        ),
    },
    "/admin/accounts": {"q": lambda of, number: f"q=subscriber {int(_account(of, number)):07}"},
    "/admin/articles": {"q": lambda _of, number: f"q=harbour, {number % worlds.ARTICLES + 1:04}"},
    "/admin/search": {"q": lambda of, number: f"q=subscriber {int(_account(of, number)):07}"},
    "/admin/log": {
        "event": lambda _of, number: (
            f"event={('gift:issued', 'rule:fired', 'claim:refused', 'policy:proposed')[number % 4]}"
        ),
        "actor": lambda of, number: f"actor=account:{_account(of, number)}",
        "actor=reader": lambda of, number: f"actor=reader:{_device(of, number)}",
        "subject": lambda of, number: f"subject=gift:{worlds.reference(_gift(of, number))}",
        "subject=network": lambda _of, number: f"subject=network:{years.network(number * 14).hex()}",
        "outcome": lambda _of, _number: "outcome=deny",
        "reason": lambda _of, number: (
            f"reason={('quota:spent', 'gift:unconfirmed_full', 'gift:frozen')[number % 3]}"
        ),
        "rule": lambda _of, _number: "rule=office",
        "visitor": lambda _of, number: f"visitor={('person', 'preview')[number % 2]}",
        "since": lambda of, number: f"since={_day(of, number)}",
        "until": lambda of, number: f"until={_day(of, number)}",
        "since&until": lambda of, number: f"since={_day(of, number)}&until={_day(of, number)}",
        "event&since": lambda of, number: f"event=claim:refused&since={_day(of, number)}",
        "event&until": lambda of, number: f"event=rule:fired&until={_day(of, number)}",
        "event&outcome": lambda _of, number: (
            f"event={('session:begun', 'gift:issued', 'gift:refused')[number % 3]}&outcome=deny"
        ),
        "reason&event": lambda _of, _number: "reason=quota:spent&event=claim:refused",
        "actor&event": lambda of, number: f"actor=account:{_account(of, number)}&event=gift:revoked",
        "outcome&since": lambda of, number: f"outcome=deny&since={_day(of, number)}",
        "before": lambda _of, number: (
            f"before={int(MONTHS[number % len(MONTHS)].replace('-', '')) * 10**9 + 500}"
        ),
    },
}


@dataclass(frozen=True, slots=True)
class Page:
    """One page: what it is called, and its address for each number."""

    name: str
    path: Callable[[int], str]


def pages(app: Flask, of: Years) -> tuple[list[Page], list[str]]:
    """List the desk's pages as the app has them, and the rules that are not measured.

    What streams a file is none of them, nor what has a part in its address that is not known here.
    """
    found, left = [], []
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/admin") or "GET" not in (rule.methods or ()):
            continue
        parts = {**PARTS, **OF_RULES.get(rule.rule, {})}
        if rule.rule.endswith("/export") or rule.arguments - set(parts):
            left.append(rule.rule)
            continue
        found.append(Page(rule.rule, _path(rule, parts, of)))
        for name, fill in VIEWS.get(rule.rule, {}).items():
            found.append(Page(f"{rule.rule}?{name}", _asked(rule.rule, fill, of)))
    return sorted(found, key=lambda page: page.name), left


def _path(rule: Rule, parts: Mapping[str, Fill], of: Years) -> Callable[[int], str]:
    def path(number: int) -> str:
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda part: parts[part[1]](of, number), rule.rule)

    return path


def _asked(path: str, fill: Fill, of: Years) -> Callable[[int], str]:
    return lambda number: f"{path}?{fill(of, number).replace(' ', '+')}"
