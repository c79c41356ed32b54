"""The bootcamp over HTTP."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ai_service.bootcamp import errors, queries, rules, service
from ai_service.bootcamp.models import Enrollment
from ai_service.bootcamp.schemas import (
    BootcampDashboard,
    BootcampPlanShown,
    Changed,
    CourseShown,
    Enrolled,
    EnrollmentShown,
    NewEnrollment,
    Progress,
    Seats,
    SeatsSet,
)
from ai_service.deps import BOOTCAMP, PUBLIC_SECONDS, Idempotent, Student
from shared.auth.dependencies import AdminUser
from shared.auth.errors import AdminRequired, SubscriptionRequired
from shared.cache import Entry
from shared.db.constraints import LimitReached
from shared.schemas.dates import utcnow
from shared.schemas.keyset import InvalidCursor
from shared.schemas.text import Language
from shared.schemas.types import Id
from shared.web.answers import ModelAnswer
from shared.web.deps import RuntimeDep, Session
from shared.web.language import VARY, AskedLanguage
from shared.web.paging import Listing, bare_list
from shared.web.problems import responses
from shared.web.response_cache import CachedJSON
from shared.web.routes import public

router = APIRouter(prefix=BOOTCAMP, tags=["bootcamp"])
CHANGE_ERRORS = responses(errors.EnrollmentNotFound, errors.EnrollmentIsOver, SubscriptionRequired)


@router.get("/plans", response_model=dict[rules.PlanSlug, BootcampPlanShown], dependencies=[public])
async def list_plans(request: Request, runtime: RuntimeDep, language: AskedLanguage) -> Response:
    """When lessons are, and how many seats are left."""
    return _in_language(request, await queries.plans(runtime, language), language)


@router.get("/courses", response_model=dict[rules.CourseSlug, CourseShown], dependencies=[public])
async def list_courses(request: Request, language: AskedLanguage) -> Response:
    """What is taught."""
    return _in_language(request, queries.COURSES_JSON[language], language)


@router.post(
    "/enroll",
    status_code=201,
    response_model=Enrolled,
    responses=responses(
        errors.AlreadyEnrolled,
        LimitReached,
        errors.NoSeats,
        errors.PlanTypeMissing,
        errors.PlansDiffer,
        SubscriptionRequired,
    ),
)
async def enroll(
    session: Session, runtime: RuntimeDep, idempotent: Idempotent, user: Student, body: NewEnrollment
) -> Response:
    """Enroll in the bootcamp and take a seat."""

    async def work() -> Enrolled:
        enrollment = await service.enroll(
            session, cache=runtime.cache, user_id=user.user_id, plan=body.chosen()
        )
        return Enrolled(id=enrollment.id, message="You are enrolled.", enrollment=_enrolled(enrollment))

    return await idempotent(operation="bootcamp.enroll", request=body, work=work)


@router.get(
    "/enrollments",
    response_model=list[EnrollmentShown],
    responses=responses(InvalidCursor, SubscriptionRequired),
)
async def list_enrollments(request: Request, runtime: RuntimeDep, user: Student, query: Listing) -> Response:
    """Your enrollments, newest first; the Link and X-Next-Cursor headers lead to the next page."""
    rows, last = await queries.of_user(
        runtime.database, user_id=user.user_id, limit=query.limit, before=query.before, now=utcnow()
    )
    return bare_list(request, query, rows, last)


@router.put("/enrollments/{enrollment_id}/courses/{course}", response_model=Changed, responses=CHANGE_ERRORS)
async def record_progress(
    session: Session,
    runtime: RuntimeDep,
    user: Student,
    enrollment_id: Id,
    course: rules.CourseSlug,
    body: Progress,
) -> Response:
    """Record your progress in a course."""
    enrollment = await service.record_progress(
        session,
        cache=runtime.cache,
        user_id=user.user_id,
        enrollment_id=enrollment_id,
        course=course,
        percent=body.percent,
    )
    return _changed(enrollment, f"Your progress is {enrollment.progress} %.")


@router.post("/enrollments/{enrollment_id}/cancel", response_model=Changed, responses=CHANGE_ERRORS)
async def cancel(session: Session, runtime: RuntimeDep, user: Student, enrollment_id: Id) -> Response:
    """Cancel your enrollment and release the seat."""
    enrollment = await service.cancel(
        session, cache=runtime.cache, user_id=user.user_id, enrollment_id=enrollment_id
    )
    return _changed(enrollment, "The enrollment is canceled.")


@router.put(
    "/admin/plans/{plan}/seats",
    response_model=SeatsSet,
    responses=responses(AdminRequired, errors.PlanNotFound, errors.SeatsTaken),
)
async def set_seats(
    session: Session, runtime: RuntimeDep, _: AdminUser, plan: rules.PlanSlug, body: Seats
) -> Response:
    """Set how many seats a plan has (admin only)."""
    found = await service.set_seats(session, cache=runtime.cache, plan=plan, seats=body.seats)
    return ModelAnswer(SeatsSet(plan=plan, seats=found.seats, available=found.seats - found.taken))


@router.get("/dashboard", response_model=BootcampDashboard, responses=responses(SubscriptionRequired))
async def dashboard(runtime: RuntimeDep, user: Student, language: AskedLanguage) -> Response:
    """Where you stand, and what you have built."""
    shown = await queries.dashboard(runtime.database, user_id=user.user_id, now=utcnow(), language=language)
    return ModelAnswer(shown, headers={"Vary": VARY, "Content-Language": language})


def _in_language(request: Request, entry: Entry, language: Language) -> Response:
    # Never `warm`: that looks at the path alone, and would answer everybody in the language of who asked first.
    answer = CachedJSON(request, entry.body, etag=entry.etag, max_age=PUBLIC_SECONDS, vary=VARY)
    answer.raw_headers.append((b"content-language", language.encode()))
    return answer


def _enrolled(enrollment: Enrollment) -> EnrollmentShown:
    """No course is begun yet."""
    return EnrollmentShown(
        id=enrollment.id,
        plan=enrollment.plan_type,
        plan_type=enrollment.plan_type,
        plan_slug=enrollment.plan_type,
        status=enrollment.status,
        progress=enrollment.progress,
        start=enrollment.start_date,
        end=enrollment.end_date,
        days_remaining=rules.days_remaining(enrollment.end_date, now=enrollment.start_date),
        courses=dict.fromkeys(rules.COURSES, 0),
    )


def _changed(enrollment: Enrollment, message: str) -> Response:
    changed = Changed(
        id=enrollment.id, message=message, status=enrollment.status, progress=enrollment.progress
    )
    return ModelAnswer(changed)
