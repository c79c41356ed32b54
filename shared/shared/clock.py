"""The one clock, so that no naive time gets in, and the zone whose days the business counts."""

from __future__ import annotations

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
