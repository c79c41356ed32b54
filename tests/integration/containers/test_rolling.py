"""A service changes its image while people use it, and runs beside services of another version."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import httpx
import pytest

from containers.images import Builder
from stack.services import SERVICES, Service
from testing import eventually
from tests.integration.containers.fleet import Fleet
from tests.integration.containers.load import steady_load
from tests.integration.containers.previous import VERSION, previous_commit, unpack
from tests.integration.containers.servers import APART
from tests.integration.customer import Person, customer_journey, some_day

pytestmark = pytest.mark.containers

COOCOOK = next(service for service in SERVICES if service.name == APART)


async def answered(fleet: Fleet, name: str) -> int:
    """How many requests a container has answered that came through the gateway."""
    async with httpx.AsyncClient() as client:
        metrics = (await client.get(f"{fleet.url(name)}/metrics")).text
    lines = [
        line for line in metrics.splitlines() if line.startswith("http_requests_total{") and "/api/" in line
    ]
    return sum(round(float(line.rpartition(" ")[2])) for line in lines)


async def roll(fleet: Fleet, service: Service, version: str | None) -> None:
    """As an orchestrator does: the new one first; the old one stops when the new one answers the gateway's requests."""
    await asyncio.to_thread(fleet.start_process, service, "api", version)
    await eventually(lambda: answered(fleet, service.name), within=30, every=0.2)
    assert await asyncio.to_thread(fleet.stop_old, service) == 0


async def book_and_read(fleet: Fleet, seen: list[Counter[object]], version: str | None) -> None:
    """Rolls while chefs are read and bookings are made; what was answered goes to `seen`."""
    demo = fleet.users["demo"]
    async with await Person.log_in(fleet.gateway, demo["email"], demo["password"]) as person:
        headers = {"Authorization": person.http.headers["Authorization"]}

    def request(client: httpx.AsyncClient, number: int) -> httpx.Request:
        if number % 3:
            return client.build_request("GET", "/api/coocook/chefs", params={"page": 1 + number % 7})
        body = {"chef_id": 10_000_000, "booking_date": some_day(), "duration_hours": 2}
        return client.build_request("POST", "/api/coocook/bookings", json=body, headers=headers)

    async with steady_load(fleet.gateway, request) as counted:
        seen.append(counted)
        await roll(fleet, COOCOOK, version)
        served = await answered(fleet, COOCOOK.name)
        await eventually(
            lambda: answered(fleet, COOCOOK.name), until=lambda now: now > served + 100, within=20
        )


async def test_a_new_image_takes_over_without_a_failed_request(fleet: Fleet, builder: Builder) -> None:
    builder.service(COOCOOK.name, version="next")
    seen: list[Counter[object]] = []
    await book_and_read(fleet, seen, "next")
    # 404: the chef whom nobody may book; each such answer is a write's way to the database and back.
    assert seen[0].keys() == {200, 404}, seen
    assert seen[0][200] > 100, seen


async def test_a_service_with_the_previous_shared_works_with_todays_others(
    fleet: Fleet, builder: Builder, tmp_path: Path
) -> None:
    commit = previous_commit()
    assert commit
    unpack(commit, COOCOOK.name, tmp_path)
    builder.service(COOCOOK.name, version=VERSION, context=tmp_path)
    for version in (VERSION, None):
        for kind in ("api", "worker"):
            await asyncio.to_thread(fleet.start_process, COOCOOK, kind, version)
            assert await asyncio.to_thread(fleet.stop_old, COOCOOK, kind) == 0
        await eventually(lambda: one_request(fleet), within=30, every=0.2)
        if version:
            await customer_journey(fleet)


async def one_request(fleet: Fleet) -> bool:
    """Whether the gateway has found the container that is there now."""
    async with httpx.AsyncClient(base_url=fleet.gateway) as client:
        return (await client.get(COOCOOK.probe)).status_code == 200
