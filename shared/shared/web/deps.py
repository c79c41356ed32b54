"""What endpoints ask for, as annotated names that read as English."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, cast

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.types import Scope

from shared.runtime import Runtime


async def get_runtime(request: Request) -> Runtime:
    """The process's open resources."""
    return cast(Runtime, request.app.state.runtime)


RuntimeDep = Annotated[Runtime, Depends(get_runtime)]


async def write_session(runtime: RuntimeDep) -> AsyncIterator[AsyncSession]:
    """One transaction for the request. Committed before the reply is sent: who reads 201 can rely on it."""
    async with runtime.database.session() as session:
        yield session


Session = Annotated[AsyncSession, Depends(write_session, scope="function")]


def find_client_ip(scope: Scope, trusted_hops: int) -> str:
    """The entry of X-Forwarded-For that the outermost of our proxies wrote; what clients put before it is ignored."""
    peer = scope["client"][0] if scope.get("client") else "unknown"
    if trusted_hops == 0:
        return peer
    forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
    addresses = [part.strip() for part in forwarded.decode("latin-1").split(",") if part.strip()]
    if not addresses:
        return peer
    return addresses[max(0, len(addresses) - trusted_hops)]
