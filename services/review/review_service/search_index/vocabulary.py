"""The words of open campaigns: misspelt ones are corrected to them, and typing ahead completes them.

Two words one letter apart have a spelling in common when each is written down whole and with each one letter left out
(SymSpell's way): so misspelt words are looked up by equality, however many words there are.

What people write decides how many there are, so there are bounds: for a campaign, for a creator and in total. A word
beyond them is still found by who types it; it is only not offered for another one. Words that no open campaign has any
more are forgotten by a job.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from shared.db.database import Database
from shared.db.transactions import driver

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
