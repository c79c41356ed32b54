"""A write that a client may send twice with the same Idempotency-Key: done once, in the request's transaction, and
answered both times."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

import asyncpg
from fastapi import Depends, Header, Request
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth.dependencies import caller_of
from shared.db.transactions import driver
from shared.idempotency.errors import IdempotencyKeyReused, InvalidIdempotencyKey, RequestInProgress
from shared.idempotency.record import Answer, IdempotencyMixin, fingerprint, new_answer
from shared.schemas.json import JSONBytes
from shared.schemas.text import RawString
from shared.web.answers import status_of
from shared.web.deps import session_of

MAX_LENGTH = 255


_Value = Annotated[
    str | None, RawString(), Header(alias="Idempotency-Key", description="Makes a repetition safe.")
]


async def idempotency_key(value: _Value = None) -> str | None:
    """The key, where the client sends one. Raises InvalidIdempotencyKey."""
    if value is not None and not (0 < len(value) <= MAX_LENGTH and value.isascii() and value.isprintable()):
        raise InvalidIdempotencyKey
    return value


IdempotencyKey = Annotated[str | None, Depends(idempotency_key)]


@dataclass(frozen=True, slots=True)
class IdempotentWork:
    """What an endpoint calls to do its work once: with the request's transaction, its user, its key and its route."""

    record: type[IdempotencyMixin]
    request: Request
    key: str | None

    async def __call__(
        self,
        *,
        operation: str,
        request: BaseModel | Mapping[str, Any],
        work: Callable[[], Awaitable[BaseModel]],
    ) -> JSONBytes:
        """The answer of `work`, or the one that it gave to the same request before, with the route's status.

        `request` is what identifies the same request. Raises IdempotencyKeyReused (422) and RequestInProgress (409).
        """

        async def answer() -> Answer:
            return new_answer(status_of(self.request.scope), await work())

        done = await run_idempotent(
            session_of(self.request),
            self.record,
            key=self.key,
            user_id=caller_of(self.request).user_id,
            operation=operation,
            request=request.model_dump(mode="json") if isinstance(request, BaseModel) else request,
            work=answer,
        )
        return JSONBytes(done.body, done.status)


def idempotency_of(record: type[IdempotencyMixin]) -> Callable[..., Awaitable[IdempotentWork]]:
    """The dependency for a service's table: `Idempotent = Annotated[IdempotentWork, Depends(idempotency_of(...))]`.

    The endpoint must also ask for its transaction and its user, of any kind: `session: Session, user: Subscriber`.
    """

    async def idempotent(request: Request, value: _Value = None) -> IdempotentWork:
        return IdempotentWork(record, request, await idempotency_key(value))

    return idempotent


async def run_idempotent(
    session: AsyncSession,
    table: type[IdempotencyMixin],
    *,
    key: str | None,
    user_id: int,
    operation: str,
    request: bytes | Mapping[str, Any],
    work: Callable[[], Awaitable[Answer]],
) -> Answer:
    """Does `work` in the session's transaction unless the user has done it before with this key.

    An error in `work` rolls the key back too, so that a refused request may be tried again. A second request waits for
    the first one to end. Raises IdempotencyKeyReused, or RequestInProgress when the first takes longer than the lock
    timeout.
    """
    if key is None:
        return await work()
    row = (user_id, operation, key)
    request_hash = fingerprint(request)
    sql, connection = _statements(table.__tablename__), await driver(session)
    if not await _insert(connection, sql.insert, row, request_hash):
        return await _first_answer(connection, sql.select, row, request_hash)
    answer = await work()
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
