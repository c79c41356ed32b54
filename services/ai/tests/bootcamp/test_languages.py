"""The bootcamp's texts in the language of who asks."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from ai_service.bootcamp.queries import COURSE_TEXTS, PLAN_TEXTS
from ai_service.bootcamp.rules import COURSES, WEEKS
from services.ai.tests.factories import Person
from shared.schemas.text import LANGUAGES
from testing.tokens import auth_headers

BASE = "/api/webapp-builder"
KOREAN, ENGLISH = (
    {"Accept-Language": "ko-KR,ko;q=0.9,en;q=0.8"},
    {"Accept-Language": "en-US,en;q=0.9,ko;q=0.5"},
)
HANGUL = re.compile(r"[가-힣]")


def is_korean(texts: dict[str, dict[str, Any]]) -> bool:
    """Each entry's name; some of them in one language and some in the other would fail."""
    found = {bool(HANGUL.search(entry["name"])) for entry in texts.values()}
    assert len(found) == 1
    return found.pop()


@pytest.mark.parametrize("path", ["plans", "courses"])
async def test_texts_are_korean_unless_english_is_asked_for_and_caches_keep_them_apart(
    client: httpx.AsyncClient, path: str
) -> None:
    for headers, korean in ((ENGLISH, False), ({}, True), (KOREAN, True), (ENGLISH, False), ({}, True)) * 2:
        answer = await client.get(f"{BASE}/{path}", headers=headers)
        assert is_korean(answer.json()) is korean
        assert answer.headers["content-language"] == ("ko" if korean else "en")
        assert answer.headers["vary"] == "Accept-Language"


@pytest.mark.parametrize("path", ["plans", "courses"])
async def test_who_holds_one_language_gets_the_other_and_no_304(client: httpx.AsyncClient, path: str) -> None:
    english = await client.get(f"{BASE}/{path}", headers=ENGLISH)
    held = {"If-None-Match": english.headers["etag"]}
    assert (await client.get(f"{BASE}/{path}", headers=ENGLISH | held)).status_code == 304
    other = await client.get(f"{BASE}/{path}", headers=KOREAN | held)
    assert (other.status_code, is_korean(other.json())) == (200, True)


async def test_seats_that_are_taken_show_in_both_languages(client: httpx.AsyncClient, owner: Person) -> None:
    async def available() -> list[int]:
        answers = [await client.get(f"{BASE}/plans", headers=headers) for headers in (KOREAN, ENGLISH)]
        return [answer.json()["weekday"]["available"] for answer in answers]

    assert await available() == [3, 3]
    assert (await owner.post(f"{BASE}/enroll", {"plan_slug": "weekday"})).status_code == 201
    assert await available() == [2, 2]


async def test_the_dashboard_speaks_as_the_courses_do(client: httpx.AsyncClient, owner: Person) -> None:
    for headers in (KOREAN, ENGLISH):
        courses = (await client.get(f"{BASE}/courses", headers=headers)).json()
        dashboard = await client.get(f"{BASE}/dashboard", headers=headers | auth_headers(100))
        assert dashboard.json()["courses"] == courses
        assert "Accept-Language" in dashboard.headers["vary"]


async def test_lessons_are_when_the_pages_say(client: httpx.AsyncClient) -> None:
    for headers, times in ((KOREAN, "{}~{}"), (ENGLISH, "{} to {}")):
        plans = (await client.get(f"{BASE}/plans", headers=headers)).json()
        assert plans["weekday"]["schedule"].endswith(times.format("19:00", "21:00"))
        assert plans["weekend"]["schedule"].endswith(times.format("10:00", "14:00"))
        assert all(plan["duration"].startswith("8") for plan in plans.values())


def test_every_language_has_every_text() -> None:
    assert PLAN_TEXTS.keys() == COURSE_TEXTS.keys() == set(LANGUAGES)
    assert {tuple(texts) for texts in COURSE_TEXTS.values()} == {tuple(COURSES)}
    assert (WEEKS, set(COURSES.values())) == (8, {2})
