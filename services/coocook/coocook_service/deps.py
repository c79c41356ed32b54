"""What coocook's endpoints ask for, as annotated names that read as English."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import Depends, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from coocook_service.tables import IdempotencyKey
from shared.auth.dependencies import requires_subscription
from shared.auth.entitlements import Entitlements
from shared.auth.tokens import Principal
from shared.idempotency import run_once
from shared.payments.provider import PaymentProvider
from shared.schemas.json import JSONBytes, dumps
from shared.schemas.keyset import decode_cursor, encode_cursor, next_links

PREFIX = "/api/coocook"
PRODUCT = "coocook"

Subscriber = Annotated[Principal, Depends(requires_subscription(PRODUCT))]
"""A user who has subscribed to coocook."""


def get_provider(request: Request) -> PaymentProvider:
    """Who charges cards."""
    return cast(PaymentProvider, request.app.state.payments)


def get_entitlements(request: Request) -> Entitlements:
    """Who has subscribed to what."""
    return cast(Entitlements, request.app.state.entitlements)


Provider = Annotated[PaymentProvider, Depends(get_provider)]
EntitlementsDep = Annotated[Entitlements, Depends(get_entitlements)]


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which part of a list, newest first: `limit` rows with ids below `before`."""

    limit: int
    before: int | None


async def list_query(
    limit: Annotated[int, Query(ge=1, le=500)] = 200, cursor: Annotated[str | None, Query()] = None
) -> ListQuery:
    """Reads `limit` and `cursor`. Raises InvalidCursor (422)."""
    return ListQuery(limit, decode_cursor(cursor, int)[0] if cursor else None)


Listing = Annotated[ListQuery, Depends(list_query)]


def bare_list(
    request: Request, query: ListQuery, rows: Sequence[dict[str, Any]], last: int | None
) -> JSONBytes:
    """A list as today's clients expect it, without an envelope: the way on stands in the headers."""
    cursor = None if last is None else encode_cursor(last)
    links = next_links(request.url.path, cursor, limit=query.limit)
    return JSONBytes(dumps(rows), headers=links)


async def once(
    session: AsyncSession,
    *,
    key: str | None,
    user: Principal,
    operation: str,
    request: Mapping[str, Any],
    work: Callable[[], Awaitable[tuple[int, Any]]],
) -> JSONBytes:
    """The answer of `work`, or the one that it gave to the same request before."""
    answer = await run_once(
        session,
        IdempotencyKey,
        key=key,
        user_id=user.user_id,
        operation=operation,
        request=request,
        work=work,
    )
    return JSONBytes(answer.body, answer.status)
