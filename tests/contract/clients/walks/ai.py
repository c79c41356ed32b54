"""The ai team's part of the contract: an employee's life, and the bootcamp with its web apps."""

from __future__ import annotations

from typing import Any

import httpx

from tests.contract.clients.people import Cast
from tests.contract.clients.replay import Replay

AI = "/api/ai-automation"
BOOTCAMP = "/api/webapp-builder"


async def walk(replay: Replay, cast: Cast) -> None:
    """Call everything."""
    anybody = await cast.anybody()
    owner, stranger = await cast.subscriber("ai-automation"), await cast.subscriber("ai-automation")
    await _catalogue(replay, anybody)
    await _employees(replay, owner, stranger)
    await _bootcamp(replay, cast, anybody)


async def _catalogue(replay: Replay, anybody: httpx.AsyncClient) -> None:
    plans = await replay.call(f"GET {AI}/plans", anybody)
    assert [plans[name]["price"] for name in ("starter", "ambassador", "enterprise")] == [
        49000,
        89000,
        290000,
    ]
    scenarios = await replay.call(f"GET {AI}/scenarios", anybody)
    assert len(scenarios) == 5
    one = await replay.call(f"GET {AI}/scenarios", anybody, params={"category": scenarios[0]["category"]})
    assert [scenario["id"] for scenario in one] == [scenarios[0]["id"]]
    await replay.call(f"GET {AI}/scenarios/{{id}}", anybody, item=scenarios[0]["id"])
    await replay.refuse(f"GET {AI}/scenarios/{{id}}", "unknown", anybody, item=999_999)


async def _employees(replay: Replay, owner: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    name = f"POST {AI}/employees"
    body = {"name": "Mina", "scenario_type": "email", "description": "Answers mail"}
    hired = (await replay.call(name, owner, json=body))["id"]
    todays = {"name": "Lee", "scenario": "social", "instructions": "Be funny"}
    made = await replay.call(name, owner, json=todays)
    assert (made["employee"]["scenario_type"], made["employee"]["description"]) == ("social", "Be funny")
    await replay.refuse(name, "other scenario type", owner, json={**body, "scenario_type": "cooking"})
    listed = await replay.call(f"GET {AI}/employees", owner)
    assert {employee["id"] for employee in listed} == {hired, made["id"]}
    await replay.call(f"GET {AI}/employees/{{id}}", owner, item=hired)
    await replay.refuse(f"GET {AI}/employees/{{id}}", "not yours", stranger, item=hired)
    await replay.call(f"POST {AI}/employees/{{id}}/deploy", owner, item=hired, json={"savings_hours": 20})
    await replay.call(f"POST {AI}/employees/{{id}}/activate", owner, item=hired)
    dashboard = await replay.call(f"GET {AI}/dashboard", owner)
    assert (dashboard["total_employees"], dashboard["active_employees"]) == (2, 1)
    assert dashboard["estimated_annual_savings"] == "₩0"
    await replay.call(f"GET {AI}/analytics", owner)
    await replay.refuse(f"DELETE {AI}/employees/{{id}}", "active", owner, item=hired)
    await replay.call(f"DELETE {AI}/employees/{{id}}", owner, item=made["id"])


async def _bootcamp(replay: Replay, cast: Cast, anybody: httpx.AsyncClient) -> None:
    student, late = await cast.subscriber("webapp-builder"), await cast.subscriber("webapp-builder")
    plan = (await replay.call(f"GET {BOOTCAMP}/plans", anybody))["weekday"]
    courses = await replay.call(f"GET {BOOTCAMP}/courses", anybody)
    name = f"POST {BOOTCAMP}/enroll"
    taken = plan["seats"] - plan["available"] + 1
    await _set_seats(cast, taken)
    await replay.call(name, student, json={"plan_slug": "weekday"})
    await replay.refuse(name, "already enrolled", student, json={"plan_type": "weekday"})
    await replay.refuse(name, "no seats", late, json={"plan_type": "weekday"})
    await _set_seats(cast, max(plan["seats"], taken))
    (enrollment,) = await replay.call(f"GET {BOOTCAMP}/enrollments", student)
    assert enrollment["plan"] == "weekday"
    await _webapps(replay, student, late)
    dashboard = await replay.call(f"GET {BOOTCAMP}/dashboard", student)
    assert (dashboard["active_enrollment"]["id"], dashboard["courses"]) == (enrollment["id"], courses)


async def _webapps(replay: Replay, student: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    made = await replay.call(f"POST {BOOTCAMP}/webapps", student, json={"name": "Menu"})
    (listed,) = await replay.call(f"GET {BOOTCAMP}/webapps", student)
    assert listed["id"] == made["id"]
    await replay.call(f"GET {BOOTCAMP}/webapps/{{id}}", student, item=made["id"])
    await replay.refuse(f"GET {BOOTCAMP}/webapps/{{id}}", "not yours", stranger, item=made["id"])
    deploy: dict[str, Any] = {
        "headers": {"Content-Type": "application/json"}
    }  # and no body, as today's client
    deployed = await replay.call(f"POST {BOOTCAMP}/webapps/{{id}}/deploy", student, item=made["id"], **deploy)
    assert deployed["webapp"]["status"] == "deployed"


async def _set_seats(cast: Cast, seats: int) -> None:
    admin = await cast.known("admin")
    answer = await admin.put(f"{BOOTCAMP}/admin/plans/weekday/seats", json={"seats": seats})
    assert answer.status_code == 200, answer.text
