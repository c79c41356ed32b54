"""The plans and courses that anybody reads, in each language that clients may ask for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final

from sqlalchemy import select

from ai_service.bootcamp.models import BootcampPlan
from ai_service.bootcamp.rules import COURSES, CourseSlug, PlanSlug
from ai_service.bootcamp.schemas import BootcampPlanShown, CourseShown
from shared.cache import Entry
from shared.languages import LANGUAGES, Language
from shared.runtime import Runtime
from shared.schemas.json import dumps


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


MEMORY_SECONDS: Final = 10.0
REDIS_SECONDS: Final = 300.0
SEATS: Final = "bootcamp:seats"
"""The tag of whatever says how many seats are left."""


COURSES_JSON: Final[dict[Language, Entry]] = {
    language: Entry.of(dumps(courses(language))) for language in LANGUAGES
}
"""The courses as JSON."""


async def plans(runtime: Runtime, language: Language) -> Entry:
    """The plans as JSON, with the seats that are left."""
    return await runtime.cache.get_or_load_entry(
        f"bootcamp:plans:{language}",
        partial(_load, runtime, language),
        memory_ttl=MEMORY_SECONDS,
        redis_ttl=REDIS_SECONDS,
        tags=(SEATS,),
        at_first_sight=True,
    )


async def _load(runtime: Runtime, language: Language) -> bytes:
    async with runtime.database.read(fresh=True) as connection:
        query = select(BootcampPlan.__table__).order_by(BootcampPlan.slug)
        rows = (await connection.execute(query)).mappings().all()
    return dumps({row["slug"]: _shown(row, language) for row in rows})


def _shown(row: Any, language: Language) -> BootcampPlanShown:
    texts = asdict(PLAN_TEXTS[language][row["slug"]])
    return BootcampPlanShown(
        **texts, price=row["price"], seats=row["seats"], available=row["seats"] - row["taken"]
    )
