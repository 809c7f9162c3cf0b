"""Finding what somebody typed or pasted into the desk's one search field: a page of its own, or a list to choose from."""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection

from gateway.auditing.people import AccountLine, list_accounts
from gateway.decision import Deny, Reason
from gateway.ledger import Event
from gateway.link import REFERENCE_ALPHABET, TOKEN_LENGTH
from gateway.runtime import Runtime
from gateway.store import accounts, finding, gifts, licences
from gateway.store.finding import FoundArticle

PAGE = 50
FEW = 10
LONGEST_WORD = 200
# What opens a gift, in whatever address or by itself: 22 characters, a dot, 43 more, or what was cut from it.
_LINK: Final = re.compile(r"/g/(?:move/)?([^\s/?#\"'<>]*)", re.IGNORECASE)
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{10,}")
# What may be left of a token that was changed on its way: a long run with a capital inside a word, as no name has it.
_REMAINS: Final = re.compile(r"(?=[A-Za-z0-9_-]{20})[A-Za-z0-9_-]*?[a-z0-9][A-Z]")
# What a sentence goes on with after a link.
CLOSING: Final = ".,;:!?)]}»“”'"
_ARTICLE: Final = re.compile(r"/articles/([^\s/?#]+)")
_KINDS: Final = ("gift", "account", "article", "licence", "network", "reader", "rule")


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was meant: its kind (one of the log's, or event, reason, day) and its key."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Matches:
    """Accounts and articles whose names hold a word; each list is cut short at FEW."""

    accounts: tuple[AccountLine, ...]
    articles: tuple[FoundArticle, ...]


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """One page of articles; `older` is the row to continue before."""

    articles: tuple[FoundArticle, ...]
    older: int | None


def holds_link(text: str) -> bool:
    """Tell whether a text holds a gift link, its token or what is left of one, and so must stand in no address and no log."""
    return bool(_LINK.search(text) or _TOKEN.search(text) or _REMAINS.search(text))


def find_meant(runtime: Runtime, text: str) -> Hit | Deny | None:
    """Find the one thing that a text names; None where it may name several, Deny for a link that is none of ours or damaged."""
    typed = text.strip()
    if _LINK.search(typed) or _TOKEN.search(typed):
        # A link out of a mail may be broken over lines; what follows its token is the sentence it stood in.
        whole = _find_linked(runtime, typed)
        return whole if isinstance(whole, Hit) else _find_linked(runtime, re.sub(r"\s+", "", typed))
    damaged = Deny(Reason.LINK_DAMAGED) if holds_link(typed) else None
    typed = typed[:LONGEST_WORD]
    named = None if damaged else _spelled_out(typed) or _by_shape(typed)
    if named is not None or not typed:
        return named
    with runtime.database.reading() as connection:
        # A source may number its articles in a way that looks like a token.
        return _find_named(runtime, connection, typed) or damaged


def find_matches(runtime: Runtime, text: str) -> Matches:
    """Find the accounts and articles whose names hold a text."""
    typed = text.strip()[:LONGEST_WORD]
    people = list_accounts(runtime, like=typed)[:FEW]
    return Matches(tuple(people), list_articles(runtime, like=typed).articles[:FEW])


def list_articles(runtime: Runtime, *, like: str = "", before: int | None = None) -> ArticlePage:
    """List articles whatever their rights, by a part of headline, slug or source, the newest row first."""
    with runtime.database.reading() as connection:
        found = finding.list_articles_like(connection, like=like, before=before, limit=PAGE + 1)
    return ArticlePage(tuple(found[:PAGE]), found[PAGE - 1].id if len(found) > PAGE else None)


def _find_linked(runtime: Runtime, typed: str) -> Hit | Deny:
    linked, bare = _LINK.search(typed), _TOKEN.search(typed)
    token = (linked[1] if linked else bare[0] if bare else "").rstrip(CLOSING)
    capability = runtime.keys.verify(token)
    carried = capability or _capability_of(token)
    if carried is not None:
        with runtime.database.reading() as connection:
            found = finding.find_gift_of_capability(connection, carried)
        # What was signed with a key that is thrown away verifies no more, and is the gift's all the same.
        if found is not None and (capability or found[1] not in runtime.keys.signer.key_ids):
            return Hit("gift", found[0])
    return Deny(Reason.LINK_FOREIGN)


def _capability_of(token: str) -> bytes | None:
    if len(token) != TOKEN_LENGTH:
        return None
    try:
        return base64.urlsafe_b64decode(token[:22] + "==")
    except (binascii.Error, ValueError):
        return None


def _spelled_out(typed: str) -> Hit | None:
    """Read what is spelled as the log spells it: an event, a reason, or somebody by kind and key."""
    if typed in set(Event):
        return Hit("event", typed)
    if typed in set(Reason):
        return Hit("reason", typed)
    kind, _, key = typed.partition(":")
    return Hit(kind, key.strip()) if kind in _KINDS and key.strip() else None


def _by_shape(typed: str) -> Hit | None:
    """Read what only one kind of name looks like: a network, a reader, a day."""
    if re.fullmatch(r"[0-9a-f]{32}|[0-9a-f]{16}", typed):
        return Hit("network" if len(typed) == 32 else "reader", typed)
    try:
        return Hit("day", date.fromisoformat(typed).isoformat())
    except ValueError:
        return None


def _find_named(runtime: Runtime, connection: Connection, typed: str) -> Hit | None:
    reference = typed.replace("-", "").replace(" ", "").upper()
    if len(reference) == 8 and set(reference) <= set(REFERENCE_ALPHABET):
        if gifts.find_gift(connection, reference) is not None:
            return Hit("gift", reference)
        if licences.find_request(connection, reference) is not None:
            return Hit("licence", reference)
    if "@" in typed and (account := accounts.find_account_by_email(connection, typed)) is not None:
        return Hit("account", str(account.id))
    address = _ARTICLE.search(typed)
    article = finding.find_article_named(connection, address[1] if address else typed)
    if article is not None:
        return Hit("article", str(article))
    rules = runtime.policies.in_force(runtime.clock()).policy.rules
    if any(typed == rule.name for rule in rules) or finding.has_fired(connection, typed):
        return Hit("rule", typed)
    return None
