"""SNS Auto's forms: every network with every template, written, scheduled and published."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from testing import eventually
from tests.contract.clients.people import Cast
from tests.contract.clients.replay import Replay

PLATFORMS: Final = ("instagram", "blog", "tiktok", "youtube_shorts", "youtube", "twitter")
TEMPLATES: Final = ("card_news", "blog_post", "reel", "shorts", "carousel")
FITS: Final = {
    "instagram": {"card_news", "reel", "carousel"},
    "blog": {"blog_post"},
    "tiktok": {"card_news"},
    "youtube_shorts": {"shorts"},
    "youtube": {"shorts"},
    "twitter": {"card_news", "blog_post", "carousel"},
}
"""What a network publishes of a text, with the default picture or video where it needs one."""
PUBLISH: Final = "POST /api/sns/posts/{id}/publish"


async def fill_in(replay: Replay, cast: Cast) -> None:
    """Send them all."""
    user = await cast.subscriber("sns-auto")
    accounts = {platform: await _link(replay, user, platform) for platform in PLATFORMS}
    listed = await replay.call("GET /api/sns/accounts", user)
    assert {account["id"]: account["platform"] for account in listed} == {
        account: platform for platform, account in accounts.items()
    }
    await _schedule(replay, user, accounts["instagram"])
    await _publish(replay, user, accounts)


async def _link(replay: Replay, user: httpx.AsyncClient, platform: str) -> int:
    body = {"platform": platform, "account_name": f"내 계정 {secrets.token_hex(4)}"}
    return int((await replay.call("POST /api/sns/accounts", user, json=body))["id"])


async def _draft(replay: Replay, user: httpx.AsyncClient, account: int, template: str) -> int:
    body = {
        "account_id": str(account),
        "content": f"오늘의 소식 ✨ {secrets.token_hex(4)}",  # X takes no text twice
        "template_type": template,
        "scheduled_at": "",
    }
    return int((await replay.call("POST /api/sns/posts", user, json=body))["id"])


async def _schedule(replay: Replay, user: httpx.AsyncClient, account: int) -> None:
    later = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")  # as an input gives it
    for template in TEMPLATES:
        post = await _draft(replay, user, account, template)
        state = await replay.call(PUBLISH, user, item=post, json={"scheduled_at": later})
        assert state["status"] == "scheduled"
        await replay.call("DELETE /api/sns/posts/{id}", user, item=post)


async def _publish(replay: Replay, user: httpx.AsyncClient, accounts: dict[str, int]) -> None:
    wanted = {}
    for platform, account in accounts.items():
        for template in TEMPLATES:
            post = await _draft(replay, user, account, template)
            await replay.call(PUBLISH, user, item=post, json={"scheduled_at": ""})
            wanted[post] = (platform, template)

    async def posts() -> list[dict[str, Any]]:
        query = {"page": "", "per_page": "100", "account_id": "", "status": ""}
        found: list[dict[str, Any]] = (await replay.call("GET /api/sns/posts", user, params=query))["posts"]
        return found

    over = await eventually(
        posts, until=lambda found: {post["status"] for post in found} <= {"published", "failed"}, within=60
    )
    assert {post["id"]: (post["platform"], post["template_type"]) for post in over} == wanted
    for shown in over:
        _check(shown, *wanted[shown["id"]])
    sums = (await replay.call("GET /api/sns/analytics", user))["platform_breakdown"]
    assert {entry["platform"] for entry in sums} == set(PLATFORMS)


def _check(post: dict[str, Any], platform: str, template: str) -> None:
    if template in FITS[platform]:
        assert post["status"] == "published", post
        return
    assert (post["status"], post["failure_code"]) == ("failed", "content_refused"), post
    assert f"not {template}" in post["failure"], post
    assert post["failure"].endswith("Change the post, then retry it."), post
