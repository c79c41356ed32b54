"""Taking seats, getting on, giving seats back."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from ai_service.bootcamp import rules
from ai_service.bootcamp.catalogue import SEATS
from ai_service.bootcamp.errors import (
    AlreadyEnrolled,
    EnrollmentIsOver,
    EnrollmentNotFound,
    NoSeats,
    PlanNotFound,
    SeatsTaken,
)
from ai_service.bootcamp.events import EnrollmentCreated
from ai_service.bootcamp.models import BootcampPlan, CourseProgress, Enrollment
from ai_service.bootcamp.seats import end_past, leave
from ai_service.tables import Outbox
from shared.cache import Cache
from shared.db.constraints import check_row_limit, translate
from shared.events.outbox import publish
from shared.schemas.dates import utcnow

MAX_ENROLLMENTS: Final = 500
"""Of one user, canceled ones too."""


async def enroll(session: AsyncSession, *, cache: Cache, user_id: int, plan: rules.PlanSlug) -> Enrollment:
    """Enroll in the bootcamp and take a seat. Raises AlreadyEnrolled, LimitReached or NoSeats."""
    own = select(Enrollment.id).where(Enrollment.user_id == user_id)
    await check_row_limit(session, own, limit=MAX_ENROLLMENTS, what="enrollments")
    now = utcnow()
    await end_past(session, cache=cache, now=now, user_id=user_id)
    enrollment = Enrollment(
        user_id=user_id,
        plan_type=plan,
        status="active",
        progress=0,
        start_date=now,
        end_date=now + rules.LENGTH,
    )
    session.add(enrollment)
    # First the enrolment, then the seat: two requests of one user meet at the first, before either waits for the plan.
    with translate({"uq_bootcamp_enrollments_active": AlreadyEnrolled}):
        await session.flush()
    taken = (
        update(BootcampPlan)
        .where(BootcampPlan.slug == plan, BootcampPlan.taken < BootcampPlan.seats)
        .values(taken=BootcampPlan.taken + 1)
        .returning(BootcampPlan.taken)
    )
    if (await session.execute(taken)).first() is None:
        raise NoSeats
    event = EnrollmentCreated(enrollment_id=enrollment.id, user_id=user_id, plan=plan)
    await publish(session, Outbox, event, key=f"enrollment:{enrollment.id}")
    cache.invalidate_after_commit(session, SEATS)
    return enrollment


async def record_progress(
    session: AsyncSession, *, cache: Cache, user_id: int, enrollment_id: int, course: str, percent: int
) -> Enrollment:
    """Record the progress in a course; when all courses are done, the enrollment is completed.

    Raises EnrollmentNotFound or EnrollmentIsOver.
    """
    enrollment = await _locked(session, user_id=user_id, enrollment_id=enrollment_id)
    if enrollment.status != "active":
        raise EnrollmentIsOver(f"The enrollment is {enrollment.status}.")
    row = insert(CourseProgress).values(enrollment_id=enrollment.id, course=course, percent=percent)
    await session.execute(
        row.on_conflict_do_update(index_elements=["enrollment_id", "course"], set_={"percent": percent})
    )
    query = select(CourseProgress.course, CourseProgress.percent).where(
        CourseProgress.enrollment_id == enrollment.id
    )
    courses = {course: percent for course, percent in await session.execute(query)}  # noqa: C416 - rows are no tuples
    enrollment.progress = rules.overall(courses)
    if enrollment.progress == 100:
        await leave(session, cache, enrollment, "completed")
    return enrollment


async def cancel(session: AsyncSession, *, cache: Cache, user_id: int, enrollment_id: int) -> Enrollment:
    """Give the seat back; again is fine. Raises EnrollmentNotFound or EnrollmentIsOver."""
    enrollment = await _locked(session, user_id=user_id, enrollment_id=enrollment_id)
    if enrollment.status == "completed":
        raise EnrollmentIsOver("The enrollment is completed.")
    if enrollment.status == "active":
        await leave(session, cache, enrollment, "canceled")
    return enrollment


async def set_seats(session: AsyncSession, *, cache: Cache, plan: str, seats: int) -> BootcampPlan:
    """How many may come from now on. Raises PlanNotFound or SeatsTaken."""
    query = select(BootcampPlan).where(BootcampPlan.slug == plan).with_for_update()
    found = await session.scalar(query)
    if found is None:
        raise PlanNotFound
    if seats < found.taken:
        raise SeatsTaken(f"{found.taken} seats are already taken.", taken=found.taken)
    found.seats = seats
    await session.flush()
    cache.invalidate_after_commit(session, SEATS)
    return found


async def _locked(session: AsyncSession, *, user_id: int, enrollment_id: int) -> Enrollment:
    query = select(Enrollment).where(Enrollment.id == enrollment_id, Enrollment.user_id == user_id)
    enrollment = await session.scalar(query.with_for_update(key_share=True))
    if enrollment is None:
        raise EnrollmentNotFound
    return enrollment
