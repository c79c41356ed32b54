"""Searching among hundreds of thousands of campaigns, each search a new one, beside the same query without an index."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from urllib.parse import quote

from sqlalchemy import text

from review_service.search import queries
from review_service.search.queries import index_query
from review_service.search.service import MAX_RANK
from review_service.search_index.terms import words_of
from shared.db.database import Database
from shared.schemas.types import MAX_ID
from tests.load.campaigns import Texts, fill
from tests.load.compare import Row, checked
from tests.load.generator import Result, open_loop, request_bytes
from tests.load.plan import Plan
from tests.load.rig import Rig

SIZES = (200_000, 1_000_000)
QUERIES = 1500
UNINDEXED = 5
PER_SECOND, CONNECTIONS = 50, 4


async def rows(rig: Rig, _plan: Plan) -> list[Row]:
    """Latencies of searches and of typing ahead through the gateway, at each size. Fills the database: comes late."""
    texts, found = Texts(), list[Row]()
    for size in SIZES:
        await fill(rig.summary["databases"]["review"], texts, total=size)
        asked_for = list(texts.queries(QUERIES))
        await _ask(rig, "search", asked_for[: QUERIES // 3])  # warms up
        searches = await _ask(rig, "search", asked_for[QUERIES // 3 :])
        typing = await _ask(rig, "suggest", sorted({query[:3] for query in asked_for}))
        unindexed = await _unindexed(rig.summary["databases"]["review"], asked_for[:UNINDEXED])
        found.append(
            Row(
                f"search in {size:,} campaigns through the gateway, Korean and English, no two alike",
                f"p50 {searches.percentile(0.5):.1f} ms, p99 {searches.percentile(0.99):.1f} ms"
                f" ({len(searches.latencies)} searches); typing ahead p99 {typing.percentile(0.99):.1f} ms",
                f"{unindexed * 1000:,.0f} ms the same query unindexed",
                "p99 under 20 ms" if size == SIZES[0] else "",
            )
        )
    return found


async def _ask(rig: Rig, path: str, searches: Sequence[str]) -> Result:
    """Each once, at an even pace; a second time it would be in the cache."""
    requests = [
        request_bytes("GET", f"{rig.gateway}/api/review/{path}?q={quote(query)}") for query in searches
    ]
    seconds = len(requests) / PER_SECOND
    result = await open_loop(
        rig.gateway, iter(requests), rate=PER_SECOND, connections=CONNECTIONS, seconds=seconds
    )
    return checked(path, result)


async def _unindexed(dsn: str, searches: Sequence[str]) -> float:
    """The median in seconds."""
    database, seconds = Database(dsn, pool_size=1), list[float]()
    async with database.read(fresh=True) as connection:
        for setting in ("enable_bitmapscan = off", "enable_indexscan = off", "statement_timeout = 0"):
            await connection.execute(text(f"SET {setting}"))
        for query in searches:
            question = index_query(words_of(query), {})
            assert question is not None
            values = {
                "every": question.every, "some": question.some, "newest": MAX_ID, "rank": MAX_RANK,
                "before": MAX_ID, "limit": 21, "candidates": queries.CANDIDATES,
            }  # fmt: skip
            statement = queries.ranked(strides=False, whole=0, deadline_from=False, deadline_to=False)
            started = time.perf_counter()
            await connection.execute(text(statement), values)
            seconds.append(time.perf_counter() - started)
    await database.close()
    return statistics.median(seconds)
