"""What holds for the whole service: its routes, its tables, its development data."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from review_service.schema import Base
from review_service.seed import seed
from services.review.tests.factories import (
    CREATOR,
    make_application,
    make_campaign,
    make_listing,
    subscribe,
)
from shared.db import migrate
from shared.db.database import Database
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from shared.service import ServiceDefinition
from shared.web.app import create_app
from shared.web.routes import undeclared_routes
from testing.jobs import run_every_schedule
from testing.rollback import TestDatabase
from testing.wrong_input import assert_no_route_breaks


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
    await subscribe(db, CREATOR)
    campaign_id = await make_campaign(db)
    await make_application(db, campaign_id)
    await make_listing(db)
    app = create_app(definition, runtime.settings, runtime)
    assert await assert_no_route_breaks(client, app, auth_headers(CREATOR, "admin"))


async def test_the_seed_writes_three_campaigns_and_eight_listings_and_does_it_once(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    for _ in range(2):
        await seed(runtime)
        page = (await client.get("/api/review/campaigns")).json()
        board = (await client.get("/api/experience/stats")).json()
    assert page["total"] == 3
    assert {found["category"]: found["max_reviewers"] for found in page["campaigns"]} == {
        "beauty": 20,
        "food": 15,
        "tech": 10,
    }
    assert all(found["deadline"] > utcnow().isoformat() for found in page["campaigns"])
    assert (board["total_listings"], set(board["sites"])) == (
        8,
        {"coupang_eats", "danggeun", "soomgo", "today_deal"},
    )


async def test_everything_that_the_clock_starts_can_be_done(
    definition: ServiceDefinition, committed_runtime: Runtime
) -> None:
    assert "jobs.purge_log" in await run_every_schedule(definition, committed_runtime)
