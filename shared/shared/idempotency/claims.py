"""Work that calls others, and so must not hold a transaction open: claimed first, completed after."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import CursorResult, delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.database import Database
from shared.idempotency.answer import Answer, fingerprint, fresh
from shared.idempotency.errors import IdempotencyKeyReused, RequestInProgress
from shared.idempotency.table import IdempotencyMixin

STALE_AFTER = timedelta(seconds=60)
"""A claim of a process that died is taken over after that."""
POLL_SECONDS = 0.1
PURGED_AT_ONCE: Final = 10_000
"""Answers that one statement deletes, well within its time."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do the work; `at` tells it from the claim of who takes over. Without a key nothing is kept."""

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

    A request that another one works on waits up to `wait` seconds. Raises IdempotencyKeyReused or RequestInProgress.
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
    answer = fresh(status, body)
    if claimed.at is not None:
        statement = _mine(update(claimed.table), claimed).values(status=answer.status, body=answer.body)
        if (await session.execute(statement.returning(claimed.table.user_id))).first() is None:
            raise RequestInProgress
    return answer


async def release(session: AsyncSession, claimed: Claim) -> None:
    """Gives the claim back after a failure that left nothing behind, so that the client may try again."""
    if claimed.at is not None:
        await session.execute(_mine(delete(claimed.table), claimed))


async def purge(
    session: AsyncSession,
    table: type[IdempotencyMixin],
    *,
    older_than: timedelta,
    most: int = PURGED_AT_ONCE,
) -> int:
    """Forgets old answers, `most` at a time; how many. A key that comes again after that is a new request."""
    identity = (table.user_id, table.operation, table.key)
    old = table.created_at < func.now() - older_than
    some = select(*identity).where(old).order_by(table.created_at).limit(most)
    # Once more `old`, for what is taken over in this moment.
    result = await session.execute(delete(table).where(old, tuple_(*identity).in_(some)))
    return cast("CursorResult[Any]", result).rowcount


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
