"""A chef's free times of a day, to choose one from."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from coocook_service.bookings.service import taken_periods, working_hours
from coocook_service.bookings.slots import MAX_DAYS_AHEAD, Period, free_starts
from coocook_service.chefs.errors import ChefNotFound
from coocook_service.chefs.models import IS_OPEN, Chef
from shared.db.database import Database
from shared.schemas.dates import utcnow


async def free_slots(database: Database, *, chef_id: int, day: date, duration_hours: int) -> dict[str, Any]:
    """The starts of that day at which a booking is possible. Raises ChefNotFound."""
    now = utcnow()
    async with database.session() as session:
        chef = await session.scalar(select(Chef).where(Chef.id == chef_id, IS_OPEN))
        if chef is None:
            raise ChefNotFound
        hours = working_hours(chef)
        today = hours.day_of(now)
        open_for_booking = today <= day <= today + timedelta(days=MAX_DAYS_AHEAD)
        busy = list[Period]()
        if open_for_booking:
            busy, _ = await taken_periods(session, chef_id=chef_id, within=hours.on(day), now=now)
    duration = timedelta(hours=duration_hours)
    return {
        "chef_id": chef_id,
        "date": day,
        "timezone": chef.timezone,
        "duration_hours": duration_hours,
        "starts": list(free_starts(hours, day, duration=duration, busy=busy, now=now))
        if open_for_booking
        else [],
    }
