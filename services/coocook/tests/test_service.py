"""What holds for the whole service: its routes, its tables, its development data."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from coocook_service.schema import Base
from coocook_service.seed import seed
from services.coocook.tests.factories import COOK, CUSTOMER, make_booking, make_chef, subscribe
from shared.db import migrate
from shared.db.database import Database
from shared.runtime import Runtime
from shared.service import ServiceDefinition
from shared.web.app import create_app
from shared.web.routes import undeclared_routes
from testing.jobs import run_every_schedule
from testing.rollback import TestDatabase
from testing.wrong_input import assert_no_route_breaks

pytestmark = pytest.mark.usefixtures("till")


async def test_every_route_says_who_may_call_it(definition: ServiceDefinition, runtime: Runtime) -> None:
    assert undeclared_routes(create_app(definition, runtime.settings, runtime)) == []


async def test_models_and_migrations_agree(committed_db: Database) -> None:
    assert await migrate.check(committed_db.url, Base.metadata) == []


async def test_migrations_go_back_to_nothing_and_forward_again(
    committed_db: Database, definition: ServiceDefinition
) -> None:
    await migrate.downgrade(committed_db.url, definition.migrations, revision="base")
    assert await migrate.upgrade(committed_db.url, definition.migrations, say=lambda _: None)


async def test_no_wrong_input_breaks_a_route(
    definition: ServiceDefinition,
    runtime: Runtime,
    client: httpx.AsyncClient,
    db: TestDatabase,
    auth_headers: Callable[..., dict[str, str]],
) -> None:
    await subscribe(db, CUSTOMER)
    chef_id = await make_chef(db, user_id=COOK)
    await make_booking(db, chef_id)
    app = create_app(definition, runtime.settings, runtime)
    await assert_no_route_breaks(client, app, auth_headers(CUSTOMER))


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


async def test_everything_that_the_clock_starts_can_be_done(
    definition: ServiceDefinition, committed_runtime: Runtime
) -> None:
    assert "jobs.purge_log" in await run_every_schedule(definition, committed_runtime)
