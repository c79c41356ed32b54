"""Review's part of the contract: a campaign from its making to its decisions, and the board of listings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from testing import eventually
from tests.contract.clients.people import Cast
from tests.contract.clients.replay import Replay

APPLY = "POST /api/review/campaigns/{id}/apply"
DECIDE = "PUT /api/review/applications/{id}"
APPLICATION = {"message": "I write about this", "sns_link": "https://sns.example/me", "follower_count": 900}


async def walk(replay: Replay, cast: Cast) -> None:
    """Call everything."""
    anybody, demo = await cast.anybody(), await cast.known("demo")
    stranger, reviewer = await cast.subscriber("review"), await cast.newcomer()
    campaign = await _campaigns(replay, anybody, demo)
    application = await _apply(replay, cast, demo, reviewer, campaign)
    await _decide(replay, demo, stranger, reviewer, campaign, application)
    await _board(replay, anybody, await cast.known("admin"))


def _body(**changes: Any) -> dict[str, Any]:
    return {
        "title": "Contract campaign",
        "product_name": "계약 크림",
        "category": "beauty",
        "reward_type": "both",
        "reward_value": "50,000 KRW",
        "max_reviewers": 1,
        "deadline": (datetime.now(UTC) + timedelta(days=3)).isoformat(),
        **changes,
    }


async def _campaigns(replay: Replay, anybody: httpx.AsyncClient, demo: httpx.AsyncClient) -> dict[str, Any]:
    made = await replay.call("POST /api/review/campaigns", demo, json=_body())
    page = await replay.call("GET /api/review/campaigns", anybody, params={"category": "beauty"})
    assert page["campaigns"][0]["id"] == made["id"]
    assert {campaign["category"] for campaign in page["campaigns"]} == {"beauty"}
    past = await replay.call("GET /api/review/campaigns", anybody, params={"page": 9999})
    assert past["campaigns"] == []
    await replay.refuse("GET /api/review/campaigns/{id}", "unknown", anybody, item=999_999)
    mine = await replay.call("GET /api/review/my-campaigns", demo)
    assert made["id"] in [campaign["id"] for campaign in mine]
    campaign: dict[str, Any] = await replay.call("GET /api/review/campaigns/{id}", anybody, item=made["id"])
    assert (campaign["spots_available"], campaign["status"]) == (1, "active")
    return campaign


async def _apply(
    replay: Replay,
    cast: Cast,
    demo: httpx.AsyncClient,
    reviewer: httpx.AsyncClient,
    campaign: dict[str, Any],
) -> int:
    made = await replay.call(APPLY, reviewer, item=campaign["id"], json=APPLICATION)
    await replay.refuse(APPLY, "twice", reviewer, item=campaign["id"], json=APPLICATION)
    latecomer = await cast.newcomer()
    await replay.refuse(APPLY, "full", latecomer, item=campaign["id"], json=APPLICATION)
    await replay.refuse(APPLY, "closed or unknown", latecomer, item=999_999, json=APPLICATION)
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    short = await replay.call("POST /api/review/campaigns", demo, json=_body(deadline=soon))

    async def is_past() -> bool:
        await replay.refuse(APPLY, "deadline passed", demo, item=short["id"], json=APPLICATION)
        return True

    await eventually(is_past, within=5)
    mine = await replay.call("GET /api/review/my-applications", reviewer)
    assert [(entry["id"], entry["status"]) for entry in mine] == [(made["id"], "pending")]
    return int(made["id"])


async def _decide(
    replay: Replay,
    demo: httpx.AsyncClient,
    stranger: httpx.AsyncClient,
    reviewer: httpx.AsyncClient,
    campaign: dict[str, Any],
    application: int,
) -> None:
    listing = "GET /api/review/campaigns/{id}/applications"
    await replay.refuse(listing, "not the creator", stranger, item=campaign["id"])
    received = await replay.call(listing, demo, item=campaign["id"])
    assert received[0]["message"] == APPLICATION["message"]
    approval = {"status": "approved"}
    await replay.refuse(DECIDE, "not the creator", stranger, item=application, json=approval)
    await replay.refuse(DECIDE, "other status", demo, item=application, json={"status": "maybe"})
    await replay.call(DECIDE, demo, item=application, json=approval)
    mine = await replay.call("GET /api/review/my-applications", reviewer)
    assert mine[0]["status"] == "approved"


async def _board(replay: Replay, anybody: httpx.AsyncClient, admin: httpx.AsyncClient) -> None:
    page = await replay.call("GET /api/experience/listings", anybody, params={"site": "danggeun"})
    assert {listing["site"] for listing in page["data"]} == {"danggeun"}
    name = "GET /api/experience/listings/{id}"
    await replay.call(name, anybody, item=page["data"][0]["id"])
    await replay.refuse(name, "unknown", anybody, item=999_999)
    stats = await replay.call("GET /api/experience/stats", anybody)
    assert stats["total_sites"] == 4
    assert (await replay.call("GET /api/experience/categories", anybody))["categories"]
    sites = (await replay.call("GET /api/experience/sites", anybody))["sites"]
    assert sites["coupang_eats"]["name"] == "Coupang Eats"
    await replay.call("POST /api/experience/crawl", admin, json={"site": "danggeun"})
