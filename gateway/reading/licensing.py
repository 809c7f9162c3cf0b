"""Asking for a licence: kept once under a number that people can quote; the licensing desk answers."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from gateway.case import asked_for
from gateway.decision import Deny, Permit, Reason
from gateway.keys import digest
from gateway.ledger import Entry, Event
from gateway.licence import State, Wish
from gateway.link import new_reference
from gateway.queueing import put_in_queue
from gateway.reading.visit import Visit
from gateway.runtime import Runtime
from gateway.store import articles, licences, readings
from gateway.store.articles import Article
from gateway.store.entries import append_entry


@dataclass(frozen=True, slots=True)
class Received:
    """What is shown of a request to whoever knows its number: nothing about who asked."""

    number: str
    at: datetime
    about: str


def article_asked_for(runtime: Runtime, slug: str) -> Article | None:
    """Find the article that a licence is asked for; None where there is none to be seen by that name."""
    now = runtime.clock()
    with runtime.database.reading() as connection:
        head = readings.find_article_head(connection, slug) if slug else None
        found = None if head is None else articles.find_article(connection, head.id)
    return found if found is not None and isinstance(found.rights.reading(now), Permit) else None


def ask_for_licence(runtime: Runtime, wish: Wish, visit: Visit, *, form: str, language: str) -> str | Deny:
    """Keep a request and return its number; the same contents of the same `form` are kept once.

    What is wrong is named in the refusal's detail, field by field.
    """
    now = runtime.clock()
    article = article_asked_for(runtime, wish.slug)
    if wrong := wish.wrong():
        return Deny(Reason.LICENCE_INVALID, detail={"fields": " ".join(wrong)})
    spelled = json.dumps([form, asdict(wish)], sort_keys=True)
    with runtime.database.transaction() as connection:
        number, first = licences.add_request(
            connection,
            new_reference,
            digest=digest(spelled.encode()),
            at=now,
            article_id=None if article is None else article.id,
            about=wish.about or ("" if article is not None else wish.slug[:300]),
            characters=wish.length,
            purpose=wish.purpose,
            name=wish.name,
            email=wish.email,
            text=wish.text,
            language=language,
            state=State.NEW,
            state_at=now,
            mail_due_at=now,
        )
        if first:
            about: dict[str, str | int] = {"purpose": wish.purpose, "characters": wish.length or 0}
            append_entry(
                connection, Entry(now, visit.actor, Event.LICENCE_ASKED, f"licence:{number}", detail=about)
            )
            evidence = asked_for(number, wish.purpose, wish.length, now)
            put_in_queue(connection, visit.actor, evidence, now)
    return number


def request_received(runtime: Runtime, number: str) -> Received | Deny:
    """Acknowledge a request by its number."""
    with runtime.database.reading() as connection:
        found = licences.find_request(connection, number.upper())
    if found is None:
        return Deny(Reason.LICENCE_UNKNOWN)
    return Received(found.number, found.at, found.headline or found.about)
