"""Render every page with sample data, in English and German, so that people and checks can look at it.

`python -m tests.gallery FOLDER` writes the pages and their static files; any web server of files shows them.
"""

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

from flask import Flask, Response, render_template
from werkzeug.serving import WSGIRequestHandler, make_server

from gateway.auditing.alarm import SealAlarm
from gateway.behaviour import Behaviour
from gateway.decision import Deny, Reason
from gateway.licence import Purpose
from gateway.sharing.wording import LABEL_LENGTH, NOTE_LENGTH
from gateway.visitor import Visitor
from gateway.web import assets, headers, languages, parts, speech
from gateway.web.storywords import happened
from gateway.web.wording import PURPOSES, done_words, words_for, words_for_status
from tests.gallery_figures import figure_pages
from tests.gallery_queue import queue_pages
from tests.gallery_replays import all_replays, replay_pages


class Thing(SimpleNamespace):
    """A sample of what a page is handed, known by itself where a part of a page is kept for it."""

    __hash__ = object.__hash__


HERE = Path(__file__).resolve().parent.parent
STATIC = HERE / "gateway" / "web" / "static"
NOW = datetime(2026, 7, 14, 9, 41, 7, tzinfo=UTC)
LINK = "https://ledger.example/g/AZgwX3jJcJ-Kf0a8n3TbJw.2uHc0m6rVx9yPq4sLd8eTz1kNfWbGoYiRjXa7vCt5E"
LATE = SealAlarm(NOW - timedelta(minutes=4))
NOTICE = {
    "en": "Please use the share button. Do not copy articles to pass them on: the text is protected by copyright. "
    "Subscribers may give up to 10 or 20 articles a month. For more rights write to licensing@ledger.example.",
    "de": "Bitte nutzen Sie die Teilen-Schaltfläche. Kopieren Sie keine Artikel, um sie weiterzugeben: Der Text ist "
    "urheberrechtlich geschützt. Abonnenten können monatlich 10 oder 20 Artikel verschenken. Weitere Rechte "
    "vergibt licensing@ledger.example.",
}
ENDPOINTS = {
    "reader.front": "/",
    "reader.article": "/articles/<slug>",
    "reader.card": "/g/<token>",
    "reader.claim": "/g/<token>",
    "reader.report": "/g/<token>/report",
    "pausing.go_on": "/articles/<slug>/go-on",
    "pausing.trap": "/full-text",
    "overview.overview": "/desk",
    "usage.usage": "/desk/usage",
    "usage.table": "/desk/usage/item-report.csv",
    "usage.tree": "/desk/usage/item-report.json",
    "report.latest": "/desk/report",
    "report.month": "/desk/report/<name>",
    "queue.queue": "/desk/queue",
    "queue.one": "/desk/queue/<number>",
    "queue.take": "/desk/queue/<number>/take",
    "queue.hand_over": "/desk/queue/<number>/hand-over",
    "queue.give_back": "/desk/queue/<number>/give-back",
    "queue.close": "/desk/queue/<number>/close",
    "queue.reopen": "/desk/queue/<number>/reopen",
    "rules.rules": "/desk/rules",
    "rules.rule": "/desk/rules/<name>",
    "admin.network": "/desk/networks/<name>",
    "rules.lift": "/desk/rules/<firing_id>/lift",
    "rules.replace": "/desk/gifts/<reference>/replace",
    "reader.confirm": "/articles/<slug>/confirm",
    "moving.offer": "/articles/<slug>/move",
    "moving.show": "/g/move/<token>",
    "moving.take": "/g/move/<token>",
    "moving.qr": "/g/move/<token>/qr.svg",
    "giving_back.ask": "/gifts/<reference>/give-back",
    "giving_back.act": "/gifts/<reference>/give-back",
    "disputing.send": "/gifts/<reference>/dispute",
    "copying.report": "/articles/<slug>/copies",
    "subscriber.share": "/articles/<slug>/share",
    "subscriber.issue": "/articles/<slug>/share",
    "subscriber.gifts": "/gifts",
    "subscriber.gift": "/gifts/<reference>",
    "subscriber.qr": "/gifts/<reference>/qr.svg",
    "subscriber.revoke": "/gifts/<reference>/revoke",
    "subscriber.renew": "/gifts/<reference>/renew",
    "subscriber.fresh_link": "/gifts/<reference>/fresh-link",
    "subscriber.relabel": "/gifts/<reference>/label",
    "accounts.sign_in": "/sign-in",
    "accounts.sign_out": "/sign-out",
    "accounts.account": "/account",
    "accounts.end_session": "/account/sessions/<session_id>",
    "pages.subscribe": "/subscribe",
    "pages.licence": "/licence",
    "pages.privacy": "/privacy",
    "pages.problem": "/problems/<reason>",
    "pages.forget": "/privacy/forget",
    "licensing.ask": "/licence",
    "licences.requests": "/desk/licences",
    "licences.one": "/desk/licences/<number>",
    "licences.move": "/desk/licences/<number>/state",
    "admin.log": "/desk/log",
    "admin.export_log": "/desk/log/export",
    "admin.export_gifts": "/desk/gifts/export",
    "admin.export_accounts": "/desk/accounts/export",
    "admin.search": "/desk/search",
    "admin.found": "/desk/search",
    "admin.gifts": "/desk/gifts",
    "admin.articles": "/desk/articles",
    "admin.gift": "/desk/gifts/<reference>",
    "admin.give_back": "/desk/gifts/<reference>/give-back",
    "admin.revoke_gift": "/desk/gifts/<reference>/revoke",
    "admin.freeze_gift": "/desk/gifts/<reference>/freeze",
    "admin.thaw_gift": "/desk/gifts/<reference>/thaw",
    "admin.accounts": "/desk/accounts",
    "admin.account": "/desk/accounts/<account_id>",
    "admin.suspend": "/desk/accounts/<account_id>/suspend",
    "admin.unsuspend": "/desk/accounts/<account_id>/unsuspend",
    "admin.grant": "/desk/accounts/<account_id>/grant",
    "admin.take_back": "/desk/accounts/<account_id>/take-back",
    "admin.sign_out": "/desk/accounts/<account_id>/sign-out",
    "admin.sign_everyone_out": "/desk/accounts/sign-out",
    "admin.article": "/desk/articles/<article_id>",
    "admin.change_rights": "/desk/articles/<article_id>/rights",
    "admin.confirm_restore": "/desk/restore",
    "policyroom.room": "/desk/policy",
    "policyroom.version": "/desk/policy/versions/<number>",
    "policyroom.withdraw_version": "/desk/policy/versions/<number>/withdraw",
    "policyroom.new": "/desk/policy/new",
    "policyroom.draft": "/desk/policy/new",
    "policyroom.proposal": "/desk/policy/proposals/<number>",
    "policyroom.approve": "/desk/policy/proposals/<number>/approve",
    "policyroom.reject": "/desk/policy/proposals/<number>/reject",
    "policyroom.withdraw": "/desk/policy/proposals/<number>/withdraw",
    "replays.page": "/desk/policy/replays/<number>",
    "replays.ask": "/desk/policy/replays",
    "replays.stop": "/desk/policy/replays/<number>/stop",
}
HARBOUR = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 800"><defs><linearGradient id="s" x1="0" y1="0"
x2="0" y2="1"><stop offset="0" stop-color="#b8c6cf"/><stop offset=".62" stop-color="#f0d9bd"/></linearGradient></defs>
<path fill="url(#s)" d="M0 0h1200v520H0z"/><circle cx="830" cy="420" r="58" fill="#f7efe0"/><path fill="#5d7078"
d="M0 520h1200v280H0z"/><path fill="#e9d8c2" opacity=".5" d="M770 520h120l60 280H700z"/><path fill="#33424a" d="M0
470l90-40h60v-60h30v60h110l40 40 120 20v30H0zM980 500h220v-90l-60-30v-50h-14v50l-70 34z"/><path fill="#1f2a30"
d="M420 590h250l-40 70H460zM540 430h8v160h-8zM552 440l96 130h-96zM534 450l-70 120h70z"/></svg>"""


def _paragraphs(language: str) -> str:
    english = (
        (
            "At five in the morning the harbour office smells of diesel and toast. Marta Lindqvist has kept the tide book "
            "since 1987, and she keeps it in ink, in a hand that has hardly changed."
        ),
        (
            "The figures go to the capital each Friday. There they are typed in, averaged, and made part of a curve that "
            "decides where the sea wall will stand in forty years. “A number is a promise,” she says. “Somebody will "
            "build on it.”"
        ),
        (
            "Last winter the automatic gauge on the mole failed for eleven days. The curve has a gap there, or would "
            "have: the ink goes on through it, twice a day, without a blot."
        ),
    )
    german = (
        (
            "Um fünf Uhr morgens riecht das Hafenamt nach Diesel und Toast. Marta Lindqvist führt das Gezeitenbuch seit "
            "1987, und sie führt es mit Tinte, in einer Handschrift, die sich kaum verändert hat."
        ),
        (
            "Jeden Freitag gehen die Zahlen in die Hauptstadt. Dort werden sie abgetippt, gemittelt und Teil einer Kurve, "
            "die entscheidet, wo in vierzig Jahren der Deich steht."
        ),
        (
            "Im vergangenen Winter fiel der automatische Pegel auf der Mole elf Tage lang aus. Die Tinte läuft hindurch, "
            "zweimal am Tag, ohne einen Klecks."
        ),
    )
    chosen = english if language == "en" else german
    middle = "<h2>Ink against outage</h2>" if language == "en" else "<h2>Tinte gegen Ausfall</h2>"
    quote = "<blockquote><p>" + (
        "A number is a promise." if language == "en" else "Eine Zahl ist ein Versprechen."
    )
    return (
        "".join(f"<p>{text}</p>" for text in chosen)
        + middle
        + f"<p>{chosen[1]}</p>{quote}</p></blockquote>" * 2
    )


def _picture(caption: str = "") -> Thing:
    return Thing(
        href="/static/sample/harbour.svg", alt="A sailing boat in a harbour at dawn",
        caption=caption or "The old harbour on the morning of the spring tide.", credit="Jonas Weber / Northline",
        width=1200, height=800,
    )  # fmt: skip


def _article(number: int, headline: str, standfirst: str, **more: Any) -> Thing:
    language = more.get("language", "en")
    given = {
        "id": number, "slug": f"article-{number}", "headline": headline, "standfirst": standfirst,
        "byline": "Eva Brandt", "section": "Coast", "language": language,
        "published_at": NOW - timedelta(hours=7 * number), "body_html": _paragraphs(language),
        "first_paragraph": _paragraphs(language).split("</p>")[0] + "</p>", "copyright_holder": "The Northern Ledger",
        "copyright_notice": "© 2026 The Northern Ledger. All rights reserved.", "picture": None, "free": False,
        "url": f"https://ledger.example/articles/article-{number}",
    }  # fmt: skip
    return Thing(**(given | more))


TIDE = _article(
    1, "The woman who writes down the sea",
    "For thirty-nine years Marta Lindqvist has entered the tides by hand. Now the sea wall is being built on her ink.",
    picture=_picture(),
)  # fmt: skip
OTHERS = [
    _article(2, "A bank that lends only tools", "It began with one drill and a waiting list of four hundred.",
             section="Economy", free=True),
    _article(3, "What the census did not ask", "Three questions were struck out in the last week. Here they are.",
             section="Economy", picture=_picture()),
    _article(4, "Der letzte Fährmann", "Die Brücke ist fertig. Er fährt trotzdem, jeden Morgen um sechs.",
             section="Economy", language="de"),
    _article(5, "Rails across the marsh", "The night train returns, slower than in 1962 and better loved.",
             section="Economy"),
    _article(6, "Forty notes on silence", "A composer counts what is left when the orchestra stops.",
             section="Arts", picture=_picture()),
    _article(7, "The dictionary of small winds", "Fishermen had eleven words for a breeze; a student has found nine.",
             section="Arts"),
    _article(8, "Paper, and how it remembers", "An archive dries out after the flood, page by page.", section="Arts"),
]  # fmt: skip


@dataclass(frozen=True)
class Gift:
    """A gift as the templates see it."""

    reference: str = "K7QD2M4X"
    label: str = "Anna, for her thesis"
    note: str = "You told me about the gauge on the mole.\nPage three made me think of you."
    issued_at: datetime = NOW - timedelta(days=3)
    expires_at: datetime = NOW + timedelta(days=87)
    readers: int | None = 10
    unconfirmed_bound: int = 20
    confirmed: int = 3
    spread: bool = False
    unconfirmed: int = 1
    revoked_at: datetime | None = None
    frozen_at: datetime | None = None
    giver_shown: bool = True
    giver_name: str = "Paul Okafor"
    headline: str = TIDE.headline
    standing: Deny | None = None


GIFT = Gift()
DOUBTFUL = Behaviour(at_once=2, silent=1, doubtful=True)
WITHHELD = "This page holds no article text: your program says that it is an automatic visitor."
SPENT = Deny(Reason.QUOTA_SPENT, until=datetime(2026, 7, 31, 23, tzinfo=UTC), detail={"limit": 10})
EXPIRED = Deny(Reason.GIFT_EXPIRED, since=NOW - timedelta(days=2))
READ_UP = Deny(Reason.GIFT_READ_UP, since=NOW - timedelta(days=1))
REVOKED = Deny(Reason.GIFT_REVOKED, since=NOW - timedelta(days=9))
SUBSCRIBER = Thing(name="Paul Okafor", email="paul@example.org", role="subscriber", plan_label="Standard")
ADMIN = Thing(id=90, name="Ines Haas", email="ines@ledger.example", role="admin", plan_label="")
AUDITOR = Thing(id=91, name="Tom Reyes", email="tom@ledger.example", role="auditor", plan_label="")
COPYING = Thing(untouched_below=60, passage=500)
TERMS = Thing(life_days=90, readers=10, unconfirmed=20)


REPORTING = Thing(
    url="/articles/article-1/copies", nonce="n", characters=1600, most=7200,
    gift_url="https://ledger.example/articles/article-1/share",
    licence_url="https://ledger.example/licence?article=article-1",
)  # fmt: skip


def _allowance(used: int) -> Thing:
    return Thing(
        limit=10,
        used=used,
        remaining=10 - used,
        renews_at=datetime(2026, 7, 31, 23, tzinfo=UTC),
        zone="Europe/London",
    )


def _row(gift: Gift, article: Thing, *, standing: Deny | None = None, **more: Any) -> Thing:
    given = {
        "gift": gift, "article": article, "standing": standing, "url": LINK, "can_revoke": standing is None,
        "can_renew": False, "needs_fresh_link": False, "idempotency_key": "b1d0", "behaviour": Behaviour(),
        "can_give_back": gift.confirmed > 0, "no_renewal": None,
    }  # fmt: skip
    return Thing(**(given | more))


def _entry(number: int, event: str, **more: Any) -> Thing:
    given = {
        "id": 4200 + number, "at": NOW - timedelta(minutes=7 * (12 - number), seconds=number), "event": event,
        "outcome": "permit", "reason": None, "actor": "Paul Okafor", "actor_url": "/desk/accounts/1",
        "subject": "gift K7QD2M4X", "subject_url": "/desk/gifts/K7QD2M4X", "repeats": 0, "detail": {}, "said": None,
    }  # fmt: skip
    return Thing(**(given | more))


ENTRIES = [
    _entry(1, "gift:issued", detail={"article": TIDE.headline, "credit": "3 of 10", "month": "2026-07"}),
    _entry(2, "claim:made", actor="a reader", actor_url=None),
    _entry(3, "reading:confirmed", actor="a reader", actor_url=None),
    _entry(
        4,
        "claim:refused",
        actor="a reader",
        actor_url=None,
        outcome="deny",
        reason="claim:by_machine",
        repeats=3,
    ),
    _entry(5, "gift:frozen", actor="Ines Haas", said="Opened from forty networks within an hour."),
    _entry(6, "gift:thawed", actor="Ines Haas", said="It was one university; the librarian wrote to us."),
    _entry(7, "gift:refused", outcome="deny", reason="quota:spent", subject="article 3", subject_url=None),
    _entry(
        8,
        "policy:differs_from_file",
        actor="reader:5c1f0a9be2d44c0a8f3e71b6d09a2c55",
        actor_url=None,
        subject="network:5c1f0a9be2d44c0a8f3e71b6d09a2c55",
        subject_url="/desk/networks/5c1f",
        detail={"digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "version": "3"},
    ),
]


@dataclass(frozen=True)
class _Figures:
    """The numbers of a month as a view hands them to a page: drawn when they are written."""

    allowance: Thing

    def __html__(self) -> str:
        return render_template("subscriber/_allowance.html", allowance=self.allowance)


def _share(**more: Any) -> dict[str, Any]:
    given = {
        "article": TIDE, "allowance": _allowance(3), "denied": None, "open_gift": None, "error": None,
        "would_expire_at": NOW + timedelta(days=90), "idempotency_key": "9f2c",
        "sent": {"label": "", "note": "", "show_name": True, "kind": "gift"}, "person": SUBSCRIBER,
    }  # fmt: skip
    return given | more


def _issued(**more: Any) -> dict[str, Any]:
    given = {
        "article": TIDE, "gift": GIFT, "gift_url": LINK, "outcome": "issued", "figures": _Figures(_allowance(4)),
        "person": SUBSCRIBER,
    }  # fmt: skip
    return given | more


def _card(**more: Any) -> dict[str, Any]:
    given = {
        "article": TIDE, "gift": GIFT, "gift_url": LINK, "token": "sample", "nonce": "n", "auto_claim": False,
        "withheld": None, "wait": None,
    }  # fmt: skip
    return given | more


def _gift_rows() -> list[Thing]:
    return [
        _row(GIFT, TIDE),
        _row(Gift(reference="P2", label="", confirmed=0, unconfirmed=2), OTHERS[1], behaviour=Behaviour(1, 1)),
        _row(Gift(reference="R3", label="Reading circle", confirmed=10, spread=True), OTHERS[2], standing=READ_UP, can_renew=True),
        _row(Gift(reference="T5", label="Eve"), OTHERS[3], url=None, needs_fresh_link=True),
        _row(Gift(reference="S4", label="w" * LABEL_LENGTH), OTHERS[3], standing=EXPIRED, can_renew=True, url=None),
        _row(Gift(reference="T5", label="Mira"), OTHERS[4], url=None, needs_fresh_link=True,
             standing=Deny(Reason.GIFT_KEY_RETIRED, since=NOW - timedelta(hours=5)), can_revoke=True),
        _row(Gift(reference="U6", confirmed=0, unconfirmed=0), OTHERS[5], standing=REVOKED, url=None),
        _row(Gift(reference="V7", label="Bert"), OTHERS[1], standing=EXPIRED, url=None,
             no_renewal=Deny(Reason.ARTICLE_WITHDRAWN)),
    ]  # fmt: skip


def _refusals() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for reason in Reason:
        deny = Deny(reason, since=NOW - timedelta(days=2), until=NOW + timedelta(hours=3))
        name = f"refused-{reason.replace(':', '-')}"
        yield name, "reader/refused.html", {
            "words": words_for(reason), "deny": deny, "article": TIDE, "retry_url": "/"}  # fmt: skip
    yield "away", "away.html", {"words": words_for(Reason.DATABASE_AWAY)}
    yield "error-404", "reader/refused.html", {"words": words_for_status(404)}
    yield "error-500", "reader/refused.html", {"words": words_for_status(500), "retry_url": "/"}


def _reader_pages() -> Iterator[tuple[str, str, dict[str, Any]]]:
    sections = [Thing(name="Economy", articles=OTHERS[:4]), Thing(name="Arts", articles=OTHERS[4:])]
    yield "front", "reader/front.html", {"lead": TIDE, "sections": sections, "today": NOW}
    yield (
        "front-empty",
        "reader/front.html",
        {"lead": None, "sections": [], "today": NOW, "person": SUBSCRIBER},
    )
    yield "article", "reader/article.html", {"article": TIDE, "person": SUBSCRIBER}
    yield "article-own-gift", "reader/article.html", {"article": TIDE, "person": SUBSCRIBER, "own_gift": True}
    confirm = Thing(url="/articles/article-1/confirm", nonce="n", after_ms=3000)
    yield "article-by-gift", "reader/article.html", {
        "article": TIDE, "gift": GIFT, "confirm": confirm, "move_nonce": "n"}  # fmt: skip
    by_gift = {"article": OTHERS[2], "gift": Gift(giver_shown=False), "move_nonce": "n"}
    yield "article-german", "reader/article.html", by_gift
    yield "teaser", "reader/teaser.html", {"article": TIDE}
    yield "teaser-no-cookie", "reader/teaser.html", {"article": OTHERS[1], "cookie_missing": True}
    yield "card", "reader/card.html", _card()
    yield (
        "card-plain",
        "reader/card.html",
        _card(article=OTHERS[4], gift=Gift(giver_shown=False, note="", readers=None)),
    )
    yield "card-machine", "reader/card.html", _card(withheld=WITHHELD)
    move = {
        "article": TIDE, "mine": True, "until": NOW + timedelta(minutes=10), "address": f"{LINK}-over",
        "token": "sample", "nonce": "n", "withheld": None,
    }  # fmt: skip
    yield "move", "reader/move.html", move
    yield "move-take", "reader/move.html", move | {"mine": False}
    yield "move-withheld", "reader/move.html", move | {"mine": False, "withheld": WITHHELD}
    wait = Thing(until=NOW + timedelta(seconds=3), seconds=3)
    yield "card-wait", "reader/card.html", _card(wait=wait)
    yield (
        "pause",
        "reader/pause.html",
        {"slug": "article-1", "nonce": "n", "wait": wait, "person": SUBSCRIBER},
    )


def _subscriber_pages() -> Iterator[tuple[str, str, dict[str, Any]]]:
    share = "subscriber/share.html"
    yield "share", share, _share()
    yield "share-open", share, _share(open_gift=GIFT)
    yield "share-free", share, _share(article=OTHERS[0], denied=Deny(Reason.ARTICLE_FREE))
    yield "share-spent", share, _share(denied=SPENT, allowance=_allowance(10))
    yield "share-spent-open", share, _share(denied=SPENT, allowance=_allowance(10), open_gift=GIFT)
    because = {"because": "The text comes from an agency that does not allow it."}
    yield "share-not-giftable", share, _share(denied=Deny(Reason.ARTICLE_NOT_GIFTABLE, detail=because))
    yield (
        "share-suspended",
        share,
        _share(denied=Deny(Reason.ACCOUNT_SUSPENDED, since=NOW - timedelta(days=4))),
    )
    wrong = Deny(Reason.NOTE_HAS_LINK)
    sent = {"label": "Anna", "note": "see https://example.org", "show_name": False, "kind": "gift"}
    yield "share-error", share, _share(error=wrong, sent=sent)
    yield "issued", "subscriber/issued.html", _issued()
    yield "issued-again", "subscriber/issued.html", _issued(outcome="again")
    mine = {"person": SUBSCRIBER, "allowance": _allowance(3), "newest": True}
    yield "gifts", "subscriber/gifts.html", mine | {"rows": _gift_rows(), "older": "/gifts?before=x"}
    yield "gifts-empty", "subscriber/gifts.html", mine | {"rows": []}
    yield "gift", "subscriber/gift.html", mine | {"row": _row(GIFT, TIDE), "error": None}
    doubtful = _row(GIFT, TIDE, behaviour=DOUBTFUL)
    yield "gift-doubtful", "subscriber/gift.html", mine | {"row": doubtful, "error": None}
    back = {
        "person": SUBSCRIBER,
        "gift": GIFT,
        "article": TIDE,
        "behaviour": Behaviour(),
        "given_back_at": None,
    }
    yield "give-back", "subscriber/give_back.html", back
    yield "give-back-doubtful", "subscriber/give_back.html", back | {"behaviour": DOUBTFUL}
    yield "give-back-again", "subscriber/give_back.html", back | {"given_back_at": NOW - timedelta(days=1)}
    yield "give-back-none", "subscriber/give_back.html", back | {"gift": Gift(confirmed=0)}
    yield "gift-shut", "subscriber/gift.html", mine | {"row": _gift_rows()[2], "error": SPENT}
    ground = Thing(rule="link-networks-hard", since=NOW - timedelta(hours=3), flag=False)
    objection = Thing(ground=ground, sent=False, closed_at=None)
    spread = mine | {"row": _gift_rows()[2], "objection": objection}
    long = Deny(Reason.DISPUTE_TOO_LONG, detail={"limit": 500, "length": 712})
    yield "gift-spread", "subscriber/gift.html", spread | {"error": None}
    yield "gift-spread-wrong", "subscriber/gift.html", spread | {"error": long}
    told = Thing(**vars(objection) | {"sent": True})
    yield "gift-spread-told", "subscriber/gift.html", spread | {"objection": told, "error": None}
    done = Thing(**vars(told) | {"closed_at": NOW})
    yield "gift-spread-done", "subscriber/gift.html", spread | {"objection": done, "error": None}
    flagged = Thing(**vars(objection) | {"ground": Thing(**vars(ground) | {"flag": True})})
    yield "gift-flagged", "subscriber/gift.html", mine | {
        "row": _row(GIFT, TIDE), "objection": flagged, "error": None}  # fmt: skip
    asked = {"person": SUBSCRIBER, "gift": GIFT, "article": TIDE}
    yield "revoke", "subscriber/revoke.html", asked | {"credit_returns": True}
    yield "revoke-read", "subscriber/revoke.html", asked | {"credit_returns": False, "why_no_credit": "read"}
    yield "sign-in", "accounts/sign_in.html", {"error": None, "email": "", "next": ""}
    failed = Deny(Reason.SIGN_IN_FAILED)
    yield (
        "sign-in-failed",
        "accounts/sign_in.html",
        {"error": failed, "email": "paul@example.org", "next": "/gifts"},
    )
    sessions = [
        Thing(
            id=1, started_at=NOW - timedelta(days=1), last_seen_at=NOW, browser="Firefox, Linux", current=True
        ),
        Thing(
            id=2,
            started_at=NOW - timedelta(days=30),
            last_seen_at=NOW - timedelta(days=6),
            browser="",
            current=False,
        ),
    ]
    yield "account", "accounts/account.html", mine | {"sessions": sessions}
    yield "account-admin", "accounts/account.html", {"person": AUDITOR, "sessions": sessions[:1]}


NETWORK = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
OPENINGS = [
    Thing(number=1, claimed_at=NOW - timedelta(days=2), served_at=NOW - timedelta(days=2),
          confirmed_at=NOW - timedelta(days=2), lapsed_at=None, given_back_at=NOW, network=NETWORK),
    Thing(number=2, claimed_at=NOW - timedelta(days=1), served_at=None, confirmed_at=None, lapsed_at=NOW,
          given_back_at=None, network=None),
]  # fmt: skip
NETWORKS = [
    Thing(
        name=NETWORK,
        openings=12,
        readings=3,
        first_at=NOW - timedelta(days=2),
        last_at=NOW,
        turned_away_at=None,
    ),
    Thing(name=NETWORK[::-1], openings=0, readings=0, first_at=None, last_at=NOW, turned_away_at=NOW),
]


def _desk_pages() -> Iterator[tuple[str, str, dict[str, Any]]]:
    desk: dict[str, Any] = {"person": ADMIN, "error": None}
    nothing = dict.fromkeys(
        ("event", "actor", "subject", "outcome", "reason", "rule", "visitor", "since", "until"), ""
    )
    log = desk | {
        "filters": nothing,
        "asked": {},
        "left_out": ("log:heartbeat", "log:read"),
        "events": ["gift:issued", "gift:claimed"],
        "reasons": [str(it) for it in Reason],
        "visitors": [str(it) for it in Visitor],
        "shortcuts": [
            ("Refused today", "/x"),
            ("Links that were paused", "/x"),
            ("Who looked at the log", "/x"),
        ],
    }
    yield (
        "log",
        "admin/log.html",
        log | {"entries": ENTRIES[::-1], "older": "/desk/log?before=4201", "newer": None},
    )
    yield "log-empty", "admin/log.html", log | {"entries": [], "filters": nothing | {"outcome": "deny"}}
    restored = Thing(at=NOW - timedelta(hours=1))
    yield (
        "log-put-away",
        "admin/log.html",
        log | {"entries": ENTRIES[:2], "put_away": NOW - timedelta(days=400)},
    )
    for name, more in (("late", {"sealing": LATE}), ("restored", {"restored": restored})):
        yield f"log-{name}", "admin/log.html", log | {"entries": ENTRIES[:2]} | more
    giver = Thing(id=1, name="Paul Okafor", email="paul@example.org")
    story = desk | {"gift": GIFT, "article": TIDE, "giver": giver, "standing": None, "entries": ENTRIES[:6],
             "behaviour": DOUBTFUL, "openings": OPENINGS, "networks": NETWORKS, "counted": [Thing(id=n, number=n, claimed_at=NOW - timedelta(days=n)) for n in (3, 2, 1)], "cards": [("People, or machines that pass for them", 7), ("Previews", 12)]}  # fmt: skip
    yield "desk-gift", "admin/gift.html", story
    frozen = Gift(frozen_at=NOW - timedelta(hours=1))
    standing = Deny(Reason.GIFT_FROZEN, since=frozen.frozen_at)
    wrong = Deny(Reason.REASON_MISSING)
    yield (
        "desk-gift-frozen",
        "admin/gift.html",
        story | {"gift": frozen, "standing": standing, "error": wrong},
    )
    long = {"act": "thaw", "reason": "It was one university, as the librarian wrote to us on Tuesday. " * 5}
    too_long = {"error": Deny(Reason.REASON_TOO_LONG, detail={"limit": 280}), "sent": long}
    yield "desk-gift-reason", "admin/gift.html", story | {"gift": frozen, "standing": standing} | too_long
    spread = Gift(frozen_at=NOW - timedelta(hours=1), spread=True, confirmed=10)
    yield "desk-gift-spread", "admin/gift.html", story | {"gift": spread, "standing": READ_UP}
    yield from _rule_pages(desk)
    yield from figure_pages(desk, ENDPOINTS)
    yield from queue_pages(desk, ENDPOINTS, AUDITOR, ENTRIES)
    yield from policy_pages(desk)
    people = [
        Thing(id=1, name="Paul Okafor", email="paul@example.org", role="subscriber", plan_label="Standard",
              suspended_at=None, allowance=Thing(limit=10, used=3)),
        Thing(id=2, name="Lena Fuchs", email="lena@example.org", role="subscriber", plan_label="Premium",
              suspended_at=NOW, allowance=Thing(limit=20, used=20)),
        Thing(id=3, name="Ines Haas", email="ines@ledger.example", role="admin", plan_label="", suspended_at=None,
              allowance=None),
    ]  # fmt: skip
    yield (
        "accounts",
        "admin/accounts.html",
        desk | {"accounts": people, "q": "", "older": "/desk/accounts?after=3"},
    )
    yield "accounts-none", "admin/accounts.html", desk | {"accounts": [], "q": "zzz"}
    months = [
        Thing(month=date(2026, 7, 1), limit=15, granted=5, used=3, returned=0),
        Thing(month=date(2026, 6, 1), limit=10, granted=0, used=10, returned=2),
    ]
    gifts = [GIFT, Gift(reference="R3", confirmed=10, standing=READ_UP)]
    flag = Thing(rule="subscriber-leaks-soft", then="log", mode="enforce", count=3, at=NOW - timedelta(days=2),
                 rule_url="/x", who="account:1", who_url="/desk/accounts/1",
                 until=NOW + timedelta(days=28), lifted_at=None)  # fmt: skip
    one = desk | {
        "older": "/desk/accounts/1?before=7",
        "months": months,
        "gifts": gifts,
        "flags": [flag],
        "entries": ENTRIES[:3],
        "log_url": "/desk/log?actor=1",
        "spare": 5,
        "idempotency_key": "b1d0",
    }
    yield "desk-account", "admin/account.html", one | {"account": people[0]}
    yield "desk-account-suspended", "admin/account.html", one | {"account": people[1]}
    yield "desk-account-auditor", "admin/account.html", one | {"account": people[1], "person": AUDITOR}
    rights = Thing(giftable=True, not_giftable_because="", free=False, embargo_until=None, expires_at=None,
                   withdrawn_at=None, copyright_holder="The Northern Ledger")  # fmt: skip
    article = desk | {
        "article": TIDE,
        "rights": rights,
        "picture_travels": True,
        "open_gifts": 12,
        "gifts": gifts,
        "older": "/desk/articles/1?before=3",
        "spread": _spread(2460),
    }
    asked = Thing(
        number="7QX2M4KD", at=NOW, about="", headline=TIDE.headline, slug=TIDE.slug, article_id=1, characters=1097,
        purpose=PURPOSES[Purpose.TEACHING], name="Mira Ode", email="mira@school.example", language="en", state="new",
        text="Thirty pupils, one term.\nOn paper only.", state_at=NOW, mailed_at=None, mail_tries=2,
        mail_fault="ConnectionRefusedError",
    )  # fmt: skip
    other = Thing(**(vars(asked) | {"number": "B04N7Z1C", "state": "closed", "mailed_at": NOW, "headline": None,
                                    "article_id": None, "about": "The tide book", "characters": None}))  # fmt: skip
    counts = {"new": 1, "answered": 0, "closed": 1}
    many = desk | {"requests": [asked, other], "counts": counts, "wanted": "", "older": "/x", "mails": True}
    yield "licences", "admin/licences.html", many
    yield (
        "licences-none",
        "admin/licences.html",
        many | {"requests": [], "wanted": "answered", "mails": False},
    )
    one = desk | {"asked": asked, "states": ["answered", "closed"], "entries": ENTRIES[:2], "mails": True}
    yield "desk-licence", "admin/licence.html", one
    yield (
        "desk-licence-auditor",
        "admin/licence.html",
        one | {"asked": other, "person": AUDITOR, "mails": False},
    )
    yield from _list_pages(desk, people, gifts)
    yield "desk-article", "admin/article.html", article | {"entries": ENTRIES[:1]}
    withdrawn = Thing(
        **vars(rights) | {"giftable": False, "not_giftable_because": "An agency's text", "withdrawn_at": NOW}
    )
    closed = {"rights": withdrawn, "open_gifts": 0, "entries": ENTRIES[:1], "gifts": [], "spread": _spread(0)}
    yield "desk-article-withdrawn", "admin/article.html", article | closed


def _spread(gifts: int) -> Thing:
    reach = Thing(gifts=gifts, givers=gifts // 3, openings=gifts * 4, readings=gifts * 2, networks=gifts)
    givers = [Thing(account_id=1, name="Paul Okafor", gifts=7, readings=31)] if gifts else []
    copies = Thing(times=gifts, characters=gifts * 180, over=gifts // 9, printed=3, last_at=NOW)
    return Thing(reach=reach, givers=givers, copies=copies)


def _list_pages(
    desk: dict[str, Any], people: list[Thing], gifts: list[Gift]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    listed = [
        Thing(id=it.id, slug=it.slug, headline=it.headline, section=it.section, source_id=f"urn:article:{it.id}",
              published_at=it.published_at, giftable=it.id % 2, withdrawn_at=NOW if it.id == 4 else None)
        for it in (TIDE, *OTHERS)
    ]  # fmt: skip
    page = desk | {"articles": listed, "q": "", "older": "/desk/articles?before=1"}
    yield "desk-articles", "admin/articles.html", page
    yield "desk-articles-none", "admin/articles.html", page | {"articles": [], "q": "zzz"}
    both = {"accounts": people[:2], "articles": listed[:3], "few": 10}
    yield "desk-search", "admin/search.html", desk | both | {"q": "tide"}
    foreign = {"q": "", "accounts": [], "articles": [], "error": Deny(Reason.LINK_FOREIGN), "few": 10}
    yield "desk-search-foreign", "admin/search.html", desk | foreign
    states = [("open", "open"), ("frozen", "paused"), ("revoked", "withdrawn")]
    nobody = dict.fromkeys(("account", "article", "state", "since", "until"), "")
    given = desk | {
        "gifts": gifts,
        "filters": nobody,
        "asked": {},
        "states": states,
        "older": "/desk/gifts?before=1",
    }
    yield "desk-gifts", "admin/gifts.html", given
    yield (
        "desk-gifts-none",
        "admin/gifts.html",
        given | {"gifts": [], "filters": nobody | {"state": "frozen"}},
    )


def _rule_pages(desk: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    rules = [
        Thing(name="reader-articles-hard", metric="articles", by="reader", over=24, per="1 day", then="block",
              lasts="1 day", mode="enforce", firings=3, people=2, lifted=1),
        Thing(name="subscriber-networks-hard", metric="networks", by="subscriber", over=600, per="30 days",
              then="freeze", lasts="7 days", mode="monitor", firings=0, people=0, lifted=0),
    ]  # fmt: skip
    held = {
        "rule": "reader-articles-hard",
        "rule_url": "/x",
        "mode": "enforce",
        "lifted_at": None,
        "count": 25,
        "at": NOW - timedelta(hours=2),
        "level": 1,
    }
    firings = [
        Thing(
            id=7,
            who="reader:0f1e2d3c4b5a6978",
            who_url=None,
            then="block",
            until=NOW + timedelta(days=1),
            **held,
        ),
        Thing(id=6, who="gift:TR8KQ2ZM", who_url="/desk/gifts/TR8KQ2ZM", then="freeze", until=None, **held),
    ]
    page = desk | {
        "rules": rules,
        "since": NOW - timedelta(days=30),
        "older": "/desk/rules?before=6",
        "newer": None,
    }
    yield "rules", "admin/rules.html", page | {"firings": firings}
    yield "rules-quiet", "admin/rules.html", page | {"firings": [], "person": AUDITOR}
    says = ["It counts different articles that were delivered, for each device, over the last 1 day.",
            "Past 24, more of it is refused.", "That lasts 1 day or a little more the first time, then twice as long each time, up to 30 days."]  # fmt: skip
    days = [(NOW.date() - timedelta(days=30 - each), each * 7 % 5) for each in range(1, 31)]
    rule = desk | {
        "name": "reader-articles-hard",
        "rule": rules[0],
        "says": says,
        "days": days,
        "most": 4,
        "log_url": "/x",
    }
    yield "desk-rule", "admin/rule.html", rule | {"firings": firings, "older": "/x"}
    quiet = {"says": None, "rule": None, "days": [(day, 0) for day, _ in days], "most": 0, "firings": []}
    yield "desk-rule-gone", "admin/rule.html", rule | quiet
    once = Thing(times=12, first_at=NOW - timedelta(days=2), last_at=NOW)
    never = Thing(times=0, first_at=None, last_at=None)
    opened = [Thing(reference="K7QD2M4X", claimed_at=NOW, confirmed_at=None)]
    copies = Thing(times=3, characters=1600, over=1)
    story = Thing(opened=once, delivered=once, forged=never, traps=never, copies=copies, openings=opened)
    network = desk | {
        "name": NETWORK,
        "story": story,
        "firings": firings[:1],
        "entries": ENTRIES[:2],
        "log_url": "/x",
    }
    yield "desk-network", "admin/network.html", network | {"older": "/x"}


def _word_pages() -> Iterator[tuple[str, str, dict[str, Any]]]:
    plans = [Thing(label="Standard", gifts=10), Thing(label="Premium", gifts=20)]
    yield "subscribe", "pages/subscribe.html", {"plans": plans}
    blank = {"purpose": "", "name": "", "email": "", "text": "", "slug": "", "about": "", "characters": ""}
    purposes = [(str(code), label) for code, label in PURPOSES.items()]
    form = {"purposes": purposes, "article": None, "error": None, "wrong": [], "nonce": "n", "sent": blank}
    yield "licence", "pages/licence.html", form
    filled = blank | {"name": "Mira Ode", "email": "mira@", "characters": "1097", "purpose": "teaching"}
    wrong = {"error": Deny(Reason.LICENCE_INVALID), "wrong": ["email", "about", "characters"]}
    yield "licence-filled", "pages/licence.html", form | {"article": TIDE, "sent": filled}
    yield "licence-wrong", "pages/licence.html", form | wrong | {"sent": filled}
    received = Thing(number="7QX2M4KD", at=NOW, about=TIDE.headline)
    yield "licence-received", "pages/licence_received.html", {"received": received}
    kept = Thing(cookie=90, openers=30, entries=730, sessions=30, copies=30, requests=730)
    privacy = {"kept": kept, "has_device": True, "forgotten": False, "nonce": "n"}
    yield "privacy", "pages/privacy.html", privacy
    yield "privacy-forgotten", "pages/privacy.html", privacy | {"has_device": False, "forgotten": True}
    yield "privacy-new", "pages/privacy.html", privacy | {"has_device": False}


def pages() -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Return every sample page by name: its template and its variables."""
    every = (_reader_pages(), _subscriber_pages(), _desk_pages(), _word_pages(), _refusals())
    return {name: (template, values) for group in every for name, template, values in group}


