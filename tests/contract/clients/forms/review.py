"""Review's forms: a campaign of each kind, an application with what people write, and the board's filters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import httpx

from shared.schemas.dates import BUSINESS_ZONE, utcnow
from tests.contract.clients.people import Cast
from tests.contract.clients.replay import Replay

REWARDS: Final = ("product", "cash", "both")
CATEGORIES: Final = ("beauty", "food", "tech", "fashion", "lifestyle", "travel", "기타")
LINKS: Final = {
    "": None,
    "@me": None,
    "인스타 @하나": None,
    "https://sns.example/hana": "https://sns.example/hana",
}
FOLLOWERS: Final = {"": 0, "1200": 1200}
SITES: Final = ("", "coupang_eats", "danggeun", "soomgo", "today_deal")
DECIDE: Final = "PUT /api/review/applications/{id}"


async def fill_in(replay: Replay, cast: Cast) -> None:
    """Send them all."""
    anybody, creator = await cast.anybody(), await cast.subscriber("review")
    for number, category in enumerate(CATEGORIES):
        campaign = await _campaign(replay, creator, category, REWARDS[number % len(REWARDS)])
        await _shown(replay, anybody, campaign, category, reviewers=0)
    await _applications(replay, cast, creator, campaign)
    await _shown(replay, anybody, campaign, category, reviewers=len(LINKS) - 1)
    await _board(replay, anybody)
    admin = await cast.known("admin")
    await replay.call("POST /api/experience/crawl", admin, json={"site": ""})


async def _campaign(replay: Replay, creator: httpx.AsyncClient, category: str, reward: str) -> int:
    day = (utcnow().astimezone(BUSINESS_ZONE) + timedelta(days=14)).date().isoformat()
    body = {
        "title": "체험단 모집",
        "product_name": "수분 크림",
        "description": "",
        "category": category,
        "reward_type": reward,
        "reward_value": "50,000원",
        "max_reviewers": "20",
        "deadline": day if reward == "cash" else f"{day}T23:59",
    }
    return int((await replay.call("POST /api/review/campaigns", creator, json=body))["id"])


async def _shown(
    replay: Replay, anybody: httpx.AsyncClient, campaign: int, category: str, *, reviewers: int
) -> None:
    seen = await replay.call("GET /api/review/campaigns/{id}", anybody, item=campaign)
    assert (seen["category"], seen["max_reviewers"], seen["current_reviewers"]) == (category, 20, reviewers)
    page = await replay.call(
        "GET /api/review/campaigns", anybody, params={"category": category, "page": "", "per_page": ""}
    )
    assert {entry["category"] for entry in page["campaigns"]} == {category}
    everything = await replay.call("GET /api/review/campaigns", anybody, params={"category": "", "page": "0"})
    assert everything["current_page"] == 1


async def _applications(replay: Replay, cast: Cast, creator: httpx.AsyncClient, campaign: int) -> None:
    followers = list(FOLLOWERS)
    for number, link in enumerate(LINKS):
        body = {"message": "꼭 써 보고 싶어요!", "sns_link": link, "follower_count": followers[number % 2]}
        await replay.call(
            "POST /api/review/campaigns/{id}/apply", await cast.newcomer(), item=campaign, json=body
        )
    received: list[dict[str, Any]] = await replay.call(
        "GET /api/review/campaigns/{id}/applications", creator, item=campaign
    )
    assert [entry["sns_link"] for entry in reversed(received)] == [link or None for link in LINKS]
    assert {entry["sns_link"] or "": entry["sns_url"] for entry in received} == LINKS
    assert {entry["follower_count"] for entry in received} == set(FOLLOWERS.values())
    for status in ("approved", "pending", "rejected"):
        await replay.call(DECIDE, creator, item=received[0]["id"], json={"status": status})


async def _board(replay: Replay, anybody: httpx.AsyncClient) -> None:
    categories = (await replay.call("GET /api/experience/categories", anybody))["categories"]
    for site in SITES:
        for category in ("", *categories):
            query = {"site": site, "category": category, "page": "", "per_page": "12"}
            board = await replay.call("GET /api/experience/listings", anybody, params=query)
            assert {entry["site"] for entry in board["data"] if site} <= {site}
            assert board["page"] == 1
