"""Misspelt words, and the words of the vocabulary that are one typo apart from them.

Two words one letter apart have a spelling in common when each is written down whole and with each one letter left out
(SymSpell's way): so misspelt words are looked up by equality, however many words there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

MIN_LETTERS: Final = 4
"""Of shorter words nearly every other one is a neighbour."""
MAX_LETTERS: Final = 20
MAX_NEIGHBOURS: Final = 8
"""Of one misspelt word."""
_NEIGHBOURS: Final = """
    WITH asked AS MATERIALIZED (
        SELECT typed, spelling FROM unnest(CAST(:typed AS text[]), CAST(:spellings AS text[])) AS t (typed, spelling)
        WHERE CAST(:also_known AS boolean) OR NOT EXISTS (SELECT FROM search_words WHERE word = typed)
    )
    SELECT DISTINCT typed, word FROM asked JOIN search_spellings USING (spelling)
"""


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


async def correct(
    connection: AsyncConnection, words: Sequence[str], *, also_known: bool
) -> dict[str, list[str]]:
    """By misspelt word, the words one typo away from it; with `also_known` of words that some campaign uses too."""
    candidates = [word for word in words if is_correctable(word)]
    if not candidates:
        return {}
    pairs = [(word, spelling) for word in candidates for spelling in spellings(word)]
    typed_as, spelled = map(list, zip(*pairs, strict=True))
    values = {"typed": typed_as, "spellings": spelled, "also_known": also_known}
    found = await connection.execute(text(_NEIGHBOURS), values)
    corrections: dict[str, list[str]] = {}
    for typed, word in sorted(tuple(row) for row in found):
        if one_typo_apart(typed, word) and len(corrections.setdefault(typed, [])) < MAX_NEIGHBOURS:
            corrections[typed].append(word)
    return {typed: near for typed, near in corrections.items() if near}