def policy_pages(desk: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the pages of the policy room."""
    version = {
        "version": 2, "name": "ledger.toml", "digest": "5f" * 32, "takes_effect_at": NOW - timedelta(days=40),
        "proposed_at": NOW - timedelta(days=41), "withdrawn_at": None, "by": "Ines Haas (account:3)",
        "by_url": "/desk/accounts/3", "waits": False,
    }  # fmt: skip
    first = version | {"version": 1, "by": "operator", "by_url": None, "name": "ft.toml"}
    coming = version | {"version": 3, "waits": True, "takes_effect_at": NOW + timedelta(days=3)}
    lines = [("gift.life", "A gift link works for 90 days from the moment it is made."),
             ("gift.readers", "Up to 10 devices may read by one gift.")]  # fmt: skip
    rule = "More than 24 articles for one device, counted over 1 day: shut out for 1 day."
    sections = [
        Thing(title="What a gift is", lines=lines),
        Thing(title="Against bulk copying", lines=[("rules.reader-articles-hard", rule)]),
    ]
    proposal = {
        "id": 7, "name": "ledger.toml", "text": '[publisher]\nname = "The Northern Ledger"\n' * 9, "digest": "5f" * 32,
        "because": "Half of the gifts are never opened, and the agency asked us to be careful.", "base": 2,
        "takes_effect_at": NOW + timedelta(days=3), "proposed_at": NOW, "proposed_by": "Ines Haas (account:3)",
        "by_url": "/desk/accounts/3", "state": "open", "version": None, "decided_at": None, "decided_by": None,
        "decided_url": None, "decided_because": "",
    }  # fmt: skip
    room = desk | {"in_force": version, "sections": sections, "alone": False}
    versions = [coming, version, first, first | {"withdrawn_at": NOW, "version": 4}]
    every = [proposal, proposal | {"state": "rejected", "id": 6, "takes_effect_at": None},
             proposal | {"state": "approved", "id": 5}, proposal | {"state": "withdrawn", "id": 4}]  # fmt: skip
    replays = all_replays(proposal["text"])
    yield "policy", "admin/policy.html", room | {"proposals": every, "versions": versions, "replays": replays}
    quiet = {"proposals": [], "versions": [version], "alone": True, "person": AUDITOR, "replays": []}
    yield "policy-quiet", "admin/policy.html", room | quiet
    one = desk | {"text": proposal["text"], "sections": sections}
    yield "policy-version", "admin/policy_version.html", one | {"version": coming}
    wrong = Deny(Reason.REASON_MISSING)
    gone = {"version": version | {"withdrawn_at": NOW}, "error": wrong}
    yield "policy-version-withdrawn", "admin/policy_version.html", one | gone
    compared = Thing(
        base=version, later=coming, left={"premium": 214},
        changes=[
            {"group": "plans.standard", "section": "What each plan gives",
             "before": "Standard (plan standard): 10 gifts in a calendar month.",
             "after": "Standard (plan standard): 5 gifts in a calendar month.",
             "keys": [Thing(key="plans.standard.gifts", before="10", after="5")]},
            {"group": "plans.premium", "section": "What each plan gives", "after": None,
             "before": "Premium (plan premium): 20 gifts in a calendar month.",
             "keys": [Thing(key="plans.premium.gifts", before="20", after=None)]},
            {"group": "rules.reader-articles-hard", "section": "Against bulk copying", "before": None, "after": rule,
             "keys": [Thing(key="rules.reader-articles-hard.over", before=None, after="24")]},
        ],
    )  # fmt: skip
    rows = [{"words": "given for a credit", "before": 1204, "after": 1001, "change": "−203"},
            {"words": "handed back free", "before": 31, "after": 31, "change": "="},
            {"words": "No gifts left this month", "before": 12, "after": 215, "change": "+203"}]  # fmt: skip
    did = {"rule": "reader-articles-hard", "fired_before": 0, "fired_after": 3, "people_before": 0, "people_after": 2,
           "held_before": None, "held_after": "96 hours"}  # fmt: skip
    simulated = {
        "days": 30, "base": 2, "since": NOW - timedelta(days=30), "until": NOW, "compared": 1247, "agreed": 1245,
        "unknown": 3, "differs": True, "entries": 118204, "refused": 203, "refused_to": 41, "allowed": 1, "given_to": 1,
        "kinds": [{"title": "Gifts that subscribers wished to give", "rows": rows}], "rules": [did],
    }  # fmt: skip
    decide = desk | {
        "mine": False,
        "stands": None,
        "compared": compared,
        "simulated": None,
        "replays": [],
        "days": (7, 30, 90),
    }
    page = "admin/policy_proposal.html"
    yield "policy-proposal", page, decide | {"proposal": proposal, "simulated": simulated}
    yield "policy-proposal-mine", page, decide | {"proposal": proposal, "mine": True, "compared": Thing(
        base=version, later=None, left={}, changes=[])}  # fmt: skip
    outdated = {"proposal": proposal, "stands": Deny(Reason.PROPOSAL_OUTDATED)}
    yield (
        "policy-proposal-outdated",
        page,
        decide
        | outdated
        | {
            "simulated": {"too_long": True, "days": 90, "command": "gateway policy simulate FILE --days 90"},
            "replays": replays[:2],
        },
    )
    done = proposal | {"state": "approved", "version": 3, "decided_at": NOW, "decided_by": "account:4",
                       "decided_because": "Agreed"}  # fmt: skip
    nothing = simulated | {
        "kinds": [],
        "rules": [],
        "differs": False,
        "refused": 0,
        "allowed": 0,
        "unknown": 0,
    }
    yield (
        "policy-proposal-approved",
        page,
        decide | {"proposal": done, "simulated": nothing, "person": AUDITOR},
    )
    sent = Thing(name="ledger.toml", text=proposal["text"], when="at", at="2026-10-25T01:30", clock="", reason="",
                 plans_may_go=False, days=30)  # fmt: skip
    new = desk | {"sent": sent, "problems": (), "compared": None, "simulated": None, "twice": False,
                  "days": (7, 30, 90), "alone": False}  # fmt: skip
    yield "policy-new", "admin/policy_new.html", new
    problem = Thing(line=12, key="plans.standard.gifts", got="true", wants="a whole number")
    missing = Thing(line=None, key="", got="a byte at 12 that is not UTF-8", wants="a text in UTF-8")
    invalid = {"error": Deny(Reason.POLICY_INVALID), "problems": (problem, missing)}
    yield "policy-new-wrong", "admin/policy_new.html", new | invalid
    looked = {
        "compared": compared,
        "simulated": simulated,
        "twice": True,
        "error": Deny(Reason.POLICY_INSTANT),
    }
    yield "policy-new-looked", "admin/policy_new.html", new | looked | {"alone": True}
    yield from replay_pages(desk, AUDITOR, replays, simulated)


POSTED = {
    "reader.claim", "reader.report", "reader.confirm", "pausing.go_on", "copying.report", "subscriber.issue", "moving.offer", "moving.take",
    "giving_back.act", "disputing.send", "pages.forget", "licensing.ask", "licences.move", "policyroom.draft", "admin.search",
    "replays.ask", "replays.stop",
}  # fmt: skip


def make_app(**views: Callable[..., Any]) -> Flask:
    """Return an application that has every page at /LANGUAGE/NAME, and no store.

    `views` answer for endpoints by name, with `_` for the dot; all other addresses are empty.
    """
    app = Flask("gallery", template_folder=str(HERE / "templates"), static_folder=str(STATIC))
    app.add_url_rule("/static/sample/harbour.svg", view_func=_harbour)
    app.add_url_rule("/<any(en, de):language>/<name>.html", view_func=_page)
    for endpoint, rule in ENDPOINTS.items():
        view = views.get(endpoint.replace(".", "_"), lambda **_: "")
        methods = ["POST"] if endpoint in POSTED else ["GET"]
        app.add_url_rule(rule, endpoint=endpoint, view_func=view, methods=methods)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    assets.install(app)
    parts.install(app)
    headers.install(app, secure=False)
    languages.install(app, folder=HERE / "gateway" / "translations", zone=lambda: "Europe/London")
    app.jinja_env.globals |= {
        "csrf_token": lambda: "sample",
        "open_cases": lambda: 7,
        "done_words": done_words,
        "happened": happened,
        "label_length": LABEL_LENGTH,
        "note_length": NOTE_LENGTH,
        "words_for": words_for,
    }
    return app


def _harbour() -> Response:
    return Response(HARBOUR, mimetype="image/svg+xml")


def _page(language: str, name: str) -> str:
    _speak(language)  # Some samples hold words already.
    template, values = pages()[name]
    return show(template, values, language)


def _speak(language: str) -> None:
    speech.speak(replace(speech.spoken(), language=language, translations=_catalogues()[language]))


def show(template: str, values: Mapping[str, Any], language: str = "en") -> str:
    """Render a template with sample values, inside a request."""
    _speak(language)
    policy = Thing(
        publisher="The Northern Ledger", zone="Europe/London", licensing_email="licensing@ledger.example",
        notice=NOTICE[language], terms=TERMS, copying=COPYING,
    )  # fmt: skip
    common = {"policy": policy, "person": None, "csp_nonce": headers.nonce(), "reporting": REPORTING}
    return render_template(template, **(common | dict(values)))


@cache
def _catalogues() -> dict[str, NullTranslations]:
    return speech.load(HERE / "gateway" / "translations")


def render(app: Flask, name: str, language: str) -> str:
    """Render one sample page in one language."""
    return app.test_client().get(f"/{language}/{name}.html").text


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Say nothing of each request."""


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve an app on a free port of this machine; yields its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()


def write(folder: Path) -> None:
    """Write every page in every language, with the static files, below `folder`."""
    app = make_app()
    shutil.copytree(STATIC, folder / "static", dirs_exist_ok=True)
    (folder / "static" / "sample").mkdir(exist_ok=True)
    (folder / "static" / "sample" / "harbour.svg").write_text(HARBOUR, encoding="utf-8")
    for language in speech.LANGUAGES:
        (folder / language).mkdir(parents=True, exist_ok=True)
        for name in pages():
            (folder / language / f"{name}.html").write_text(render(app, name, language), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
