"""Courses and the progress of an enrollment. No database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Literal

PlanSlug = Literal["weekday", "weekend"]
CourseSlug = Literal["automation_1", "automation_2", "automation_3", "webapp"]
EnrollmentStatus = Literal["active", "completed", "canceled"]


COURSES: Final[dict[CourseSlug, int]] = {
    "automation_1": 2,
    "automation_2": 2,
    "automation_3": 2,
    "webapp": 2,
}
"""How many weeks each takes, one after the other."""
WEEKS: Final = sum(COURSES.values())
LENGTH: Final = timedelta(weeks=WEEKS)


def overall(courses: Mapping[str, int]) -> int:
    """The whole progress in percent, each course weighing as many weeks as it takes; 100 only when all are done."""
    done = sum(courses.get(slug, 0) * weeks for slug, weeks in COURSES.items())
    return done // WEEKS


def days_remaining(end: datetime, *, now: datetime) -> int:
    """Whole days and the begun one; 0 once it is over."""
    return max(0, -(-(end - now) // timedelta(days=1)))
