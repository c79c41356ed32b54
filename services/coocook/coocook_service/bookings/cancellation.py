"""Canceling: always with a reason, which the customer reads and the event carries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from coocook_service.bookings.announcing import announce
from coocook_service.bookings.models import Booking
from coocook_service.chefs.models import Chef
from coocook_service.payments.refunds import request_refunds
from shared.db.database import Database
from shared.schemas.dates import utcnow

Reason = Literal["expired", "customer", "chef", "chef_unavailable"]
CHEF_UNAVAILABLE_JOB: Final = "bookings.cancel_of_unavailable_chef"
AT_A_TIME: Final = 50


async def cancel_all(session: AsyncSession, bookings: Sequence[Booking], *, reason: Reason) -> None:
    """Cancel locked bookings. What was paid for them is the caller's affair."""
    for booking in bookings:
        booking.status, booking.cancel_reason, booking.expires_at = "canceled", reason, None
    await session.flush()
    for booking in bookings:
        await announce(session, booking)


async def cancel_of_unavailable_chef(database: Database, *, chef_id: int) -> None:
    """Cancel, with refunds, what a chef with a deactivated account was still to cook; in small transactions.

    Done twice it cancels once. A chef whose account is active again meanwhile keeps what is left.
    """
    while True:
        async with database.session() as session:
            chef = await session.get_one(Chef, chef_id, with_for_update={"read": True})
            bookings = [] if chef.account_active else await _to_be_cooked(session, chef_id)
            await cancel_all(session, bookings, reason="chef_unavailable")
            await request_refunds(session, booking_ids=[booking.id for booking in bookings])
        if len(bookings) < AT_A_TIME:
            return


async def _to_be_cooked(session: AsyncSession, chef_id: int) -> Sequence[Booking]:
    query = (
        select(Booking)
        .where(
            Booking.chef_id == chef_id,
            Booking.status.in_(("pending", "confirmed")),
            func.lower(Booking.period) > utcnow(),
        )
        .order_by(Booking.id)
        .limit(AT_A_TIME)
        .with_for_update(key_share=True)
    )
    return (await session.scalars(query)).all()
