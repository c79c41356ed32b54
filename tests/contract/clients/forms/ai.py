"""The forms of AI Automation and of the bootcamp: an employee of each scenario, a seat by each plan, a web app."""

from __future__ import annotations

from typing import Any, Final

import httpx

from tests.contract.clients.people import Cast
from tests.contract.clients.replay import Replay, check_error

AI: Final = "/api/ai-automation"
BOOTCAMP: Final = "/api/webapp-builder"
SCENARIOS: Final = ("email", "social", "customer_service", "data_entry", "scheduling")
PLANS: Final = ("weekday", "weekend")
NO_BODY: Final[dict[str, Any]] = {"headers": {"Content-Type": "application/json"}}


async def fill_in(replay: Replay, cast: Cast) -> None:
    """Send them all."""
    anybody, owner = await cast.anybody(), await cast.subscriber("ai-automation")
    for number, scenario in enumerate(SCENARIOS):
        await _employee(replay, owner, scenario, instructions="" if number % 2 else "친절하게 답해 주세요")
    for category in ("", *SCENARIOS):
        found = await replay.call(f"GET {AI}/scenarios", anybody, params={"category": category})
        assert {entry["category"] for entry in found if category} <= {category}
        assert all(entry["estimated_savings"] > entry["savings_per_run"] for entry in found)
    await _languages(replay, anybody)
    for plan in PLANS:
        await _seat(replay, cast, anybody, plan)
    await _web_app(replay, await cast.subscriber("webapp-builder"))


async def _employee(replay: Replay, owner: httpx.AsyncClient, scenario: str, *, instructions: str) -> None:
    body = {"name": "미나", "scenario": scenario, "instructions": instructions, "template_id": 1}
    made = await replay.call(f"POST {AI}/employees", owner, json=body)
    employee = await replay.call(f"GET {AI}/employees/{{id}}", owner, item=made["id"])
    assert (employee["scenario"], employee["scenario_type"]) == (scenario, scenario)
    assert (employee["instructions"], employee["description"]) == (instructions, instructions)
    hours: dict[str, Any] = {"json": {"savings_hours": "20"}} if instructions else NO_BODY
    await replay.call(f"POST {AI}/employees/{{id}}/deploy", owner, item=made["id"], **hours)
    await replay.call(f"POST {AI}/employees/{{id}}/activate", owner, item=made["id"], **NO_BODY)


async def _languages(replay: Replay, anybody: httpx.AsyncClient) -> None:
    """One after the other by the same addresses: no cache on the way gives one reader the other's language."""
    asked = [("ko-KR,ko;q=0.9", True), ("en-US,en;q=0.9", False), ("*", True), ("en", False)]
    for header, korean in asked * 2:
        for path in ("plans", "courses"):
            answer = await anybody.get(f"{BOOTCAMP}/{path}", headers={"Accept-Language": header})
            varies = answer.headers["vary"].replace(" ", "").split(",")
            assert varies.count("Accept-Language") == varies.count("Origin") == 1
            names = [entry["name"] for entry in answer.json().values()]
            assert all(not name.isascii() for name in names) if korean else all(map(str.isascii, names))
    await replay.call(f"GET {BOOTCAMP}/courses", anybody)


async def _seat(replay: Replay, cast: Cast, anybody: httpx.AsyncClient, plan: str) -> None:
    student = await cast.subscriber("webapp-builder")
    before = (await replay.call(f"GET {BOOTCAMP}/plans", anybody))[plan]["available"]
    if before == 0:
        refused = await student.post(f"{BOOTCAMP}/enroll", json={"plan_slug": plan})
        check_error(refused, "409", plan)
        return
    made = await replay.call(f"POST {BOOTCAMP}/enroll", student, json={"plan_slug": plan})
    enrollment = made["enrollment"]
    assert (enrollment["plan"], enrollment["plan_slug"], enrollment["days_remaining"]) == (plan, plan, 56)
    answer = await student.post(f"{BOOTCAMP}/enrollments/{made['id']}/cancel")
    assert answer.status_code == 200, answer.text


async def _web_app(replay: Replay, student: httpx.AsyncClient) -> None:
    for body in (
        {"name": "App", "description": "d", "template_id": 1},
        {"name": "나의 앱", "description": "", "template_id": ""},
    ):
        made = await replay.call(f"POST {BOOTCAMP}/webapps", student, json=body)
        assert made["webapp"]["name"] == body["name"]
    deploy = f"POST {BOOTCAMP}/webapps/{{id}}/deploy"
    await replay.call(deploy, student, item=made["id"], **NO_BODY)
    empty = await replay.call(deploy, student, item=made["id"], json={"url": "", "repo": ""})
    assert (empty["webapp"]["status"], empty["webapp"]["url"], empty["webapp"]["repo"]) == (
        "deployed",
        None,
        None,
    )
