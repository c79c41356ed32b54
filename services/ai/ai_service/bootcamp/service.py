"""Taking seats, progress, and freeing seats: of enrollments that end, have run out, or whose student stopped paying.

That is not done at once: a card that was declined, or a copy of entitlements that is being rebuilt, is mended
within days.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from ai_service.bootcamp import rules
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
from ai_service.bootcamp.queries import SEATS
from ai_service.tables import Entitlement, Outbox
from shared.cache import Cache
from shared.db.constraints import check_row_limit, translate
from shared.events.outbox import publish
from shared.schemas.dates import utcnow

MAX_ENROLLMENTS: Final = 500
"""Of one user, canceled ones too."""
PRODUCT: Final = "webapp-builder"


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


async def leave(
    session: AsyncSession, cache: Cache, enrollment: Enrollment, status: rules.EnrollmentStatus
) -> None:
    """End a locked enrollment and free its seat."""
    enrollment.status = status
    await session.flush()
    await session.execute(
        update(BootcampPlan)
        .where(BootcampPlan.slug == enrollment.plan_type)
        .values(taken=BootcampPlan.taken - 1)
    )
    cache.invalidate_after_commit(session, SEATS)


async def end_past(session: AsyncSession, *, cache: Cache, now: datetime, user_id: int | None = None) -> int:
    """Complete what has run out, everybody's or one user's, and free the seats. How many."""
    query = select(Enrollment).where(Enrollment.status == "active", Enrollment.end_date <= now)
    if user_id is not None:
        query = query.where(Enrollment.user_id == user_id)
    past = list(await session.scalars(query.order_by(Enrollment.id).with_for_update(skip_locked=True)))
    for enrollment in sorted(past, key=lambda found: (found.plan_type, found.id)):
        await leave(session, cache, enrollment, "completed")
    return len(past)


async def end_unpaid(session: AsyncSession, *, cache: Cache, now: datetime, grace: timedelta) -> int:
    """Note since when students are without a subscription, and cancel after `grace`. How many it canceled.

    There are as many students as seats, so one transaction holds them all.
    """
    paid = exists().where(
        Entitlement.user_id == Enrollment.user_id,
        Entitlement.product == PRODUCT,
        Entitlement.active,
        or_(Entitlement.valid_until.is_(None), Entitlement.valid_until > now),
    )
    active = Enrollment.status == "active"
    noted = update(Enrollment).execution_options(synchronize_session=False)
    await session.execute(
        noted.where(active, ~paid, Enrollment.unpaid_since.is_(None)).values(unpaid_since=now)
    )
    await session.execute(
        noted.where(active, paid, Enrollment.unpaid_since.is_not(None)).values(unpaid_since=None)
    )
    overdue = select(Enrollment).where(active, Enrollment.unpaid_since <= now - grace)
    ended = list(await session.scalars(overdue.with_for_update(skip_locked=True)))
    for enrollment in sorted(ended, key=lambda found: (found.plan_type, found.id)):
        await leave(session, cache, enrollment, "canceled")
    return len(ended)


async def _locked(session: AsyncSession, *, user_id: int, enrollment_id: int) -> Enrollment:
    query = select(Enrollment).where(Enrollment.id == enrollment_id, Enrollment.user_id == user_id)
    enrollment = await session.scalar(query.with_for_update(key_share=True))
    if enrollment is None:
        raise EnrollmentNotFound
    return enrollment
