"""Typing ahead: products that match a partly typed query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from review_service.search import queries
from review_service.search.queries import quoted
from review_service.search_index.terms import Words, folded, pairs, words_of
from shared.db.database import Database
from shared.schemas.types import MAX_ID

SHOWN: Final = 8
COMPLETIONS: Final = 20
CANDIDATES: Final = 100
FIRST_SYLLABLE, LAST_SYLLABLE, FINALS = 0xAC00, 0xD7A3, 28
_LETTERS: Final = "".join(map(chr, range(0x3131, 0x318F)))


async def suggest(database: Database, query: str, *, fresh: bool) -> dict[str, Any]:
    """Products of the newest open campaigns whose name or title begins like that, the most frequent first."""
    typed = folded(query).rstrip(_LETTERS)  # the beginning of a syllable that is not there yet
    async with database.read(fresh=fresh) as connection:
        every = await _tsquery(connection, typed)
        rows: Sequence[Any] = ()
        if every is not None:
            within = await queries.search_range(
                connection, "title_terms", every, upto=MAX_ID, candidates=CANDIDATES
            )
            strides = within.strides
            values = {
                "every": every,
                "newest": within.newest,
                "candidates": CANDIDATES,
                "limit": SHOWN,
                **strides,
            }
            statement = queries.suggested(strides=bool(strides))
            rows = (await connection.execute(text(statement), values)).all()
    found = [{"text": row.product_name, "campaigns": row.campaigns} for row in rows]
    return {"query": query, "suggestions": found}


async def _tsquery(connection: AsyncConnection, typed: str) -> str | None:
    """The tsquery: every word but the last as it is, the last one as a beginning. None: nothing can match."""
    words = words_of(typed)
    clauses = list(_finished(words, typed))
    if words.words and typed.endswith(words.words[-1]):
        start = words.words[-1].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        found = await connection.execute(text(queries.STARTING), {"start": start, "limit": COMPLETIONS})
        clauses.append([word for (word,) in found])
    if not clauses or not all(clauses):
        return None
    return " & ".join(f"({' | '.join(map(quoted, clause))})" for clause in clauses)


def _finished(words: Words, typed: str) -> Iterator[list[str]]:
    for word in words.words:
        if not (typed.endswith(word) and word == words.words[-1]):
            yield [word]
    for run in words.cjk:
        parts = list(pairs(run))
        yield from ([part] for part in parts[:-1])
        yield _open_endings(parts[-1]) if typed.endswith(run) else [parts[-1]]


def _open_endings(part: str) -> list[str]:
    """A last syllable without a final consonant may be about to get one: 화자 on the way to 화장."""
    code = ord(part[-1])
    if not FIRST_SYLLABLE <= code <= LAST_SYLLABLE or (code - FIRST_SYLLABLE) % FINALS:
        return [part]
    return [part[:-1] + chr(code + final) for final in range(FINALS)]
