"""Plans and courses, in each language that clients may ask for, and what students read of their enrollments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

import orjson
from sqlalchemy import select

from ai_service.bootcamp.models import BootcampPlan
from ai_service.bootcamp.rules import COURSES, CourseSlug, PlanSlug, days_remaining
from ai_service.bootcamp.schemas import BootcampDashboard, BootcampPlanShown, CourseShown, EnrollmentShown
from shared.cache import Entry
from shared.db.database import Database
from shared.runtime import Runtime
from shared.schemas.json import dumps
from shared.schemas.keyset import split_page
from shared.schemas.text import LANGUAGES, Language
from shared.schemas.types import MAX_ID

MEMORY_SECONDS: Final = 10.0
REDIS_SECONDS: Final = 300.0
SEATS: Final = "bootcamp:seats"
"""The tag of whatever says how many seats are left."""
_LIST: Final = """
    SELECT e.id, e.plan_type AS plan, e.plan_type, e.plan_type AS plan_slug, e.status, e.progress,
           e.start_date AS start, e.end_date AS "end",
           (SELECT json_object_agg(p.course, p.percent) FROM bootcamp_progress AS p WHERE p.enrollment_id = e.id)::text
               AS courses
    FROM bootcamp_enrollments AS e WHERE e.user_id = $1 AND e.id < $2 ORDER BY e.id DESC LIMIT $3
"""
_COUNTS: Final = """
    SELECT (SELECT count(*) FROM bootcamp_enrollments WHERE user_id = $1) AS enrollments, count(*) AS created,
           count(*) FILTER (WHERE status IN ('deployed', 'live')) AS deployed
    FROM webapps WHERE user_id = $1
"""
_ACTIVE: Final = _LIST.replace("ORDER BY", "AND e.status = 'active' ORDER BY")


@dataclass(frozen=True, slots=True)
class PlanText:
    """When lessons are, in words."""

    name: str
    duration: str
    schedule: str


@dataclass(frozen=True, slots=True)
class CourseText:
    """What a course teaches."""

    name: str
    difficulty: str
    description: str


PLAN_TEXTS: Final[dict[Language, dict[PlanSlug, PlanText]]] = {
    "ko": {
        "weekday": PlanText("평일 저녁반", "8주", "월요일~금요일 19:00~21:00"),
        "weekend": PlanText("주말반", "8주", "토요일·일요일 10:00~14:00"),
    },
    "en": {
        "weekday": PlanText("Weekday evenings", "8 weeks", "Monday to Friday, 19:00 to 21:00"),
        "weekend": PlanText("Weekends", "8 weeks", "Saturday and Sunday, 10:00 to 14:00"),
    },
}


COURSE_TEXTS: Final[dict[Language, dict[CourseSlug, CourseText]]] = {
    "ko": {
        "automation_1": CourseText(
            "업무 자동화 1: 매일 하는 일",
            "초급",
            "스프레드시트와 메일, 파일 정리가 저절로 돌아가게 만듭니다.",
        ),
        "automation_2": CourseText(
            "업무 자동화 2: 서비스 연결",
            "중급",
            "API를 불러 쓰고 일정에 맞춰 실행하며, 실패했을 때를 대비합니다.",
        ),
        "automation_3": CourseText(
            "업무 자동화 3: AI 직원", "고급", "언어 모델에게 일을 맡기고, 그 결과를 확인하는 법을 배웁니다."
        ),
        "webapp": CourseText("웹앱 만들기", "고급", "아이디어를 다른 사람이 쓰는 앱으로 만들어 배포합니다."),
    },
    "en": {
        "automation_1": CourseText(
            "Automation 1: everyday work", "beginner", "Spreadsheets, mail and files that do themselves."
        ),
        "automation_2": CourseText(
            "Automation 2: services",
            "intermediate",
            "Calling APIs, schedules, and what to do when they fail.",
        ),
        "automation_3": CourseText(
            "Automation 3: AI employees", "advanced", "Work that language models do, and how to check it."
        ),
        "webapp": CourseText("Web app", "advanced", "From an idea to an app that others use, deployed."),
    },
}


def courses(language: Language) -> dict[CourseSlug, CourseShown]:
    """The courses as the contract shows them."""
    return {
        slug: CourseShown(**asdict(text), duration_weeks=COURSES[slug])
        for slug, text in COURSE_TEXTS[language].items()
    }


COURSES_JSON: Final[dict[Language, Entry]] = {
    language: Entry.of(dumps(courses(language))) for language in LANGUAGES
}
"""The courses as JSON."""


async def plans(runtime: Runtime, language: Language) -> Entry:
    """The plans as JSON, with the seats that are left."""
    return await runtime.cache.get_or_load_entry(
        f"bootcamp:plans:{language}",
        partial(_load_plans, runtime.database, language),
        memory_ttl=MEMORY_SECONDS,
        redis_ttl=REDIS_SECONDS,
        tags=(SEATS,),
        at_first_sight=True,
    )


async def of_user(
    database: Database, *, user_id: int, limit: int, before: int | None, now: datetime
) -> tuple[Sequence[EnrollmentShown], int | None]:
    """The user's enrollments, newest first, and the id after which the next page starts."""
    found = await database.fetch(_LIST, user_id, MAX_ID if before is None else before, limit + 1)
    rows, last = split_page([_enrollment_shown(row, now) for row in found], limit)
    return rows, last.id if last else None


async def dashboard(
    database: Database, *, user_id: int, now: datetime, language: Language
) -> BootcampDashboard:
    """The active enrollment, and what the user has built."""
    async with database.read_raw() as connection:
        active = await connection.fetchrow(_ACTIVE, user_id, MAX_ID, 1)
        (counts,) = await connection.fetch(_COUNTS, user_id)
    return BootcampDashboard(
        active_enrollment=None if active is None else _enrollment_shown(active, now),
        total_enrollments=counts["enrollments"],
        webapps_created=counts["created"],
        webapps_deployed=counts["deployed"],
        courses=courses(language),
    )


async def _load_plans(database: Database, language: Language) -> bytes:
    async with database.read(fresh=True) as connection:
        query = select(BootcampPlan.__table__).order_by(BootcampPlan.slug)
        rows = (await connection.execute(query)).mappings().all()
    return dumps({row["slug"]: _plan_shown(row, language) for row in rows})


def _plan_shown(row: Any, language: Language) -> BootcampPlanShown:
    texts = asdict(PLAN_TEXTS[language][row["slug"]])
    return BootcampPlanShown(
        **texts, price=row["price"], seats=row["seats"], available=row["seats"] - row["taken"]
    )


def _enrollment_shown(row: Any, now: datetime) -> EnrollmentShown:
    begun = orjson.loads(row["courses"]) if row["courses"] else {}
    days = days_remaining(row["end"], now=now) if row["status"] == "active" else 0
    values = {**row, "courses": {slug: begun.get(slug, 0) for slug in COURSES}}
    return EnrollmentShown(**values, days_remaining=days)
