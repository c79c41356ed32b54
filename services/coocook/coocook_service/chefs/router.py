"""Chefs over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from coocook_service.chefs import queries, service
from coocook_service.chefs.errors import AlreadyAChef, ChefNotFound, HoursReversed, NotAChef, PriceTooFine
from coocook_service.chefs.queries import ChefList, in_small_letters
from coocook_service.chefs.schemas import (
    ChefChanges,
    ChefPage,
    ChefProfile,
    ChefRegistered,
    NewChef,
    OwnProfile,
)
from coocook_service.deps import PREFIX, Idempotent
from shared.auth.dependencies import CurrentUser
from shared.schemas.keyset import InvalidCursor, decode_cursor
from shared.schemas.text import RawString, Text
from shared.schemas.types import Id
from shared.web.answers import ModelAnswer
from shared.web.deps import RuntimeDep, Session
from shared.web.paging import PageQuery, page_query
from shared.web.problems import responses
from shared.web.response_cache import cached_response
from shared.web.routes import public

router = APIRouter(prefix=PREFIX, tags=["chefs"])
PUBLIC_SECONDS = 5
"""How long a browser or a CDN may keep what anybody reads; afterwards the ETag saves the bytes."""


@router.get("/chefs", response_model=ChefPage, dependencies=[public], responses=responses(InvalidCursor))
async def list_chefs(
    request: Request,
    runtime: RuntimeDep,
    page: Annotated[PageQuery, page_query(default=12)],
    cuisine: Annotated[str | None, Text(0, 50), Query(description="exactly, in the same case")] = None,
    location: Annotated[str | None, Text(0, 200), Query(description="a part, in any case")] = None,
    cursor: Annotated[
        str | None, RawString(), Query(description="The previous page's next_cursor; use it instead of page.")
    ] = None,
) -> Response:
    """Active chefs, page by page."""
    wanted = ChefList(
        page.page,
        page.per_page,
        cuisine=cuisine or None,
        location=in_small_letters(location) if location else None,
        after=decode_cursor(cursor, int)[0] if cursor else None,
    )
    entry = await queries.chef_list(wanted, database=runtime.database, cache=runtime.cache)
    return cached_response(request, entry, key=wanted.key, max_age=PUBLIC_SECONDS)


@router.post(
    "/chefs",
    status_code=201,
    response_model=ChefRegistered,
    responses=responses(AlreadyAChef, HoursReversed, PriceTooFine),
)
async def register_chef(
    session: Session, runtime: RuntimeDep, user: CurrentUser, idempotent: Idempotent, body: NewChef
) -> Response:
    """Become a chef."""

    async def work() -> ChefRegistered:
        chef = await service.register(
            session, cache=runtime.cache, user_id=user.user_id, profile=body.model_dump()
        )
        return ChefRegistered(id=chef.id, message="You are a chef now.")

    return await idempotent(operation="chefs.register", request=body, work=work)


@router.get("/chefs/me", response_model=OwnProfile, responses=responses(NotAChef))
async def own_profile(session: Session, user: CurrentUser) -> Response:
    """Your own profile, even if it is not active."""
    return ModelAnswer(queries.own_profile(await service.own(session, user_id=user.user_id)))


@router.patch(
    "/chefs/me", response_model=OwnProfile, responses=responses(NotAChef, HoursReversed, PriceTooFine)
)
async def change_profile(
    session: Session, runtime: RuntimeDep, user: CurrentUser, body: ChefChanges
) -> Response:
    """Change your own profile. Existing bookings keep their time and price."""
    changes = body.model_dump(exclude_unset=True)
    chef = await service.change(session, cache=runtime.cache, user_id=user.user_id, changes=changes)
    return ModelAnswer(queries.own_profile(chef))


@router.get(
    "/chefs/{chef_id}", response_model=ChefProfile, dependencies=[public], responses=responses(ChefNotFound)
)
async def get_chef(request: Request, runtime: RuntimeDep, chef_id: Id) -> Response:
    """One active chef."""
    entry = await queries.chef_profile(chef_id, database=runtime.database, cache=runtime.cache)
    return cached_response(request, entry, key=queries.profile_key(chef_id), max_age=PUBLIC_SECONDS)
