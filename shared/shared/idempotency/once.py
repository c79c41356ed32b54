"""Work that is one database transaction."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.driver import driver
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
    row = (user_id, operation, key)
    request_hash = fingerprint(request)
    sql, connection = _statements(table.__tablename__), await driver(session)
    if not await _insert(connection, sql.insert, row, request_hash):
        return await _first_answer(connection, sql.select, row, request_hash)
    answer = fresh(*await work())
    await connection.execute(sql.update, *row, answer.status, answer.body)
    return answer


@dataclass(frozen=True, slots=True)
class _Statements:
    insert: str
    select: str
    update: str


@cache
def _statements(table: str) -> _Statements:
    mine = "user_id = $1 AND operation = $2 AND key = $3"
    return _Statements(
        insert=f"INSERT INTO {table} (user_id, operation, key, request_hash) VALUES ($1, $2, $3, $4)"  # noqa: S608
        " ON CONFLICT DO NOTHING RETURNING user_id",
        select=f"SELECT request_hash, status, body FROM {table} WHERE {mine}",  # noqa: S608
        update=f"UPDATE {table} SET status = $4, body = $5 WHERE {mine}",  # noqa: S608
    )


async def _insert(
    connection: asyncpg.Connection, sql: str, row: tuple[object, ...], request_hash: bytes
) -> bool:
    """Whether the row is new. Waits while another transaction that inserted it is open."""
    try:
        return await connection.fetchval(sql, *row, request_hash) is not None
    except asyncpg.LockNotAvailableError as error:
        raise RequestInProgress from error


async def _first_answer(
    connection: asyncpg.Connection, sql: str, row: tuple[object, ...], request_hash: bytes
) -> Answer:
    (found,) = await connection.fetch(sql, *row)
    if found["request_hash"] != request_hash:
        raise IdempotencyKeyReused
    if found["status"] is None:
        raise RequestInProgress
    return Answer(found["status"], found["body"], replayed=True)
