"""Progress by course, and what it comes to as a whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from ai_service.bootcamp import rules
from services.ai.tests.bootcamp.kit import BASE, available
from services.ai.tests.factories import Person


async def test_progress_follows_from_the_courses_by_their_weeks(
    client: httpx.AsyncClient, owner: Person
) -> None:
    made = (await owner.post(f"{BASE}/enroll", {"plan_type": "weekday"})).json()
    left = await available(client)
    path = f"{BASE}/enrollments/{made['id']}/courses"
    steps = [
        ("automation_1", 100, 25),
        ("automation_2", 50, 37),
        ("webapp", 100, 62),
        ("automation_2", 100, 75),
    ]
    for course, percent, whole in steps:
        answer = await owner.put(f"{path}/{course}", {"percent": percent})
        assert (answer.status_code, answer.json()["progress"]) == (200, whole)
    (shown,) = (await owner.get(f"{BASE}/enrollments")).json()
    assert shown["courses"] == {"automation_1": 100, "automation_2": 100, "automation_3": 0, "webapp": 100}
    assert (shown["progress"], shown["status"]) == (75, "active")
    done = (await owner.put(f"{path}/automation_3", {"percent": 100})).json()
    assert (done["progress"], done["status"]) == (100, "completed")
    assert await available(client) == left + 1
    over = await owner.put(f"{path}/automation_3", {"percent": 10})
    assert (over.status_code, over.json()["code"]) == (409, "enrollment_is_over")
    assert (await owner.post(f"{BASE}/enrollments/{made['id']}/cancel")).status_code == 409


@pytest.mark.parametrize(
    ("course", "body", "field"),
    [
        ("cooking", {"percent": 5}, "course"),
        ("webapp", {"percent": 101}, "percent"),
        ("webapp", {"percent": -1}, "percent"),
        ("webapp", {"percent": True}, "percent"),
        ("webapp", {}, "percent"),
    ],
)
async def test_wrong_progress_is_refused_by_the_fields_name(
    owner: Person, course: str, body: dict[str, Any], field: str
) -> None:
    made = (await owner.post(f"{BASE}/enroll", {"plan_type": "weekday"})).json()
    answer = await owner.put(f"{BASE}/enrollments/{made['id']}/courses/{course}", body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_the_whole_is_done_only_when_every_course_is() -> None:
    assert rules.overall({}) == 0
    assert rules.overall(dict.fromkeys(rules.COURSES, 99)) == 99
    assert rules.overall({**dict.fromkeys(rules.COURSES, 100), "automation_1": 99}) == 99
    assert rules.overall(dict.fromkeys(rules.COURSES, 100)) == 100


def test_a_begun_day_counts_as_one() -> None:
    now = datetime(2026, 3, 10, tzinfo=UTC)
    for ahead, days in (
        (timedelta(seconds=1), 1),
        (timedelta(days=1), 1),
        (timedelta(days=1, seconds=1), 2),
        (timedelta(0), 0),
        (timedelta(days=-3), 0),
    ):
        assert rules.days_remaining(now + ahead, now=now) == days
