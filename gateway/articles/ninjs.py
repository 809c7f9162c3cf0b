"""News in JSON, versions 1.4 to 3.1, read into stories.

Field by field from IPTC's schemas (iptc.org/std/ninjs): 1.4 holds `headline`, `byline`, `body_*` and named
associations, 2.1 lists with roles, 3.x the same in camel case with `embargoedUntil` for `embargoed`.
"""

from collections.abc import Iterator
from datetime import datetime

from gateway.articles.body import article_body
from gateway.articles.fields import Fields, load_json
from gateway.articles.pictures import ninjs_pictures
from gateway.articles.sanitise import from_text, plain_text, sanitise
from gateway.articles.story import Story, StoryFaultError, StoryRefusedError, Withdrawal
from gateway.rights import Rights

SOURCE = "ninjs"
MEDIA = {"picture", "graphic", "audio", "video"}
ENCODED = "Its source states rights in a coded form that nobody here has read. Ask the licensing desk."
# Only a role that says so makes a description the line under the headline: others are captions and cut-off openings.
_STANDFIRST = {
    "standfirst",
    "subheadline",
    "subheading",
    "subtitle",
    "deck",
    "dek",
    "lead",
    "abstract",
    "summary",
}


def parse_ninjs(text: str) -> Story | Withdrawal:
    """Read one ninjs item: a story, or its source's word that it must not be published.

    Raises StoryFaultError where the file breaks its format, StoryRefusedError where it is sound but no article.
    """
    item = load_json(text)
    if not isinstance(item, dict):
        raise StoryFaultError("this JSON is no object; want one ninjs item, an object with a uri")
    fields = Fields(item)
    uri = fields.text("uri")
    if not uri:
        raise StoryFaultError("uri is missing; want the identifier that every ninjs item has")
    status = _status(fields)
    if status != "usable":
        return Withdrawal(SOURCE, uri, fields.version("version"), status, fields.instant("versioncreated"))
    return _story(fields, uri)


def _story(fields: Fields, uri: str) -> Story:
    _refuse_media(fields)
    headline = _headline(fields)
    body = _body(fields, headline)
    if not body:
        raise StoryRefusedError(_why_no_article(fields))
    if not headline:
        raise StoryRefusedError("it has a body but no headline; an article needs both")
    return Story(
        source=SOURCE,
        source_id=uri,
        source_version=fields.version("version"),
        language=fields.text("language"),
        headline=headline,
        standfirst=_standfirst(fields),
        byline=fields.text("byline") or fields.text("by"),
        published_at=fields.instant("firstcreated"),
        updated_at=fields.instant("versioncreated"),
        body_html=body,
        rights=_rights(fields),
        states_giving=_coded(fields),
        pictures=ninjs_pictures(fields),
    )


def _status(fields: Fields) -> str:
    status = fields.text("pubstatus") or "usable"
    if status not in {"usable", "withheld", "canceled"}:
        # An unknown status may well forbid publishing, so it never counts as usable.
        raise StoryFaultError(f"pubStatus is {status[:40]!r}; want usable, withheld or canceled")
    return status


def _refuse_media(fields: Fields) -> None:
    """Refuse an item that is itself a picture, sound or film: a body beside its own renditions is its caption."""
    kind = fields.text("type")
    if kind in MEDIA and next(fields.each("renditions"), None) is not None:
        raise StoryRefusedError(
            f"it is a {kind} of its own, not an article; import the article that it belongs to"
        )


def _why_no_article(fields: Fields) -> str:
    if "eventdetails" in fields:
        return "it is an event (eventDetails), not an article: it has no body"
    if "plannedcoverage" in fields:
        return "it is a plan of coverage (plannedCoverage), not an article: it has no body"
    if fields.text("type") in MEDIA:
        return f"it is a {fields.text('type')}, not an article: it has no body"
    return "it has no body in HTML or plain text, so it is no article"


def _headline(fields: Fields) -> str:
    found = fields.text("headline")
    if found:
        return found
    by_role = {
        role: line for role, line in _lines(fields, "headline", "headlines") if role not in _STANDFIRST
    }
    return by_role.get("main") or by_role.get("") or next(iter(by_role.values()), "")


def _standfirst(fields: Fields) -> str:
    stated = [*_lines(fields, "headline", "headlines"), *_lines(fields, "description", "descriptions")]
    return next((line for role, line in stated if role in _STANDFIRST and line), "")


def _lines(fields: Fields, single: str, several: str) -> Iterator[tuple[str, str]]:
    """Yield the headlines or descriptions with their roles: `headline_ROLE` in 1.4, a list with roles after."""
    for name in fields.names(f"{single}_"):
        line = fields.markup(name)
        yield name.removeprefix(f"{single}_"), _one_line(line) if "html" in name else fields.text(name)
    for each in fields.each(several):
        marked_up = "html" in each.text("contenttype")
        yield each.text("role").lower(), _one_line(each.markup("value")) if marked_up else each.text("value")


def _one_line(markup: str) -> str:
    return " ".join(plain_text(sanitise(markup)).split())


def _body(fields: Fields, headline: str) -> str:
    """Take the first body in HTML that says anything, else the first in plain text; XML of other kinds is left."""
    bodies = [*_bodies(fields)]
    for kind, value in bodies:
        if kind == "html" and (body := article_body(value, headline=headline)):
            return body
    return next((body for kind, value in bodies if kind == "text" and (body := from_text(value))), "")


def _bodies(fields: Fields) -> Iterator[tuple[str, str]]:
    for name in fields.names("body_"):
        yield _kind("", name.removeprefix("body_")), fields.markup(name)
    for each in fields.each("bodies"):
        yield _kind(each.text("contenttype").lower(), each.text("role").lower()), each.markup("value")


def _kind(content_type: str, role: str) -> str:
    if "html" in (content_type or role):
        return "html"
    plain = (
        content_type.startswith("text/plain")
        if content_type
        else role in {"", "main", "text", "plain", "body"}
    )
    return "text" if plain else "other"


def _rights(fields: Fields) -> Rights:
    stated = [fields.text("copyrightnotice"), fields.text("usageterms")]
    info = fields.inside("rightsinfo")
    if info is not None:
        stated.append(info.text("linkedrights"))
    return Rights(
        # Coded terms may forbid passing on; what nobody has evaluated is not given away.
        giftable=not _coded(fields),
        not_giftable_because=ENCODED if _coded(fields) else "",
        embargo_until=_embargo(fields),
        expires_at=fields.instant("expires"),
        copyright_holder=fields.text("copyrightholder"),
        copyright_notice=" ".join(part for part in stated if part),
    )


def _coded(fields: Fields) -> bool:
    info = fields.inside("rightsinfo")
    return info is not None and "encodedrights" in info


def _embargo(fields: Fields) -> datetime | None:
    stated = [fields.instant("embargoed"), fields.instant("embargoeduntil")]
    return max((each for each in stated if each is not None), default=None)
