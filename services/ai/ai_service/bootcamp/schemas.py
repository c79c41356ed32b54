"""The bootcamp over the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from ai_service.bootcamp.errors import PlansDiffer, PlanTypeMissing
from ai_service.bootcamp.rules import CourseSlug, EnrollmentStatus, PlanSlug
from shared.schemas.types import PlainNumber, Request


class BootcampPlanShown(BaseModel):
    """One plan. `price` in KRW; `available` of its `seats` are free."""

    name: str
    price: int
    duration: str
    schedule: str
    seats: int
    available: int


class CourseShown(BaseModel):
    """One course."""

    name: str
    duration_weeks: int
    difficulty: str
    description: str


class NewEnrollment(Request):
    """Which plan. Today's client says `plan_slug` for the same thing."""

    plan_type: PlanSlug | None = None
    plan_slug: PlanSlug | None = None

    def chosen(self) -> PlanSlug:
        """In either spelling. Raises PlanTypeMissing or PlansDiffer."""
        chosen = self.plan_type or self.plan_slug
        if chosen is None:
            raise PlanTypeMissing
        if self.plan_slug not in {None, chosen}:
            raise PlansDiffer
        return chosen


class Progress(Request):
    """The progress in a course, in percent."""

    percent: Annotated[int, Field(ge=0, le=100), PlainNumber]


class Seats(Request):
    """The number of seats."""

    seats: Annotated[int, Field(ge=0, le=10_000), PlainNumber]


class SeatsSet(BaseModel):
    """The plan's free seats after the change."""

    plan: PlanSlug
    seats: int
    available: int


class EnrollmentShown(BaseModel):
    """An enrolment. `plan_type` and `plan_slug` repeat `plan`, as clients spell it in enrolling.

    `progress` and that of each course in percent; the whole weighs courses by their weeks.
    """

    id: int
    plan: PlanSlug
    plan_type: PlanSlug
    plan_slug: PlanSlug
    status: EnrollmentStatus
    progress: int
    start: datetime
    end: datetime
    days_remaining: int
    courses: dict[CourseSlug, int]


class Enrolled(BaseModel):
    """The new enrollment."""

    id: int
    message: str
    enrollment: EnrollmentShown


class Changed(BaseModel):
    """The enrollment after the change."""

    id: int
    message: str
    status: EnrollmentStatus
    progress: int


class BootcampDashboard(BaseModel):
    """A student's enrollment, web apps and courses."""

    active_enrollment: EnrollmentShown | None
    total_enrollments: int
    webapps_created: int
    webapps_deployed: int
    courses: dict[CourseSlug, CourseShown]
