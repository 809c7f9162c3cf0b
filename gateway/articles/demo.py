"""The demo's articles: read from the package and dated from the moment at which they are loaded."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from gateway import demo
from gateway.articles.importing import Line, Outcome, Report, import_stories
from gateway.articles.markdown import parse_markdown
from gateway.articles.story import Story
from gateway.runtime import Runtime
from gateway.store import articles

_SPAN = re.compile(r"[1-9][0-9]* (hour|day)s?")


def _as_span(value: str) -> str:
    if not _SPAN.fullmatch(value):
        raise ValueError("want a span such as '3 hours' or '30 days'")
    return value


Span = Annotated[str, AfterValidator(_as_span)]


class Dated(BaseModel):
    """One article of the manifest and when it came out, counted from the loading."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    file: str
    published_ago: Span
    updated_ago: Span | None = None
    embargo_in: Span | None = None
    expired_ago: Span | None = None


class Manifest(BaseModel):
    """The demo's articles in order."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    articles: list[Dated]


def load_demo(runtime: Runtime) -> Report:
    """Import the demo's articles; those already held in this version stay as they are, dates and all."""
    now = runtime.clock()
    fresh: list[tuple[Path, Story]] = []
    known: list[Line] = []
    with runtime.database.reading() as connection:
        for path, story in demo_stories(now):
            version = articles.find_version(connection, source=story.source, source_id=story.source_id)
            if version is not None and version >= story.source_version:
                known.append(Line(path, Outcome.UNCHANGED, story.headline))
            else:
                fresh.append((path, story))
    return Report((*known, *import_stories(runtime, fresh).lines))


def demo_stories(now: datetime) -> Iterator[tuple[Path, Story]]:
    """Yield each demo article with its file, dated as the manifest says from `now`."""
    manifest = Manifest.model_validate(tomllib.loads(demo.MANIFEST.read_text("utf-8")))
    for dated in manifest.articles:
        path = demo.ARTICLES / dated.file
        yield path, _date(parse_markdown(path.read_text("utf-8")), dated, now)


def _date(story: Story, dated: Dated, now: datetime) -> Story:
    rights = replace(
        story.rights,
        embargo_until=now + _span(dated.embargo_in) if dated.embargo_in else story.rights.embargo_until,
        expires_at=now - _span(dated.expired_ago) if dated.expired_ago else story.rights.expires_at,
    )
    return replace(
        story,
        published_at=now - _span(dated.published_ago),
        updated_at=now - _span(dated.updated_ago) if dated.updated_ago else None,
        rights=rights,
    )


def _span(stated: str) -> timedelta:
    count, unit = stated.split(" ")
    return timedelta(hours=int(count)) if unit.startswith("hour") else timedelta(days=int(count))
