"""Plans, seats, enrolments and progress."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text, update

from ai_service.bootcamp.service import end_past
from ai_service.schema import BootcampPlan, Enrollment
from services.ai.tests.bootcamp.kit import BASE, available, seats
from services.ai.tests.factories import OWNER, STRANGER, Person, Published, subscribe
from shared.db.database import Database
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from testing.app import pages_of
from testing.rollback import TestDatabase
from testing.tokens import auth_headers


async def test_the_list_of_enrollments_leads_on(client: httpx.AsyncClient, db: TestDatabase) -> None:
    await subscribe(db, OWNER)
    begun, over = utcnow() - timedelta(days=90), utcnow() - timedelta(days=30)
    fields = {"plan_type": "weekday", "status": "canceled", "start_date": begun, "end_date": over}
    async with db.session() as session:
        made = [Enrollment(user_id=OWNER, **fields) for _ in range(3)]
        session.add_all(made)
        await session.flush()
        ids = sorted((one.id for one in made), reverse=True)
    assert await pages_of(client, f"{BASE}/enrollments?limit=2", auth_headers(OWNER)) == [ids[:2], ids[2:]]


async def test_plans_and_courses_are_those_of_the_contract(client: httpx.AsyncClient) -> None:
    plans = (await client.get(f"{BASE}/plans")).json()
    assert plans.keys() == {"weekday", "weekend"}
    for plan in plans.values():
        assert {name: type(value) for name, value in plan.items()} == {
            "name": str,
            "price": int,
            "duration": str,
            "schedule": str,
            "seats": int,
            "available": int,
        }
        assert (plan["available"], plan["price"]) == (plan["seats"], 590_000)
    assert (plans["weekday"]["seats"], plans["weekend"]["seats"]) == (3, 0)
    courses = await client.get(f"{BASE}/courses")
    assert courses.json().keys() == {"automation_1", "automation_2", "automation_3", "webapp"}
    assert [course["duration_weeks"] for course in courses.json().values()] == [2, 2, 2, 2]
    again = await client.get(f"{BASE}/courses", headers={"If-None-Match": courses.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "body",
    [{"plan_type": "weekday"}, {"plan_slug": "weekday"}, {"plan_type": "weekday", "plan_slug": "weekday"}],
)
async def test_either_spelling_takes_a_seat_and_the_plans_show_it_at_once(
    client: httpx.AsyncClient, owner: Person, published: Published, body: dict[str, str]
) -> None:
    before = await available(client)
    answer = await owner.post(f"{BASE}/enroll", body)
    assert answer.status_code == 201, answer.text
    enrollment = answer.json()["enrollment"]
    assert (enrollment["id"], enrollment["plan"]) == (answer.json()["id"], "weekday")
    assert (enrollment["plan_type"], enrollment["plan_slug"]) == ("weekday", "weekday")
    assert (enrollment["status"], enrollment["progress"], enrollment["days_remaining"]) == ("active", 0, 56)
    assert answer.json()["message"]
    assert await available(client) == before - 1
    (listed,) = (await owner.get(f"{BASE}/enrollments")).json()
    assert listed == enrollment
    assert await published() == ["enrollment.created"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "plan_type"),
        ({"plan_type": "evening"}, "plan_type"),
        ({"plan_slug": 1}, "plan_slug"),
        ({"plan_type": "weekend", "plan_slug": "weekday"}, "plan_slug"),
    ],
)
async def test_a_wrong_plan_is_refused_by_the_fields_name(
    owner: Person, body: dict[str, Any], field: str
) -> None:
    answer = await owner.post(f"{BASE}/enroll", body)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]


async def test_nobody_is_enrolled_twice_and_no_seat_is_lost_by_trying(
    client: httpx.AsyncClient, owner: Person
) -> None:
    assert (await owner.post(f"{BASE}/enroll", {"plan_type": "weekday"})).status_code == 201
    left = await available(client), await available(client, "weekend")
    for plan in ("weekday", "weekend"):
        refused = await owner.post(f"{BASE}/enroll", {"plan_type": plan})
        assert (refused.status_code, refused.json()["code"]) == (409, "already_enrolled")
    assert (await available(client), await available(client, "weekend")) == left


async def test_the_same_key_enrols_once(owner: Person) -> None:
    first = await owner.post(f"{BASE}/enroll", {"plan_type": "weekday"}, key="k")
    assert (await owner.post(f"{BASE}/enroll", {"plan_type": "weekday"}, key="k")).content == first.content


async def test_without_a_seat_nobody_is_enrolled_until_one_is_given_back(
    client: httpx.AsyncClient, owner: Person, db: TestDatabase
) -> None:
    await subscribe(db, STRANGER)
    stranger = Person(client, STRANGER)
    assert (await seats(client, 1)).json() == {"plan": "weekday", "seats": 1, "available": 1}
    made = (await owner.post(f"{BASE}/enroll", {"plan_type": "weekday"})).json()
    refused = await stranger.post(f"{BASE}/enroll", {"plan_type": "weekday"})
    assert (refused.status_code, refused.json()["code"]) == (409, "no_seats")
    assert (await stranger.get(f"{BASE}/enrollments")).json() == []
    too_few = await seats(client, 0)
    assert (too_few.status_code, too_few.json()["code"], too_few.json()["taken"]) == (409, "seats_taken", 1)
    for _ in range(2):
        canceled = await owner.post(f"{BASE}/enrollments/{made['id']}/cancel")
        assert (canceled.status_code, canceled.json()["status"]) == (200, "canceled")
    assert await available(client) == 1
    assert (await stranger.post(f"{BASE}/enroll", {"plan_type": "weekday"})).status_code == 201


async def test_seats_are_an_administrators_word(client: httpx.AsyncClient, owner: Person) -> None:
    assert (await owner.put(f"{BASE}/admin/plans/weekday/seats", {"seats": 5})).status_code == 403
    assert (await seats(client, 10_001)).status_code == 422
    assert (await seats(client, 5, "evening")).status_code == 422


async def test_enrollments_are_nobody_elses(
    client: httpx.AsyncClient, owner: Person, db: TestDatabase
) -> None:
    made = (await owner.post(f"{BASE}/enroll", {"plan_type": "weekday"})).json()
    await subscribe(db, STRANGER)
    stranger = Person(client, STRANGER)
    for answer in (
        await stranger.put(f"{BASE}/enrollments/{made['id']}/courses/webapp", {"percent": 5}),
        await stranger.post(f"{BASE}/enrollments/{made['id']}/cancel"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "enrollment_not_found")


async def test_an_enrolment_that_has_run_out_is_completed_and_its_seat_is_free(
    client: httpx.AsyncClient, owner: Person, db: TestDatabase, runtime: Runtime
) -> None:
    made = (await owner.post(f"{BASE}/enroll", {"plan_type": "weekday"})).json()
    left = await available(client)
    await _age(db, made["id"])
    (shown,) = (await owner.get(f"{BASE}/enrollments")).json()
    assert shown["days_remaining"] == 0
    for freed in (1, 0):
        async with db.session() as session:
            assert await end_past(session, cache=runtime.cache, now=utcnow()) == freed
    assert await available(client) == left + 1
    (shown,) = (await owner.get(f"{BASE}/enrollments")).json()
    assert shown["status"] == "completed"


async def test_who_has_finished_may_enrol_again_without_waiting_for_the_clock(
    client: httpx.AsyncClient, owner: Person, db: TestDatabase
) -> None:
    made = (await owner.post(f"{BASE}/enroll", {"plan_type": "weekday"})).json()
    await _age(db, made["id"])
    await seats(client, 1, "weekend")
    assert (await owner.post(f"{BASE}/enroll", {"plan_type": "weekend"})).status_code == 201
    dashboard = (await owner.get(f"{BASE}/dashboard")).json()
    assert dashboard["total_enrollments"] == 2
    assert dashboard["active_enrollment"]["plan"] == "weekend"


async def test_the_dashboard_of_who_has_nothing_yet(owner: Person) -> None:
    dashboard = (await owner.get(f"{BASE}/dashboard")).json()
    assert (dashboard["active_enrollment"], dashboard["total_enrollments"]) == (None, 0)
    assert (dashboard["webapps_created"], dashboard["webapps_deployed"]) == (0, 0)
    assert dashboard["courses"].keys() == {"automation_1", "automation_2", "automation_3", "webapp"}


async def test_fifty_want_the_last_twenty_seats_and_twenty_get_them(
    committed_client: httpx.AsyncClient, committed_db: Database
) -> None:
    users = range(1000, 1050)
    await subscribe(committed_db, *users)
    await seats(committed_client, 20)
    answers = await asyncio.gather(
        *(Person(committed_client, user).post(f"{BASE}/enroll", {"plan_type": "weekday"}) for user in users)
    )
    assert Counter(answer.status_code for answer in answers) == {201: 20, 409: 30}
    assert await available(committed_client) == 0
    async with committed_db.session() as session:
        assert len((await session.scalars(select(Enrollment))).all()) == 20


async def test_one_user_who_asks_ten_times_at_once_gets_one_seat(
    committed_client: httpx.AsyncClient, committed_db: Database
) -> None:
    await subscribe(committed_db, OWNER)
    owner = Person(committed_client, OWNER)
    await seats(committed_client, 5, "weekend")
    plans = ["weekday", "weekend"] * 5
    answers = await asyncio.gather(*(owner.post(f"{BASE}/enroll", {"plan_type": plan}) for plan in plans))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 9}
    async with committed_db.session() as session:
        assert await session.scalar(text("SELECT sum(taken) FROM bootcamp_plans")) == 1


async def test_the_database_itself_refuses_one_seat_too_many(db: TestDatabase) -> None:
    with pytest.raises(Exception, match="ck_bootcamp_plans_seats"):
        async with db.session() as session:
            await session.execute(update(BootcampPlan).values(taken=BootcampPlan.seats + 1))


async def _age(database: Database, enrollment_id: int) -> None:
    async with database.session() as session:
        await session.execute(
            update(Enrollment)
            .where(Enrollment.id == enrollment_id)
            .values(start_date=utcnow() - timedelta(days=90), end_date=utcnow() - timedelta(days=6))
        )
