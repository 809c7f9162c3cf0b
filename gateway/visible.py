"""Whether a text shows anything to whoever reads it."""

import unicodedata
from typing import Final

# Letters, numbers, punctuation and symbols are seen, but for these: fillers of Hangul, and Braille without a dot.
_SEEN: Final = frozenset("LNPS")
_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def is_seen(text: str) -> bool:
    """Tell whether a text has a character that is seen, and not only blanks, joiners, marks and controls."""
    return any(unicodedata.category(each)[0] in _SEEN and each not in _BLANK for each in text)
