"""The sns service's part of the contract: accounts, posts, their publishing, and what came of it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import httpx

from testing import eventually
from tests.contract.clients.people import Cast
from tests.contract.clients.replay import Replay


async def walk(replay: Replay, cast: Cast) -> None:
    """Call everything."""
    user, stranger = await cast.subscriber("sns-auto"), await cast.subscriber("sns-auto")
    await replay.call("GET /api/sns/templates", await cast.newcomer())
    account = await _account(replay, user)
    await _posts(replay, user, account)
    await replay.refuse("DELETE /api/sns/accounts/{id}", "not yours", stranger, item=account)
    await replay.call("GET /api/sns/analytics", user)
    spare = await replay.call("POST /api/sns/accounts", user, json=_blog())
    await replay.call("DELETE /api/sns/accounts/{id}", user, item=spare["id"])


def _blog() -> dict[str, str]:
    return {"platform": "blog", "account_name": f"contract-{secrets.token_hex(4)}"}


async def _account(replay: Replay, user: httpx.AsyncClient) -> int:
    body = _blog()
    made = await replay.call("POST /api/sns/accounts", user, json=body)
    await replay.refuse("POST /api/sns/accounts", "duplicate", user, json=body)
    (listed,) = await replay.call("GET /api/sns/accounts", user)
    assert listed["platform"] == "blog"
    return int(made["id"])


async def _posts(replay: Replay, user: httpx.AsyncClient, account: int) -> None:
    content = "Kimchi season " * 20
    draft = {"account_id": account, "content": content, "template_type": "blog_post"}
    publish, delete = "POST /api/sns/posts/{id}/publish", "DELETE /api/sns/posts/{id}"
    later = await replay.call("POST /api/sns/posts", user, json=draft)
    at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    scheduled = await replay.call(publish, user, item=later["id"], json={"scheduled_at": at})
    assert scheduled["status"] == "scheduled"
    listed = await replay.call("GET /api/sns/posts", user, params={"status": "scheduled"})
    (post,) = listed["posts"]
    assert post["content"] == f"{content[:100]}..."
    await replay.call(delete, user, item=later["id"])

    now = await replay.call("POST /api/sns/posts", user, json={**draft, "content": "Now"})
    await replay.call(publish, user, item=now["id"], json={})

    async def it_is_published() -> bool:
        query = {"account_id": account, "status": "published"}
        return bool((await replay.call("GET /api/sns/posts", user, params=query))["posts"])

    await eventually(it_is_published, within=15.0)
    await replay.refuse(delete, "published", user, item=now["id"])
