"""Which words of a query nobody uses, and what they are misspellings of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from review_service.search.queries import NEIGHBOURS
from review_service.search.typos import is_correctable, one_typo_apart, spellings

MAX_NEIGHBOURS: Final = 8


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
    found = await connection.execute(text(NEIGHBOURS), values)
    corrections: dict[str, list[str]] = {}
    for typed, word in sorted(tuple(row) for row in found):
        if one_typo_apart(typed, word) and len(corrections.setdefault(typed, [])) < MAX_NEIGHBOURS:
            corrections[typed].append(word)
    return {typed: near for typed, near in corrections.items() if near}
