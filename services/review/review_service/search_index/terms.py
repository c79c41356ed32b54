"""Texts and queries as terms: what is stored of a campaign, and what a search asks for. No database.

Hangul (and kana and Chinese characters) has no spaces to rely on: 화장품을 is one piece and means 화장품 too.
So a run of it is stored as its single syllables and its pairs, and a search asks for the pairs of what was typed. All
other letters and digits make whole words, in small letters; a code such as WH-1000XM5 is stored in its parts and in one
piece.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from shared.schemas.text import MOST_MARKS

MAX_WORD: Final = 40
"""Longer words are cut, in texts and in queries alike."""
CJK: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
RUN: Final = re.compile(f"(?P<cjk>[{CJK}]+)|(?P<word>[^\\W_{CJK}]+)")
# From the start of a word alone and without giving letters back: a long word would be tried at each of its letters.
_JOINED: Final = re.compile(f"(?<![^\\W_{CJK}])[^\\W_{CJK}]++(?:[-./][^\\W_{CJK}]++)+")
# Full-width letters and digits, as Korean and Japanese keyboards produce them.
_NARROW: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


@dataclass(frozen=True, slots=True)
class Words:
    """The runs of a text, in their order, without repetition; `joined` maps a code in one piece to its parts."""

    cjk: tuple[str, ...]
    words: tuple[str, ...]
    joined: dict[str, tuple[str, ...]]


def _with_few_marks(text: str) -> str:
    """The text without the combining marks that follow `MOST_MARKS` others."""
    if text.isascii():
        return text
    kept, marks = [], 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def composed(text: str) -> str:
    """Syllables in one piece: some pages and clients (macOS) write Hangul as separate letters, which no search would
    find."""
    return unicodedata.normalize("NFC", _with_few_marks(text))


def folded(text: str) -> str:
    """The text as it is compared: composed syllables, narrow characters, no upper case, and no dot but its own on an i
    (as `İ` would leave one)."""
    small = composed(text).translate(_NARROW).casefold()
    return unicodedata.normalize("NFC", small).replace("i\u0307", "i")


def words_of(text: str) -> Words:
    """Take a text apart."""
    text = folded(text)
    joined: dict[str, tuple[str, ...]] = {}
    for match in _JOINED.finditer(text):
        parts = re.split(r"[-./]", match.group())
        joined["".join(parts)[:MAX_WORD]] = tuple(part[:MAX_WORD] for part in parts)
    cjk, words = dict[str, None](), dict[str, None]()
    for match in RUN.finditer(text):
        if match.lastgroup == "cjk":
            cjk[match.group()] = None
        else:
            words[match.group()[:MAX_WORD]] = None
    return Words(tuple(cjk), tuple(words), joined)


def pairs(run: str) -> Iterator[str]:
    """The neighbours in a run; of a single syllable, itself."""
    if len(run) == 1:
        yield run
    for first, second in pairwise(run):
        yield first + second


def terms_of(*texts: str) -> set[str]:
    """What is stored of texts."""
    terms: set[str] = set()
    for text in texts:
        found = words_of(text)
        terms.update(found.words, found.joined)
        for run in found.cjk:
            terms.update(run, pairs(run))
    return terms


def vocabulary_of(*texts: str) -> list[str]:
    """The words and codes of texts in their order, which misspelt ones may be corrected to and which typing ahead
    completes."""
    found = map(words_of, texts)
    return list(dict.fromkeys(word for words in found for word in (*words.words, *words.joined)))


def filter_terms(*, category: str | None = None, reward_type: str | None = None) -> set[str]:
    """Filters as terms, so that the index intersects them; no text can contain a `#`."""
    terms = {f"#c:{category}"} if category else set[str]()
    return terms | ({f"#r:{reward_type}"} if reward_type else set())


GENERATION: Final = 2048


def generation_term(campaign_id: int) -> str:
    """Campaigns of about the same age: a search looks at the youngest first and stops when it has enough."""
    return f"#g{campaign_id // GENERATION}"
