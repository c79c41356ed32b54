"""Writing a review, and the chef's rating with it."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from coocook_service.bookings.errors import BookingNotFound
from coocook_service.bookings.models import Booking
from coocook_service.chefs.events import ChefRated
from coocook_service.chefs.models import Chef
from coocook_service.chefs.tags import ALL_CHEFS, chef_tag
from coocook_service.reviews.errors import AlreadyReviewed, NotCompleted, NotTheCustomer
from coocook_service.reviews.models import Review
from coocook_service.tables import Outbox
from shared.cache import Cache
from shared.db.constraints import translate
from shared.events.outbox import publish


async def add(
    session: AsyncSession, *, cache: Cache, booking_id: int, user_id: int, rating: int, comment: str
) -> tuple[Review, ChefRated]:
    """The review, and what the chef's rating is with it.

    Raises BookingNotFound, NotTheCustomer, NotCompleted or AlreadyReviewed.
    """
    booking = await _reviewable(session, booking_id=booking_id, user_id=user_id)
    review = Review(
        booking_id=booking_id, user_id=user_id, chef_id=booking.chef_id, rating=rating, comment=comment
    )
    session.add(review)
    with translate({"uq_booking_reviews_booking_id": AlreadyReviewed}):
        await session.flush()
    rated = await _count_in(session, chef_id=booking.chef_id, rating=rating)
    await publish(session, Outbox, rated, key=f"chef:{booking.chef_id}")
    cache.invalidate_after_commit(session, ALL_CHEFS, chef_tag(booking.chef_id))
    return review, rated


async def _reviewable(session: AsyncSession, *, booking_id: int, user_id: int) -> Booking:
    # No lock: a completed booking stays completed.
    booking = await session.get(Booking, booking_id)
    if booking is None:
        raise BookingNotFound
    if booking.user_id != user_id:
        raise NotTheCustomer
    if booking.status != "completed":
        raise NotCompleted
    return booking


async def _count_in(session: AsyncSession, *, chef_id: int, rating: int) -> ChefRated:
    """One statement, so that reviews that come together are all counted."""
    statement = (
        update(Chef)
        .where(Chef.id == chef_id)
        .values(rating_sum=Chef.rating_sum + rating, rating_count=Chef.rating_count + 1)
        .returning(Chef.rating, Chef.rating_count)
    )
    average, count = (await session.execute(statement)).one()
    return ChefRated(chef_id=chef_id, rating=average, rating_count=count)
