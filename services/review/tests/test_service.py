"""What holds for the whole service: its routes, its tables, its development data."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from review_service.seed import seed
from services.review.tests.factories import (
    CREATOR,
    make_application,
    make_campaign,
    make_listing,
    subscribe,
)
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from testing.conformance import ServiceConformance, Walk
from testing.rollback import TestDatabase


class TestConformance(ServiceConformance):
    tasks = ("crawls.run",)
    schedules = (
        "close_expired_campaigns",
        "crawl_sites",
        "forget_old_answers",
        "forget_old_crawls",
        "forget_unused_words",
        "free_places_of_undecided_applications",
    )

    @pytest.fixture
    async def walk(
        self, client: httpx.AsyncClient, db: TestDatabase, auth_headers: Callable[..., dict[str, str]]
    ) -> Walk:
        await subscribe(db, CREATOR)
        campaign_id = await make_campaign(db)
        await make_application(db, campaign_id)
        await make_listing(db)
        return Walk(client, auth_headers(CREATOR, "admin"))


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
