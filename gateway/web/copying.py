"""What an article's page knows about copying, and the reports that it sends back."""

import re
import secrets
from dataclasses import dataclass

from flask import Blueprint, jsonify, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from gateway.decision import Deny, Reason
from gateway.passage import longest_selection
from gateway.reading import copying
from gateway.reading.copying import CopyPage, Report
from gateway.reading.serving import Reading
from gateway.reading.visit import Visit
from gateway.web import asking
from gateway.web.drawing import Places, place
from gateway.web.refusals import refused
from gateway.web.state import state
from gateway.web.telling import moment
from gateway.web.wording import words_for

bp = Blueprint("copying", __name__)

PAGE_BYTES = 8
REPORT_ID = re.compile(r"[0-9a-f]{32}")
NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
SUBJECT = re.compile(r"([0-9]+):([ac])([0-9]+):([0-9a-f]{16})")
KINDS = {"copy": False, "print": True}


@dataclass(frozen=True, slots=True)
class ShownReporting:
    """What an article's page is told beside the policy's figures.

    `url` and `nonce` are empty where nothing is to be reported; `characters` is the length of the whole text, `most`
    the longest selection that can be reported; the two ways forward are whole addresses, since they travel with a copy.
    """

    base_url: str
    slug: str
    nonce: str
    characters: int
    most: int

    # Asked for by a page that is being drawn, and not with every answer.

    @property
    def url(self) -> str:
        """Where copies are reported."""
        return url_for("copying.report", slug=self.slug) if self.nonce else ""

    @property
    def gift_url(self) -> str:
        """Where the article can be given."""
        return self.base_url + url_for("subscriber.share", slug=self.slug)

    @property
    def licence_url(self) -> str:
        """Where a licence for the article is asked for."""
        return self.base_url + url_for("pages.licence", article=self.slug, _anchor="ask")


def shown_reporting(shown: Reading, visit: Visit) -> tuple[ShownReporting, Places]:
    """Tell a page how to report copies: only of a text that is not everybody's, and only for who reads it here."""
    article = shown.article
    whose = _whose(shown, visit)
    reporting = ShownReporting(
        state().settings.base_url,
        article.slug,
        nonce=place("copy_nonce") if whose else "",
        characters=article.characters,
        most=longest_selection(article.characters),
    )
    return reporting, ({"copy_nonce": _stamp(article.id, whose)} if whose else {})


@bp.post("/articles/<slug>/copies")
def report(slug: str) -> Response:
    """Count what was copied or printed of an article."""
    page = _page_of(request.form.get("nonce", ""))
    if page is None or not asking.from_our_page(stamped=True):
        return refused(Deny(Reason.CLAIM_FOREIGN))
    sent = _report_in(request.form)
    if sent is None:
        return refused(Deny(Reason.COPY_INVALID))
    answer = copying.report_copy(state().runtime, slug, page, sent, asking.visit(), network=asking.network())
    if isinstance(answer, Deny):
        return refused(answer)
    if answer.until is None:
        return jsonify(closed=None)
    said = words_for(answer.why).until % {"moment": moment(answer.until)}
    return jsonify(closed={"until": answer.until.isoformat(), "said": said.striptags()})


def _whose(shown: Reading, visit: Visit) -> str:
    if shown.article.rights.free:
        return ""
    if visit.account is not None:
        return f"a{visit.account.id}"
    return "" if shown.held is None else f"c{shown.held.claim.id}"


def _stamp(article_id: int, whose: str) -> str:
    # Bound to one showing to one reader: a report counts for nobody but who was shown that page.
    subject = f"{article_id}:{whose}:{secrets.token_hex(PAGE_BYTES)}"
    return state().copy_stamp.sign(subject, state().runtime.clock())


def _page_of(nonce: str) -> CopyPage | None:
    stamped = state().copy_stamp.verify(nonce)
    found = None if stamped is None else SUBJECT.fullmatch(stamped[0])
    if found is None:
        return None
    article_id, kind, number, page = int(found[1]), found[2], int(found[3]), bytes.fromhex(found[4])
    if kind == "a":
        return CopyPage(article_id, page, account_id=number)
    return CopyPage(article_id, page, claim_id=number)


def _report_in(form: MultiDict[str, str]) -> Report | None:
    """Read a report as strictly as it can be written: whole numbers in plain digits, nothing left out."""
    report_id, kind = form.get("id", ""), form.get("kind", "")
    sequence, characters = form.get("sequence", ""), form.get("characters", "")
    if not REPORT_ID.fullmatch(report_id) or kind not in KINDS:
        return None
    if not NUMBER.fullmatch(sequence) or not NUMBER.fullmatch(characters):
        return None
    return Report(bytes.fromhex(report_id), int(sequence), int(characters), KINDS[kind])
