"""Why a text is withheld from who asks, as the sentence that a card says; and where machines ask for rights."""

from collections.abc import Mapping
from typing import Final

from flask import url_for
from werkzeug.wrappers import Response

from gateway.visitor import Visitor
from gateway.web import asking
from gateway.web.speech import Lazy
from gateway.web.speech import Lazy as _
from gateway.web.state import state

_LISTED: Final = _(
    "This page holds no article text: it was asked for from a network that checks mail for danger, where machines open "
    "every link. From another network, such as a phone's own, the same link opens for a person."
)
_WHY: Final[Mapping[Visitor, Lazy]] = {
    Visitor.AI_CRAWLER: _(
        "This page holds no article text: your program says that it collects for a language model or acts for one, and "
        "that needs a licence. A person can open the same link in a browser."
    ),
    Visitor.PREVIEW: _(
        "This page holds no article text: it was asked for as a preview, ahead of a person. Open the link itself in a "
        "browser to read."
    ),
    Visitor.TOOL: _(
        "This page holds no article text: your program says that it is an automatic visitor, and gifts are for people. "
        "A person can open the same link in a browser."
    ),
    Visitor.SCANNER: _(
        "This page holds no article text: your program says that it checks links for danger. There is nothing here to "
        "download and nothing to sign in to; a person can open the same link in a browser."
    ),
}


def withheld() -> Lazy | None:
    """Say why this request is not given the text, or None for a person."""
    who = asking.visitor()
    return _LISTED if asking.listed() else _WHY.get(who)


def with_rights_pointer(response: Response) -> Response:
    """Point a machine to the terms on which it may have more (RFC 4946 names the relation)."""
    terms = f"{state().settings.base_url}{url_for('pages.licence')}"
    response.headers.add("Link", f'<{terms}>; rel="license"')
    return response
