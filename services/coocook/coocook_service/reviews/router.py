"""Reviews over HTTP."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from coocook_service.bookings.errors import BookingNotFound
from coocook_service.chefs.errors import ChefNotFound
from coocook_service.deps import PREFIX, Idempotent, Subscriber
from coocook_service.reviews import service
from coocook_service.reviews.errors import AlreadyReviewed, NotCompleted, NotTheCustomer
from coocook_service.reviews.schemas import ChefReviews, NewReview, ReviewAdded
from shared.auth.errors import SubscriptionRequired
from shared.schemas.keyset import InvalidCursor
from shared.schemas.types import Id
from shared.web.deps import RuntimeDep, Session
from shared.web.paging import Listing
from shared.web.problems import responses
from shared.web.response_cache import cached_response
from shared.web.routes import public

router = APIRouter(prefix=PREFIX, tags=["reviews"])
PUBLIC_SECONDS = 5


@router.post(
    "/bookings/{booking_id}/review",
    status_code=201,
    response_model=ReviewAdded,
    responses=responses(BookingNotFound, NotCompleted, NotTheCustomer, AlreadyReviewed, SubscriptionRequired),
)
async def review_booking(
    session: Session,
    runtime: RuntimeDep,
    user: Subscriber,
    idempotent: Idempotent,
    booking_id: Id,
    body: NewReview,
) -> Response:
    """Review a completed booking. Each booking can be reviewed once."""

    async def work() -> ReviewAdded:
        review, rated = await service.add(
            session,
            cache=runtime.cache,
            booking_id=booking_id,
            user_id=user.user_id,
            rating=body.rating,
            comment=body.comment,
        )
        return ReviewAdded(
            message="Thank you for your review.",
            review_id=review.id,
            chef_rating=rated.rating,
            rating_count=rated.rating_count,
        )

    request = {"booking_id": booking_id, **body.model_dump(mode="json")}
    return await idempotent(operation="bookings.review", request=request, work=work)


@router.get(
    "/chefs/{chef_id}/reviews",
    response_model=ChefReviews,
    dependencies=[public],
    responses=responses(ChefNotFound, InvalidCursor),
)
async def list_reviews(request: Request, runtime: RuntimeDep, chef_id: Id, query: Listing) -> Response:
    """An active chef's reviews, newest first."""
    entry = await service.of_chef(
        runtime.database, runtime.cache, chef_id=chef_id, limit=query.limit, before=query.before
    )
    key = service.page_key(chef_id, limit=query.limit, before=query.before)
    return cached_response(request, entry, key=key, max_age=PUBLIC_SECONDS)
