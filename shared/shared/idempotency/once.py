"""Work that is one database transaction."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Executable, Table, and_, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

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
    row = {"of_user": user_id, "of_operation": operation, "of_key": key}
    request_hash = fingerprint(request)
    core: Table = table.__table__  # type: ignore[attr-defined]  # declared where the mixin meets the service's Base
    statements, connection = _statements(core), await session.connection()
    if not await _insert(connection, statements.insert, row | {"request_hash": request_hash}):
        return await _first_answer(connection, statements.select, row, request_hash)
    answer = fresh(*await work())
    await connection.execute(statements.update, row | {"status": answer.status, "body": answer.body})
    return answer


@dataclass(frozen=True, slots=True)
class _Statements:
    """Built once for a table: building them for each request costs several times what running them does."""

    insert: Executable
    select: Executable
    update: Executable


@cache
def _statements(table: Table) -> _Statements:
    key: dict[str, Any] = {
        "user_id": bindparam("of_user"),
        "operation": bindparam("of_operation"),
        "key": bindparam("of_key"),
    }
    mine = and_(*(table.c[name] == value for name, value in key.items()))
    new = insert(table).values(**key, request_hash=bindparam("request_hash"))
    return _Statements(
        insert=new.on_conflict_do_nothing().returning(table.c.user_id),
        select=select(table.c.request_hash, table.c.status, table.c.body).where(mine),
        update=update(table).where(mine).values(status=bindparam("status"), body=bindparam("body")),
    )


async def _insert(connection: AsyncConnection, statement: Executable, row: dict[str, Any]) -> bool:
    """Whether the row is new. Waits while another transaction that inserted it is open."""
    try:
        return (await connection.execute(statement, row)).first() is not None
    except DBAPIError as error:
        if lock_not_available(error):
            raise RequestInProgress from error
        raise


async def _first_answer(
    connection: AsyncConnection, statement: Executable, row: dict[str, Any], request_hash: bytes
) -> Answer:
    found = (await connection.execute(statement, row)).one()
    if found.request_hash != request_hash:
        raise IdempotencyKeyReused
    if found.status is None:
        raise RequestInProgress
    return Answer(found.status, found.body, replayed=True)
