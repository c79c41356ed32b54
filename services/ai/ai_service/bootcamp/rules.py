"""Courses, and how far an enrolment has come. No database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

PlanSlug = Literal["weekday", "weekend"]
CourseSlug = Literal["automation_1", "automation_2", "automation_3", "webapp"]
EnrollmentStatus = Literal["active", "completed", "canceled"]


@dataclass(frozen=True, slots=True)
class Course:
    """One course of the bootcamp."""

    name: str
    duration_weeks: int
    difficulty: str
    description: str


COURSES: Final[dict[CourseSlug, Course]] = {
    "automation_1": Course(
        "Automation 1: everyday work", 2, "beginner", "Spreadsheets, mail and files that do themselves."
    ),
    "automation_2": Course(
        "Automation 2: services", 3, "intermediate", "Calling APIs, schedules, and what to do when they fail."
    ),
    "automation_3": Course(
        "Automation 3: AI employees", 3, "advanced", "Work that language models do, and how to check it."
    ),
    "webapp": Course("Web app", 4, "advanced", "From an idea to an app that others use, deployed."),
}
WEEKS: Final = sum(course.duration_weeks for course in COURSES.values())
LENGTH: Final = timedelta(weeks=WEEKS)


def courses_as_json() -> dict[str, Any]:
    """The courses as the contract shows them."""
    return {slug: asdict(course) for slug, course in COURSES.items()}


def overall(courses: Mapping[str, int]) -> int:
    """The whole progress in percent, each course weighing as many weeks as it takes; 100 only when all are done."""
    done = sum(courses.get(slug, 0) * course.duration_weeks for slug, course in COURSES.items())
    return done // WEEKS


def days_remaining(end: datetime, *, now: datetime) -> int:
    """Whole days and the begun one; 0 once it is over."""
    return max(0, -(-(end - now) // timedelta(days=1)))
