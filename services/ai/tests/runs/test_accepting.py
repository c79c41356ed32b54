"""Giving work, reading runs, canceling them."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from ai_service.runs.rules import EXECUTE_JOB
from services.ai.tests.factories import EMAIL, GIVEN, STRANGER, Person, make_employee, make_run, subscribe
from testing.jobs import enqueued
from testing.rollback import TestDatabase


async def test_work_is_accepted_and_queued(owner: Person, db: TestDatabase) -> None:
    id_ = await make_employee(db, description="Be brief")
    answer = await owner.post(f"/employees/{id_}/runs", {"input": EMAIL})
    assert answer.status_code == 202
    made = answer.json()
    assert (made["status"], made["url"]) == (
        "queued",
        f"/api/ai-automation/employees/{id_}/runs/{made['id']}",
    )
    assert await enqueued(db) == [(EXECUTE_JOB, {"run_id": made["id"]})]
    run = (await owner.get(made["url"])).json()
    assert (run["status"], run["input"]["subject"], run["output"]) == ("queued", EMAIL["subject"], None)
    assert (run["provider"], run["attempts"], run["duration_ms"], run["cost"]) == (None, [], None, 0)
    (card,) = (await owner.get(f"/employees/{id_}/runs")).json()
    assert run.items() >= card.items()


@pytest.mark.parametrize("type_", GIVEN)
async def test_every_kind_of_work_is_accepted(owner: Person, db: TestDatabase, type_: str) -> None:
    id_ = await make_employee(db, scenario_type=type_)
    assert (await owner.post(f"/employees/{id_}/runs", {"input": GIVEN[type_]})).status_code == 202


@pytest.mark.parametrize("status", ["draft", "training", "paused"])
async def test_only_an_active_employee_works(owner: Person, db: TestDatabase, status: str) -> None:
    id_ = await make_employee(db, status=status)
    answer = await owner.post(f"/employees/{id_}/runs", {"input": EMAIL})
    assert (answer.status_code, answer.json()["code"], answer.json()["employee_status"]) == (
        409,
        "employee_not_active",
        status,
    )
    assert status in answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "input"),
        ({"input": None}, "input"),
        ({"input": []}, "input"),
        ({"input": {}}, "input.subject"),
        ({"input": {**EMAIL, "subject": 1}}, "input.subject"),
        ({"input": {**EMAIL, "tone": "rude"}}, "input.tone"),
        ({"input": {**EMAIL, "system": "x"}}, "input.system"),
        ({"input": {**EMAIL, "body": "x" * 8001}}, "input.body"),
    ],
)
async def test_a_wrong_input_is_refused_by_the_fields_name(
    owner: Person, db: TestDatabase, body: dict[str, Any], field: str
) -> None:
    answer = await owner.post(f"/employees/{await make_employee(db)}/runs", body)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert (await owner.get("/plan")).json()["tokens"]["reserved"] == 0


DEEP_OBJECTS = json.loads('{"a":' * 260 + "1" + "}" * 260)
DEEP_LISTS = json.loads("[" * 260 + "]" * 260)


@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"subject": DEEP_OBJECTS}, "body", "nested_too_deeply"),
        ({"subject": DEEP_LISTS}, "body", "nested_too_deeply"),
        ({"subject": 2**64}, "input.subject", "unprocessable"),
        ({"x": [-(2**63) - 1]}, "input.x.0", "unprocessable"),
        ({f"k{number}": 1 for number in range(1000)}, "body", "too_many_values"),
    ],
    ids=["deep objects", "deep lists", "beyond 64 bits", "below 64 bits", "many fields"],
)
async def test_an_input_that_nothing_could_keep_is_refused(
    owner: Person, db: TestDatabase, given: dict[str, Any], field: str, code: str, key: str | None
) -> None:
    path = f"/employees/{await make_employee(db)}/runs"
    answer = await owner.post(path, {"input": given}, key=key)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_the_same_key_gives_work_once(owner: Person, db: TestDatabase) -> None:
    path = f"/employees/{await make_employee(db)}/runs"
    first = await owner.post(path, {"input": EMAIL}, key="k")
    assert (await owner.post(path, {"input": EMAIL}, key="k")).content == first.content
    assert len((await owner.get(path)).json()) == 1


async def test_a_queued_run_is_canceled_at_once_and_its_tokens_are_free(
    owner: Person, db: TestDatabase
) -> None:
    path = f"/employees/{(id_ := await make_employee(db))}/runs/{await make_run(db, id_)}"
    assert (await owner.get("/plan")).json()["tokens"]["reserved"] > 0
    for _ in range(2):
        answer = await owner.post(f"{path}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "canceled")
    assert (await owner.get(path)).json()["finished_at"]
    tokens = (await owner.get("/plan")).json()["tokens"]
    assert (tokens["reserved"], tokens["used"]) == (0, 0)


async def test_runs_are_nobody_elses(client: httpx.AsyncClient, owner: Person, db: TestDatabase) -> None:
    id_ = await make_employee(db)
    run_id = await make_run(db, id_)
    await subscribe(db, STRANGER)
    stranger, other = Person(client, STRANGER), await make_employee(db, STRANGER)
    for person, employee in ((stranger, id_), (stranger, other), (owner, other)):
        path = f"/employees/{employee}/runs/{run_id}"
        for method, rest in (("GET", ""), ("GET", "/events"), ("POST", "/cancel")):
            answer = await person.call(method, f"{path}{rest}")
            assert (answer.status_code, answer.json()["code"]) == (404, "run_not_found")
    assert (await stranger.get(f"/employees/{id_}/runs")).json()["code"] == "employee_not_found"
    refused = await stranger.post(f"/employees/{id_}/runs", {"input": EMAIL})
    assert (refused.status_code, refused.json()["code"]) == (404, "employee_not_found")
    assert (await stranger.get(f"/employees/{other}/runs")).json() == []


async def test_limit_and_cursor_lead_through_the_runs(owner: Person, db: TestDatabase) -> None:
    id_ = await make_employee(db)
    ids = [await make_run(db, id_) for _ in range(5)]
    first = await owner.get(f"/employees/{id_}/runs?limit=3")
    cursor = first.headers["x-next-cursor"]
    second = await owner.get(f"/employees/{id_}/runs?limit=3&cursor={cursor}")
    assert [run["id"] for run in first.json() + second.json()] == ids[::-1]
    assert "x-next-cursor" not in second.headers
