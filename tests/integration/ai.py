"""The ai team's customers by the gateway alone: an employee that works, and the bootcamp."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx

from testing import eventually
from tests.contract.clients.people import gathered

AI = "/api/ai-automation"
BOOTCAMP = "/api/webapp-builder"
EMAIL = {"subject": "Opening hours", "body": "Are you open on Sunday? " * 20, "sender": "Kim"}


async def _ok(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


async def _hire(owner: httpx.AsyncClient) -> int:
    assert len(await _ok(await owner.get(f"{AI}/scenarios"))) == 5
    body = {"name": "Mina", "scenario": "email", "instructions": "Sign as Mina"}
    made = await _ok(await owner.post(f"{AI}/employees", json=body), 201)
    assert made["employee"]["status"] == "draft"
    return int(made["id"])


async def _train(owner: httpx.AsyncClient, employee_id: int) -> None:
    path = f"{AI}/employees/{employee_id}"
    refused = await owner.post(f"{path}/runs", json={"input": EMAIL})
    assert (refused.status_code, refused.json()["code"]) == (409, "employee_not_active")
    assert (await _ok(await owner.post(f"{path}/deploy", json={})))["status"] == "training"

    async def status() -> str:
        return str((await _ok(await owner.get(path)))["status"])

    # It ends by itself; then pause and back.
    await eventually(status, within=20, until=lambda found: found == "active")
    assert (await _ok(await owner.post(f"{path}/pause")))["status"] == "paused"
    assert (await _ok(await owner.post(f"{path}/activate")))["status"] == "active"


async def _lines(answer: httpx.Response) -> AsyncIterator[str]:
    """The stream's lines; httpx's own `aiter_lines` also breaks at U+2028 and its like, which a reply may hold."""
    rest = b""
    async for chunk in answer.aiter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.decode()


async def _watch(owner: httpx.AsyncClient, path: str) -> list[tuple[str, Any, float]]:
    """The events of a run: what, with which data, after how many seconds."""
    events, kind, began = list[tuple[str, Any, float]](), "", time.monotonic()
    async with owner.stream("GET", path) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for line in _lines(answer):
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: "):
                events.append((kind, json.loads(line.removeprefix("data: ")), time.monotonic() - began))
    return events


async def _run_and_watch(owner: httpx.AsyncClient, employee_id: int) -> None:
    path = f"{AI}/employees/{employee_id}/runs"
    accepted = await _ok(await owner.post(path, json={"input": EMAIL}), 202)
    events = await _watch(owner, accepted["events"])
    kinds = [kind for kind, _, _ in events]
    assert kinds[-1] == "done"
    assert kinds.count("text") > 1
    first, last = (next(when for kind, _, when in events if kind == want) for want in ("text", "done"))
    assert last > first, "it came while it was written, not at the end"
    run = events[-1][1]
    text = "".join(data["text"] for kind, data, _ in events if kind == "text")
    assert json.loads(text) == run["output"]
    assert (run["status"], run["provider"], run["output"]["subject"]) == (
        "completed",
        "local",
        "Re: Opening hours",
    )
    assert run == await _ok(await owner.get(f"{path}/{run['id']}"))
    assert [found["id"] for found in await _ok(await owner.get(path))] == [run["id"]]


async def employee_journey(platform: Any) -> None:
    """An AI employee is hired, trained, works, is watched, and saves. `platform` has `gateway` and `users`."""
    async with gathered(platform) as cast:
        refused = await (await cast.newcomer()).get(f"{AI}/employees")
        assert (refused.status_code, refused.json()["code"]) == (403, "subscription_required")
        owner = await cast.subscriber("ai-automation")
        employee_id = await _hire(owner)
        await _train(owner, employee_id)
        await _run_and_watch(owner, employee_id)
        await _see_the_savings(owner)
        path = f"{AI}/employees/{employee_id}"
        assert (await owner.delete(path)).status_code == 409
        await _ok(await owner.post(f"{path}/pause"))
        await _ok(await owner.delete(path))


async def bootcamp_journey(platform: Any) -> None:
    """Students enrol until the seats are gone, and deploy a web app. `platform` has `gateway` and `users`."""
    async with gathered(platform) as cast:
        admin = await cast.known("admin")
        first, second = [await cast.subscriber("webapp-builder") for _ in range(2)]
        plan = (await _ok(await admin.get(f"{BOOTCAMP}/plans")))["weekend"]
        await _set_seats(admin, plan["seats"] - plan["available"] + 1)
        await _take_the_last_seat(first, second)
        await _deploy(first)
        dashboard = await _ok(await first.get(f"{BOOTCAMP}/dashboard"))
        assert (dashboard["webapps_created"], dashboard["webapps_deployed"]) == (1, 1)
        enrolled = dashboard["active_enrollment"]["id"]
        await _ok(await first.post(f"{BOOTCAMP}/enrollments/{enrolled}/cancel"))
        late = await _ok(await second.post(f"{BOOTCAMP}/enroll", json={"plan_type": "weekend"}), 201)
        await _ok(await second.post(f"{BOOTCAMP}/enrollments/{late['id']}/cancel"))
        await _set_seats(admin, plan["seats"])


async def _see_the_savings(owner: httpx.AsyncClient) -> None:
    dashboard = await _ok(await owner.get(f"{AI}/dashboard"))
    assert (dashboard["total_monthly_savings_hours"], dashboard["estimated_annual_savings"]) == (
        1,
        "₩180,000",
    )
    assert dashboard["usage"]["tokens"]["used"] > 0
    analytics = await _ok(await owner.get(f"{AI}/analytics"))
    assert (analytics["total_hours_saved"], analytics["trend_data"][-1]["cost"]) == (1, 15_000)


async def _set_seats(admin: httpx.AsyncClient, seats: int) -> None:
    await _ok(await admin.put(f"{BOOTCAMP}/admin/plans/weekend/seats", json={"seats": seats}))


async def _take_the_last_seat(first: httpx.AsyncClient, second: httpx.AsyncClient) -> None:
    await _ok(await first.post(f"{BOOTCAMP}/enroll", json={"plan_slug": "weekend"}), 201)
    assert (await _ok(await second.get(f"{BOOTCAMP}/plans")))["weekend"]["available"] == 0
    refused = await second.post(f"{BOOTCAMP}/enroll", json={"plan_type": "weekend"})
    assert (refused.status_code, refused.json()["code"]) == (409, "no_seats")
    twice = await first.post(f"{BOOTCAMP}/enroll", json={"plan_type": "weekday"})
    assert (twice.status_code, twice.json()["code"]) == (409, "already_enrolled")


async def _deploy(student: httpx.AsyncClient) -> None:
    made = await _ok(await student.post(f"{BOOTCAMP}/webapps", json={"name": "Menu"}), 201)
    path = f"{BOOTCAMP}/webapps/{made['id']}"
    bodiless = await student.post(f"{path}/deploy", headers={"Content-Type": "application/json"})
    assert (await _ok(bodiless))["webapp"]["status"] == "deployed"
    private = await student.post(f"{path}/deploy", json={"url": "https://192.168.0.1/"})
    assert (private.status_code, private.json()["errors"][0]["field"]) == (422, "url")
    await _ok(await student.post(f"{path}/deploy", json={"url": "https://menu.example.com"}))
    assert (await _ok(await student.post(f"{path}/launch")))["webapp"]["status"] == "live"
