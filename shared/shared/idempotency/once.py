"""Work that is one database transaction."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.constraints import lock_not_available
from shared.idempotency.answer import Answer, fingerprint, fresh
from shared.idempotency.errors import IdempotencyKeyReused, RequestInProgress
from shared.idempotency.table import IdempotencyMixin


async def run_once(
    session: AsyncSession,
    table: type[IdempotencyMixin],
    *,
    key: str | None,
    user_id: int,
    operation: str,
    request: bytes | Mapping[str, Any],
    work: Callable[[], Awaitable[tuple[int, Any]]],
) -> Answer:
    """Does `work` in the session's transaction unless the user did it before with this key.

    `work` answers (status, body). What it raises rolls the key back too, so that a refused request may be tried again.
    A second request waits for the first one to end. Raises IdempotencyKeyReused, or RequestInProgress when the first
    takes longer than the lock timeout.
    """
    if key is None:
        return fresh(*await work())
    row = {"user_id": user_id, "operation": operation, "key": key}
    request_hash = fingerprint(request)
    if not await _insert(session, table, row | {"request_hash": request_hash}):
        return await _first_answer(session, table, row, request_hash)
    answer = fresh(*await work())
    await session.execute(update(table).filter_by(**row).values(status=answer.status, body=answer.body))
    return answer


async def _insert(session: AsyncSession, table: type[IdempotencyMixin], row: dict[str, Any]) -> bool:
    """Whether the row is new. Waits while another transaction that inserted it is open."""
    statement = insert(table).values(row).on_conflict_do_nothing().returning(table.user_id)
    try:
        return (await session.execute(statement)).first() is not None
    except DBAPIError as error:
        if lock_not_available(error):
            raise RequestInProgress from error
        raise


async def _first_answer(
    session: AsyncSession, table: type[IdempotencyMixin], row: dict[str, Any], request_hash: bytes
) -> Answer:
    columns = select(table.request_hash, table.status, table.body).filter_by(**row)
    found = (await session.execute(columns)).one()
    if found.request_hash != request_hash:
        raise IdempotencyKeyReused
    if found.status is None:
        raise RequestInProgress
    return Answer(found.status, found.body, replayed=True)
