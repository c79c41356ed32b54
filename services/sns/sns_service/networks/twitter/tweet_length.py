"""How long X takes a text to be: the weights of its library twitter-text (config v3), which no kept Python library has.

A letter of most scripts weighs one, one of Chinese, Japanese and Korean two, an emoji two however it is made up, and a
link 23 however long it is. A link without a scheme is not known here; X has the last word.
"""

from __future__ import annotations

import re
from typing import Final

LONGEST_TWEET: Final = 280
LINK, EMOJI, HEAVY = 23, 2, 2
LIGHT: Final = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
"""Code points that weigh one."""
_PICTURE: Final = (
    "[\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935\u2b05-\u2b55\u3030\u303d"
    "\u3297\u3299\U0001f000-\U0001faff]"
)
_MODIFIERS: Final = "(?:\ufe0f|[\U0001f3fb-\U0001f3ff]|[\U000e0020-\U000e007f])"
_FAMILY: Final = f"{_PICTURE}{_MODIFIERS}*(?:\u200d{_PICTURE}{_MODIFIERS}*)*"
_EMOJI: Final = f"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|{_FAMILY}"
_ATOMS: Final = re.compile(rf"(?P<link>https?://[^\s]+)|(?P<emoji>{_EMOJI})", re.IGNORECASE)


def tweet_length(text: str) -> int:
    """The weight of a composed (NFC) text."""
    total = at = 0
    for atom in _ATOMS.finditer(text):
        total += sum(map(_weight, text[at : atom.start()])) + (LINK if atom["link"] else EMOJI)
        at = atom.end()
    return total + sum(map(_weight, text[at:]))


def _weight(letter: str) -> int:
    return 1 if any(first <= ord(letter) <= last for first, last in LIGHT) else HEAVY
