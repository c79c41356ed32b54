"""What is left to do here when a user has deleted their account."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from coocook_service.bookings.changes import cancel_all
from coocook_service.bookings.models import Booking
from coocook_service.bookings.refunds import request_refunds
from coocook_service.bookings.rules import refund_due
from coocook_service.chefs.models import ALL_CHEFS, Chef, chef_tag
from coocook_service.reviews.models import Review
from shared.cache import Cache
from shared.schemas.dates import utcnow

DELETED_CHEF_NAME = "Deleted chef"


async def erase_user(session: AsyncSession, *, cache: Cache, user_id: int) -> None:
    """Deactivate the chef, cancel open bookings on either side, erase what the user wrote. Again is fine.

    Whoever booked a chef that goes gets the money back; a customer who goes, as by cancelling.
    """
    chef_id = await _deactivate_chef(session, user_id)
    await _cancel_open_bookings(session, user_id=user_id, chef_id=chef_id)
    reviewed = await _erase_texts(session, user_id)
    tags = {chef_tag(chef) for chef in (*reviewed, *([chef_id] if chef_id else []))}
    cache.invalidate_after_commit(session, ALL_CHEFS, *tags)


async def _deactivate_chef(session: AsyncSession, user_id: int) -> int | None:
    statement = (
        update(Chef)
        .where(Chef.user_id == user_id)
        .values(is_active=False, name=DELETED_CHEF_NAME, bio=None)
        .returning(Chef.id)
    )
    return (await session.scalars(statement)).one_or_none()


async def _cancel_open_bookings(session: AsyncSession, *, user_id: int, chef_id: int | None) -> None:
    query = (
        select(Booking)
        .where(
            or_(Booking.user_id == user_id, Booking.chef_id == chef_id),
            Booking.status.in_(("pending", "confirmed")),
        )
        .order_by(Booking.id)
        .with_for_update(key_share=True)
    )
    bookings = (await session.scalars(query)).all()
    of_chef = [booking for booking in bookings if booking.chef_id == chef_id]
    of_customer = [booking for booking in bookings if booking.chef_id != chef_id]
    await cancel_all(session, of_chef, reason="chef_unavailable")
    await cancel_all(session, of_customer, reason="customer")
    now = utcnow()
    to_refund = [
        booking.id
        for booking in bookings
        if refund_due(by_chef=booking.chef_id == chef_id, starts_at=booking.starts_at, now=now)
    ]
    await request_refunds(session, booking_ids=to_refund)


async def _erase_texts(session: AsyncSession, user_id: int) -> Sequence[int]:
    """The chefs whose reviews changed."""
    await session.execute(
        update(Booking)
        .where(Booking.user_id == user_id, Booking.special_requests != "")
        .values(special_requests="")
    )
    erased = update(Review).where(Review.user_id == user_id, Review.comment != "").values(comment="")
    return (await session.scalars(erased.returning(Review.chef_id))).all()
