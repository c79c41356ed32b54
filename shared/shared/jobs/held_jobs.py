"""Jobs that failed for good: they stay in the queue until somebody decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

import orjson
from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncSession

PURGED_AT_ONCE: Final = 10_000
"""Lines that one statement deletes, well within its time."""

_HELD = text("""
    SELECT id, entrypoint, payload, attempts, updated, failure.message
    FROM pgqueuer
    LEFT JOIN LATERAL (
        SELECT traceback ->> 'exception_type' || ': ' || (traceback ->> 'exception_message') AS message
        FROM pgqueuer_log WHERE job_id = pgqueuer.id AND pgqueuer_log.status = 'failed' ORDER BY id DESC LIMIT 1
    ) AS failure ON true
    WHERE status = 'failed' ORDER BY updated DESC LIMIT :limit
""")
_REQUEUE = text("""
    WITH requeued AS (
        UPDATE pgqueuer AS held
        SET status = 'queued', execute_after = now(), updated = now(), attempts = 0, queue_manager_id = NULL
        WHERE status = 'failed' AND (:everything OR id = ANY(CAST(:ids AS bigint[])))
        AND NOT EXISTS (
            SELECT FROM pgqueuer AS other
            WHERE other.dedupe_key = held.dedupe_key AND other.status IN ('queued', 'picked')
        )
        AND NOT EXISTS (
            SELECT FROM pgqueuer AS newer
            WHERE newer.dedupe_key = held.dedupe_key AND newer.status = 'failed' AND newer.id > held.id
            AND (:everything OR newer.id = ANY(CAST(:ids AS bigint[])))
        )
        RETURNING id, entrypoint, priority
    )
    INSERT INTO pgqueuer_log (job_id, status, entrypoint, priority)
    SELECT id, 'queued', entrypoint, priority FROM requeued RETURNING job_id
""")
_PURGE = text("""
    DELETE FROM pgqueuer_log WHERE id IN (
        SELECT id FROM pgqueuer_log WHERE created < now() - CAST(:older_than AS interval) ORDER BY created LIMIT :most
    )
""")


@dataclass(frozen=True, slots=True)
class HeldJob:
    """A job that failed at every try. `reason` is the last failure."""

    id: int
    name: str
    payload: dict[str, Any]
    tries: int
    held_at: datetime
    reason: str | None


async def list_held_jobs(session: AsyncSession, *, limit: int = 100) -> list[HeldJob]:
    """The held jobs, the latest first."""
    rows = await session.execute(_HELD, {"limit": limit})
    return [
        HeldJob(
            row.id,
            row.entrypoint,
            orjson.loads(row.payload or b"{}"),
            row.attempts + 1,
            row.updated,
            row.message,
        )
        for row in rows
    ]


async def requeue(session: AsyncSession, ids: Sequence[int] | None = None) -> list[int]:
    """Tries held jobs again, all of them if no `ids` are given; returns which ones.

    Of those with the same `dedupe_key` only the newest counts, even if it waits or runs; the others stay held.
    """
    rows = await session.execute(_REQUEUE, {"everything": ids is None, "ids": list(ids or ())})
    return list(rows.scalars())


async def purge_log(
    session: AsyncSession, *, older_than: timedelta = timedelta(days=7), most: int = PURGED_AT_ONCE
) -> int:
    """Deletes the queue's log of old jobs; how many lines. There may be more when it is `most`."""
    result = await session.execute(_PURGE, {"older_than": older_than, "most": most})
    return cast("CursorResult[Any]", result).rowcount
