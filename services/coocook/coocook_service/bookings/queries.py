"""What customers and chefs read of their bookings: rows without the ORM, from the primary, for they look for what
they have just written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, func, or_, select

from coocook_service.bookings.errors import BookingNotFound
from coocook_service.bookings.models import Booking
from coocook_service.chefs.models import Chef
from coocook_service.payments.models import BookingPayment
from shared.db.database import Database
from shared.schemas.keyset import split_page

Rows = Sequence[Mapping[str, Any]]

FIELDS = (
    Booking.id,
    Booking.chef_id,
    Booking.booking_date,
    func.lower(Booking.period).label("starts_at"),
    func.upper(Booking.period).label("ends_at"),
    Booking.duration_hours,
    Booking.total_price,
    Booking.currency,
    Booking.status,
    Booking.special_requests,
    Booking.created_at,
)
PAYMENT_STATUS = (
    select(BookingPayment.status)
    .where(BookingPayment.booking_id == Booking.id)
    .order_by(BookingPayment.attempt.desc())
    .limit(1)
    .scalar_subquery()
    .label("payment_status")
)
OF_CUSTOMER = select(*FIELDS, Chef.name.label("chef_name"), Chef.cuisine_type.label("chef_cuisine")).join(
    Chef, Chef.id == Booking.chef_id
)
OF_CHEF = select(*FIELDS, Booking.user_id).join(Chef, Chef.id == Booking.chef_id)


async def of_customer(
    database: Database, *, user_id: int, limit: int, before: int | None
) -> tuple[Rows, int | None]:
    """What a user has booked, newest first, and the id after which the next page starts."""
    return await _page(database, OF_CUSTOMER.where(Booking.user_id == user_id), limit, before)


async def of_chef(
    database: Database, *, user_id: int, limit: int, before: int | None
) -> tuple[Rows, int | None]:
    """What the chef that this user is has to serve, newest first; nothing for who is no chef."""
    return await _page(database, OF_CHEF.where(Chef.user_id == user_id), limit, before)


async def one(database: Database, *, booking_id: int, user_id: int) -> dict[str, Any]:
    """A booking, for its customer or its chef. Raises BookingNotFound."""
    query = OF_CUSTOMER.add_columns(Booking.user_id, PAYMENT_STATUS).where(
        Booking.id == booking_id, or_(Booking.user_id == user_id, Chef.user_id == user_id)
    )
    async with database.read(fresh=True) as connection:
        row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise BookingNotFound
    return dict(row)


async def _page(
    database: Database, query: Select[Any], limit: int, before: int | None
) -> tuple[Rows, int | None]:
    if before is not None:
        query = query.where(Booking.id < before)
    async with database.read(fresh=True) as connection:
        found = await connection.execute(query.order_by(Booking.id.desc()).limit(limit + 1))
        rows, last = split_page(found.mappings().all(), limit)
    return rows, last["id"] if last else None
