"""A gift as a page is drawn by it: what many gifts share as facts, what is one gift's own as places."""

from functools import lru_cache

from gateway.link import Gift
from gateway.web.drawing import Places, place
from gateway.web.showing import ShownGift, shown_gift
from gateway.web.telling import moment


def placed_gift(gift: Gift, giver: str = "") -> tuple[ShownGift, Places]:
    """Show a gift to `drawing.page`, with the places that make the page this gift's."""
    shown = shown_gift(gift, giver)
    alike = _alike(
        shown.readers,
        shown.unconfirmed_bound,
        labelled=bool(shown.label),
        noted=bool(shown.note),
        named=bool(shown.giver_name),
    )
    own = {
        "gift_reference": shown.reference,
        "gift_label": shown.label,
        "gift_note": shown.note,
        "gift_issued": moment(shown.issued_at),
        "gift_expires": moment(shown.expires_at),
        "giver_name": shown.giver_name,
    }
    return alike, own


@lru_cache(256)
def _alike(readers: int | None, bound: int, *, labelled: bool, noted: bool, named: bool) -> ShownGift:
    return ShownGift(
        reference=place("gift_reference"),
        label=place("gift_label") if labelled else "",
        note=place("gift_note") if noted else "",
        issued_at=place("gift_issued"),
        expires_at=place("gift_expires"),
        readers=readers,
        unconfirmed_bound=bound,
        confirmed=0,
        unconfirmed=0,
        revoked_at=None,
        frozen_at=None,
        spread=False,
        giver_shown=named,
        giver_name=place("giver_name") if named else "",
    )
