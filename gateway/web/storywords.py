"""What happened to a gift or to a case, in plain words, for the time lines of their stories."""

from collections.abc import Mapping
from typing import Final

from gateway.ledger import Event
from gateway.sharing.revoking import BY_GIVER
from gateway.web.speech import Lazy
from gateway.web.speech import Lazy as _

HAPPENED: Final[Mapping[str, Lazy]] = {
    Event.GIFT_ISSUED: _("The gift link was made"),
    Event.GIFT_HANDED_BACK: _("The open link was handed out again, free"),
    Event.GIFT_REVOKED: _("The gift was withdrawn for good"),
    Event.GIFT_FROZEN: _("The link was paused"),
    Event.GIFT_THAWED: _("The link was let go again"),
    Event.GIFT_LINK_RENEWED: _("The link was signed anew"),
    Event.GIFT_RELABELLED: _("The giver changed the label"),
    Event.GIFT_NOTE_REPORTED: _("A reader reported the giver's note"),
    Event.GIFT_REPLACED: _("The link was replaced, free of charge"),
    Event.GIFT_DISPUTED: _("The giver objected: that was not me"),
    Event.DISPUTE_REFUSED: _("The giver's objection was not taken"),
    Event.CLAIM_MADE: _("A device took the gift up"),
    Event.CLAIM_REFUSED: _("A device could not take the gift up"),
    Event.CLAIM_UNDONE: _("Taking up was undone: the browser kept no cookie"),
    Event.READING_SERVED: _("The text went out to a device for the first time"),
    Event.READING_REFUSED: _("A device was not given the text"),
    Event.READING_CONFIRMED: _("A person read, so the reading counts"),
    Event.CONFIRM_REFUSED: _("A reading was not counted"),
    Event.READING_MOVED: _("A reading went on in another browser"),
    Event.MOVE_REFUSED: _("A reading did not move to another browser"),
    Event.READING_GIVEN_BACK: _("A reading was given back and counts no longer"),
    Event.GIVE_BACK_REFUSED: _("No reading was given back"),
    Event.OPENERS_FORGOTTEN: _("Who opened the ended gift was forgotten"),
    Event.COPYING_CLOSED: _("The text closed to a reader who copied too much"),
    Event.SUBSCRIBE_CLICKED: _("A reader went on to the subscriptions"),
    Event.ACCOUNT_ACT_REFUSED: _("An act of the desk was refused"),
    Event.RULE_FIRED: _("A bulk rule acted"),
    Event.RULE_WATCHED: _("A bulk rule that only watches would have acted"),
    Event.RULE_LIFTED: _("An admin lifted what a rule did"),
    Event.CASE_OPENED: _("The case was opened"),
    Event.CASE_ADDED_TO: _("More evidence came to the case"),
    Event.CASE_TAKEN: _("An admin took the case"),
    Event.CASE_HANDED_OVER: _("The case was handed to another admin"),
    Event.CASE_GIVEN_BACK: _("The case went back into the queue"),
    Event.CASE_CLOSED: _("The case was closed"),
    Event.CASE_REOPENED: _("The case was opened again"),
}
# What the log says by itself, as against what an admin wrote.
SAID: Final[Mapping[str, Lazy]] = {BY_GIVER: _("withdrawn by its giver")}


def happened(event: str) -> Lazy | None:
    """Say in words what an event of a story is; None for one that stands in no story."""
    return HAPPENED.get(event)


def said(because: str | None) -> Lazy | str | None:
    """Say a reason of the log in the page's language where it is the gateway's own; an admin's stays as it is."""
    return because and SAID.get(because, because)
