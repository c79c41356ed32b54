"""Which words of a query nobody uses, and what they are misspellings of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from review_service.search.queries import KNOWN, NEIGHBOURS
from review_service.search.typos import is_correctable, one_typo_apart, spellings

MAX_NEIGHBOURS: Final = 8


async def correct(
    connection: AsyncConnection, words: Sequence[str], *, also_known: bool
) -> dict[str, list[str]]:
    """By misspelt word, the words one typo away from it; with `also_known` of words that some campaign uses too."""
    candidates = [word for word in words if is_correctable(word)]
    if candidates and not also_known:
        known = set((await connection.execute(text(KNOWN), {"words": candidates})).scalars())
        candidates = [word for word in candidates if word not in known]
    if not candidates:
        return {}
    pairs = [(word, spelling) for word in candidates for spelling in spellings(word)]
    found = await connection.execute(
        text(NEIGHBOURS), {"typed": [pair[0] for pair in pairs], "spellings": [pair[1] for pair in pairs]}
    )
    corrections: dict[str, list[str]] = {}
    for typed, word in sorted(tuple(row) for row in found):
        if one_typo_apart(typed, word) and len(corrections.setdefault(typed, [])) < MAX_NEIGHBOURS:
            corrections[typed].append(word)
    return {typed: near for typed, near in corrections.items() if near}
