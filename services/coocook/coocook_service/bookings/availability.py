"""A chef's free times of a day: for a customer to choose one from, and for a booking to take the first one."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from coocook_service.bookings.cancellation import has_expired
from coocook_service.bookings.models import Booking
from coocook_service.bookings.schemas import FreeSlots
from coocook_service.bookings.slots import MAX_DAYS_AHEAD, Period, WorkingHours, free_starts
from coocook_service.chefs.errors import ChefNotFound
from coocook_service.chefs.models import IS_OPEN, Chef
from shared.db.database import Database
from shared.schemas.dates import utcnow


async def free_slots(database: Database, *, chef_id: int, day: date, duration_hours: int) -> FreeSlots:
    """The starts of that day at which a booking is possible. Raises ChefNotFound."""
    now, duration = utcnow(), timedelta(hours=duration_hours)
    async with database.read(fresh=True) as connection:
        hours = await _working_hours(connection, chef_id)
        starts = list[datetime]()
        if timedelta() <= day - hours.day_of(now) <= timedelta(days=MAX_DAYS_AHEAD):
            busy, _ = await taken_periods(connection, chef_id=chef_id, within=hours.on(day), now=now)
            starts = list(free_starts(hours, day, duration=duration, busy=busy, now=now))
    return FreeSlots(
        chef_id=chef_id, date=day, timezone=hours.zone.key, duration_hours=duration_hours, starts=starts
    )


async def taken_periods(
    connection: AsyncConnection | AsyncSession, *, chef_id: int, within: Period, now: datetime
) -> tuple[list[Period], bool]:
    """The times of a chef that are taken, as far as they touch `within`; and whether others there have expired."""
    query = select(
        func.lower(Booking.period), func.upper(Booking.period), has_expired(now).label("expired")
    ).where(
        Booking.chef_id == chef_id,
        Booking.status != "canceled",
        Booking.period.overlaps(Range(within.start, within.end)),
    )
    rows = (await connection.execute(query)).all()
    taken = [Period(start, end) for start, end, expired in rows if not expired]
    return taken, any(row.expired for row in rows)


async def _working_hours(connection: AsyncConnection, chef_id: int) -> WorkingHours:
    query = select(Chef.opens_hour, Chef.closes_hour, Chef.timezone).where(Chef.id == chef_id, IS_OPEN)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise ChefNotFound
    return WorkingHours(row.opens_hour, row.closes_hour, ZoneInfo(row.timezone))
