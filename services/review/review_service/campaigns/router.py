"""Campaigns over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from review_service.campaigns import catalogue, errors, service
from review_service.campaigns.catalogue import CampaignList
from review_service.campaigns.schemas import (
    CampaignChanges,
    CampaignDetail,
    CampaignMade,
    CampaignPage,
    NewCampaign,
    OwnCampaign,
    StatusChanged,
)
from review_service.deps import PREFIX, PUBLIC_SECONDS, Idempotent, Subscriber
from shared.auth.errors import SubscriptionRequired
from shared.db.constraints import LimitReached
from shared.schemas.keyset import InvalidCursor, decode_cursor
from shared.schemas.text import RawString, Text
from shared.schemas.types import Id
from shared.web.answers import ModelAnswer
from shared.web.deps import RuntimeDep, Session
from shared.web.paging import Listing, PageQuery, bare_list, page_query
from shared.web.problems import responses
from shared.web.response_cache import cached_response
from shared.web.routes import public

router = APIRouter(prefix=PREFIX, tags=["campaigns"])
OWN_ERRORS = (errors.CampaignNotFound, errors.NotTheCreator, errors.CampaignOver, SubscriptionRequired)


@router.get(
    "/campaigns", response_model=CampaignPage, dependencies=[public], responses=responses(InvalidCursor)
)
async def list_campaigns(
    request: Request,
    runtime: RuntimeDep,
    page: Annotated[PageQuery, page_query(default=12)],
    category: Annotated[str | None, Text(0, 50), Query(description="exactly")] = None,
    cursor: Annotated[
        str | None, RawString(), Query(description="The previous page's next_cursor; use it instead of page.")
    ] = None,
) -> Response:
    """Open campaigns, newest first, page by page."""
    wanted = CampaignList(
        page.page,
        page.per_page,
        category=category or None,
        before=decode_cursor(cursor, int)[0] if cursor else None,
    )
    entry = await catalogue.campaign_list(runtime.database, runtime.cache, wanted)
    return cached_response(request, entry, key=wanted.key, max_age=PUBLIC_SECONDS)


@router.post(
    "/campaigns",
    status_code=201,
    response_model=CampaignMade,
    responses=responses(errors.DeadlineOutOfRange, LimitReached, SubscriptionRequired),
)
async def create_campaign(
    session: Session, runtime: RuntimeDep, user: Subscriber, idempotent: Idempotent, body: NewCampaign
) -> Response:
    """Create a campaign that looks for reviewers of a product."""

    async def work() -> CampaignMade:
        campaign = await service.create(
            session, cache=runtime.cache, creator_id=user.user_id, fields=body.model_dump()
        )
        return CampaignMade(id=campaign.id, message="The campaign takes applications now.")

    return await idempotent(operation="campaigns.create", request=body, work=work)


@router.get(
    "/my-campaigns",
    response_model=list[OwnCampaign],
    responses=responses(InvalidCursor, SubscriptionRequired),
)
async def list_own_campaigns(
    request: Request, runtime: RuntimeDep, user: Subscriber, query: Listing
) -> Response:
    """Your campaigns, newest first; the Link and X-Next-Cursor headers lead to the next page."""
    rows, last = await catalogue.of_creator(
        runtime.database, user_id=user.user_id, limit=query.limit, before=query.before
    )
    return bare_list(request, query, rows, last)


@router.get(
    "/campaigns/{campaign_id}",
    response_model=CampaignDetail,
    dependencies=[public],
    responses=responses(errors.CampaignNotFound),
)
async def get_campaign(request: Request, runtime: RuntimeDep, campaign_id: Id) -> Response:
    """One campaign, even after it has ended."""
    entry = await catalogue.campaign_detail(runtime.database, runtime.cache, campaign_id)
    return cached_response(request, entry, key=catalogue.detail_key(campaign_id), max_age=PUBLIC_SECONDS)


@router.patch(
    "/campaigns/{campaign_id}",
    response_model=CampaignDetail,
    responses=responses(*OWN_ERRORS, errors.FewerThanTaken, errors.DeadlineOutOfRange),
)
async def change_campaign(
    session: Session, runtime: RuntimeDep, user: Subscriber, campaign_id: Id, body: CampaignChanges
) -> Response:
    """Change your campaign while it is open."""
    changes = body.model_dump(exclude_unset=True)
    campaign = await service.change(
        session, cache=runtime.cache, campaign_id=campaign_id, user_id=user.user_id, changes=changes
    )
    return ModelAnswer(CampaignDetail(**catalogue.detail_of(campaign)))


@router.post("/campaigns/{campaign_id}/close", response_model=StatusChanged, responses=responses(*OWN_ERRORS))
async def close_campaign(
    session: Session, runtime: RuntimeDep, user: Subscriber, campaign_id: Id
) -> Response:
    """Close a campaign: it takes no more applications, and existing ones can still be decided."""
    await service.change_status(
        session, cache=runtime.cache, campaign_id=campaign_id, user_id=user.user_id, status="closed"
    )
    return ModelAnswer(
        StatusChanged(message="The campaign is closed and takes no more applications.", status="closed")
    )


@router.post(
    "/campaigns/{campaign_id}/complete", response_model=StatusChanged, responses=responses(*OWN_ERRORS)
)
async def complete_campaign(
    session: Session, runtime: RuntimeDep, user: Subscriber, campaign_id: Id
) -> Response:
    """Complete a campaign, after which nothing about it can change."""
    await service.change_status(
        session, cache=runtime.cache, campaign_id=campaign_id, user_id=user.user_id, status="completed"
    )
    return ModelAnswer(StatusChanged(message="The campaign is completed.", status="completed"))
