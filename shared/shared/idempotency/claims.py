"""Work that calls others, and so must not hold a transaction open: claimed first, completed afterwards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.database import Database
from shared.idempotency.errors import IdempotencyKeyReused, RequestInProgress
from shared.idempotency.record import Answer, IdempotencyMixin, fingerprint, new_answer

STALE_AFTER = timedelta(seconds=60)
"""A claim of a process that died is taken over after that."""
POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do the work; `at` tells it from the claim of a later worker. Without a key nothing is kept."""

    table: type[IdempotencyMixin]
    row: Mapping[str, Any]
    at: datetime | None


async def claim(
    database: Database,
    table: type[IdempotencyMixin],
    *,
    key: str | None,
    user_id: int,
    operation: str,
    request: bytes | Mapping[str, Any],
    wait: float = 5.0,
) -> Claim | Answer:
    """A Claim: do the work, then `complete` or `release` it. An Answer: it was done before.

    If another request is doing that work, this waits up to `wait` seconds. Raises IdempotencyKeyReused or
    RequestInProgress.
    """
    row = {"user_id": user_id, "operation": operation, "key": key}
    if key is None:
        return Claim(table, row, None)
    request_hash = fingerprint(request)
    deadline = time.monotonic() + wait
    while True:
        async with database.session() as session:
            at = await _take(session, table, row, request_hash)
            if at is not None:
                return Claim(table, row, at)
            answer = await _look(session, table, row, request_hash)
        if answer is not None:
            return answer
        if time.monotonic() > deadline:
            raise RequestInProgress
        await asyncio.sleep(POLL_SECONDS)


async def complete(session: AsyncSession, claimed: Claim, *, status: int, body: Any) -> Answer:
    """Keeps the answer, in the transaction that keeps the work's result.

    Raises RequestInProgress when the claim was taken over meanwhile; the transaction must then roll back.
    """
    answer = new_answer(status, body)
    if claimed.at is not None:
        statement = _mine(update(claimed.table), claimed).values(status=answer.status, body=answer.body)
        if (await session.execute(statement.returning(claimed.table.user_id))).first() is None:
            raise RequestInProgress
    return answer


async def release(session: AsyncSession, claimed: Claim) -> None:
    """Gives the claim back after a failure that left nothing behind, so that the client may try again."""
    if claimed.at is not None:
        await session.execute(_mine(delete(claimed.table), claimed))


def _mine(statement: Any, claimed: Claim) -> Any:
    return statement.filter_by(**claimed.row).where(
        claimed.table.created_at == claimed.at, claimed.table.status.is_(None)
    )


async def _take(
    session: AsyncSession, table: type[IdempotencyMixin], row: dict[str, Any], request_hash: bytes
) -> datetime | None:
    """When the row became ours: because it is new, or because its owner has been silent for too long."""
    new = insert(table).values(**row, request_hash=request_hash)
    is_stale = (
        (table.status.is_(None))
        & (table.created_at < func.clock_timestamp() - STALE_AFTER)
        & (table.request_hash == request_hash)
    )
    statement = new.on_conflict_do_update(
        index_elements=list(row), set_={"created_at": func.clock_timestamp()}, where=is_stale
    )
    return (await session.execute(statement.returning(table.created_at))).scalar_one_or_none()


async def _look(
    session: AsyncSession, table: type[IdempotencyMixin], row: dict[str, Any], request_hash: bytes
) -> Answer | None:
    """The first request's answer; None while it is under way, or was just released."""
    columns = select(table.request_hash, table.status, table.body).filter_by(**row)
    found = (await session.execute(columns)).one_or_none()
    if found is None:
        return None
    if found.request_hash != request_hash:
        raise IdempotencyKeyReused
    return None if found.status is None else Answer(found.status, found.body, replayed=True)
