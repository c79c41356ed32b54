"""Plans, and what is used of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from functools import partial

import httpx
import pytest
from sqlalchemy import update

from ai_service.employees import plans
from ai_service.employees.errors import TokenLimitReached
from ai_service.employees.rules import PLANS, month_of, month_start
from ai_service.schema import Account
from services.ai.tests.factories import EMAIL, OWNER, Person, make_employee, make_run, subscribe
from shared.db.database import Database
from shared.schemas.dates import utcnow
from testing import eventually
from testing.rollback import TestDatabase


async def test_the_plans_are_those_of_the_contract(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/ai-automation/plans")
    plans = answer.json()
    assert {name: plan["price"] for name, plan in plans.items()} == {
        "starter": 49_000,
        "ambassador": 89_000,
        "enterprise": 290_000,
    }
    for plan in plans.values():
        assert isinstance(plan["name"], str)
        assert isinstance(plan["hours_saved"], str)
        assert all(isinstance(feature, str) for feature in plan["features"])
    again = await client.get("/api/ai-automation/plans", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_a_new_user_has_the_starter_plan_and_has_used_nothing(owner: Person) -> None:
    usage = (await owner.get("/plan")).json()
    assert usage == {
        "plan": "starter",
        "month": month_of(utcnow()).strftime("%Y-%m"),
        "employees": {"used": 0, "limit": 10},
        "tokens": {"used": 0, "reserved": 0, "left": 200_000, "limit": 200_000},
    }


async def test_an_administrator_gives_a_user_another_plan(
    client: httpx.AsyncClient, owner: Person, db: TestDatabase
) -> None:
    path, admin = f"/admin/users/{OWNER}/plan", Person(client, 1, "admin")
    assert (await owner.put(path, {"plan": "enterprise"})).status_code == 403
    assert (await admin.put(path, {"plan": "gold"})).status_code == 422
    assert (await admin.put(path, {"plan": "ambassador"})).json() == {"plan": "ambassador"}
    assert (await owner.get("/plan")).json()["employees"]["limit"] == 30
    for _ in range(11):
        assert (await owner.post("/employees", {"name": "x", "scenario_type": "email"})).status_code == 201
    refused = await admin.put(path, {"plan": "starter"})
    assert (refused.status_code, refused.json()["code"]) == (409, "plan_too_small")
    assert (await owner.get("/plan")).json()["plan"] == "ambassador"


async def test_beyond_the_plan_the_answer_names_it(owner: Person) -> None:
    body = {"name": "x", "scenario_type": "email"}
    statuses = [(await owner.post("/employees", body)).status_code for _ in range(10)]
    assert set(statuses) == {201}
    refused = await owner.post("/employees", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "employee_limit_reached")
    assert (refused.json()["plan"], refused.json()["limit"]) == ("starter", 10)
    assert "starter" in refused.json()["error"]


async def test_a_run_beyond_the_months_tokens_is_refused_and_the_next_months_is_not(
    owner: Person, db: TestDatabase
) -> None:
    id_ = await make_employee(db)
    await _used(db, 199_000)
    refused = await owner.post(f"/employees/{id_}/runs", {"input": EMAIL})
    assert (refused.status_code, refused.json()["code"]) == (409, "token_limit_reached")
    assert (refused.json()["used"], refused.json()["limit"]) == (199_000, 200_000)
    assert (await owner.get("/plan")).json()["tokens"]["reserved"] == 0
    await _used(db, 199_000, month=datetime(2026, 1, 1, tzinfo=UTC))
    assert (await owner.get("/plan")).json()["tokens"]["used"] == 0
    assert (await owner.post(f"/employees/{id_}/runs", {"input": EMAIL})).status_code == 202


async def test_what_was_kept_is_given_back_and_what_was_used_is_counted(db: TestDatabase) -> None:
    january = datetime(2026, 1, 31, 14, 59, tzinfo=UTC)  # a minute to midnight in Seoul
    february = datetime(2026, 1, 31, 15, 0, tzinfo=UTC)
    async with db.session() as session:
        await plans.reserve(session, user_id=OWNER, tokens=5000, default="starter", now=january)
        await plans.record_usage(session, user_id=OWNER, reserved=2000, used=700, now=january)
    assert (await _tokens(db, january)) == {"used": 700, "reserved": 3000, "left": 196_300, "limit": 200_000}
    async with db.session() as session:
        await plans.record_usage(session, user_id=OWNER, reserved=3000, used=900, now=february)
    assert (await _tokens(db, february)) == {"used": 900, "reserved": 0, "left": 199_100, "limit": 200_000}


def test_months_begin_at_midnight_in_seoul() -> None:
    assert month_of(datetime(2026, 1, 31, 14, 59, 59, tzinfo=UTC)).isoformat() == "2026-01-01"
    assert month_of(datetime(2026, 1, 31, 15, 0, tzinfo=UTC)).isoformat() == "2026-02-01"
    assert month_start(datetime(2026, 2, 10, tzinfo=UTC)) == datetime(2026, 1, 31, 15, 0, tzinfo=UTC)


async def test_thirty_requests_at_once_hire_as_many_as_the_plan_allows(
    committed_client: httpx.AsyncClient, committed_db: Database
) -> None:
    await subscribe(committed_db, OWNER)
    owner = Person(committed_client, OWNER)
    body = {"name": "x", "scenario_type": "email"}
    answers = await asyncio.gather(*(owner.post("/employees", body) for _ in range(30)))
    assert Counter(answer.status_code for answer in answers) == {201: 10, 409: 20}
    assert len((await owner.get("/employees")).json()) == 10
    assert (await owner.get("/plan")).json()["employees"]["used"] == 10


async def test_runs_at_once_never_keep_more_tokens_than_the_plan_has(
    committed_client: httpx.AsyncClient, committed_db: Database
) -> None:
    await subscribe(committed_db, OWNER)
    owner, id_ = Person(committed_client, OWNER), await make_employee(committed_db)
    run_id = await make_run(committed_db, id_)
    kept = (await owner.get("/plan")).json()["tokens"]["reserved"]
    await _used(committed_db, PLANS["starter"].tokens - 6 * kept)
    ask = partial(owner.post, f"/employees/{id_}/runs", {"input": EMAIL})
    # On a slow machine the last ones wait too long for the account's lock, and are told to ask again.
    answers = await asyncio.gather(
        *(eventually(ask, until=lambda answer: answer.status_code != 503, within=30) for _ in range(20))
    )
    assert Counter(answer.status_code for answer in answers) == {202: 5, 409: 15}
    assert (await owner.get("/plan")).json()["tokens"]["left"] == 0
    assert (await owner.post(f"/employees/{id_}/runs/{run_id}/cancel")).status_code == 200
    assert (await owner.post(f"/employees/{id_}/runs", {"input": EMAIL})).status_code == 202


async def test_a_reservation_larger_than_the_plan_is_refused(db: TestDatabase) -> None:
    with pytest.raises(TokenLimitReached):
        async with db.session() as session:
            await plans.reserve(session, user_id=OWNER, tokens=200_001, default="starter", now=utcnow())


async def _used(database: Database, tokens: int, month: datetime | None = None) -> None:
    async with database.session() as session:
        values = {"tokens_used": tokens, "month": month_of(month or utcnow())}
        await session.execute(update(Account).where(Account.user_id == OWNER).values(**values))


async def _tokens(database: Database, now: datetime) -> dict[str, int]:
    usage = await plans.usage(database, user_id=OWNER, default="starter", now=now)
    return usage.tokens.model_dump()
