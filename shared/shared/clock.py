"""The one clock, so that no naive time gets in, and the zone whose days the business counts."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

BUSINESS_ZONE: Final = ZoneInfo("Asia/Seoul")
"""The customers are in Korea: a day, a month or a deadline that names no zone is one of theirs."""
_LAST_SECOND: Final = time(23, 59, 59)


def utcnow() -> datetime:
    """The time now, aware, in UTC."""
    return datetime.now(UTC)


def start_of_day(day: date) -> datetime:
    """The day's first moment in the business's zone, in UTC."""
    return datetime.combine(day, time(), BUSINESS_ZONE).astimezone(UTC)


def start_of_next_day(day: date) -> datetime:
    """The first moment that is not of the day any more, in UTC. Raises OverflowError for the last day that there is."""
    return start_of_day(day + timedelta(days=1))


def end_of_day(day: date) -> datetime:
    """The day's last second in the business's zone, in UTC: unlike the next midnight it still shows as that day, in
    Seoul and in UTC."""
    return datetime.combine(day, _LAST_SECOND, BUSINESS_ZONE).astimezone(UTC)


def months_later(anchor: datetime, months: int) -> datetime:
    """The same day and time so many months later, or the last day of a shorter month.

    Count from where the first period began, not from the end of the one before: what begins on the 31st is back on
    the 31st after February, and what begins on a 29 February after four years.
    """
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    day = min(anchor.day, calendar.monthrange(year, month + 1)[1])
    return anchor.replace(year=year, month=month + 1, day=day)
