"""What endpoints ask for, as annotated names that read like English."""

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
    """One transaction for the request, committed before the reply is sent: a client that reads 201 can rely on it."""
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
    """Whether the request that raised `error` has done nothing, and would succeed now: it was a read, or all its writes
    were in the transaction that was rolled back. No external call is made while one is open."""
    return (scope["method"] in _READS or _ONE_TRANSACTION in scope) and is_retryable(error)
