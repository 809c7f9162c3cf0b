"""What of a text is seen by whoever reads it."""

import unicodedata
from typing import Final

# Letters, numbers, punctuation and symbols are seen, but for these: fillers of Hangul, and Braille without a dot.
_SEEN: Final = frozenset("LNPS")
_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
# What controls or turns the text, hides in it, or is a sign in one font only (Unicode TR 36, 2.10.2).
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co"})
# Of these what writing needs: ends of lines, joiners of letters and emoji, marks of a direction.
_NEEDED: Final = frozenset("\n\t\u200c\u200d\u200e\u200f\u061c")


def is_seen(text: str) -> bool:
    """Tell whether a text has a character that is seen, and not only blanks, joiners, marks and controls."""
    return any(unicodedata.category(each)[0] in _SEEN and each not in _BLANK for each in text)


def is_hidden(sign: str) -> bool:
    """Tell whether a character does something to a text without being seen, and no script needs it."""
    return sign not in _NEEDED and unicodedata.category(sign) in _HIDDEN
