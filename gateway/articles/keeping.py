"""Keeping one story: added, put in its earlier version's place, or withdrawn, in the caller's transaction."""

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection

from gateway.articles.closing import closed_by, pay_back
from gateway.articles.ninjs import ENCODED
from gateway.articles.report import Outcome
from gateway.articles.sanitise import characters, first_paragraph
from gateway.articles.slug import alternatives, slug_for
from gateway.articles.story import Story, StoryRefusedError, Withdrawal
from gateway.ledger import Actor, Entry, Event
from gateway.rights import Rights
from gateway.runtime import Runtime
from gateway.store import articles
from gateway.store.entries import append_entry

# These are the source's own words, so the source may take them back; an admin's reason is never lifted by a file.
WITHHELD = "Its source withholds it for now."
CANCELED = "Its source has cancelled it."
STATED = "Its source states that it was withdrawn."
_LIFTED_BY_SOURCE = {WITHHELD, STATED}
NOT_STATED = 0
OLDER = "an older version than the one held, which stays"
STAYS_WITHDRAWN = "the text is updated, but the article stays withdrawn: {because}"

Kept = tuple[Outcome, str, int | None]


@dataclass(frozen=True, slots=True)
class Act:
    """One import's surroundings: who acts, in which transaction, when."""

    runtime: Runtime
    connection: Connection
    actor: Actor
    now: datetime


def keep(act: Act, found: Story | Withdrawal) -> Kept:
    """Keep what a file gave and say what that changed, with a remark and the article's number.

    An older version never replaces a newer one. Raises StoryRefusedError for a withdrawal of what is not held.
    """
    held = articles.take_held(act.connection, source=found.source, source_id=found.source_id)
    if isinstance(found, Withdrawal):
        return _withdraw(act, found, held)
    if held is None:
        return _add(act, found)
    if _is_older(found.source_version, found.updated_at, held):
        return Outcome.UNCHANGED, OLDER, held.id
    if found.digest() == held.digest and found.source_version in (NOT_STATED, held.source_version):
        return Outcome.UNCHANGED, "", held.id
    return _replace(act, found, held)


def _add(act: Act, story: Story) -> Kept:
    because = STATED if story.rights.withdrawn_at else ""
    text = _text(story, published_at=story.published_at or story.updated_at)
    slug = _free_slug(act.connection, story)
    article_id = articles.add_article(
        act.connection, text, story.rights, slug=slug, withdrawn_because=because, now=act.now
    )
    articles.replace_pictures(act.connection, article_id, story.pictures)
    _log(act, Event.ARTICLE_ADDED, article_id, story.source_version)
    return Outcome.ADDED, "", article_id


def _replace(act: Act, story: Story, held: articles.Held) -> Kept:
    rights, because = _rights_after(story, held)
    # A later version that no longer states when the first came out does not move the article to a later day.
    text = _text(story, published_at=story.published_at or held.published_at or story.updated_at)
    # One that states no version does not open the way to the older ones again.
    text = replace(text, source_version=story.source_version or held.source_version)
    articles.replace_article(act.connection, held.id, text, rights, withdrawn_because=because, now=act.now)
    articles.replace_pictures(act.connection, held.id, story.pictures)
    event = Event.ARTICLE_RIGHTS_CHANGED if rights != held.rights else Event.ARTICLE_CHANGED
    _log(act, event, held.id, story.source_version)
    _shut_gifts(act, held, rights)
    stays = rights.withdrawn_at is not None and because == held.withdrawn_because
    return Outcome.UPDATED, STAYS_WITHDRAWN.format(because=because) if stays else "", held.id


def _rights_after(story: Story, held: articles.Held) -> tuple[Rights, str]:
    """Join what a file states with what an admin decided, which a file that is silent on it does not undo."""
    rights, because = story.rights, STATED if story.rights.withdrawn_at else ""
    if not story.states_giving and held.rights.not_giftable_because != ENCODED:
        rights = replace(
            rights,
            giftable=held.rights.giftable,
            not_giftable_because=held.rights.not_giftable_because,
        )
    if held.rights.withdrawn_at is not None and held.withdrawn_because not in _LIFTED_BY_SOURCE:
        rights, because = replace(rights, withdrawn_at=held.rights.withdrawn_at), held.withdrawn_because
    return rights, because


def _withdraw(act: Act, said: Withdrawal, held: articles.Held | None) -> Kept:
    if held is None:
        raise StoryRefusedError(
            f"its source says it is {said.status} (pubStatus), and no earlier version is held here"
        )
    if _is_older(said.source_version, said.said_at, held):
        return Outcome.UNCHANGED, OLDER, held.id
    articles.note_version(
        act.connection,
        held.id,
        source_version=max(said.source_version, held.source_version),
        updated_at=said.said_at or held.updated_at,
    )
    because = WITHHELD if said.status == "withheld" else CANCELED
    since = said.said_at if said.said_at is not None and said.said_at < act.now else act.now
    withdrawn = held.rights.withdrawn_at is not None and held.rights.withdrawn_at <= act.now
    if withdrawn and held.withdrawn_because in _LIFTED_BY_SOURCE and because == CANCELED:
        articles.restate_withdrawal(act.connection, held.id, because=because)
    elif not articles.withdraw_article(act.connection, held.id, because=because, now=act.now, since=since):
        return Outcome.UNCHANGED, "", held.id
    _log(act, Event.ARTICLE_RIGHTS_CHANGED, held.id, said.source_version)
    _shut_gifts(act, held, replace(held.rights, withdrawn_at=since))
    return Outcome.UPDATED, f"withdrawn: its source says it is {said.status} (pubStatus)", held.id


def _shut_gifts(act: Act, held: articles.Held, rights: Rights) -> None:
    """Pay back the unserved gifts of an article that was open to gifts until now and is no longer."""
    why = closed_by(rights, act.now)
    if why is not None and closed_by(held.rights, act.now) is None:
        pay_back(act.runtime, act.connection, act.actor, held.id, why, act.now)


def _is_older(version: int, updated_at: datetime | None, held: articles.Held) -> bool:
    """Compare by version where both state one, and by date where the versions do not tell."""
    if version and held.source_version and version != held.source_version:
        return version < held.source_version
    return updated_at is not None and held.updated_at is not None and updated_at < held.updated_at


def _text(story: Story, *, published_at: datetime | None) -> articles.ArticleText:
    return articles.ArticleText(
        source=story.source,
        source_id=story.source_id,
        source_version=story.source_version,
        digest=story.digest(),
        language=story.language,
        section=story.section,
        headline=story.headline,
        standfirst=story.standfirst,
        byline=story.byline,
        body_html=story.body_html,
        first_paragraph=first_paragraph(story.body_html),
        characters=characters(story.body_html),
        published_at=published_at,
        updated_at=story.updated_at,
    )


def _free_slug(connection: Connection, story: Story) -> str:
    wanted = story.slug or slug_for(story.headline, language=story.language, source_id=story.source_id)
    names = alternatives(wanted)
    while True:
        batch = [*islice(names, 50)]
        taken = articles.find_taken_slugs(connection, batch)
        free = next((name for name in batch if name not in taken), None)
        if free is not None:
            return free


def _log(act: Act, event: Event, article_id: int, version: int) -> None:
    entry = Entry(act.now, act.actor, event, f"article:{article_id}", detail={"source_version": version})
    append_entry(act.connection, entry)
