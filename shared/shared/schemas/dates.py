"""The clock, so that no naive time gets in; the zone whose days the business counts; and dates of requests."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import (
    BeforeValidator,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.functional_validators import AfterValidator
from pydantic_core import PydanticCustomError

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
    """The first moment after the day, in UTC. Raises OverflowError for the last possible day."""
    return start_of_day(day + timedelta(days=1))


def end_of_day(day: date) -> datetime:
    """The day's last second in the business's time zone, in UTC: unlike the next midnight it still shows as that day,
    in Seoul and in UTC."""
    return datetime.combine(day, _LAST_SECOND, BUSINESS_ZONE).astimezone(UTC)


def months_later(anchor: datetime, months: int) -> datetime:
    """The same day and time so many months later, or the last day of a shorter month.

    Count from where the first period began, not from the end of the one before: what begins on the 31st is back on
    the 31st after February, and what begins on a 29 February after four years.
    """
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    day = min(anchor.day, calendar.monthrange(year, month + 1)[1])
    return anchor.replace(year=year, month=month + 1, day=day)


EARLIEST = 1900

LATEST = 2200

PLAIN_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)")
"""Plain ASCII digits. As a date, Pydantic reads such a string as seconds since 1970."""


def _sane_year(value: date) -> date:
    if not EARLIEST <= value.year < LATEST:
        raise PydanticCustomError("date_range", f"The year must be from {EARLIEST} to {LATEST - 1}")
    return value


def _to_utc(value: datetime) -> datetime:
    _sane_year(value)  # before it is converted: the first and the last day that there are have no neighbours
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    _sane_year(moment)
    return moment


def _no_number(value: Any) -> Any:
    if isinstance(value, bool | int | float) or (
        isinstance(value, str) and PLAIN_NUMBER.fullmatch(value.strip())
    ):
        # Pydantic would read it as seconds since 1970.
        raise PydanticCustomError("date_type", "Send a date as a string such as 2030-01-31T18:00:00Z")
    return value


Day = Annotated[date, BeforeValidator(_no_number), AfterValidator(_sane_year)]
"""A calendar day in the years 1900 to 2199."""

Timestamp = Annotated[datetime, BeforeValidator(_no_number), AfterValidator(_to_utc)]
"""A moment in the years 1900 to 2199; becomes aware, in UTC (without an offset it is taken as UTC)."""

_DAY_ALONE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _a_day_is(moment: Callable[[date], datetime]) -> WrapValidator:
    """A day without a time is not midnight in UTC, which is nine o'clock in Seoul, but `moment` of it."""

    def read(value: Any, handler: ValidatorFunctionWrapHandler) -> datetime:
        given: datetime = handler(value)
        alone = isinstance(value, str) and _DAY_ALONE.fullmatch(value.strip())
        return moment(given.date()) if alone else given

    return WrapValidator(read)


Deadline = Annotated[Timestamp, _a_day_is(end_of_day), AfterValidator(_sane_year)]
"""A Timestamp up to which something may still be done; a day alone, `2026-12-24`, is its last second in Seoul."""

Since = Annotated[Timestamp, _a_day_is(start_of_day), AfterValidator(_sane_year)]
"""A Timestamp from which on something counts; a day alone is its first moment in Seoul."""

Until = Annotated[Timestamp, _a_day_is(start_of_next_day), AfterValidator(_sane_year)]
"""A Timestamp that ends a period and is not of it; a day alone is the whole day in Seoul."""
