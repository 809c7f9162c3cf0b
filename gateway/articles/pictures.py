"""The pictures that belong to a ninjs item, each with the credit and rights that it states itself."""

from collections.abc import Iterator

from gateway.articles.fields import Fields
from gateway.articles.sanitise import plain_text, sanitise
from gateway.articles.story import Picture

# A page is at most this wide; a print file of five thousand pixels would be sent to every phone.
WIDEST = 2_000
_STILLS = {"picture": 0, "graphic": 1}
_CREDIT = {"creditline", "credit"}


def ninjs_pictures(item: Fields) -> tuple[Picture, ...]:
    """Read an item's associated pictures, photographs before logos and other graphics, else in the file's order.

    Left out are pictures that must not be published (pubStatus), those with an embargo or expiry of their own,
    because dates are kept per article, and those without a web address.
    """
    found = [*_stills(item)]
    return tuple(picture for _, picture in sorted(found, key=lambda pair: pair[0]))


def _stills(item: Fields) -> Iterator[tuple[int, Picture]]:
    for each in item.each("associations"):
        kind = each.text("type")
        if (kind and kind not in _STILLS) or not _may_be_shown(each):
            continue
        rendition = _best(each)
        if rendition is not None:
            yield _STILLS.get(kind, 0), _picture(each, rendition)


def _may_be_shown(picture: Fields) -> bool:
    dated = any(name in picture for name in ("embargoed", "embargoeduntil", "expires"))
    return not dated and (picture.text("pubstatus") or "usable") == "usable"


def _best(picture: Fields) -> Fields | None:
    """Choose the widest rendition that fits a page, else the narrowest of those that are wider."""
    usable = [each for each in picture.each("renditions") if _is_image(each)]
    fitting = [each for each in usable if (each.size("width") or 0) <= WIDEST]
    if fitting:
        return max(fitting, key=lambda each: each.size("width") or 0)
    return min(usable, key=lambda each: each.size("width") or 0, default=None)


def _is_image(rendition: Fields) -> bool:
    kind = rendition.text("mimetype") or rendition.text("contenttype")
    is_web = rendition.text("href").lower().startswith(("https://", "http://"))
    return is_web and (not kind or kind.startswith("image/"))


def _picture(picture: Fields, rendition: Fields) -> Picture:
    described = {each.text("role").lower(): each.text("value") for each in picture.each("descriptions")}
    credit_line = next((described.pop(role) for role in [*described] if role in _CREDIT), "")
    caption = described.get("caption") or described.get("text") or next(iter(described.values()), "")
    info = picture.inside("rightsinfo")
    terms = [picture.text("copyrightnotice"), picture.text("usageterms")]
    if info is not None:
        terms += [info.text("linkedrights"), info.text("encodedrights")]
    return Picture(
        href=rendition.text("href"),
        caption=caption or _caption(picture),
        credit=picture.text("byline") or picture.text("by") or credit_line,
        copyright_holder=picture.text("copyrightholder"),
        usage_terms=" ".join(term for term in terms if term),
        # Coded terms may forbid passing on; what nobody has evaluated does not travel.
        travels=False if info is not None and "encodedrights" in info else None,
        width=rendition.size("width"),
        height=rendition.size("height"),
    )


def _caption(picture: Fields) -> str:
    plain = picture.text("description_text")
    return plain or " ".join(plain_text(sanitise(picture.markup("description_xhtml"))).split())
