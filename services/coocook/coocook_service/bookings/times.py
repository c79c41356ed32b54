"""What a client means by `booking_date`: a whole day, or a moment. No database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from coocook_service.bookings.errors import BadDate

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
