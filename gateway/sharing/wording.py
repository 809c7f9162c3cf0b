"""What a giver may write on a gift: a short label for themselves, a short plain note for the card."""

import re

from gateway.decision import Decision, Deny, Permit, Reason

LABEL_LENGTH = 100
NOTE_LENGTH = 280
# A scheme, a mail address, `www.`, or two labels whose last could be a top-level domain.
LINK = re.compile(
    r"[a-z][a-z0-9+.-]*://\S+|\S+@\S+\.\S+|www\.\S+|\b[a-z0-9-]{2,}(?:\.[a-z0-9-]+)*\.[a-z]{2,24}\b",
    re.IGNORECASE,
)


def worded(label: str, note: str) -> Decision:
    """Decide whether a label and a note may stand; lengths in Unicode code points."""
    if len(label.strip()) > LABEL_LENGTH:
        return Deny(Reason.LABEL_TOO_LONG, detail={"length": len(label.strip()), "limit": LABEL_LENGTH})
    if len(note.strip()) > NOTE_LENGTH:
        return Deny(Reason.NOTE_TOO_LONG, detail={"length": len(note.strip()), "limit": NOTE_LENGTH})
    if LINK.search(note):
        return Deny(Reason.NOTE_HAS_LINK)
    return Permit()
