"""The words that misspelt ones are corrected to, and that typing ahead completes: those of open campaigns.

What people write decides how many there are, so there are bounds: for a campaign, for a creator and in total. A word
beyond them is still found by who types it; it is only not offered for another one. Words that no open campaign has any
more are forgotten by a job.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from review_service.search_index.corrections import is_correctable, spellings
from shared.db.database import Database
from shared.db.transactions import driver

MAX_OF_CAMPAIGN: Final = 100
"""Of a longer text the first, beginning with its title."""
MAX_OF_CREATOR: Final = 2_000
"""Words that this creator's campaigns brought in."""
MAX_WORDS: Final = 200_000
"""More than English has in use. As PostgreSQL estimates them, which is a minute behind and a tenth wrong."""
AT_A_TIME: Final = 200
TRIES: Final = 500
TRY_SECONDS: Final = 0.1

_LOCK: Final = 0x5EA7C4
_HOLD: Final = "SELECT pg_advisory_xact_lock_shared($1)"
_TRY_LOCK: Final = "SELECT pg_try_advisory_xact_lock($1)"
_KNOWN: Final = "SELECT word FROM search_words WHERE word = ANY($1::text[])"
_COUNT: Final = """
    SELECT (SELECT count(*) FROM search_words WHERE creator_id = $1) AS own,
        (SELECT reltuples FROM pg_class WHERE oid = 'search_words'::regclass) AS estimate
"""
_ADD_WORDS: Final = """
    INSERT INTO search_words (word, creator_id) SELECT unnest($1::text[]), $2 ON CONFLICT DO NOTHING
"""
_ADD_SPELLINGS: Final = """
    INSERT INTO search_spellings (spelling, word) SELECT * FROM unnest($1::text[], $2::text[])
    ON CONFLICT DO NOTHING
"""
_NEXT: Final = "SELECT word FROM search_words WHERE word > $1 ORDER BY word LIMIT $2"
# A word has letters and digits alone, so quotes are all that it needs as a tsquery.
_FORGET_WORDS: Final = """
    DELETE FROM search_words WHERE word = ANY($1::text[]) AND NOT EXISTS (
        SELECT FROM search_documents WHERE terms @@ CAST('''' || word || '''' AS tsquery)
    ) RETURNING word
"""
_FORGET_SPELLINGS: Final = """
    DELETE FROM search_spellings AS known USING unnest($1::text[], $2::text[]) AS gone (spelling, word)
    WHERE known.spelling = gone.spelling AND known.word = gone.word
"""


async def keep_words(session: AsyncSession) -> None:
    """Let no word be forgotten until the transaction ends, which is about to use some."""
    await (await driver(session)).execute(_HOLD, _LOCK)


async def add_words(session: AsyncSession, words: Sequence[str], *, creator_id: int) -> None:
    """Add what the vocabulary lacks, as far as there is room; after `keep_words`."""
    connection = await driver(session)
    words = words[:MAX_OF_CAMPAIGN]
    known = {row["word"] for row in await connection.fetch(_KNOWN, words)}
    new = [word for word in words if word not in known]
    if not new:
        return
    [count] = await connection.fetch(_COUNT, creator_id)
    room = 0 if count["estimate"] >= MAX_WORDS else MAX_OF_CREATOR - count["own"]
    added = sorted(new[: max(room, 0)])  # in one order: two who add the same words do not wait in a circle
    await connection.execute(_ADD_WORDS, added, creator_id)
    await connection.execute(_ADD_SPELLINGS, *_columns(added))


async def forget_unused(database: Database) -> int:
    """Remove the words that no open campaign has, AT_A_TIME in a transaction; how many."""
    forgotten, after, tries_left = 0, "", TRIES
    while tries_left:
        async with database.session() as session:
            connection = await driver(session)
            # Who writes a campaign never waits for a step that waits for another writer: it is this that tries again.
            if not await connection.fetchval(_TRY_LOCK, _LOCK):
                words, tries_left = None, tries_left - 1
            elif words := [row["word"] for row in await connection.fetch(_NEXT, after, AT_A_TIME)]:
                forgotten += await _forget(session, connection, words)
        if words is None:
            await asyncio.sleep(TRY_SECONDS)
        elif len(words) < AT_A_TIME:
            break
        else:
            after = words[-1]
    return forgotten


async def _forget(session: AsyncSession, connection: Any, words: Sequence[str]) -> int:
    # The planner cannot know how rare a word is, and might read every document for each.
    await session.execute(text("SET LOCAL enable_seqscan = off"))
    gone = sorted(row["word"] for row in await connection.fetch(_FORGET_WORDS, words))
    await connection.execute(_FORGET_SPELLINGS, *_columns(gone))
    return len(gone)


def _columns(words: Iterable[str]) -> tuple[list[str], list[str]]:
    """Spellings and words, as the table has them and in its order."""
    pairs = sorted((spelling, word) for word in words if is_correctable(word) for spelling in spellings(word))
    return [spelling for spelling, _ in pairs], [word for _, word in pairs]
