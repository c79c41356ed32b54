"""Putting jobs into the queue, in the caller's transaction: they exist if and when it commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from shared.observability import tracing
from shared.schemas.json import dumps
from shared.spans import Attributes

STATEMENT = Path(__file__).with_name("enqueue.sql").read_text()
"""Of pgqueuer, and kept equal to it by a test: loading pgqueuer takes an API process 0.1 s and 8 MB, for this alone."""


async def enqueue(
    session: AsyncSession,
    name: str,
    payload: Mapping[str, Any],
    *,
    after: timedelta | None = None,
    dedupe_key: str | None = None,
    priority: int = 0,
) -> int | None:
    """Returns its id, or None when a job with the same `dedupe_key` already waits or runs.

    `after` counts from the transaction's start. Waiting jobs with the highest `priority` run first.
    """
    ids = await enqueue_many(
        session, name, [payload], after=after, dedupe_keys=[dedupe_key], priorities=[priority]
    )
    return ids[0]


async def enqueue_many(
    session: AsyncSession,
    name: str,
    payloads: Sequence[Mapping[str, Any]],
    *,
    after: timedelta | Sequence[timedelta] | None = None,
    dedupe_keys: Sequence[str | None] | None = None,
    priorities: Sequence[int] | None = None,
) -> list[int | None]:
    """Like `enqueue`, many in one statement; the ids are in the payloads' order. `after` is for all, or one for
    each."""
    count = len(payloads)
    delays = [after or timedelta(0)] * count if after is None or isinstance(after, timedelta) else list(after)
    # Through SQLAlchemy and not on the driver's connection, which may not have begun the transaction yet.
    connection = await session.connection()
    told: Attributes = {"messaging.system": "pgqueuer", "messaging.batch.message_count": count}
    with tracing.handing_on(f"enqueue {name}", told) as traceparent:
        headers = orjson.dumps({"traceparent": traceparent} if traceparent else {}).decode()
        rows = await connection.exec_driver_sql(
            STATEMENT,
            (
                list(priorities) if priorities else [0] * count,
                [name] * count,
                [dumps(payload) for payload in payloads],
                delays,
                list(dedupe_keys) if dedupe_keys else [None] * count,
                [headers] * count,
            ),
        )
    ids = {row.ord: row.id for row in rows}
    return [ids.get(position) for position in range(1, count + 1)]
