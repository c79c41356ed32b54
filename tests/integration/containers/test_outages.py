"""A database or a replica is gone, and whoever does not need it does not notice."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

import httpx
import pytest

from stack.services import SERVICES, Service
from testing import eventually
from tests.integration.containers.fleet import Fleet
from tests.integration.containers.load import steady_load
from tests.integration.containers.servers import APART, APART_POSTGRES, REPLICA
from tests.integration.customer import Person, some_day

pytestmark = pytest.mark.containers

COOCOOK = next(service for service in SERVICES if service.name == APART)
OTHERS = [service for service in SERVICES if service.name != APART]
READS = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"


async def is_ready(fleet: Fleet, name: str) -> bool:
    """What the container's own readiness says."""
    async with httpx.AsyncClient() as client:
        return (await client.get(f"{fleet.url(name)}/health/ready")).status_code == 200


async def test_one_database_stopped_leaves_the_other_services_alone(fleet: Fleet) -> None:
    demo = fleet.users["demo"]
    server = fleet.containers[APART_POSTGRES].get_wrapped_container()
    async with await Person.log_in(fleet.gateway, demo["email"], demo["password"]) as person:
        await asyncio.to_thread(server.stop)
        try:
            await eventually(lambda: is_ready(fleet, COOCOOK.name), until=lambda ready: not ready, within=10)
            body = {"chef_id": 1, "booking_date": some_day(), "duration_hours": 2}
            refused = await person.http.post("/api/coocook/bookings", json=body)
            assert refused.status_code == 503
            assert refused.json()["error"]
            for service in OTHERS:
                await is_unaffected(fleet, service, person)
            async with await Person.log_in(fleet.gateway, demo["email"], demo["password"]) as again:
                assert (await again.http.get("/api/auth/me")).status_code == 200
        finally:
            await asyncio.to_thread(server.start)
        await eventually(lambda: is_ready(fleet, COOCOOK.name), within=30, every=0.2)
        assert (await person.http.get("/api/coocook/bookings")).status_code == 200


async def is_unaffected(fleet: Fleet, service: Service, person: Person) -> None:
    """Ready, and answers through the gateway as quickly as ever."""
    assert await is_ready(fleet, service.name)
    since = time.monotonic()
    assert (await person.http.get(service.probe)).status_code == 200
    assert time.monotonic() - since < 1


async def test_a_replica_cut_off_is_read_past(fleet: Fleet) -> None:
    admin = fleet.users["admin"]
    async with await Person.log_in(fleet.gateway, admin["email"], admin["password"]) as person:
        headers = {"Authorization": person.http.headers["Authorization"]}
    replica = fleet.containers[REPLICA].get_container_id()

    def report(client: httpx.AsyncClient, _: int) -> httpx.Request:
        """Read from the replica, and never from a cache."""
        return client.build_request("GET", "/api/platform/admin/revenue", headers=headers)

    seen: Counter[object]
    async with steady_load(fleet.gateway, report) as seen:
        await is_read(fleet)
        fleet.network._unwrap_network.disconnect(replica)
        try:
            await goes_on(seen)
        finally:
            fleet.network.connect(replica, [REPLICA])
        await is_read(fleet)
    assert seen.keys() == {200}, seen


async def is_read(fleet: Fleet) -> None:
    """Returns when the replica has answered a good many statements more."""

    async def reads() -> int:
        return int(await asyncio.to_thread(fleet.sql, REPLICA, READS, "platform"))

    before = await reads()
    await eventually(reads, until=lambda now: now > before + 50, within=30, every=0.2)


async def goes_on(seen: Counter[object]) -> None:
    """Returns when a good many requests more have been answered, which takes longer than noticing does."""
    before = seen[200]

    async def answered() -> int:
        return seen[200]

    await eventually(answered, until=lambda now: now > before + 300, within=30)
