"""Applications over HTTP."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from review_service.applications import decisions, errors, queries, service
from review_service.applications.schemas import (
    ApplicationMade,
    Decided,
    Decision,
    NewApplication,
    OwnApplication,
    ReceivedApplication,
)
from review_service.campaigns.errors import CampaignNotFound, CampaignOver, NotTheCreator
from review_service.deps import PREFIX, Idempotent, SubscriberOrCreator
from review_service.settings import ReviewSettings
from shared.auth.dependencies import CurrentUser
from shared.auth.errors import SubscriptionRequired
from shared.schemas.keyset import InvalidCursor
from shared.schemas.types import Id
from shared.web.answers import ModelAnswer
from shared.web.deps import RuntimeDep, Session
from shared.web.paging import Listing, bare_list
from shared.web.problems import responses

router = APIRouter(prefix=PREFIX, tags=["applications"])
APPLY_ERRORS = (
    errors.DeadlinePassed,
    CampaignNotFound,
    errors.ClosedToApplications,
    errors.AlreadyApplied,
    errors.CampaignFull,
    errors.TooManyApplications,
    errors.OwnCampaign,
)


@router.post(
    "/campaigns/{campaign_id}/apply",
    status_code=201,
    response_model=ApplicationMade,
    responses=responses(*APPLY_ERRORS),
)
async def apply(
    session: Session,
    runtime: RuntimeDep,
    user: CurrentUser,
    campaign_id: Id,
    idempotent: Idempotent,
    body: NewApplication,
) -> Response:
    """Apply to review a campaign's product. An application that is undecided for long may lose its place to
    the next."""
    settings: ReviewSettings = runtime.settings
    limits = service.ApplicationLimits(settings.application_hold_days, settings.max_pending_applications)
    application = service.ApplicationRequest(
        campaign_id=campaign_id,
        user_id=user.user_id,
        message=body.message,
        sns_link=body.sns_link or None,
        follower_count=body.follower_count or 0,
    )

    async def work() -> ApplicationMade:
        application_id = await service.apply(
            session, cache=runtime.cache, application=application, limits=limits
        )
        return ApplicationMade(id=application_id, message="You have applied. The campaign's creator decides.")

    request = body.model_dump(mode="json") | {"campaign_id": campaign_id}
    return await idempotent(operation="applications.apply", request=request, work=work)


@router.get("/my-applications", response_model=list[OwnApplication], responses=responses(InvalidCursor))
async def list_own_applications(
    request: Request, runtime: RuntimeDep, user: CurrentUser, query: Listing
) -> Response:
    """Your applications and their decisions, newest first."""
    rows, last = await queries.of_applicant(
        runtime.database, user_id=user.user_id, limit=query.limit, before=query.before
    )
    return bare_list(request, query, rows, last)


@router.get(
    "/campaigns/{campaign_id}/applications",
    response_model=list[ReceivedApplication],
    responses=responses(CampaignNotFound, NotTheCreator, InvalidCursor, SubscriptionRequired),
)
async def list_applications(
    request: Request, runtime: RuntimeDep, user: SubscriberOrCreator, campaign_id: Id, query: Listing
) -> Response:
    """The applications to your campaign, newest first."""
    rows, last = await queries.of_campaign(
        runtime.database,
        campaign_id=campaign_id,
        user_id=user.user_id,
        limit=query.limit,
        before=query.before,
    )
    return bare_list(request, query, rows, last)


@router.put(
    "/applications/{application_id}",
    response_model=Decided,
    responses=responses(
        errors.ApplicationNotFound, NotTheCreator, errors.CampaignFull, CampaignOver, SubscriptionRequired
    ),
)
async def decide(
    session: Session, runtime: RuntimeDep, user: SubscriberOrCreator, application_id: Id, body: Decision
) -> Response:
    """Approve or reject an application to your campaign, or set it back to pending."""
    settings: ReviewSettings = runtime.settings
    decided = await decisions.decide(
        session,
        cache=runtime.cache,
        application_id=application_id,
        user_id=user.user_id,
        status=body.status,
        hold_days=settings.application_hold_days,
    )
    return ModelAnswer(Decided(message=f"The application is {decided}.", status=decided))
