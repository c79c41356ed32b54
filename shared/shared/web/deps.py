"""What endpoints ask for, as annotated names that read as English."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Final, cast

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.types import Scope

from shared.db.transactions import is_retryable
from shared.runtime import Runtime

_ONE_TRANSACTION: Final = "softfactory.one_transaction"
_SESSION: Final = "softfactory.session"
_READS: Final = frozenset({"GET", "HEAD"})


async def get_runtime(request: Request) -> Runtime:
    """The process's open resources."""
    return cast("Runtime", request.app.state.runtime)


RuntimeDep = Annotated[Runtime, Depends(get_runtime)]


async def write_session(request: Request, runtime: RuntimeDep) -> AsyncIterator[AsyncSession]:
    """One transaction for the request. Committed before the reply is sent: who reads 201 can rely on it."""
    request.scope[_ONE_TRANSACTION] = True
    async with runtime.database.session() as session:
        request.scope[_SESSION] = session
        yield session


Session = Annotated[AsyncSession, Depends(write_session, scope="function")]


def session_of(request: Request) -> AsyncSession:
    """The request's transaction, of an endpoint that asks for it (`session: Session`)."""
    session: AsyncSession = request.scope[_SESSION]
    return session


def can_be_retried(scope: Scope, error: Exception) -> bool:
    """Whether the request that raised `error` has done nothing, and would go well now: a read, or one whose every write
    was in the transaction that was rolled back. Nothing outside is called while one is open."""
    return (scope["method"] in _READS or _ONE_TRANSACTION in scope) and is_retryable(error)
