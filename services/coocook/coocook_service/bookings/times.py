"""Times: what a client means by `booking_date`, when a chef works, and which starts of a day are free.

Pure functions on aware datetimes; moments are in UTC. No database.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from coocook_service.bookings.errors import BadDate

STEP: Final = timedelta(minutes=30)
"""Free starts are offered at this distance, counted from the opening hour."""
MIN_HOURS: Final = 1
MAX_HOURS: Final = 12
MAX_DAYS_AHEAD: Final = 365
_DATE: Final = r"\d{4}-\d{2}-\d{2}"
_SHAPE: Final = re.compile(
    rf"{_DATE}(?:[T ]\d{{2}}:\d{{2}}(?::\d{{2}}(?:\.\d{{1,9}})?)?(?:Z|[+-]\d{{2}}:\d{{2}})?)?", re.ASCII
)
_OUR_MIDNIGHT: Final = ("T00:00:00Z", "T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class Wanted:
    """`day` as it was written, and `at`, the time of that day; `at` None means any time of it.

    `at` without an offset is wall-clock time where the chef cooks.
    """

    day: date
    at: datetime | None

    def start(self, zone: ZoneInfo) -> datetime | None:
        """The moment in UTC, in whole minutes, for a chef in `zone`; None for any time of the day."""
        if self.at is None:
            return None
        local = self.at if self.at.tzinfo else self.at.replace(tzinfo=zone)
        return local.astimezone(UTC).replace(second=0, microsecond=0)


def parse(text: str) -> Wanted:
    """Read a date or datetime in ISO 8601. Midnight means the date alone: that is what date pickers send.

    All but midnight in UTC without a fraction, `2026-12-24T00:00:00Z`: so our own answers write nine o'clock in Seoul,
    and what they say can be asked for. JavaScript's date pickers write `.000Z`. Raises BadDate.
    """
    text = text.strip()
    if not _SHAPE.fullmatch(text):
        raise BadDate
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:  # the 30th of February, 25 o'clock
        raise BadDate from error
    whole_day = at.time() == time() and not text.endswith(_OUR_MIDNIGHT)
    return Wanted(day=at.date(), at=None if whole_day else at)


@dataclass(frozen=True, slots=True)
class Period:
    """Half open: what ends at twelve and what starts at twelve do not overlap."""

    start: datetime
    end: datetime

    def overlaps(self, other: Period) -> bool:
        """Whether they share a moment."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """When a chef works, the same every day: whole hours of the clock in `zone`, 24 being the next midnight."""

    opens: int
    closes: int
    zone: ZoneInfo

    def on(self, day: date) -> Period:
        """The working time of one day."""
        return Period(self._moment(day, self.opens), self._moment(day, self.closes))

    def day_of(self, moment: datetime) -> date:
        """The date at the chef's place at this moment."""
        return moment.astimezone(self.zone).date()

    def fits(self, duration: timedelta) -> bool:
        """Whether the working day is long enough at all."""
        return duration <= timedelta(hours=self.closes - self.opens)

    def contain(self, period: Period) -> bool:
        """Whether the whole period lies in the working time of the day on which it starts."""
        working = self.on(self.day_of(period.start))
        return working.start <= period.start and period.end <= working.end

    def __str__(self) -> str:
        return f"{self.opens:02}:00 to {self.closes:02}:00 ({self.zone.key})"

    def _moment(self, day: date, hour: int) -> datetime:
        # adding to a naive wall-clock time, so that a day that changes its clocks still opens on the hour
        return (
            (datetime.combine(day, time()) + timedelta(hours=hour)).replace(tzinfo=self.zone).astimezone(UTC)
        )


def free_starts(
    hours: WorkingHours, day: date, *, duration: timedelta, busy: Iterable[Period], now: datetime
) -> Iterator[datetime]:
    """The starts of a day at which `duration` fits between `busy`, after `now`; earliest first."""
    taken: Sequence[Period] = sorted(busy, key=lambda period: period.start)
    working = hours.on(day)
    start = working.start
    while (end := start + duration) <= working.end:
        if start > now and not any(period.overlaps(Period(start, end)) for period in taken):
            yield start
        start += STEP
