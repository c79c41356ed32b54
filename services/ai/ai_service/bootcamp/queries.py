"""What students read of their enrollments, from the primary."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import orjson

from ai_service.bootcamp.catalogue import courses
from ai_service.bootcamp.rules import COURSES, days_remaining
from ai_service.bootcamp.schemas import BootcampDashboard, EnrollmentShown
from shared.db.database import Database
from shared.languages import Language
from shared.schemas.keyset import split_page
from shared.schemas.types import MAX_ID

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


async def of_user(
    database: Database, *, user_id: int, limit: int, before: int | None, now: datetime
) -> tuple[Sequence[EnrollmentShown], int | None]:
    """The user's enrollments, newest first, and the id after which the next page starts."""
    found = await database.fetch(_LIST, user_id, MAX_ID if before is None else before, limit + 1)
    rows, last = split_page([_shown(row, now) for row in found], limit)
    return rows, last.id if last else None


async def dashboard(
    database: Database, *, user_id: int, now: datetime, language: Language
) -> BootcampDashboard:
    """The active enrollment, and what the user has built."""
    async with database.read_raw() as connection:
        active = await connection.fetchrow(_ACTIVE, user_id, MAX_ID, 1)
        (counts,) = await connection.fetch(_COUNTS, user_id)
    return BootcampDashboard(
        active_enrollment=None if active is None else _shown(active, now),
        total_enrollments=counts["enrollments"],
        webapps_created=counts["created"],
        webapps_deployed=counts["deployed"],
        courses=courses(language),
    )


def _shown(row: Any, now: datetime) -> EnrollmentShown:
    begun = orjson.loads(row["courses"]) if row["courses"] else {}
    days = days_remaining(row["end"], now=now) if row["status"] == "active" else 0
    values = {**row, "courses": {slug: begun.get(slug, 0) for slug in COURSES}}
    return EnrollmentShown(**values, days_remaining=days)
