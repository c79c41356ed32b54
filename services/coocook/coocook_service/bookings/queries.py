"""What customers and chefs read of their bookings: rows without the ORM, from the primary, for they look for what
they have just written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, or_, select

from coocook_service.bookings.errors import BookingNotFound
from coocook_service.bookings.models import Booking
from coocook_service.chefs.models import Chef
from coocook_service.payments.models import BookingPayment
from shared.db.database import Database
from shared.schemas.keyset import split_page
from shared.schemas.types import MAX_ID

Rows = Sequence[dict[str, Any]]

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
WITH_CHEF = select(*FIELDS, Chef.name.label("chef_name"), Chef.cuisine_type.label("chef_cuisine")).join(
    Chef, Chef.id == Booking.chef_id
)
# The lists are written out, for the bare driver: building and compiling the same statement for each request would cost
# more than running it. $2 is the id before which the page starts.
LIST_FIELDS = """
    b.id, b.chef_id, b.booking_date, lower(b.period) AS starts_at, upper(b.period) AS ends_at, b.duration_hours,
    b.total_price, b.currency, b.status, b.special_requests, b.created_at
"""
OF_CUSTOMER = f"""
    SELECT {LIST_FIELDS}, c.name AS chef_name, c.cuisine_type AS chef_cuisine
    FROM bookings AS b JOIN chefs AS c ON c.id = b.chef_id
    WHERE b.user_id = $1 AND b.id < $2 ORDER BY b.id DESC LIMIT $3
"""  # noqa: S608 - of constants
OF_CHEF = f"""
    SELECT {LIST_FIELDS}, b.user_id
    FROM bookings AS b JOIN chefs AS c ON c.id = b.chef_id
    WHERE c.user_id = $1 AND b.id < $2 ORDER BY b.id DESC LIMIT $3
"""  # noqa: S608 - of constants


async def of_customer(
    database: Database, *, user_id: int, limit: int, before: int | None
) -> tuple[Rows, int | None]:
    """What a user has booked, newest first, and the id after which the next page starts."""
    return await _page(database, OF_CUSTOMER, user_id, limit, before)


async def of_chef(
    database: Database, *, user_id: int, limit: int, before: int | None
) -> tuple[Rows, int | None]:
    """What the chef that this user is has to serve, newest first; nothing for who is no chef."""
    return await _page(database, OF_CHEF, user_id, limit, before)


async def one(database: Database, *, booking_id: int, user_id: int) -> dict[str, Any]:
    """A booking, for its customer or its chef. Raises BookingNotFound."""
    query = WITH_CHEF.add_columns(Booking.user_id, PAYMENT_STATUS).where(
        Booking.id == booking_id, or_(Booking.user_id == user_id, Chef.user_id == user_id)
    )
    async with database.read(fresh=True) as connection:
        row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise BookingNotFound
    return dict(row)


async def _page(
    database: Database, sql: str, user_id: int, limit: int, before: int | None
) -> tuple[Rows, int | None]:
    found = await database.fetch(sql, user_id, MAX_ID if before is None else before, limit + 1)
    rows, last = split_page([dict(row) for row in found], limit)
    return rows, last["id"] if last else None
