"""Searches over HTTP."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from review_service.campaigns.models import ALL_CAMPAIGNS, RewardType
from review_service.deps import PREFIX, PUBLIC_SECONDS
from review_service.search import service
from review_service.search.errors import DeadlinesReversed
from review_service.search.schemas import SearchPage, Suggestions
from review_service.search.suggestions import suggest
from shared.cache import Cache, Entry
from shared.cache.cache import Loader
from shared.schemas.dates import Deadline, Since
from shared.schemas.json import dumps
from shared.schemas.keyset import InvalidCursor, decode_cursor
from shared.schemas.text import RawString, Text
from shared.schemas.types import PlainNumber
from shared.web.deps import RuntimeDep
from shared.web.problems import responses
from shared.web.response_cache import cached_response
from shared.web.routes import public

router = APIRouter(prefix=PREFIX, tags=["search"])
MAX_QUERY: Final = 200
MEMORY_SECONDS: Final = 5.0
REDIS_SECONDS: Final = 5.0
Words = Annotated[str, Text(1, MAX_QUERY), Query(description="The words to search for.")]


@router.get(
    "/search",
    response_model=SearchPage,
    dependencies=[public],
    responses=responses(InvalidCursor, DeadlinesReversed),
)
async def search(
    request: Request,
    runtime: RuntimeDep,
    q: Words,
    category: Annotated[str | None, Text(0, 50), Query(description="exactly")] = None,
    reward_type: Annotated[RewardType | None, Query()] = None,
    deadline_from: Annotated[Since | None, Query(description="not before; a day begins in Seoul")] = None,
    deadline_to: Annotated[Deadline | None, Query(description="not after; a day ends in Seoul")] = None,
    limit: Annotated[int, Field(ge=1, le=50), PlainNumber, Query()] = 20,
    cursor: Annotated[str | None, RawString(), Query(description="next_cursor of the page before")] = None,
) -> Response:
    """Search open campaigns that have every word of `q` in their title, product or description, best matches first."""
    position = service.Position(*decode_cursor(cursor, int, int, int)) if cursor else None
    wanted = service.Search(
        query=q,
        limit=limit,
        category=category or None,
        reward_type=reward_type,
        deadline_from=deadline_from,
        deadline_to=deadline_to,
        position=position,
    )
    key = f"search:{dumps(wanted).decode()}"

    async def load(*, fresh: bool) -> bytes:
        return dumps(await service.search(runtime.database, wanted, fresh=fresh))

    entry = await _cached(runtime.cache, key, partial(load, fresh=True), partial(load, fresh=False))
    return cached_response(request, entry, key=key, max_age=PUBLIC_SECONDS)


@router.get("/suggest", response_model=Suggestions, dependencies=[public])
async def suggestions(request: Request, runtime: RuntimeDep, q: Words) -> Response:
    """Suggest products for the text typed so far."""
    key = f"suggest:{q}"

    async def load(*, fresh: bool) -> bytes:
        return dumps(await suggest(runtime.database, q, fresh=fresh))

    entry = await _cached(runtime.cache, key, partial(load, fresh=True), partial(load, fresh=False))
    return cached_response(request, entry, key=key, max_age=PUBLIC_SECONDS)


async def _cached(cache: Cache, key: str, loader: Loader, replica_loader: Loader) -> Entry:
    return await cache.get_or_load_entry(
        key,
        loader,
        replica_loader=replica_loader,
        memory_ttl=MEMORY_SECONDS,
        redis_ttl=REDIS_SECONDS,
        tags=(ALL_CAMPAIGNS,),
    )
