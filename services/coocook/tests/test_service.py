"""What holds for the whole service: its routes, its tables, its development data."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from coocook_service.chef_accounts import CHEF_UNAVAILABLE_JOB
from coocook_service.seed import seed
from services.coocook.tests.factories import COOK, CUSTOMER, make_booking, make_chef, subscribe
from shared.runtime import Runtime
from testing.conformance import ServiceConformance, Walk
from testing.rollback import TestDatabase

pytestmark = pytest.mark.usefixtures("till")


class TestConformance(ServiceConformance):
    tasks = ("payments.settle", "payments.refund", CHEF_UNAVAILABLE_JOB)
    schedules = ("cancel_expired_reservations", "forget_old_answers")

    @pytest.fixture
    async def walk(
        self, client: httpx.AsyncClient, db: TestDatabase, auth_headers: Callable[..., dict[str, str]]
    ) -> Walk:
        await subscribe(db, CUSTOMER)
        chef_id = await make_chef(db, user_id=COOK)
        await make_booking(db, chef_id)
        return Walk(client, auth_headers(CUSTOMER))


async def test_the_seed_writes_five_chefs_and_does_it_once(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    for _ in range(2):
        await seed(runtime)
        page = (await client.get("/api/coocook/chefs")).json()
        assert page["total"] == 5
    shown = {chef["name"]: (chef["cuisine_type"], chef["price_per_session"]) for chef in page["chefs"]}
    assert shown == {
        "Chef Park": ("Korean", 120),
        "Chef Marco": ("Italian", 130),
        "Chef Tanaka": ("Japanese", 150),
        "Chef Dubois": ("French", 140),
        "Chef Garcia": ("Mexican", 110),
    }
    assert {chef["location"] for chef in page["chefs"]} == {"Seoul"}
    users = [
        (await client.get(f"/api/coocook/chefs/{chef['id']}")).json()["user_id"] for chef in page["chefs"]
    ]
    assert users == [3, 4, 5, 6, 7]
