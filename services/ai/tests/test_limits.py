"""What a user's runs, employees and enrolments are bounded by."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from ai_service.bootcamp import service as bootcamp
from ai_service.runs import service as runs
from ai_service.runs.service import forget_unsuccessful_runs
from ai_service.schema import Employee, Run
from services.ai.tests.factories import EMAIL, Person, make_completed, make_employee, make_run
from shared.schemas.dates import utcnow
from testing.rollback import TestDatabase

LONG_AGO = utcnow() - timedelta(days=200)
BOOTCAMP = "/api/webapp-builder"


async def test_a_user_has_so_many_runs_that_are_not_completed(
    owner: Person, db: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "MAX_NOT_COMPLETED", 2)
    employee = await make_employee(db)
    await make_completed(db, employee, utcnow())
    path = f"/employees/{employee}/runs"
    for _ in range(2):
        made = await owner.post(path, {"input": EMAIL})
        assert made.status_code == 202
        assert (await owner.post(f"{path}/{made.json()['id']}/cancel")).status_code == 200
    answer = await owner.post(path, {"input": EMAIL})
    assert (answer.status_code, answer.json()["code"], answer.json()["limit"]) == (409, "limit_reached", 2)


async def test_unsuccessful_runs_are_forgotten_after_half_a_year(
    owner: Person, db: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ai_service.runs.service.AT_A_TIME", 2)
    employee = await make_employee(db)
    kept = [await make_completed(db, employee, LONG_AGO), await make_run(db, employee)]
    old = [await make_run(db, employee) for _ in range(5)]
    new = await make_run(db, employee)
    async with db.session() as session:
        for ids, when in ((old, LONG_AGO), ([new], utcnow())):
            ended = update(Run).where(Run.id.in_(ids)).values(status="canceled", finished_at=when)
            await session.execute(ended)
    assert await forget_unsuccessful_runs(db) == 5
    async with db.session() as session:
        assert list(await session.scalars(select(Run.id).order_by(Run.id))) == [*kept, new]


async def test_a_dismissed_employee_stays_for_its_runs_alone(owner: Person, db: TestDatabase) -> None:
    idle, busy = [await make_employee(db, status="paused") for _ in range(2)]
    await make_completed(db, busy, utcnow())
    old = await make_employee(db, status="paused", deleted_at=LONG_AGO)
    for employee in (idle, busy):
        assert (await owner.delete(f"/employees/{employee}")).status_code == 200
        assert (await owner.delete(f"/employees/{employee}")).status_code == 404
    async with db.session() as session:
        assert list(await session.scalars(select(Employee.id).order_by(Employee.id))) == [busy, old]
    await forget_unsuccessful_runs(db)
    async with db.session() as session:
        assert list(await session.scalars(select(Employee.id))) == [busy]


async def test_a_user_enrols_so_often(owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootcamp, "MAX_ENROLLMENTS", 2)
    for _ in range(2):
        made = await owner.post(f"{BOOTCAMP}/enroll", {"plan_type": "weekday"})
        assert made.status_code == 201
        await owner.post(f"{BOOTCAMP}/enrollments/{made.json()['id']}/cancel")
    answer = await owner.post(f"{BOOTCAMP}/enroll", {"plan_type": "weekday"})
    assert (answer.status_code, answer.json()["code"], answer.json()["limit"]) == (409, "limit_reached", 2)
