"""What each figure is called on the desk's pages, what it says, and which entries of the log stand behind it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.figures import Figure
from gateway.ledger import Event
from gateway.web.speech import Lazy
from gateway.web.speech import Lazy as _


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure's name, a sentence on it, and the log's filter that finds its entries; None where it has none."""

    label: Lazy
    told: Lazy
    log: Mapping[str, str] | None = field(default=None)


FIGURES: Final[Mapping[Figure, Shown]] = {
    Figure.ISSUED: Shown(
        _("Gifts issued"), _("New links that took a credit."), {"event": Event.GIFT_ISSUED.value}
    ),
    Figure.CARDS: Shown(
        _("Cards shown"), _("How often people opened a gift link. Counted at the door, not in the log.")
    ),
    Figure.CLAIMED: Shown(
        _("Taken up"), _("Devices that went on from the card."), {"event": Event.CLAIM_MADE.value}
    ),
    Figure.CONFIRMED: Shown(
        _("Read"),
        _("Readings that a person's hand confirmed."),
        {"event": Event.READING_CONFIRMED.value},
    ),
    Figure.CLICKED: Shown(
        _("On to subscribe"),
        _("Readers who went on to see what a subscription offers, one a day for each network and text."),
        {"event": Event.SUBSCRIBE_CLICKED.value},
    ),
    Figure.REFUSED: Shown(
        _("Refusals"),
        _("What was refused to readers and givers; the same once more within a minute is not counted."),
        {"outcome": "deny"},
    ),
    Figure.WITHHELD: Shown(
        _("Machines kept from the text"),
        _("Cards without the text, and refused articles. Counted at the door, not in the log."),
    ),
    Figure.MACHINES: Shown(
        _("Machines refused a gift"), _("Machines that tried to take a gift up."), {"outcome": "deny"}
    ),
    Figure.FIRED: Shown(
        _("Rules that acted"),
        _("Blocks, challenges and freezes by bulk rules."),
        {"event": Event.RULE_FIRED.value},
    ),
    Figure.FROZEN: Shown(
        _("Links frozen"), _("By a rule or by the desk."), {"event": Event.GIFT_FROZEN.value}
    ),
    Figure.LICENCES: Shown(
        _("Licence requests"), _("Received by the form."), {"event": Event.LICENCE_ASKED.value}
    ),
    Figure.ACTED: Shown(_("Acts of the desk"), _("What admins did, each with its reason.")),
    Figure.ACTS_REFUSED: Shown(
        _("Acts refused"),
        _("What admins, auditors and servers were not permitted, or mistyped."),
        {"event": Event.ACCOUNT_ACT_REFUSED.value},
    ),
}
