"""An endpoint's work that a client may ask for twice with the same Idempotency-Key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth.tokens import Principal
from shared.idempotency.idempotent import run_idempotent
from shared.idempotency.record import Answer, IdempotencyMixin, new_answer
from shared.schemas.json import JSONBytes


async def once(
    session: AsyncSession,
    *,
    table: type[IdempotencyMixin],
    key: str | None,
    user: Principal,
    operation: str,
    request: Mapping[str, Any],
    work: Callable[[], Awaitable[tuple[int, Any]]],
) -> JSONBytes:
    """The answer of `work` (status, body), or the one that it gave to the same request before.

    `table` is the service's own; a service binds it with `functools.partial`. Raises
    IdempotencyKeyReused (422) and RequestInProgress (409).
    """

    async def answer() -> Answer:
        return new_answer(*await work())

    done = await run_idempotent(
        session, table, key=key, user_id=user.user_id, operation=operation, request=request, work=answer
    )
    return JSONBytes(done.body, done.status)
