"""Articles written in Markdown, with what else is to be said of them as TOML between two lines of +++."""

import re
import tomllib
from datetime import UTC, datetime
from typing import Annotated, Any

from markdown_it import MarkdownIt
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from gateway.articles.fields import MAX_TEXT, TOO_MANY_DIGITS, written
from gateway.articles.sanitise import sanitise
from gateway.articles.story import (
    MAX_SECTION,
    MAX_SOURCE_ID,
    MAX_VERSION,
    Picture,
    Story,
    StoryFaultError,
    StoryRefusedError,
)
from gateway.rights import Rights

SOURCE = "markdown"
_FENCE = re.compile(r"\A\+\+\+[ \t]*\n(.*?)^\+\+\+[ \t]*$\n?(.*)\Z", re.DOTALL | re.MULTILINE)
_RENDERER = MarkdownIt("commonmark", {"html": False}).enable(["table"])


def _as_line(value: str) -> str:
    return written(value)


def _as_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("the instant leaves the calendar in UTC; want years 1 to 9999") from None


def _as_address(value: str) -> str:
    if not re.fullmatch(r"(https?://[^\s/]+)?/[^\s]*", value) or value.startswith("//"):
        raise ValueError("want an address that begins with https://, or with / for a picture on this site")
    return value


Line = Annotated[str, Field(max_length=MAX_TEXT), AfterValidator(_as_line)]
Needed = Annotated[str, Field(min_length=1, max_length=MAX_TEXT), AfterValidator(_as_line)]
Moment = Annotated[AwareDatetime, AfterValidator(_as_utc)]
Pixels = Annotated[int, Field(gt=0, lt=1_000_000)]


class _Stated(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class RightsStated(_Stated):
    """What an article's [rights] may say."""

    giftable: bool = True
    not_giftable_because: Line = ""
    free: bool = False
    embargo_until: Moment | None = None
    expires_at: Moment | None = None
    withdrawn_at: Moment | None = None
    copyright_holder: Line = ""
    copyright_notice: Line = ""

    @model_validator(mode="after")
    def _agree(self) -> "RightsStated":
        if self.giftable and self.not_giftable_because:
            raise ValueError("not_giftable_because stands beside giftable = true; want giftable = false")
        if self.embargo_until and self.expires_at and self.expires_at <= self.embargo_until:
            raise ValueError("expires_at is not after embargo_until; the article could never be read")
        return self


class PictureStated(_Stated):
    """What one [[pictures]] may say."""

    href: Annotated[str, AfterValidator(_as_address)]
    alt: Line = ""
    caption: Line = ""
    credit: Line = ""
    copyright_holder: Line = ""
    usage_terms: Line = ""
    travels: bool | None = None
    width: Pixels | None = None
    height: Pixels | None = None


class FrontMatter(_Stated):
    """What may stand between the two lines of +++."""

    id: Annotated[str, Field(min_length=1, max_length=MAX_SOURCE_ID), AfterValidator(_as_line)]
    version: Annotated[int, Field(ge=0, le=MAX_VERSION)] = 0
    headline: Needed
    language: Line = ""
    standfirst: Line = ""
    byline: Line = ""
    section: Annotated[str, Field(max_length=MAX_SECTION), AfterValidator(_as_line)] = ""
    published: Moment | None = None
    updated: Moment | None = None
    slug: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)] | None = None
    rights: RightsStated = RightsStated()
    pictures: list[PictureStated] = []


def parse_markdown(text: str) -> Story:
    """Read one article; raises StoryRefusedError without front matter, StoryFaultError for what it states wrongly."""
    found = _FENCE.match(text.replace("\r\n", "\n"))
    if found is None:
        raise StoryRefusedError(
            "it begins with no front matter; want TOML between two lines of +++, with id and headline"
        )
    # The empty line in front stands for the first +++, so that errors count lines as the file does.
    stated = front_matter("\n" + found[1])
    body = sanitise(_RENDERER.render(found[2]))
    if not body:
        raise StoryRefusedError("it has no text after the front matter")
    return story(stated, body)


def front_matter(text: str) -> FrontMatter:
    """Read and check front matter; raises StoryFaultError, which names the key or the line."""
    try:
        return FrontMatter.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise StoryFaultError(f"the front matter is no TOML: {error}") from None
    except ValidationError as error:
        raise StoryFaultError("; ".join(_complaint(each) for each in error.errors())) from None
    except ValueError:
        raise StoryFaultError(TOO_MANY_DIGITS) from None
    except RecursionError:
        raise StoryFaultError(
            "the front matter nests too deep; want keys, [rights] and [[pictures]]"
        ) from None


def story(stated: FrontMatter, body_html: str) -> Story:
    """Put what front matter states and a sanitised body together."""
    return Story(
        source=SOURCE,
        source_id=stated.id,
        source_version=stated.version,
        language=stated.language,
        headline=stated.headline,
        standfirst=stated.standfirst,
        byline=stated.byline,
        section=stated.section,
        published_at=stated.published,
        updated_at=stated.updated,
        body_html=body_html,
        rights=Rights(**stated.rights.model_dump()),
        pictures=tuple(Picture(**each.model_dump()) for each in stated.pictures),
        slug=stated.slug or "",
        states_giving="giftable" in stated.rights.model_fields_set,
    )


def _complaint(error: Any) -> str:
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{key}: no such key; the documentation lists those there are"
    if error["type"] == "missing":
        return f"{key} is missing"
    got = "" if error["type"] == "value_error" else f", got {str(error['input'])[:60]!r}"
    return f"{key}: {error['msg'].removeprefix('Value error, ')}{got}"
