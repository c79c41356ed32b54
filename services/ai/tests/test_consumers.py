"""What ai does when platform tells something."""

from __future__ import annotations

from typing import Any

import httpx
from sqlalchemy import func, select

from ai_service.account_deletion import OWNED
from ai_service.consumers import consumer_of
from ai_service.schema import Attempt
from services.ai.tests.factories import EMAIL, OWNER, STRANGER, Person, make_employee, make_run, subscribe
from shared.runtime import Runtime
from testing.conformance import telling
from testing.rollback import TestDatabase

tell = telling(consumer_of)


def entitlement(version: int, **values: Any) -> dict[str, Any]:
    defaults = {
        "user_id": OWNER,
        "product": "ai-automation",
        "active": True,
        "valid_until": None,
        "customer": None,
    }
    return {**defaults, "version": version, **values}


async def test_a_subscription_lets_in_and_its_end_shuts_out(
    runtime: Runtime, client: httpx.AsyncClient
) -> None:
    person = Person(client, OWNER)
    await tell(runtime, "entitlement.changed", **entitlement(1))
    assert (await person.get("/employees")).status_code == 200
    assert (await person.get("/api/webapp-builder/webapps")).status_code == 403
    await tell(runtime, "entitlement.changed", **entitlement(2, active=False))
    assert (await person.get("/employees")).status_code == 403


async def test_when_a_user_is_gone_everything_of_theirs_is_and_nothing_of_others(
    runtime: Runtime, client: httpx.AsyncClient, db: TestDatabase
) -> None:
    await subscribe(db, OWNER, STRANGER)
    for user in (OWNER, STRANGER):
        person, id_ = Person(client, user), await make_employee(db, user)
        await make_run(db, id_)
        await person.post(f"/employees/{id_}/runs", {"input": EMAIL}, key="k")
        assert (await person.post("/api/webapp-builder/enroll", {"plan_type": "weekday"})).status_code == 201
        await person.post("/api/webapp-builder/webapps", {"name": "Menu"})
    for _ in range(2):
        await tell(runtime, "user.deleted", user_id=OWNER)
    async with db.session() as session:
        for table in OWNED:
            owners = set(await session.scalars(select(table.user_id)))
            assert owners == {STRANGER}, table
        assert await session.scalar(select(func.count()).select_from(Attempt)) == 0
    plans = (await client.get("/api/webapp-builder/plans")).json()
    assert plans["weekday"]["seats"] - plans["weekday"]["available"] == 1
    assert (await Person(client, OWNER).get("/employees")).status_code == 403
    assert len((await Person(client, STRANGER).get("/employees")).json()) == 1
