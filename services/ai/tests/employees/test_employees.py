"""An employee's life over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import select

from ai_service.employees.service import TRAINING_JOB, end_training
from ai_service.schema import Run
from services.ai.tests.factories import (
    STRANGER,
    Person,
    Published,
    make_employee,
    make_run,
    subscribe,
)
from testing.jobs import enqueued
from testing.rollback import TestDatabase

FIELDS = {
    "id",
    "name",
    "scenario_type",
    "scenario",
    "description",
    "instructions",
    "status",
    "monthly_savings_hours",
    "savings_hours",
    "created_at",
    "deployed_at",
}


@pytest.mark.parametrize(
    "body",
    [
        {"name": "Mina", "scenario_type": "email", "description": "Be brief"},
        {"name": "Mina", "scenario": "email", "instructions": "Be brief"},
        {"name": " Mina ", "scenario_type": "email", "scenario": "email", "description": "Be brief"},
    ],
)
async def test_both_spellings_hire_the_same_employee(owner: Person, body: dict[str, Any]) -> None:
    made = await owner.post("/employees", body)
    assert made.status_code == 201, made.text
    employee = made.json()["employee"]
    assert made.json()["id"] == employee["id"]
    assert made.json()["message"]
    assert employee.keys() >= FIELDS
    assert (employee["name"], employee["scenario_type"], employee["description"]) == (
        "Mina",
        "email",
        "Be brief",
    )
    assert (employee["scenario"], employee["instructions"], employee["savings_hours"]) == (
        "email",
        "Be brief",
        0,
    )
    assert (employee["status"], employee["monthly_savings_hours"], employee["deployed_at"]) == (
        "draft",
        0,
        None,
    )
    assert (await owner.get(f"/employees/{employee['id']}")).json() == employee
    assert (await owner.get("/employees")).json() == [employee]


@pytest.mark.parametrize("said", [{}, {"description": None}, {"description": ""}, {"instructions": ""}])
async def test_an_employee_without_a_description_has_an_empty_one(
    owner: Person, db: TestDatabase, said: dict[str, Any]
) -> None:
    made = await owner.post("/employees", {"name": "Mina", "scenario": "email", **said})
    assert made.status_code == 201, made.text
    employee = made.json()["employee"]
    assert (employee["description"], employee["instructions"]) == ("", "")
    assert (await owner.get("/employees")).json() == [employee]
    assert (await owner.get("/dashboard")).json()["employees"] == [employee]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"scenario_type": "cooking"}, "scenario_type"),
        ({"scenario_type": None}, "scenario_type"),
        ({"scenario": "cooking"}, "scenario"),
        ({"scenario": "social"}, "scenario"),
        ({"description": "a", "instructions": "b"}, "instructions"),
        ({"name": ""}, "name"),
        ({"name": "\u3164"}, "name"),
        ({"name": "Mina\u200b"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": None}, "name"),
        ({"name": "a\x00"}, "name"),
    ],
)
async def test_a_wrong_wish_is_refused_by_the_fields_name(
    owner: Person, change: dict[str, Any], field: str
) -> None:
    answer = await owner.post("/employees", {"name": "Mina", "scenario_type": "email", **change})
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]


async def test_todays_client_deploys_and_activates_without_waiting(
    owner: Person, published: Published, db: TestDatabase
) -> None:
    made = (await owner.post("/employees", {"name": "Mina", "scenario_type": "email"})).json()
    deployed = await owner.post(f"/employees/{made['id']}/deploy", {"savings_hours": 20})
    assert (deployed.status_code, deployed.json()["status"], deployed.json()["id"]) == (
        200,
        "training",
        made["id"],
    )
    activated = await owner.post(f"/employees/{made['id']}/activate")
    assert (activated.status_code, activated.json()["status"]) == (200, "active")
    employee = (await owner.get(f"/employees/{made['id']}")).json()
    assert (employee["status"], employee["monthly_savings_hours"]) == ("active", 0)
    assert employee["deployed_at"].endswith("Z")
    await _end_trainings(db)
    assert await published() == ["employee.activated"]


async def test_training_ends_by_itself(owner: Person, published: Published, db: TestDatabase) -> None:
    id_ = await make_employee(db, status="draft", deployed_at=None)
    for body in (None, dict[str, str]()):
        assert (await owner.post(f"/employees/{id_}/deploy", body)).json()["status"] == "training"
    assert [name for name, _ in await enqueued(db)] == [TRAINING_JOB]
    await _end_trainings(db)
    assert (await owner.get(f"/employees/{id_}")).json()["status"] == "active"
    assert await published() == ["employee.activated"]


async def test_a_job_of_an_earlier_training_does_not_end_a_later_one(owner: Person, db: TestDatabase) -> None:
    id_ = await make_employee(db, status="draft", deployed_at=None)
    for step in ("deploy", "activate", "pause", "deploy"):
        assert (await owner.post(f"/employees/{id_}/{step}")).status_code == 200
    async with db.session() as session:
        await end_training(session, employee_id=id_, training=1)
    assert (await owner.get(f"/employees/{id_}")).json()["status"] == "training"
    await _end_trainings(db)
    assert (await owner.get(f"/employees/{id_}")).json()["status"] == "active"


@pytest.mark.parametrize(
    ("status", "step", "possible"),
    [
        ("draft", "activate", ["training"]),
        ("draft", "pause", ["training"]),
        ("training", "pause", ["active"]),
        ("active", "deploy", ["paused"]),
    ],
)
async def test_a_transition_that_makes_no_sense_says_what_is_possible(
    owner: Person, db: TestDatabase, status: str, step: str, possible: list[str]
) -> None:
    id_ = await make_employee(db, status=status)
    answer = await owner.post(f"/employees/{id_}/{step}")
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_transition")
    assert answer.json()["possible"] == possible
    assert possible[0] in answer.json()["error"]
    assert (await owner.get(f"/employees/{id_}")).json()["status"] == status


async def test_pausing_and_coming_back(owner: Person, db: TestDatabase, published: Published) -> None:
    id_ = await make_employee(db)
    for step, status in (
        ("pause", "paused"),
        ("pause", "paused"),
        ("activate", "active"),
        ("activate", "active"),
    ):
        answer = await owner.post(f"/employees/{id_}/{step}")
        assert (answer.status_code, answer.json()["status"]) == (200, status)
    assert await published() == ["employee.activated"]


async def test_an_active_employee_is_paused_before_it_is_dismissed(owner: Person, db: TestDatabase) -> None:
    id_ = await make_employee(db)
    run_id = await make_run(db, id_)
    refused = await owner.delete(f"/employees/{id_}")
    assert (refused.status_code, refused.json()["code"]) == (409, "employee_is_active")
    await owner.post(f"/employees/{id_}/pause")
    assert (await owner.delete(f"/employees/{id_}")).json()["message"]
    for answer in (await owner.get(f"/employees/{id_}"), await owner.delete(f"/employees/{id_}")):
        assert (answer.status_code, answer.json()["code"]) == (404, "employee_not_found")
    assert (await owner.get("/employees")).json() == []
    async with db.session() as session:
        assert await session.scalar(select(Run.status).where(Run.id == run_id)) == "canceled"
    usage = (await owner.get("/plan")).json()
    assert (usage["employees"]["used"], usage["tokens"]["reserved"]) == (0, 0)


async def test_employees_are_nobody_elses(client: httpx.AsyncClient, owner: Person, db: TestDatabase) -> None:
    id_ = await make_employee(db)
    await subscribe(db, STRANGER)
    stranger = Person(client, STRANGER)
    assert (await stranger.get("/employees")).json() == []
    for method, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/deploy"),
        ("POST", "/activate"),
        ("POST", "/pause"),
    ):
        answer = await stranger.call(method, f"/employees/{id_}{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "employee_not_found")


async def test_limit_and_cursor_lead_through_the_list(owner: Person, db: TestDatabase) -> None:
    ids = [await make_employee(db, name=str(number)) for number in range(5)]
    seen, path = list[int](), "/employees?limit=2"
    while path:
        page = await owner.get(path)
        seen += [employee["id"] for employee in page.json()]
        cursor = page.headers.get("x-next-cursor")
        path = f"/employees?limit=2&cursor={cursor}" if cursor else ""
    assert seen == ids[::-1]


async def test_the_same_key_hires_once(owner: Person) -> None:
    body = {"name": "Mina", "scenario_type": "email"}
    first = await owner.post("/employees", body, key="k")
    assert (await owner.post("/employees", body, key="k")).content == first.content
    assert (await owner.post("/employees", {**body, "name": "Lee"}, key="k")).status_code == 422
    assert len((await owner.get("/employees")).json()) == 1


async def _end_trainings(db: TestDatabase) -> None:
    """Do what waits, as the worker would when its time has come."""
    for name, payload in await enqueued(db):
        if name == TRAINING_JOB:
            async with db.session() as session:
                await end_training(session, **payload)
