"""Words that are one typo apart. No database.

Two words one letter apart have a spelling in common when each is written down whole and with each one letter left out
(SymSpell's way): so misspelt words are looked up by equality, however many words there are.
"""

from __future__ import annotations

from typing import Final

MIN_LETTERS: Final = 4
"""Of shorter words nearly every other one is a neighbour."""
MAX_LETTERS: Final = 20


def is_correctable(word: str) -> bool:
    """Letters alone: a digit more or less is another product."""
    return MIN_LETTERS <= len(word) <= MAX_LETTERS and word.isascii() and word.isalpha()


def spellings(word: str) -> set[str]:
    """The word, and the word with each one letter left out."""
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


def one_typo_apart(typed: str, word: str) -> bool:
    """Whether one letter left out, added, replaced, or exchanged with its neighbour makes one of the other."""
    if len(typed) > len(word):
        typed, word = word, typed
    if typed == word or len(word) - len(typed) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(typed, word, strict=False)) if a != b), len(typed))
    if len(typed) < len(word):
        return typed[start:] == word[start + 1 :]
    if typed[start + 1 :] == word[start + 1 :]:
        return True
    swapped = word[start + 1 : start + 2] + word[start]
    return typed[start : start + 2] == swapped and typed[start + 2 :] == word[start + 2 :]
