"""What a giver may write on a gift: a short label for themselves, a short plain note for the card."""

import re
import unicodedata
from functools import cache

from publicsuffixlist import PublicSuffixList

from gateway.decision import Decision, Deny, Permit, Reason
from gateway.visible import is_hidden

LABEL_LENGTH = 100
NOTE_LENGTH = 280
LINE_ENDS = re.compile("\r\n|[\r\u2028\u2029]")
OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
# A scheme, a mail address, a host by its name or number, or what mail programs make a link of without being asked.
ADDRESS = re.compile(
    r"[a-z][a-z0-9+.-]*://"
    r"|\b(?:mailto|tel|sms|callto|skype|tg|whatsapp|javascript|data|magnet):\S"
    r"|\S@[^\s@]+\.\w"
    r"|\bwww\.\w"
    r"|\bxn--\w"
    r"|\blocalhost\b(?=[:/])"
    r"|\w\.[^\W\d_]{2,}/[^\s/]"
    r"|\b[a-z][a-z0-9-]*:\d{2,5}/"
    rf"|(?<![\d.]){OCTET}(?:\.{OCTET}){{3}}(?![\d.]*\d)"
    r"|\[[0-9a-f]*:[0-9a-f:.]+\]",
    re.IGNORECASE,
)
DOTTED = re.compile(r"[\w-]+(?:\.[\w-]+)+")
# Two sentences without a space between them, "that was it.So we left": the second begins with a capital.
SENTENCES = re.compile(r"[a-zà-ÿ]\.[A-Z][a-z]$")
# Signs that browsers read as the dot between the parts of a name (RFC 3490, 3.1).
DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": ".", "\u2024": "."})


def tidied(text: str) -> str:
    """Return a text as it is kept: one kind of line end, nothing that controls, turns or hides, no blanks around it."""
    plain = "".join(sign for sign in LINE_ENDS.sub("\n", text) if not is_hidden(sign))
    return plain.strip() if _seen(plain).strip() else ""


def worded(label: str, note: str) -> Decision:
    """Decide whether a label and a note may stand; lengths in Unicode code points, of the tidied texts."""
    label, note = tidied(label), tidied(note)
    if len(label) > LABEL_LENGTH:
        return Deny(Reason.LABEL_TOO_LONG, detail={"length": len(label), "limit": LABEL_LENGTH})
    if len(note) > NOTE_LENGTH:
        return Deny(Reason.NOTE_TOO_LONG, detail={"length": len(note), "limit": NOTE_LENGTH})
    if has_address(note):
        return Deny(Reason.NOTE_HAS_LINK)
    return Permit()


def has_address(text: str) -> bool:
    """Tell whether a text names an address somebody could be led to, however it is dressed up.

    A dotted name counts where it ends in a domain that the Public Suffix List (publicsuffix.org) knows, so that
    "z.B." and a forgotten space after a full stop pass.
    """
    seen = _seen(text)
    return ADDRESS.search(seen) is not None or any(_is_host(found[0]) for found in DOTTED.finditer(seen))


def _seen(text: str) -> str:
    # As a reader sees it: wide letters are letters, and what has no shape is not there.
    folded = unicodedata.normalize("NFKC", text.translate(DOTS)).translate(DOTS)
    return "".join(
        sign for sign in folded if unicodedata.category(sign) not in {"Cf", "Cc"} or sign in "\n\t"
    )


def _is_host(name: str) -> bool:
    if SENTENCES.search(name):
        return False
    suffix = _suffixes().publicsuffix(name.lower().strip("-_"))
    return suffix is not None


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False, only_icann=True)
